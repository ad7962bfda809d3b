"""200 steps of each optimizer and schedule follow PyTorch's, on the same batches from the same weights."""
# REQUIRES: pytorch
# RUN: %python %s
import math

import numpy as np

import dlc

torch = dlc.torch()

MODEL = """
model small(x: f32[B, 5]) -> (y: f32[B, 3]) {{
  y = x |> dense(8) |> tanh |> dense(3)
}}
data samples(x: f32[5], target: f32[3]) {{
  train = npy(["x.npy", "target.npy"])
}}
train small on samples {{
  loss = mse(y, target)
  optimizer = {optimizer}
  batch = 16
  epochs = 13
  steps = 200
  shuffle = false
  {more}
}}
"""

TOTAL = 200


def cosine(base, warmup):
    def rate(t):
        done = max(0, t - 1 - warmup) / (TOTAL - warmup)
        return base * 0.5 * (1 + math.cos(math.pi * min(1, done))) * min(1, t / max(warmup, 1))
    return rate


def steps(base, every, factor):
    return lambda t: base * factor ** math.floor((t - 1) / every)


class Proximal(torch.optim.SGD):
    """A soft threshold after each step (Daubechies et al. 2004)."""

    def __init__(self, parameters, lr, l1):
        super().__init__(parameters, lr)
        self.l1 = l1

    def step(self):
        super().step()
        with torch.no_grad():
            for group in self.param_groups:
                for w in group["params"]:
                    w.copy_(torch.nn.functional.softshrink(w, group["lr"] * self.l1))


# name, in the language, in PyTorch, learning rate by step, gradient norm's limit
CASES = [
    ("sgd", "sgd(lr = 0.1)", lambda p: torch.optim.SGD(p, 0.1), None, None),
    ("sgd decay", "sgd(lr = 0.1, weight_decay = 0.01)", lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.01), None, None),
    ("proximal", "proximal_sgd(lr = 0.1, l1 = 0.01)", lambda p: Proximal(p, 0.1, 0.01), None, None),
    ("momentum", "momentum(lr = 0.05)", lambda p: torch.optim.SGD(p, 0.05, momentum=0.9), None, None),
    ("nesterov", "nesterov(lr = 0.05, weight_decay = 1e-3)",
     lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True, weight_decay=1e-3), None, None),
    ("adam", "adam(lr = 0.01)", lambda p: torch.optim.Adam(p, 0.01), None, None),
    ("adam decay", "adam(lr = 0.01, beta1 = 0.8, weight_decay = 0.01)",
     lambda p: torch.optim.Adam(p, 0.01, betas=(0.8, 0.999), weight_decay=0.01), None, None),
    ("adamw", "adamw(lr = 0.01, weight_decay = 0.1)", lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1), None, None),
    ("rmsprop", "rmsprop(lr = 0.003)", lambda p: torch.optim.RMSprop(p, 0.003), None, None),
    ("rmsprop centered", "rmsprop(lr = 0.003, alpha = 0.9, mu = 0.7, centered = true, weight_decay = 0.01)",
     lambda p: torch.optim.RMSprop(p, 0.003, 0.9, weight_decay=0.01, momentum=0.7, centered=True), None, None),
    ("adagrad", "adagrad(lr = 0.05)", lambda p: torch.optim.Adagrad(p, 0.05), None, None),
    ("adagrad decay", "adagrad(lr = 0.1, lr_decay = 0.05, weight_decay = 0.01)",
     lambda p: torch.optim.Adagrad(p, 0.1, 0.05, 0.01), None, None),
    ("adadelta", "adadelta(rho = 0.8, weight_decay = 0.01)", lambda p: torch.optim.Adadelta(p, 1, 0.8, weight_decay=0.01),
     None, None),
    ("nadam", "nadam(lr = 0.01)", lambda p: dlc.Nadam(p, 0.01), None, None),
    ("nadam decay", "nadam(lr = 0.01, beta1 = 0.8, psi = 0.1, weight_decay = 0.01)",
     lambda p: dlc.Nadam(p, 0.01, (0.8, 0.999), weight_decay=0.01, momentum_decay=0.1), None, None),
    ("cosine", "sgd(lr = cosine(0.2, warmup = 20))", lambda p: torch.optim.SGD(p, 0.2), cosine(0.2, 20), None),
    ("step", "sgd(lr = step(0.2, every = 50, factor = 0.5))", lambda p: torch.optim.SGD(p, 0.2), steps(0.2, 50, 0.5), None),
    ("warmup", "sgd(lr = constant(0.2, warmup = 30))", lambda p: torch.optim.SGD(p, 0.2),
     lambda t: 0.2 * min(1, t / 30), None),
    ("clipped", "sgd(lr = 0.5)", lambda p: torch.optim.SGD(p, 0.5), None, 0.05),
]


def check(folder, precision, name, rule, make, rate, clip):
    kind = np.float32 if precision == "f32" else np.float64
    program = dlc.compile_model(folder, MODEL.format(optimizer=rule, more=f"clip_norm = {clip}" if clip else ""),
                                "--precision", precision)
    random = np.random.default_rng(3)
    x = random.standard_normal((250, 5)).astype(kind)  # 15 batches and a last one of 10
    target = np.stack([x[:, 0] * x[:, 1], np.sin(x[:, 2]), x[:, 3]], 1).astype(kind)
    weights = dlc.draw_weights(program, kind, random)
    ours, trained = dlc.train_from(folder, program, weights, {"x": x, "target": target})

    w = {key: torch.tensor(value, requires_grad=True) for key, value in weights.items()}

    def loss(x, target):
        hidden = torch.tanh(x @ w["dense_1.weight"] + w["dense_1.bias"])
        return torch.nn.functional.mse_loss(hidden @ w["dense_2.weight"] + w["dense_2.bias"], target)
    losses, _ = dlc.train_in_pytorch(list(w.values()), loss, make(list(w.values())),
                                     dlc.in_batches([x, target], 16, TOTAL), rate, clip)
    tolerance = 2e-4 if precision == "f32" else 1e-8
    dlc.close(f"{name} {precision} losses", ours, losses, tolerance)
    for key, value in w.items():
        dlc.close(f"{name} {precision} {key}", trained[key], value.detach().numpy(), tolerance)


for case in CASES:
    for precision in ("f32", "f64"):
        with dlc.scratch() as folder:
            check(folder, precision, *case)
