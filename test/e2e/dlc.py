"""What the end-to-end tests share: compiling models, running programs, safetensors, comparing."""
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("DLC_BUILD", ROOT / "build"))
SANITIZED = "sanitize" in str(BUILD)
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


def refused(command, *words, code=1, **options):
    """Runs a command that must fail with this exit code and say all these words on stderr."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if result.returncode != code:
        sys.exit(f"{command}\nexit code {result.returncode}, expected {code}\n{result.stdout}{result.stderr}")
    for word in words:
        if word not in result.stderr:
            sys.exit(f"{command}: no `{word}` in\n{result.stderr}")


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


def write_safetensors(path, arrays, metadata=None):
    kinds = {"float32": "F32", "float64": "F64"}
    header, blobs, offset = {"__metadata__": metadata} if metadata else {}, [], 0
    for name, array in arrays.items():
        blob = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kinds[str(array.dtype)], "shape": list(array.shape),
                        "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def read_header(path):
    """A file's header, and what stands behind it."""
    data = pathlib.Path(path).read_bytes()
    size, = struct.unpack("<Q", data[:8])
    return json.loads(data[8:8 + size]), data[8 + size:]


def read_metadata(path):
    return read_header(path)[0].get("__metadata__", {})


def read_safetensors(path):
    header, data = read_header(path)
    kinds = {"F32": np.float32, "F64": np.float64}
    arrays = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            arrays[name] = np.frombuffer(data[begin:end], kinds[entry["dtype"]]).reshape(entry["shape"])
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


def in_both_precisions(*checks):
    for precision in ("f64", "f32"):
        for check in checks:
            check(precision)


def draw_weights(program, kind, random):
    """A value for each weight of a program, normal, of a size that keeps a layer's results near 1."""
    def fan(shape):
        return np.prod(shape[1:]) if len(shape) > 2 else shape[0]
    return {w["name"]: (random.standard_normal(w["shape"]) / np.sqrt(fan(w["shape"]))).astype(kind)
            for w in info(program)["weights"]}


def check_against_pytorch(name, inputs, body, results, forward, precision, batch, classes=None):
    """Values and every gradient of a model, of one step on weights drawn here, are PyTorch's.

    `body` assigns the results, of the shapes given without the batch; forward(inputs, weights) does the same in
    PyTorch."""
    with scratch() as folder:
        compare_with_pytorch(folder, name, inputs, body, results, forward, precision, batch, classes or {})


def compare_with_pytorch(folder, name, inputs, body, results, forward, precision, batch, classes):
    module = torch()
    kind = np.float32 if precision == "f32" else np.float64
    ports = ", ".join(f"{port}: {'int' if a.dtype == np.int32 else 'f32'}[{', '.join(['B', *map(str, a.shape[1:])])}]"
                      for port, a in inputs.items())
    outputs = ", ".join(f"{port}: f32[{', '.join(['B', *map(str, shape)])}]" for port, shape in results.items())
    fields = ", ".join(
        f"{port}: " + (f"class[{', '.join([str(classes.get(port, 50)), *map(str, a.shape[1:])])}]"
                       if a.dtype == np.int32 else f"f32[{', '.join(map(str, a.shape[1:]))}]")
        for port, a in inputs.items())
    loss = " + ".join(f"per_sample_sum(sin(3.0 * {port}))" for port in results)
    model = (f"model m({ports}) -> ({outputs}) {{\n{body}\n}}\n"
             f"data d({fields}) {{\n  train = npy([{', '.join(repr(p + '.npy') for p in inputs)}])\n}}\n".replace("'", '"')
             + f"train m on d {{\n  loss = {loss}\n  optimizer = sgd(lr = 0.1)\n}}\n")
    program = compile_model(folder, model, "--batch", batch, "--precision", precision)
    weights = draw_weights(program, kind, np.random.default_rng(3))
    write_safetensors(f"{folder}/w.safetensors", weights)
    arguments = []
    for port, array in inputs.items():
        np.save(f"{folder}/{port}.npy", array if array.dtype == np.int32 else array.astype(kind))
        arguments += ["--input", f"{port}={folder}/{port}.npy"]
    run(program, "step", "--weights", f"{folder}/w.safetensors", *arguments, "--grads", f"{folder}/g.safetensors",
            "--outputs", f"{folder}/o.safetensors")
    theirs = {key: module.tensor(value, requires_grad=True) for key, value in weights.items()}
    tensors = {port: module.tensor(a.astype(np.int64) if a.dtype == np.int32 else a.astype(kind))
               for port, a in inputs.items()}
    values = forward(tensors, theirs)
    total = sum(module.sin(3 * value).reshape(batch, -1).sum(1) for value in values).mean()
    total.backward()
    tolerance = 1e-9 if precision == "f64" else 2e-5
    found = read_safetensors(f"{folder}/o.safetensors")
    for port, value in zip(results, values):
        close(f"{name} {precision} {port}", found[port], value.detach().numpy(), tolerance)
    gradients = read_safetensors(f"{folder}/g.safetensors")
    for key, value in theirs.items():
        close(f"{name} {precision} d({key})", gradients[key], value.grad.numpy(), tolerance * 5)


