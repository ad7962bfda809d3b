"""Recurrence, embedding and attention against PyTorch: values and every gradient, same weights."""
# REQUIRES: pytorch
# RUN: %python %s
import json

import numpy as np

import dlc

torch = dlc.torch()

FUNCTIONS = {"gru": torch.gru, "lstm": torch.lstm, "rnn": torch.rnn_tanh}


def recurrent(kind, x, w, prefix, backwards=False, lengths=None, start=None):
    """PyTorch's layer with our weights: all outputs, and the last state. x: [B, T, I]."""
    units = w[f"{prefix}.weight_hh"].shape[0]
    weights = [w[f"{prefix}.weight_ih"].T, w[f"{prefix}.weight_hh"].T, w[f"{prefix}.bias_ih"], w[f"{prefix}.bias_hh"]]
    if lengths is None:
        lengths = [x.shape[1]] * len(x)
    outputs, last = [], []
    for row, length in zip(x, lengths):  # each sample alone, so that no padding is computed
        outputs.append(torch.zeros(x.shape[1], units, dtype=x.dtype))
        if length == 0:
            last.append(torch.zeros(units, dtype=x.dtype) if start is None else start[len(outputs) - 1])
            continue
        part = row[:length].flip(0) if backwards else row[:length]
        first = torch.zeros(1, 1, units, dtype=x.dtype) if start is None else start[len(outputs) - 1][None, None]
        state = (first, torch.zeros_like(first)) if kind == "lstm" else first
        y, state, *_ = FUNCTIONS[kind](part[None], state, weights, True, 1, 0.0, False, False, True)
        y = y[0].flip(0) if backwards else y[0]
        outputs[-1] = torch.nn.functional.pad(y, (0, 0, 0, x.shape[1] - length))
        last.append(state[0, 0])
    return torch.stack(outputs), torch.stack(last)


def check(name, inputs, body, results, forward, precision, batch, classes=None):
    """`body` assigns the results, of the shapes given without the batch; `forward` does the same in PyTorch."""
    kind = np.float32 if precision == "f32" else np.float64
    classes = classes or {}
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
    program = dlc.compile_model(folder, model, "--batch", batch, "--precision", precision)
    random = np.random.default_rng(3)
    weights = {w["name"]: (random.standard_normal(w["shape"]) / np.sqrt(w["shape"][-1])).astype(kind)
               for w in dlc.info(program)["weights"]}
    dlc.write_safetensors(f"{folder}/w.safetensors", weights)
    arguments = []
    for port, array in inputs.items():
        np.save(f"{folder}/{port}.npy", array if array.dtype == np.int32 else array.astype(kind))
        arguments += ["--input", f"{port}={folder}/{port}.npy"]
    dlc.run(program, "step", "--weights", f"{folder}/w.safetensors", *arguments, "--grads", f"{folder}/g.safetensors",
            "--outputs", f"{folder}/o.safetensors")
    theirs = {key: torch.tensor(value, requires_grad=True) for key, value in weights.items()}
    tensors = {port: torch.tensor(a.astype(np.int64) if a.dtype == np.int32 else a.astype(kind))
               for port, a in inputs.items()}
    values = forward(tensors, theirs)
    total = sum(torch.sin(3 * value).flatten(1).sum(1) for value in values).mean()
    total.backward()
    tolerance = 1e-9 if precision == "f64" else 2e-5
    found = dlc.read_safetensors(f"{folder}/o.safetensors")
    for port, value in zip(results, values):
        dlc.close(f"{name} {precision} {port}", found[port], value.detach().numpy(), tolerance)
    gradients = dlc.read_safetensors(f"{folder}/g.safetensors")
    for key, value in theirs.items():
        dlc.close(f"{name} {precision} d({key})", gradients[key], value.grad.numpy(), tolerance * 5)


