"""What NumPy writes is read: every type, byte order and layout, .npy and .npz; what is broken costs little memory."""
# RUN: %python %s
import os
import pathlib
import subprocess
import sys
import zipfile

import numpy as np

import dlc

# The identity, so that a prediction shows what was read.
MODEL = """
model m(x: f32[B, 3]) -> (y: f32[B, 3]) {
  y = x |> dense(3)
}
data d(x: f32[3], target: f32[3]) {
  train = npy([FILES])
}
train m on d {
  loss      = mse(y, target)
  optimizer = sgd
  batch     = 2
  epochs    = 2
}
"""
TYPES = ["?", "b", "B", *(order + kind for kind in "hHiIqQefd" for order in "<>")]
MEGABYTE = 1 << 20


def predict(name):
    dlc.run(program, "predict", "--weights", "identity.safetensors", "--out", "out.npy", name, cwd=folder)
    return np.load(f"{folder}/out.npy")


def expect(name, array):
    if not np.array_equal(predict(name), array.astype(np.float64)):
        raise SystemExit(f"{name}: {predict(name)}, expected {array}")


def numbers(kind):
    """[5, 3] numbers that fill the type's range."""
    kind = np.dtype(kind)
    if kind.kind == "b":
        return np.arange(15).reshape(5, 3) % 2 == 0
    if kind.kind == "f":
        return (np.arange(-7, 8).reshape(5, 3) * (float(np.finfo(kind).max) / 8)).astype(kind)
    limits = np.iinfo(kind)
    low, high = max(limits.min, -2**53), min(limits.max, 2**53)
    return np.linspace(low, high, 15, dtype=np.float64).reshape(5, 3).round().astype(kind)


class Pipe:
    """A file that cannot seek: NumPy then writes an archive's sizes behind its members."""
    def __init__(self, file):
        self.read, self.write, self.flush = file.read, file.write, file.flush


# A process starts with the memory of the one that makes it, so a small one measures.
MEASURE = """
import os, sys
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def memory_of_refusal(path):
    """The most memory, in bytes, that refusing a file takes."""
    command = [program, "predict", "--weights", "identity.safetensors", path]
    result = subprocess.run([sys.executable, "-c", MEASURE, *command], cwd=folder, capture_output=True, text=True)
    if result.returncode != 1 or not result.stderr.startswith("error: ") or path.split(":")[0] not in result.stderr:
        raise SystemExit(f"{path}: exit code {result.returncode}\n{result.stdout}{result.stderr}")
    print(f"{int(result.stdout) >> 10} MiB: {result.stderr.strip()}")
    return int(result.stdout) * 1024


with dlc.scratch() as folder:
    at = pathlib.Path(folder)
    program = dlc.compile_model(folder, MODEL.replace("FILES", '"x.npy", "target.npy"'), "--precision=f64")
    dlc.write_safetensors(at / "identity.safetensors", {"dense_1.weight": np.eye(3), "dense_1.bias": np.zeros(3)})

    for kind in TYPES:
        array = numbers(kind)
        for layout in (array, np.asfortranarray(array)):
            for version in ((1, 0), (2, 0), (3, 0)):
                with open(at / "x.npy", "wb") as file:
                    np.lib.format.write_array(file, layout, version)
                expect("x.npy", array)

    arrays = {"small": numbers("B"), "half": numbers(">e"), "columns": np.asfortranarray(numbers("<f"))}
    np.savez(at / "stored.npz", **arrays)
    np.savez_compressed(at / "deflated.npz", **arrays)
    with open(at / "piped.npz", "wb") as file:
        np.savez_compressed(Pipe(file), **arrays)
    for archive in ("stored.npz", "deflated.npz", "piped.npz"):
        for name, array in arrays.items():
            expect(f"{archive}:{name}", array)
    np.savez(at / "single.npz", arrays["half"])
    expect("single.npz", arrays["half"])
    expect("x=single.npz:arr_0", arrays["half"])

    # The same numbers train to the same bits, wherever they are read from.
    np.save(at / "x.npy", numbers("B").astype("f8"))
    np.save(at / "target.npy", numbers("B")[::-1].astype("f8"))
    np.savez_compressed(at / "both.npz", x=numbers("B"), target=numbers("B")[::-1].astype(">i2"))
    dlc.run(program, "train", "--run", "files", cwd=folder)
    archived = dlc.compile_model(folder, MODEL.replace("FILES", '"both.npz:x", "both.npz:target"'), "--precision=f64")
    dlc.run(archived, "train", "--run", "archive", cwd=folder)
    if (at / "files/last.safetensors").read_bytes() != (at / "archive/last.safetensors").read_bytes():
        raise SystemExit("an archive's arrays trained to other weights")

    # Broken files: [n, 3] of 24 MB.
    good = np.random.default_rng(1).integers(0, 255, (8 << 20, 3), np.uint8)
    np.save(at / "good.npy", good)
    np.savez(at / "good.npz", x=good)
    with zipfile.ZipFile(at / "lzma.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.npy", b"anything")
    bytes_of = {name: (at / name).read_bytes() for name in ("good.npy", "good.npz")}
    npy, npz = bytes_of["good.npy"], bytes_of["good.npz"]
    entry = npz.rfind(b"PK\1\2")
    nan = np.zeros((2 << 20, 3), "<f2")
    nan[-1, 1] = np.nan
    broken = {
        "cut.npy": npy[:-1],
        "long.npy": npy + b"1",
        "header.npy": npy[:6] + b"\2\0\xff\xff\xff\xff" + npy[12:],
        "axes.npy": b"\x93NUMPY\2\0" + (16 << 20).to_bytes(4, "little")
                    + b"{'descr': '<f4', 'fortran_order': False, 'shape': (" + b"1," * (8 << 20) + npy,
        "shape.npy": npy.replace(b"(8388608, 3)", b"(8388608, 9)"),
        "other.npy": npy.replace(b"(8388608, 3)", b"(3, 8388608)"),
        "type.npy": npy.replace(b"|u1", b"<c8"),
        "cut.npz": npz[:len(npz) // 2],
        "flipped.npz": npz[:9 << 20] + bytes([npz[9 << 20] ^ 4]) + npz[(9 << 20) + 1:],
        "size.npz": npz[:entry + 24] + (2**32 - 2).to_bytes(4, "little") + npz[entry + 28:],
        "entries.npz": npz[entry:entry + 51] * (1 << 16) + npz[-22:-12] + b"\xff\xff" + bytes(10),
    }
    for name, content in broken.items():
        (at / name).write_bytes(content)
    np.save(at / "nan.npy", nan)
    np.savez_compressed(at / "noise.npz", x=good)
    noise = (at / "noise.npz").read_bytes()
    (at / "noise.npz").write_bytes(noise[:9 << 20] + bytes(100) + noise[(9 << 20) + 100:])
    for name in [*broken, "nan.npy", "lzma.npz", "noise.npz:x", "good.npz:y"]:
        most, size = memory_of_refusal(name), os.path.getsize(at / name.split(":")[0])
        if most > 64 * MEGABYTE + 4 * size:
            raise SystemExit(f"{name} of {size} bytes took {most} bytes to refuse")
