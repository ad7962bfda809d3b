"""Wrong data and weight files each give an error of their own that names the file, and exit code 1."""
# RUN: %python %s
import gzip
import io
import json
import pathlib
import struct
import subprocess
import zipfile

import numpy as np

import dlc

IDX = """
model m(x: f32[B, 1, 4, 4]) -> (y: f32[B, 3]) {
  y = x |> flatten |> dense(3)
}
data d(x: f32[1, 4, 4], label: class[3]) {
  train = idx("x.gz", "label.gz")
}
train m on d {
  loss      = cross_entropy(y, label)
  optimizer = sgd
}
"""
TABLE = """
model m(x: f32[B, 2]) -> (y: f32[B, 1]) {
  y = x |> dense(1)
}
data d(x: f32[2], target: f32[1]) {
  train = FILE
}
train m on d {
  loss      = mse(y, target)
  optimizer = sgd
}
"""


def idx(kind, sizes, data):
    return struct.pack(">HBB", 0, kind, len(sizes)) + b"".join(struct.pack(">I", size) for size in sizes) + data


images = idx(8, [5, 4, 4], bytes(range(80)))
labels = idx(8, [5], bytes([0, 1, 2, 0, 1]))
zipped = gzip.compress(images)

# name: the two files' bytes (None: there is none)
WRONG_IDX = {
    "images missing": (None, labels),
    "labels missing": (images, None),
    "empty": (b"", labels),
    "only a magic number": (images[:4], labels),
    "wrong magic number": (b"PNG\r" + images[4:], labels),
    "unknown element type": (idx(7, [5, 4, 4], bytes(80)), labels),
    "truncated": (images[:-7], labels),
    "too long": (images + b"rest", labels),
    "sizes that overflow": (idx(8, [2**31, 2**31, 2**31], bytes(80)), labels),
    "sizes beyond the file": (idx(8, [2**28, 4, 4], bytes(80)), labels),
    "other image size": (idx(8, [5, 4, 5], bytes(100)), labels),
    "no samples": (idx(8, [0, 4, 4], b""), idx(8, [0], b"")),
    "fewer labels": (images, idx(8, [4], bytes(4))),
    "label out of range": (images, idx(8, [5], bytes([0, 1, 3, 0, 1]))),
    "labels that are images": (images, images),
    "fractional labels": (images, idx(13, [5], struct.pack(">5f", 0, 1, 0.5, 0, 1))),
    "gzip cut off": (zipped[:len(zipped) // 2], labels),
    "gzip damaged": (zipped[:20] + bytes(8) + zipped[28:], labels),
}
WRONG_CSV = {
    "missing": None,
    "empty": b"",
    "too few numbers": b"1,2,3\n4,5\n",
    "too many numbers": b"1,2,3\n4,5,6,7\n",
    "word": b"1,2,3\n4,five,6\n",
    "quotes": b'1,2,3\n4"5",5,6\n',
    "unclosed quotes": b'1,2,3\n"4,5,6\n',
    "hole": b"1,2,3\n4,,6\n",
    "not a number": b"1,2,nan\n",
    "binary": bytes(range(256)),
}


def npy(header, data=b""):
    text = header.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


np_good = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n", bytes(24))
WRONG_NPY = {
    "empty": b"",
    "wrong magic": b"NUMPY" + np_good,
    "truncated": np_good[:-1],
    "header cut off": np_good[:30],
    "objects": npy("{'descr': '|O', 'fortran_order': False, 'shape': (3, 2), }\n", bytes(24)),
    "complex": npy("{'descr': '<c8', 'fortran_order': False, 'shape': (3, 2), }\n", bytes(48)),
    "infinity": npy("{'descr': '>f4', 'fortran_order': False, 'shape': (3, 2), }\n",
                    bytes(8) + b"\x7f\x80" + bytes(14)),
    "overflow": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2), }\n", bytes(24)),
    "no shape": npy("{'descr': '<f4', 'fortran_order': False, }\n", bytes(24)),
    "other shape": npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", bytes(24)),
}