def check_recurrent(precision):
    random = np.random.default_rng(5)
    for kind in FUNCTIONS:
        rest = ", cell" if kind == "lstm" else ""
        for batch, steps, width, units, backwards, masked, started in (
                (3, 5, 4, 7, False, False, False), (4, 6, 3, 16, True, False, True), (5, 7, 9, 5, False, True, False),
                (6, 4, 1, 33, True, True, True), (2, 1, 5, 8, False, False, True)):
            inputs = {"x": random.standard_normal((batch, steps, width))}
            if masked:
                inputs["n"] = random.integers(0, steps + 1, batch).astype(np.int32)
                inputs["n"][0] = steps
            if started:
                inputs["h"] = random.standard_normal((batch, units))
            options = ", backwards = true" if backwards else ""
            call = "x" + (", lengths = n" if masked else "") + (", start = h" if started else "")
            body = (f"  let (a, b{rest}) = {kind}({units}{options})({call})\n  all = a\n"
                    f"  last = {'b + 0.0 * cell' if rest else 'b'}")
            check(f"{kind} {batch}x{steps}x{width}->{units}{options}{' lengths' if masked else ''}", inputs, body,
                  {"all": (steps, units), "last": (units,)},
                  lambda t, w: recurrent(kind, t["x"], w, f"{kind}_1", backwards,
                                         t["n"].tolist() if masked else None, t.get("h")),
                  precision, batch)


def check_embedding(precision):
    random = np.random.default_rng(6)
    for shape, count, width, padding in (((4,), 5, 3, -1), ((3, 6), 11, 16, 0), ((5, 2, 3), 4, 37, 2), ((2, 9), 3, 1, -1),
                                         ((3, 4), 50, 64, 0)):
        index = random.integers(0, count, shape).astype(np.int32)

        def forward(t, w):
            table = w["embedding_1.weight"]
            y = table[t["index"]]
            return [torch.where((t["index"] == padding)[..., None], torch.zeros((), dtype=y.dtype), y)]
        check(f"embedding {shape} of {count}x{width}", {"index": index},
              f"  y = embedding({count}, {width}, padding = {padding})(index)" if padding >= 0 else
              f"  y = embedding({count}, {width})(index)", {"y": (*shape[1:], width)}, forward, precision, shape[0],
              {"index": count})


def check_attention(precision):
    random = np.random.default_rng(7)
    for batch, queries, keys, width, masked in ((3, 4, 5, 6, False), (2, 1, 7, 16, True), (4, 5, 5, 3, True),
                                                (1, 8, 3, 9, False), (2, 3, 33, 8, True)):
        inputs = {"x": random.standard_normal((batch, queries, width)), "z": random.standard_normal((batch, keys, width)),
                  "n": random.integers(1, keys + 1, batch).astype(np.int32)}
        mask = (f"  let place = loop i in 0..{keys} along 0 {{ yield i }}\n"
                f"  let mask = broadcast([1], [{queries}])(broadcast([0], [B])(place) < broadcast([1], [{keys}])(n))\n")
        body = (mask if masked else "") + (
            f"  let (mixed, weights) = attention(dense({width})(x), dense({width}, with_bias = false)(z), z{', mask' if masked else ''})\n"
            f"  y = mixed\n  w = weights{'' if masked else ' + 0.0 * float(reduce_sum([0])(n))'}")

        def forward(t, w):
            query = t["x"] @ w["dense_1.weight"] + w["dense_1.bias"]
            key = t["z"] @ w["dense_2.weight"]  # a bias would move all scores of a query alike
            scores = query @ key.transpose(1, 2) / np.sqrt(width)
            if masked:
                hidden = torch.arange(keys)[None, None] >= t["n"][:, None, None]
                scores = scores.masked_fill(hidden, -np.inf)
            weights = torch.softmax(scores, -1)
            return weights @ t["z"], weights
        check(f"attention {batch}x{queries}x{keys}x{width}{' masked' if masked else ''}", inputs, body,
              {"y": (queries, width), "w": (queries, keys)}, forward, precision, batch)


def check_slices(precision):
    x = np.random.default_rng(8).standard_normal((3, 5, 4))
    for index, write in ((np.s_[:, 1:3], ":, 1:3"), (np.s_[:, -2], ":, -2"), (np.s_[:, :, 1:], ":, :, 1:"),
                         (np.s_[:, :-1, 0], ":, :-1, 0"), (np.s_[:, 2:4, 1:3], ":, 2:4, 1:3")):
        check(f"x[{write}]", {"x": x}, f"  param w: f32[5, 4] = ones\n  y = (x * w)[{write}]", {"y": x[index].shape[1:]},
              lambda t, w: [(t["x"] * w["w"])[index]], precision, 3)


with dlc.scratch() as folder:
    for precision in ("f64", "f32"):
        check_embedding(precision)
        check_slices(precision)
        check_recurrent(precision)
        check_attention(precision)
