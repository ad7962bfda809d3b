"""Processes that time something whenever they are asked: a line in, a line of numbers out."""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent / "build/bin"
PYTHON = "/usr/bin/python3"  # the one that Debian's python3-torch belongs to


def cores():
    """Values of OPENBLAS_CORETYPE to try: OpenBLAS does not know every processor, and then takes slower kernels than it has."""
    has_avx512 = " avx512vl " in pathlib.Path("/proc/cpuinfo").read_text()
    return (None, "Haswell", *(["SkylakeX"] if has_avx512 else []))


class Server:
    """`announces`: its first line says that it is ready."""

    def __init__(self, command, environment=None, announces=False):
        self.command = command
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=dict(os.environ, **(environment or {})))
        self.announces = announces

    def wait_until_ready(self):
        if self.announces:
            self.process.stdout.readline()
            self.announces = False

    def ask(self, request):
        self.wait_until_ready()
        self.process.stdin.write(f"{request}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"error: `{' '.join(map(str, self.command))}` ended at the request `{request}`")
        return [float(number) for number in answer.split()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def peak(folder):
    subprocess.run(["cc", "-O3", "-march=native", HERE / "peak.c", "-o", f"{folder}/peak"], check=True)
    return Server([f"{folder}/peak"])


def ours(folder, functions):
    """dlc-time on this text."""
    (pathlib.Path(folder) / "shapes.mlir").write_text(functions)
    return Server([BUILD / "dlc-time", f"{folder}/shapes.mlir"])


def onednn(folder):
    compiled = subprocess.run(["c++", "-O2", HERE / "onednn.cpp", "-ldnnl", "-o", f"{folder}/onednn"])
    if compiled.returncode:
        sys.exit("error: bench/onednn.cpp does not compile; it needs Debian's libdnnl-dev")
    return Server([f"{folder}/onednn"], {"OMP_NUM_THREADS": "1"})


# By default the C library gives large blocks back to the system when they are freed, and PyTorch, which allocates every
# result, then pays for fresh pages again and again. With these it keeps its memory.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}


def pytorch(script, *arguments, threads, core, keeps_memory):
    environment = {"OMP_NUM_THREADS": str(threads), **({"OPENBLAS_CORETYPE": core} if core else {}),
                   **(KEEP_MEMORY if keeps_memory else {})}
    return Server([PYTHON, HERE / script, *arguments], environment, announces=True)
