"""200 steps of each optimizer and schedule follow PyTorch's, on the same batches from the same weights."""
# REQUIRES: pytorch
# RUN: %python %s
import json
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


# name, in the language, in PyTorch, learning rate by step, gradient norm's limit
CASES = [
    ("sgd", "sgd(lr = 0.1)", lambda p: torch.optim.SGD(p, 0.1), None, None),
    ("sgd decay", "sgd(lr = 0.1, weight_decay = 0.01)", lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.01), None, None),
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


def reference(weights, x, target, make, rate, clip):
    w = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
    optimizer = make(list(w.values()))
    losses, t = [], 0
    while True:
        for begin in range(0, len(x), 16):
            t += 1
            if t > TOTAL:
                return losses, {name: value.detach().numpy() for name, value in w.items()}
            if rate:
                for group in optimizer.param_groups:
                    group["lr"] = rate(t)
            a = torch.tensor(x[begin:begin + 16])
            hidden = torch.tanh(a @ w["dense_1.weight"] + w["dense_1.bias"])
            y = hidden @ w["dense_2.weight"] + w["dense_2.bias"]
            loss = torch.nn.functional.mse_loss(y, torch.tensor(target[begin:begin + 16]))
            optimizer.zero_grad()
            loss.backward()
            if clip:
                torch.nn.utils.clip_grad_norm_(list(w.values()), clip)
            optimizer.step()
            losses.append(loss.item())


def check(folder, precision, name, rule, make, rate, clip):
    kind = np.float32 if precision == "f32" else np.float64
    program = dlc.compile_model(folder, MODEL.format(optimizer=rule, more=f"clip_norm = {clip}" if clip else ""),
                                "--precision", precision)
    random = np.random.default_rng(3)
    x = random.standard_normal((250, 5)).astype(kind)  # 15 batches and a last one of 10
    target = np.stack([x[:, 0] * x[:, 1], np.sin(x[:, 2]), x[:, 3]], 1).astype(kind)
    np.save(f"{folder}/x.npy", x)
    np.save(f"{folder}/target.npy", target)
    weights = {w["name"]: (random.standard_normal(w["shape"]) * 0.5).astype(kind) for w in dlc.info(program)["weights"]}
    dlc.write_safetensors(f"{folder}/w.safetensors", weights)
    run = f"{folder}/run-{precision}-{name.replace(' ', '-')}"
    dlc.run(program, "train", "--data", folder, "--run", run, "--init", f"{folder}/w.safetensors")
    log = [json.loads(line) for line in open(f"{run}/log.jsonl")]
    ours = [line["loss"] for line in log if line["kind"] == "step"]
    losses, final = reference(weights, x, target, make, rate, clip)
    tolerance = 2e-4 if precision == "f32" else 1e-8
    what = f"{name} {precision}"
    logged = [losses[line["step"] - 1] for line in log if line["kind"] == "step"]
    dlc.close(f"{what} losses ({len(ours)} logged)", ours, logged, tolerance)
    trained = dlc.read_safetensors(f"{run}/last.safetensors")
    for key, value in final.items():
        dlc.close(f"{what} {key}", trained[key], value, tolerance)


with dlc.scratch() as folder:
    for case in CASES:
        for precision in ("f32", "f64"):
            check(folder, precision, *case)
