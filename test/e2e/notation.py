"""Index notation against PyTorch: values and every gradient, same weights."""
# REQUIRES: pytorch
# RUN: %python %s
import numpy as np

import dlc

torch = dlc.torch()
F = torch.nn.functional
random = np.random.default_rng(4)


def normal(*shape):
    return random.standard_normal(shape)


def ints(limit, *shape):
    return random.integers(0, limit, shape).astype(np.int32)


def einsum(rule):
    return lambda t, w: [torch.einsum(rule, t["x"], w["w"])]


def padded(x, before, after):
    return F.pad(x, (before, after))


def pick(x, index):
    """x[b, index[b, …]], 0 outside."""
    inside = (index >= 0) & (index < x.shape[1])
    return torch.where(inside, torch.gather(x, 1, index.clamp(0, x.shape[1] - 1)), torch.zeros((), dtype=x.dtype))


X34, X45, X9 = normal(3, 4, 5), normal(4, 5, 6), normal(5, 9)
IMAGE, SOUND, PLACES = normal(2, 3, 9, 8), normal(3, 21), ints(11, 5, 4) - 1

# name, inputs, weights (name: shape), body, results, PyTorch
CASES = [
    # products
    ("rows times matrix", {"x": X34}, {"w": (5, 7)}, "y[b, t, o] = sum(x[b, t, i] * w[i, o])", (4, 7),
     einsum("bti,io->bto")),
    ("turned matrix", {"x": X34}, {"w": (7, 5)}, "y[b, o, t] = sum(w[o, i] * x[b, t, i])", (7, 4), einsum("bti,oi->bot")),
    ("several inner indices", {"x": X34}, {"w": (6, 4, 5)}, "y[b, o] = sum(x[b, t, i] * w[o, t, i])", (6,),
     einsum("bti,oti->bo")),
    ("batched", {"x": X34}, {"w": (4, 5, 3)}, "y[b, t, o] = sum(x[b, t, i] * w[t, i, o])", (4, 3), einsum("bti,tio->bto")),
    ("with itself", {"x": X34}, {"w": (5,)}, "y[b, s, t] = sum(x[b, s, i] * w[i] * x[b, t, i])", (4, 4),
     lambda t, w: [torch.einsum("bsi,i,bti->bst", t["x"], w["w"], t["x"])]),
    ("matrix times vector", {"x": X34}, {"w": (4,)}, "y[b, i] = sum(x[b, t, i] * w[t])", (5,), einsum("bti,t->bi")),
    ("three factors", {"x": X34}, {"w": (5, 6), "v": (6, 2)}, "y[b, t, o] = sum(x[b, t, i] * w[i, j] * v[j, o])", (4, 2),
     lambda t, w: [t["x"] @ w["w"] @ w["v"]]),
    ("outer product", {"x": X9}, {"w": (4,)}, "y[b, j, i] = w[j] * x[b, i]", (4, 9), einsum("bi,j->bji")),
    ("a factor of the sum", {"x": X9}, {"w": (9,)}, "y[b] = sum(2 * x[b, i] * w[i]) / sqrt(9.0)", (),
     lambda t, w: [2 * t["x"] @ w["w"] / 3]),
    ("scalar", {"x": X9}, {"w": (9, 3)}, "let s[] = sum(w[i, j] * w[i, j])\n  y[b, i] = x[b, i] * s[]", (9,),
     lambda t, w: [t["x"] * (w["w"] ** 2).sum()]),
    # reductions
    ("softmax", {"x": X34}, {"w": (5,)},
     "let z[b, t, i] = x[b, t, i] * w[i]\n  let top[b, t] = max(z[b, t, i])\n"
     "  let e[b, t, i] = exp(z[b, t, i] - top[b, t])\n  y[b, t, i] = e[b, t, i] / sum(e[b, t, j])", (4, 5),
     lambda t, w: [torch.softmax(t["x"] * w["w"], -1)]),
    ("norm", {"x": X45}, {"w": (6,), "v": (6,)},
     "let m[b, t] = mean(x[b, t, i])\n  let d[b, t] = mean((x[b, t, i] - m[b, t]) ** 2)\n"
     "  y[b, t, i] = w[i] * (x[b, t, i] - m[b, t]) / sqrt(d[b, t] + 1e-5) + v[i]", (5, 6),
     lambda t, w: [F.layer_norm(t["x"], (6,), w["w"], w["v"])]),
    ("smallest and largest", {"x": X45}, {"w": (5,)},
     "y[b, i] = max(w[t] * x[b, t, i]) - min(x[b, t, i] + w[t])", (6,),
     lambda t, w: [(w["w"][:, None] * t["x"]).amax(1) - (t["x"] + w["w"][:, None]).amin(1)]),
    ("one in the other", {"x": X45}, {"w": (5, 6)}, "y[b] = max(sum(abs(x[b, t, i] - w[t, i])), t = 5)", (),
     lambda t, w: [(t["x"] - w["w"]).abs().sum(2).amax(1)]),
    ("the same name twice", {"x": X45}, {"w": (5,), "v": (6,)},
     "y[b] = sum(x[b, k, 0] * w[k]) + sum(x[b, 0, k] * v[k])", (),
     lambda t, w: [t["x"][:, :, 0] @ w["w"] + t["x"][:, 0] @ w["v"]]),
    # convolutions
    ("conv", {"x": IMAGE}, {"w": (4, 3, 3, 2)},
     "y[n, o, p, q] = sum(x[n, c, p + i, q + j] * w[o, c, i, j])", (4, 7, 7),
     lambda t, w: [F.conv2d(t["x"], w["w"])]),
    ("conv, stride and padding", {"x": IMAGE}, {"w": (4, 3, 3, 3)},
     "let z[n, o, p, q]: f32[B, 4, 5, 4] = sum(x[n, c, p * 2 + i - 1, q * 2 + j - 1] * w[o, c, i, j])\n  y = z", (4, 5, 4),
     lambda t, w: [F.conv2d(t["x"], w["w"], stride=2, padding=1)]),
    ("conv, dilation", {"x": IMAGE}, {"w": (3, 2, 2), "v": (2,)},
     "let z[n, p, q, o]: f32[B, 7, 5, 2] = sum(w[c, i, j] * x[n, c, p + 2 * i, q + 3 * j] * v[o])\n  y = z", (7, 5, 2),
     lambda t, w: [torch.einsum("npq,o->npqo", F.conv2d(t["x"], w["w"][None], dilation=(2, 3))[:, 0], w["v"])]),
    ("conv, each channel its own", {"x": IMAGE}, {"w": (3, 2, 3, 3)},
     "let z[n, c, o, p, q]: f32[B, 3, 2, 7, 6] = sum(x[n, c, p + i, q + j] * w[c, o, i, j])\n  y = z", (3, 2, 7, 6),
     lambda t, w: [F.conv2d(t["x"], w["w"].reshape(6, 1, 3, 3), groups=3).reshape(2, 3, 2, 7, 6)]),
    ("conv along time", {"x": SOUND}, {"w": (6, 5)},
     "let z[b, t, f]: f32[B, 7, 6] = sum(x[b, 3 * t + k - 1] * w[f, k])\n  y = z", (7, 6),
     lambda t, w: [F.conv1d(t["x"][:, None], w["w"][:, None], stride=3, padding=1).transpose(1, 2)]),
    ("conv of a part", {"x": SOUND}, {"w": (6, 5)},
     "let z[b, t, f]: f32[B, 3, 6] = sum(x[b, 2 * t + k + 4] * w[f, k])\n  y = z", (3, 6),
     lambda t, w: [F.conv1d(t["x"][:, None, 4:13], w["w"][:, None], stride=2).transpose(1, 2)]),
    ("conv by turned taps", {"x": SOUND}, {"w": (3,)},
     "let z[b, t] = sum(x[b, t - k + 2] * w[k])\n  y = z", (SOUND.shape[1] - 2,),
     lambda t, w: [F.conv1d(t["x"][:, None], w["w"].flip(0)[None, None])[:, 0]]),
    # places
    ("neighbours", {"x": X9}, {"w": (9,)},
     "let z[b, t] = x[b, t] * w[t]\n  y[b, t] = z[b, t] - z[b, t - 1] + 2 * z[b, t + 2]", (9,),
     lambda t, w: [(lambda z: z - padded(z, 1, 0)[:, :9] + 2 * padded(z, 0, 2)[:, 2:])(t["x"] * w["w"])]),
    ("backwards", {"x": X9}, {"w": (9,)}, "y[b, t] = w[t] * (x[b, t] + w[8 - t])", (9,),
     lambda t, w: [w["w"] * (t["x"] + w["w"].flip(0))]),
    ("each second", {"x": X9}, {"w": (9,)},
     "let z[b, t] = x[b, t] * w[t]\n  let e[b, t]: f32[B, 4] = z[b, 2 * t + 1]\n  y = e", (4,),
     lambda t, w: [(t["x"] * w["w"])[:, 1::2]]),
    ("diagonal", {"x": normal(3, 5, 5)}, {"w": (5, 5)}, "y[b, i] = x[b, i, i] * w[i, i]", (5,),
     lambda t, w: [torch.diagonal(t["x"] * w["w"], dim1=1, dim2=2)]),
    ("fixed places", {"x": X45}, {"w": (5, 6)}, "y[b, i] = x[b, 1, i] * w[-1, i]", (6,),
     lambda t, w: [t["x"][:, 1] * w["w"][-1]]),
    ("rows of a table", {"x": X9, "n": PLACES}, {"w": (10, 3)}, "y[b, t, d] = w[n[b, t], d] * x[b, t + 1]", (4, 3),
     lambda t, w: [torch.cat([w["w"], 0 * w["w"][:1]])[torch.where(t["n"] < 0, 10, t["n"])] * t["x"][:, 1:5, None]]),
    ("one place a sample", {"x": X9, "n": PLACES}, {"w": (9,)},
     "let z[b, t] = x[b, t] * w[t]\n  y[b, s] = z[b, n[b, s]]", (4,),
     lambda t, w: [pick(t["x"] * w["w"], t["n"])]),
    ("places of ints", {"x": X9, "n": PLACES}, {"w": (4,)}, "y[b, s] = x[b, s + 1] * w[s] * float(n[b, 3 - s] * 70000) / 700000.0", (4,),
     lambda t, w: [t["x"][:, 1:5] * w["w"] * 0.1 * t["n"].flip(1)]),
    # indices as numbers, conditions, functions
    ("positions", {"x": X45}, {"w": (6,)},
     "y[b, t, i] = x[b, t, i] * w[i] + sin(float(t) / 10.0 ** (float(i) / 6)) * float(int(t % 2 == 0))", (5, 6),
     lambda t, w: [t["x"] * w["w"] + torch.sin(torch.arange(5.0, dtype=t["x"].dtype)[:, None]
                                               / 10 ** (torch.arange(6, dtype=t["x"].dtype) / 6))
                   * (torch.arange(5) % 2 == 0)[:, None]]),
    ("weights by place", {"x": X9}, {"w": (9,)}, "y[b] = sum(float(k) * x[b, k + 1] * w[k + 2], k = 6)", (),
     lambda t, w: [(torch.arange(6, dtype=t["x"].dtype) * t["x"][:, 1:7] * w["w"][2:8]).sum(1)]),
    ("mask", {"x": X34}, {"w": (4, 4)},
     "let s[b, i, j] = sum(x[b, i, d] * x[b, j, d])\n"
     "  y[b, i, j] = select(j <= i and i - j < 3, relu(s[b, i, j]) * w[i, j], 0.0)", (4, 4),
     lambda t, w: [(torch.relu(t["x"] @ t["x"].transpose(1, 2)) * w["w"]) * torch.tril(torch.ones(4, 4)).triu(-2)]),
    ("pipes and conditions", {"x": X9}, {"w": (9,)},
     "y[b, i] = if training or true { x[b, i] * w[i] |> gelu } else { x[b, i] }", (9,),
     lambda t, w: [F.gelu(t["x"] * w["w"])]),
    ("in a scan", {"x": X45}, {"w": (6, 6)},
     "let z[t, b, i] = x[b, t, i]\n  y = scan a in z along 0, h = zeros[B, 6] {\n"
     "    let s[b, j] = tanh(a[b, j] + sum(h[b, i] * w[i, j]))\n    next h = s\n  }", (6,), None),
]


def recurrence(t, w):
    h = torch.zeros(4, 6, dtype=t["x"].dtype)
    for step in range(5):
        h = torch.tanh(t["x"][:, step] + h @ w["w"])
    return [h]


def check_cases(precision):
    for name, inputs, weights, body, shape, forward in CASES:
        params = "".join(f"  param {key}: f32[{', '.join(map(str, size))}] = ones\n" for key, size in weights.items())
        dlc.check_against_pytorch(name, inputs, f"{params}  {body}", {"y": shape}, forward or recurrence, precision,
                                  len(next(iter(inputs.values()))))


dlc.in_both_precisions(check_cases)
