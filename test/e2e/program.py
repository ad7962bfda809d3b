"""What a compiled program is: small, self-contained, reproducible, and clear about wrong use."""
# RUN: %python %s
import os
import pathlib
import shutil
import subprocess

import dlc


def refused(command, code, *words):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=folder)
    if result.returncode != code:
        raise SystemExit(f"{command}: exit code {result.returncode}, expected {code}\n{result.stderr}")
    for word in words:
        if word not in result.stderr:
            raise SystemExit(f"{command}: no `{word}` in\n{result.stderr}")


with dlc.scratch() as folder:
    sanitized = "sanitize" in str(dlc.BUILD)
    program = dlc.compile_model(folder, "examples/lenet5/lenet5.nn")
    first = program.read_bytes()
    # Again, on one core: how many threads make code must not show.
    one_core = {min(os.sched_getaffinity(0))}
    dlc.run(dlc.DLC, "compile", dlc.ROOT / "examples/lenet5/lenet5.nn", "-o", program,
            preexec_fn=lambda: os.sched_setaffinity(0, one_core))
    if first != program.read_bytes():
        raise SystemExit("compiling the same file twice gave different programs")

    if not sanitized:
        if len(first) >= 2 << 20:
            raise SystemExit(f"the program has {len(first)} bytes")
        needed = {line.split()[0].split("/")[-1] for line in dlc.run("ldd", program).splitlines()}
        if extra := needed - {"linux-vdso.so.1", "libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2"}:
            raise SystemExit(f"the program also needs {extra}")
        # A machine with the C library and nothing else, if we may make one.
        if os.geteuid() == 0:
            root = pathlib.Path(folder) / "root"
            for path in ["/lib64/ld-linux-x86-64.so.2", *(line.split()[2] for line in dlc.run("ldd", program).splitlines()
                                                          if "=> /" in line), program]:
                target = root / pathlib.Path(path).relative_to("/") if path != program else root / "lenet5"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
            dlc.run("chroot", root, "/lenet5", "info", "--json")

    # The parts that its code is made in see each other, and nobody else sees them.
    library = f"{folder}/liblenet5.so"
    dlc.run(dlc.DLC, "compile", dlc.ROOT / "examples/lenet5/lenet5.nn", "--emit=shared", "-o", library)
    symbols = set(dlc.run("nm", "-D", "--defined-only", library).split()[2::3])
    if symbols != {"dlc_the_model", "dlc_step", "dlc_evaluate", "dlc_infer", "dlc_infer_one", "dlc_update"}:
        raise SystemExit(f"the library exports {symbols}")

    refused([program, "trian"], 2, "train")
    refused([program, "train", "--epoch", "3"], 2, "--epochs")
    refused([program, "train", "--data", "/nowhere", "--run", "r"], 1, "/nowhere")
    refused([program, "eval"], 2, "--weights")
    refused([program, "eval", "--weights", "nothing.safetensors"], 1, "nothing.safetensors")
    (pathlib.Path(folder) / "broken.safetensors").write_bytes(b"\xff" * 100)
    refused([program, "eval", "--weights", "broken.safetensors"], 1, "broken.safetensors")
    refused([dlc.DLC, "compile", "nothing.nn"], 1, "nothing.nn")
    refused([dlc.DLC, "compile", dlc.ROOT / "examples/lenet5/lenet5.nn", "-o", "no/such/folder/x"], 1, "no/such/folder/x")
    refused([dlc.DLC, "compile", dlc.ROOT / "examples/lenet5/lenet5.nn", "-D", "hiden=3"], 1, "hiden")
    refused([dlc.DLC, "compile", dlc.ROOT / "examples/lenet5/lenet5.nn", "--emit=exee"], 2, "exe")
    refused([dlc.DLC, "compile", dlc.ROOT / "examples/lenet5/lenet5.nn", "--memory-budget", "1K"], 1, "budget")
    left = [path.name for path in pathlib.Path(folder).iterdir() if "tmp" in path.name or "reproducer" in path.name]
    if left:
        raise SystemExit(f"left behind: {left}")
