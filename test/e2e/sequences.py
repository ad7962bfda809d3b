"""Recurrence, embedding and attention against PyTorch: values and every gradient, same weights."""
# REQUIRES: pytorch
# RUN: %python %s
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


check = dlc.check_against_pytorch


def check_recurrent(precision):
    random = np.random.default_rng(5)
    for kind in FUNCTIONS:
        rest = ", cell" if kind == "lstm" else ""
        for batch, steps, width, units, backwards, masked, started in (
                (3, 5, 4, 7, False, False, False), (4, 6, 3, 16, True, False, True), (5, 7, 9, 5, False, True, False),
                (6, 4, 1, 33, True, True, True), (2, 1, 5, 8, False, False, True),
                (16, 3, 5, 6, False, True, True)):  # a batch whose rows threads share
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


def check_gru_cell(precision):
    random = np.random.default_rng(8)
    for batch, width, units in ((3, 4, 7), (1, 9, 16), (5, 1, 3), (2, 33, 5), (7, 6, 8)):
        def forward(t, w):
            h = t["h"] * w["p"]
            cell = {name: w[f"gru_cell_1.{name}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
            return [torch.gru_cell(t["x"], h, cell["weight_ih"].T, cell["weight_hh"].T, cell["bias_ih"], cell["bias_hh"])]
        check(f"gru_cell {batch}x{width}->{units}",
              {"x": random.standard_normal((batch, width)), "h": random.standard_normal((batch, units))},
              f"  param p: f32[{units}] = ones\n  y = gru_cell({units})(x, h * p)", {"y": (units,)}, forward, precision,
              batch)


def check_stacked(precision):
    """Layers on each other, in both directions, by the lengths of samples: of PyTorch's single ones."""
    random = np.random.default_rng(9)
    for kind, batch, steps, width, units, layers, both, masked in (
            ("gru", 3, 5, 4, 7, 2, False, True), ("lstm", 4, 6, 3, 5, 2, True, True), ("rnn", 2, 7, 9, 8, 3, True, False),
            ("lstm", 5, 3, 1, 16, 1, True, True), ("gru", 1, 4, 6, 9, 3, False, False)):
        inputs = {"x": random.standard_normal((batch, steps, width))}
        if masked:
            inputs["n"] = random.integers(0, steps + 1, batch).astype(np.int32)
            inputs["n"][0] = steps
        ways = 1 + both
        call = (f"bidirectional({kind}, {units})" if both and layers == 1 else
                f"stacked({kind}, {units}, {layers}{', both_ways = true' if both else ''}, drop = 0)")

        def forward(t, w):
            y = t["x"]
            for layer in range(layers):
                prefix = "bidirectional_1" if both and layers == 1 else f"stacked_1.level.{layer}.cell"
                lengths = t["n"].tolist() if masked else None
                results = [recurrent(kind, y, w, f"{prefix}.{way}", way == "backward", lengths)
                           for way in ("forward", "backward")] if both else [recurrent(kind, y, w, prefix, False, lengths)]
                y, last = (torch.cat(values, -1) for values in zip(*results))
            return y, last
        check(f"{call} {batch}x{steps}x{width}{' lengths' if masked else ''}", inputs,
              f"  let (a, b) = {call}(x{', lengths = n' if masked else ''})\n  all = a\n  last = b",
              {"all": (steps, ways * units), "last": (ways * units,)}, forward, precision, batch)


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


dlc.in_both_precisions(check_embedding, check_slices, check_recurrent, check_gru_cell, check_stacked, check_attention)
