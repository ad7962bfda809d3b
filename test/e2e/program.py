"""What a compiled program is: small, self-contained, reproducible, and clear about wrong use."""
# RUN: %python %s
import os
import pathlib
import shutil

import dlc


with dlc.scratch() as folder:
    program = dlc.compile_model(folder, "examples/lenet5/lenet5.nn")
    first = program.read_bytes()
    # Again, on one core: how many threads make code must not show.
    one_core = {min(os.sched_getaffinity(0))}
    dlc.run(dlc.DLC, "compile", dlc.ROOT / "examples/lenet5/lenet5.nn", "-o", program,
            preexec_fn=lambda: os.sched_setaffinity(0, one_core))
    if first != program.read_bytes():
        raise SystemExit("compiling the same file twice gave different programs")

    if not dlc.SANITIZED:
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

    dlc.refused([program, "trian"], "train", code=2, cwd=folder)
    dlc.refused([program, "train", "--epoch", "3"], "--epochs", code=2, cwd=folder)
    dlc.refused([program, "train", "--data", "/nowhere", "--run", "r"], "/nowhere", cwd=folder)
    dlc.refused([program, "eval"], "--weights", code=2, cwd=folder)
    dlc.refused([program, "eval", "--weights", "nothing.safetensors"], "nothing.safetensors", cwd=folder)
    (pathlib.Path(folder) / "broken.safetensors").write_bytes(b"\xff" * 100)
    dlc.refused([program, "eval", "--weights", "broken.safetensors"], "broken.safetensors", cwd=folder)
    dlc.refused([dlc.DLC, "compile", "nothing.nn"], "nothing.nn", cwd=folder)
    dlc.refused([dlc.DLC, "compile", dlc.ROOT / "examples/lenet5/lenet5.nn", "-o", "no/such/folder/x"],
                "no/such/folder/x", cwd=folder)
    dlc.refused([dlc.DLC, "compile", dlc.ROOT / "examples/lenet5/lenet5.nn", "-D", "hiden=3"], "hiden", cwd=folder)
    dlc.refused([dlc.DLC, "compile", dlc.ROOT / "examples/lenet5/lenet5.nn", "--emit=exee"], "exe", code=2, cwd=folder)
    dlc.refused([dlc.DLC, "compile", dlc.ROOT / "examples/lenet5/lenet5.nn", "--memory-budget", "1K"], "budget",
                cwd=folder)
    left = [path.name for path in pathlib.Path(folder).iterdir() if "tmp" in path.name or "reproducer" in path.name]
    if left:
        raise SystemExit(f"left behind: {left}")