def collapsed(path):
    """What a path of classes says by CTC: without repetitions, and then without blanks, 0."""
    return [c for i, c in enumerate(path) if c and (i == 0 or c != path[i - 1])]


def prefix_beam(scores, beams, count):
    """The likeliest text by CTC (Hannun et al. 2014, algorithm 1, without a language model), of the probabilities of
    each step; and the logarithms of how far apart the texts were that changed places, or nearly, `beams` a step."""
    texts, margins = {(): (1.0, 0.0)}, []  # the probabilities to end in a blank, and in the last symbol
    for y in scores:
        found = {}
        for text, (blank, symbol) in texts.items():
            ways = [(text, (blank + symbol) * y[0], symbol * y[text[-1]] if text else 0.0)]
            if len(text) < count:
                ways += [(text + (v,), 0.0, (blank if text[-1:] == (v,) else blank + symbol) * y[v])
                         for v in range(1, len(y))]
            for way, *parts in ways:
                before = found.get(way, (0.0, 0.0))
                found[way] = (before[0] + parts[0], before[1] + parts[1])
        order = sorted(found.items(), key=lambda each: -sum(each[1]))
        sums = [sum(parts) for _, parts in order[:beams + 1]]
        margins += [math.log(a / b) if b else 100.0 for a, b in zip(sums, sums[1:])]
        texts = dict(order[:beams])
    return next(iter(texts)), margins


def train_from(folder, program, weights, arrays):
    """Trains a program on arrays, each the file NAME.npy of its data. Returns each step's loss and the last weights."""
    for name, array in arrays.items():
        np.save(f"{folder}/{name}.npy", array)
    write_safetensors(f"{folder}/w.safetensors", weights)
    run(program, "train", "--data", folder, "--run", f"{folder}/run", "--init", f"{folder}/w.safetensors")
    log = [json.loads(line) for line in open(f"{folder}/run/log.jsonl")]
    return ([line["loss"] for line in log if line["kind"] == "step"],
            read_safetensors(f"{folder}/run/last.safetensors"))


def in_batches(arrays, size, steps):
    """The tensors of so many steps on a data set in its order, as with `shuffle = false`: an epoch may end in a batch
    of fewer samples."""
    tensors = [torch().tensor(array.astype(np.int64) if array.dtype == np.int32 else array) for array in arrays]
    starts = range(0, len(tensors[0]), size)
    for step in range(steps):
        begin = starts[step % len(starts)]
        yield [tensor[begin:begin + size] for tensor in tensors]


def train_in_pytorch(weights, loss, optimizer, batches, rate=None, clip=None):
    """Steps of PyTorch's training of `weights`, one for each of the batches. Returns each step's loss and, with `clip`,
    its gradient's norm. loss(*batch) is a mean over samples, rate(t) the learning rate of step t from 1."""
    losses, norms = [], []
    for t, batch in enumerate(batches, 1):
        if rate:
            for group in optimizer.param_groups:
                group["lr"] = rate(t)
        optimizer.zero_grad()
        value = loss(*batch)
        value.backward()
        if clip:
            norms.append(torch().nn.utils.clip_grad_norm_(weights, clip).item())
        optimizer.step()
        losses.append(value.item())
    return losses, norms


class Nadam:
    """Dozat 2016, as in PyTorch 2. (1.13's NAdam has a(t) twice in A(t + 1).)"""

    def __init__(self, weights, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, momentum_decay=4e-3):
        self.param_groups = [{"params": weights, "lr": lr}]
        self.betas, self.eps, self.weight_decay, self.momentum_decay = betas, eps, weight_decay, momentum_decay
        self.slots = [(w.detach() * 0, w.detach() * 0) for w in weights]
        self.step_number, self.product = 0, 1.0

    def zero_grad(self):
        for w in self.param_groups[0]["params"]:
            w.grad = None

    def step(self):
        self.step_number = t = self.step_number + 1
        (beta1, beta2), lr = self.betas, self.param_groups[0]["lr"]
        now, then = (beta1 * (1 - 0.5 * 0.96 ** (step * self.momentum_decay)) for step in (t, t + 1))
        self.product *= now
        for w, (m, v) in zip(self.param_groups[0]["params"], self.slots):
            g = w.grad + self.weight_decay * w.detach()
            m.mul_(beta1).add_(g, alpha=1 - beta1)
            v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
            ahead = then * m / (1 - self.product * then) + (1 - now) * g / (1 - self.product)
            w.data.sub_(lr * ahead / ((v / (1 - beta2 ** t)).sqrt() + self.eps))


def scratch():
    return tempfile.TemporaryDirectory(prefix="dlc-e2e-")
