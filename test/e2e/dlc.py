"""What the end-to-end tests share: compiling models, running programs, safetensors, comparing."""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("DLC_BUILD", ROOT / "build"))
DLC = BUILD / "bin" / "dlc"


def torch():
    """PyTorch, on one thread."""
    import torch as module
    module.set_num_threads(1)
    return module


def run(*command, code=0, **options):
    """Runs a command and returns what it wrote to stdout; its exit code must be `code`."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if result.returncode != code:
        sys.exit(f"{' '.join(map(str, command))}\nexit code {result.returncode}, expected {code}\n"
                 f"{result.stdout[-3000:]}\n{result.stderr[-3000:]}")
    return result.stdout


def compile_model(folder, model, *options):
    """Compiles a model file, or the text of one, and returns the program's path."""
    folder = pathlib.Path(folder)
    if "\n" in str(model):
        path = folder / "model.nn"
        path.write_text(model)
    else:
        path = ROOT / model
    program = folder / ("program-" + path.stem)
    run(DLC, "compile", path, "-o", program, *options)
    return program


def info(program):
    return json.loads(run(program, "info", "--json"))


def write_safetensors(path, arrays):
    kinds = {"float32": "F32", "float64": "F64"}
    header, blobs, offset = {}, [], 0
    for name, array in arrays.items():
        blob = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kinds[str(array.dtype)], "shape": list(array.shape),
                        "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    kinds = {"F32": np.float32, "F64": np.float64}
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            arrays[name] = np.frombuffer(data[8 + size + begin:8 + size + end],
                                         kinds[entry["dtype"]]).reshape(entry["shape"])
    return arrays


def close(name, ours, reference, tolerance):
    """Checks |ours - reference| <= tolerance * max|reference|, and that the reference is not zero."""
    ours, reference = np.asarray(ours, np.float64), np.asarray(reference, np.float64)
    if ours.shape != reference.shape:
        sys.exit(f"{name}: shape {ours.shape}, reference {reference.shape}")
    scale = np.abs(reference).max()
    if scale == 0:
        sys.exit(f"{name}: the reference is all zero, which proves nothing")
    error = np.abs(ours - reference).max() / scale
    print(f"{name}: {error:.2e} of the largest value")
    if not error <= tolerance:
        sys.exit(f"{name}: off by {error:.3e} of the largest value, tolerance {tolerance}")


def scratch():
    return tempfile.TemporaryDirectory(prefix="dlc-e2e-")