def npz(*members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


npz_good = npz(("x.npy", np_good), ("target.npy", np_good))
WRONG_NPZ = {
    "missing": None,
    "empty": b"",
    "no archive": np_good,
    "truncated": npz_good[:-1],
    "damaged": npz_good.replace(bytes(24), bytes(23) + b"1", 1),
    "no such array": npz(("X.npy", np_good)),
    "no arrays": npz(),
    "an array truncated": npz(("x.npy", np_good[:-1])),
    "an array of NaN": npz(("x.npy", np_good[:-2] + b"\xc0\x7f")),
    "no array": npz(("x.npy", b"hello")),
}


def safetensors(header, data=b"", size=None):
    text = header.encode() if isinstance(header, str) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


def entry(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


weight, bias = entry([2, 1], 0, 8), entry([1], 8, 12)
WRONG_WEIGHTS = {
    "empty": b"",
    "no JSON": safetensors("weights", bytes(12)),
    "header beyond the file": safetensors({}, size=2**62),
    "truncated": safetensors({"dense_1.weight": weight, "dense_1.bias": bias}, bytes(11)),
    "a weight missing": safetensors({"dense_1.weight": weight}, bytes(8)),
    "other shape": safetensors({"dense_1.weight": entry([1, 2], 0, 8), "dense_1.bias": bias}, bytes(12)),
    "unknown tensor": safetensors({"dense_1.weight": weight, "dense_1.bias": bias, "more": entry([1], 12, 16)}, bytes(16)),
    "unknown type": safetensors({"dense_1.weight": entry([2, 1], 0, 8, "Q4"), "dense_1.bias": bias}, bytes(12)),
    "overlapping": safetensors({"dense_1.weight": weight, "dense_1.bias": entry([1], 4, 8)}, bytes(8)),
    "offsets backwards": safetensors({"dense_1.weight": entry([2, 1], 8, 0), "dense_1.bias": bias}, bytes(12)),
    "size against shape": safetensors({"dense_1.weight": entry([2, 1], 0, 4), "dense_1.bias": entry([1], 4, 12)}, bytes(12)),
    "shape that overflows": safetensors({"dense_1.weight": entry([2**62, 8], 0, 8), "dense_1.bias": bias}, bytes(12)),
}

said = {}


def expect_refusal(kind, name, file, *command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=folder)
    message = result.stderr.strip()
    print(f"{kind}, {name}: {message}")
    if result.returncode != 1 or not message.startswith("error: ") or "\n" in message:
        raise SystemExit(f"{kind}, {name}: exit code {result.returncode}\n{result.stdout}{message}")
    if file not in message:
        raise SystemExit(f"{kind}, {name}: `{file}` is not named: {message}")
    if message in said:
        raise SystemExit(f"{kind}, {name} and {said[message]} give the same error: {message}")
    said[message] = f"{kind}, {name}"
    left = {path.name for path in pathlib.Path(folder, "run").glob("*")} - {"log.jsonl"}
    if left:
        raise SystemExit(f"{kind}, {name}: left behind in the run's folder: {left}")


def put(name, content):
    path = pathlib.Path(folder) / name
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_bytes(content)


with dlc.scratch() as folder:
    program = dlc.compile_model(folder, IDX, "--batch", 2)
    train = [program, "train", "--run", "run", "--epochs", 1]
    put("x.gz", zipped), put("label.gz", labels)
    dlc.run(*train, cwd=folder)  # as they should be
    dlc.run("rm", "-r", "run", cwd=folder)
    for name, (x, label) in WRONG_IDX.items():
        put("x.gz", x), put("label.gz", label)
        expect_refusal("idx", name, ".gz", *train)

    program = dlc.compile_model(folder, TABLE.replace("FILE", 'csv("table.csv")'), "--batch", 2)
    train[0] = program
    for name, content in WRONG_CSV.items():
        put("table.csv", content)
        expect_refusal("csv", name, "table.csv", *train)
    put("table.csv", b"1,2,3\n")
    for name, content in WRONG_WEIGHTS.items():
        put("w.safetensors", content)
        expect_refusal("weights", name, "w.safetensors", program, "eval", "--split", "train", "--weights", "w.safetensors")


    # A training that cannot start leaves an earlier one where it is.
    dlc.run(*train, cwd=folder)
    result = subprocess.run([*map(str, train), "--init", "w.safetensors"], capture_output=True, text=True, cwd=folder)
    if result.returncode != 1 or not pathlib.Path(folder, "run/resume.safetensors").exists():
        raise SystemExit(f"--init with a wrong file: exit code {result.returncode}\n{result.stderr}")
    dlc.run("rm", "-r", "run", cwd=folder)

    train[0] = dlc.compile_model(folder, TABLE.replace("FILE", 'npy(["x.npy", "target.npy"])'), "--batch", 2)
    np.save(f"{folder}/target.npy", np.zeros((3, 1), np.float32))
    for name, content in WRONG_NPY.items():
        put("x.npy", content)
        expect_refusal("npy", name, "x.npy", *train)
    train[0] = dlc.compile_model(folder, TABLE.replace("FILE", 'npy(["data.npz:x", "target.npy"])'), "--batch", 2)
    for name, content in WRONG_NPZ.items():
        put("data.npz", content)
        expect_refusal("npz", name, "data.npz", *train)
    print(f"{len(said)} wrong files, {len(said)} errors")
