"""What a network is trained with: losses, metrics, optimizers, schedules, transforms of data. One entry each."""
import math

import dlc
import numpy as np

from network import Misfit, dims

# Each loss and metric: what the result's shape must be, the text, and PyTorch's value, one number a sample.
# `real` targets are like the result, `unit` ones lie between 0 and 1, `class` ones are class numbers.


def is_logits(shape):
    return len(shape) == 2 and shape[1] > 1


def torch_cross_entropy(k, y, t):
    return k.torch.nn.functional.cross_entropy(y, t, reduction="none")


def torch_binary_cross_entropy(k, y, t):
    k.kink(y)
    loss = k.torch.nn.functional.binary_cross_entropy_with_logits(y, t, reduction="none")
    return loss.reshape(len(y), -1).mean(1)


def rows(y):
    return y.reshape(len(y), -1)


def torch_huber(k, y, t):
    return rows(k.torch.nn.functional.huber_loss(y, t, reduction="none", delta=0.7)).mean(1)


LOSSES = {  # name: (fits, target, text, PyTorch)
    "mse": (lambda shape: True, "real", "mse({y}, {t})", lambda k, y, t: rows((y - t) ** 2).mean(1)),
    "half_sum_squares": (lambda shape: True, "real", "half_sum_squares({y}, {t})",
                         lambda k, y, t: rows((y - t) ** 2).sum(1) / 2),
    "cross_entropy": (is_logits, "class", "cross_entropy({y}, {t})", torch_cross_entropy),
    "binary_cross_entropy": (lambda shape: True, "unit", "binary_cross_entropy({y}, {t})",
                             torch_binary_cross_entropy),
    "l1": (lambda shape: True, "real", "l1({y}, {t})", lambda k, y, t: rows(k.kink(y - t).abs()).mean(1)),
    "huber": (lambda shape: True, "real", "huber({y}, {t}, delta = 0.7)", torch_huber),
    "hinge": (lambda shape: True, "unit", "hinge({y}, 2.0 * {t} - 1.0, margin = 0.8)",
              lambda k, y, t: rows(k.relu(0.8 - y * (2 * t - 1))).mean(1)),
    "kl_divergence": (is_logits, "unit", "kl_divergence(log_softmax({y}), {t})",
                      lambda k, y, t: (t * (k.where(t > 0, t, 1.0).log() - y.log_softmax(-1))).sum(1)),
    "own": (lambda shape: True, "real", "own_loss({y}, {t}, scale = 0.3)",
            lambda k, y, t: rows((1 + (0.3 * (y - t)) ** 2).log()).mean(1)),
}
OWN_LOSS = """fn own_loss(y: f32[N, ...], t: f32[N, ...], scale: float = 1.0) -> f32[N] {
  let error = scale * (y - t)
  return per_sample_mean(log(1.0 + error * error))
}
"""


def torch_accuracy(k, y, t):
    k.largest(y)
    return (y.argmax(1) == t).to(y.dtype)


def torch_binary_accuracy(k, y, t):
    return (rows((k.kink(y - 0.5) > 0) == (t > 0.5)).all(1)).to(y.dtype)


def torch_top_k(k, y, t):
    own = y.gather(1, t[:, None])
    k.kink(k.where(y == own, 1.0, y - own))
    return ((y > own).sum(1) < 2).to(y.dtype)


METRICS = {  # name: (fits, targets of these losses, text, PyTorch)
    "accuracy": (is_logits, ["class"], "accuracy({y}, {t})", torch_accuracy),
    "binary_accuracy": (lambda shape: True, ["unit"], "binary_accuracy({y}, {t})", torch_binary_accuracy),
    "label_accuracy": (lambda shape: True, ["unit"], "label_accuracy({y}, {t}, threshold = 0.25)",
                       lambda k, y, t: rows((k.kink(y - 0.25) > 0) == (t > 0.5)).to(y.dtype).mean(1)),
    "top_k_accuracy": (is_logits, ["class"], "top_k_accuracy({y}, {t}, k = 2)", torch_top_k),
    "mse": (lambda shape: True, ["real", "unit"], "mse({y}, {t})", LOSSES["mse"][3]),
}


# --- optimizers: text of the call but for the rate, PyTorch's, and what numbers are drawn ------------

class Own:
    """The optimizer `own` of OWN_OPTIMIZER."""

    def __init__(self, torch, weights, lr, decay):
        self.torch, self.decay = torch, decay
        self.param_groups = [{"params": weights, "lr": lr}]
        self.slots = [torch.zeros_like(w) for w in weights]

    def step(self):
        group = self.param_groups[0]
        with self.torch.no_grad():
            for w, s in zip(group["params"], self.slots):
                s.mul_(self.decay).add_((1 - self.decay) * w.grad ** 2)
                w.sub_(group["lr"] * w.grad / (s.sqrt() + 0.1))


class Proximal:
    """Soft thresholds after gradient descent (Daubechies et al. 2004)."""

    def __init__(self, torch, weights, l1, weight_decay):
        self.torch, self.l1, self.weight_decay = torch, l1, weight_decay
        self.param_groups = [{"params": weights, "lr": 1}]

    def step(self):
        group = self.param_groups[0]
        with self.torch.no_grad():
            for w in group["params"]:
                w.sub_(group["lr"] * (w.grad + self.weight_decay * w))
                w.copy_(self.torch.nn.functional.softshrink(w, group["lr"] * self.l1))


OWN_OPTIMIZER = """optimizer own(lr: schedule = 0.01, decay: float = 0.9)(w, g) {
  state s = zeros
  let next = decay * s + (1.0 - decay) * g * g
  s <- next
  w <- w - lr * g / (sqrt(next) + 0.1)
}
"""


def numbers(random, **choices):
    return {name: random.choice(values) for name, values in choices.items()}


OPTIMIZERS = {  # name: (numbers, PyTorch)
    "sgd": (lambda r: numbers(r, weight_decay=[0.0, 0.01]),
            lambda torch, w, weight_decay: torch.optim.SGD(w, 1, weight_decay=weight_decay)),
    "proximal_sgd": (lambda r: numbers(r, l1=[0.01, 0.5], weight_decay=[0.0, 0.02]),
                     lambda torch, w, l1, weight_decay: Proximal(torch, w, l1, weight_decay)),
    "momentum": (lambda r: numbers(r, mu=[0.9, 0.5], weight_decay=[0.0, 0.02]),
                 lambda torch, w, mu, weight_decay: torch.optim.SGD(w, 1, mu, 0, weight_decay)),
    "nesterov": (lambda r: numbers(r, mu=[0.9, 0.7], weight_decay=[0.0, 0.02]),
                 lambda torch, w, mu, weight_decay: torch.optim.SGD(w, 1, mu, 0, weight_decay, nesterov=True)),
    "adam": (lambda r: numbers(r, beta1=[0.9, 0.8], beta2=[0.999, 0.95], eps=[1e-8, 1e-4], weight_decay=[0.0, 0.02]),
             lambda torch, w, beta1, beta2, eps, weight_decay:
                 torch.optim.Adam(w, 1, (beta1, beta2), eps, weight_decay)),
    "adamw": (lambda r: numbers(r, beta1=[0.9, 0.8], beta2=[0.999, 0.95], eps=[1e-8, 1e-4], weight_decay=[0.01, 0.1]),
              lambda torch, w, beta1, beta2, eps, weight_decay:
                  torch.optim.AdamW(w, 1, (beta1, beta2), eps, weight_decay)),
    "rmsprop": (lambda r: numbers(r, alpha=[0.99, 0.9], eps=[1e-8, 1e-4], weight_decay=[0.0, 0.02], mu=[0.0, 0.5],
                                  centered=["false", "true"]),
                lambda torch, w, alpha, eps, weight_decay, mu, centered:
                    torch.optim.RMSprop(w, 1, alpha, eps, weight_decay, mu, centered == "true")),
    "adagrad": (lambda r: numbers(r, lr_decay=[0.0, 0.1], weight_decay=[0.0, 0.02], eps=[1e-10, 1e-4]),
                lambda torch, w, lr_decay, weight_decay, eps: torch.optim.Adagrad(w, 1, lr_decay, weight_decay, 0, eps)),
    "adadelta": (lambda r: numbers(r, rho=[0.9, 0.8], eps=[1e-6, 1e-4], weight_decay=[0.0, 0.02]),
                 lambda torch, w, rho, eps, weight_decay: torch.optim.Adadelta(w, 1, rho, eps, weight_decay)),
    "nadam": (lambda r: numbers(r, beta1=[0.9, 0.8], beta2=[0.999, 0.95], eps=[1e-8, 1e-4], weight_decay=[0.0, 0.02],
                                psi=[4e-3, 0.1]),
              lambda torch, w, beta1, beta2, eps, weight_decay, psi:
                  dlc.Nadam(w, 1, (beta1, beta2), eps, weight_decay, psi)),
    "own": (lambda r: numbers(r, decay=[0.9, 0.6]), lambda torch, w, decay: Own(torch, w, 1, decay)),
}


# --- schedules: the rate at step t of `total` ---------------------------------------------------------

def warm(a, t):
    return a["base"] * min(1, t / max(a["warmup"], 1))


def cosine(a, t, total):
    done = max(0, t - 1 - a["warmup"]) / max(1, total - a["warmup"])
    fall = a["floor_value"] + (a["base"] - a["floor_value"]) * 0.5 * (1 + math.cos(math.pi * min(1, done)))
    return fall * min(1, t / max(a["warmup"], 1))


def linear(a, t, total):
    done = min(1, max(0, t - 1 - a["warmup"]) / max(1, total - a["warmup"]))
    return warm(a, t) + (a["last"] - a["base"]) * done * min(1, t / max(a["warmup"], 1))


def polynomial(a, t, total):
    done = min(1, max(0, t - 1 - a["warmup"]) / max(1, total - a["warmup"]))
    return (a["last"] + (a["base"] - a["last"]) * (1 - done) ** a["power"]) * min(1, t / max(a["warmup"], 1))


SCHEDULES = {  # name: (numbers, rate)
    "constant": (lambda r: numbers(r, warmup=[0, 2]), lambda a, t, total: warm(a, t)),
    "step": (lambda r: numbers(r, every=[1, 2], factor=[0.1, 0.5], warmup=[0, 2]),
             lambda a, t, total: warm(a, t) * a["factor"] ** ((t - 1) // a["every"])),
    "cosine": (lambda r: numbers(r, warmup=[0, 1], floor_value=[0.0, 0.001]), cosine),
    "linear": (lambda r: numbers(r, warmup=[0, 1], last=[0.0, 0.001]), linear),
    "exponential": (lambda r: numbers(r, factor=[0.5, 0.9], warmup=[0, 1]),
                    lambda a, t, total: warm(a, t) * a["factor"] ** max(0, t - 1 - a["warmup"])),
    "inverse_sqrt": (lambda r: numbers(r, warmup=[0, 2]),
                     lambda a, t, total: a["base"] * min(t / max(a["warmup"], 1), (max(a["warmup"], 1) / t) ** 0.5)),
    "plateau": (lambda r: numbers(r, factor=[0.1, 0.5], warmup=[0, 2], drops=[0, 2]),
                lambda a, t, total: warm(a, t) * a["factor"] ** a["drops"]),
    "polynomial": (lambda r: numbers(r, power=[1, 2.5], warmup=[0, 1], last=[0.0, 0.001]), polynomial),
}

TRANSFORMS = {  # name: (text, on an array)
    "scale": ("scale(0.75)", lambda x: x * 0.75),
    "normalize": ("normalize(mean = 0.25, std = 1.25)", lambda x: (x - 0.25) / 1.25),
}


class Training:
    """The data block and the train block. `losses` has, for each result of the model, the loss's name or None."""

    def __init__(self, random, losses, metric):
        self.losses, self.metric = losses, metric
        self.regulariser = random.choice([0, 0, 0.01])  # of the results, beside the losses
        self.optimizer = random.choice(list(OPTIMIZERS))
        self.numbers = OPTIMIZERS[self.optimizer][0](random)
        self.schedule = random.choice([None, *SCHEDULES])
        self.rate = random.choice([0.003, 0.01, 0.02])
        if self.schedule:
            self.schedule_numbers = SCHEDULES[self.schedule][0](random)
        self.clip = random.choice([None, None, 0.5])
        self.transform = random.choice([None, None, *TRANSFORMS])  # of the first input
        self.steps = random.choice([1, 2, 3])
        self.seed = random.choice([0, 7, (5 << 32) + 3])
        self.partial = random.random() < 0.5  # steps and predictions of fewer samples than a call takes

    def fit(self, results):
        self.shapes = [node.shape for node in results]
        for shape, loss in zip(self.shapes, self.losses):
            if not shape or shape[0] != -1 or min(shape[1:], default=1) < 0 or (loss and not LOSSES[loss][0](shape)):
                raise Misfit
        if self.metric and not METRICS[self.metric][0](self.shapes[0]):
            self.metric = None

    def results(self):
        return [f"y{i}" for i in range(len(self.losses))]

    def targets(self):
        """(name, what, shape) of what the losses compare the results with."""
        return [(f"t{i}", LOSSES[loss][1], self.shapes[i]) for i, loss in enumerate(self.losses) if loss]

    def loss(self, k, outputs, targets):
        """One number a sample, in PyTorch."""
        total = 0
        for i, loss in enumerate(self.losses):
            if loss:
                total = total + LOSSES[loss][3](k, outputs[i], targets[f"t{i}"])
            if self.regulariser:
                total = total + self.regulariser * rows(outputs[i] ** 2).mean(1)
        return total

    def metrics(self, k, outputs, targets):
        return {self.metric: METRICS[self.metric][3](k, outputs[0], targets["t0"])} if self.metric else {}

    def rate_at(self, t):
        if not self.schedule:
            return self.rate
        return SCHEDULES[self.schedule][1]({"base": self.rate, **self.schedule_numbers}, t, self.steps)

    # --- as text -----------------------------------------------------------------------------------

    def definitions(self):
        return [OWN_LOSS] * ("own" in self.losses) + [OWN_OPTIMIZER] * (self.optimizer == "own")

    def text(self, network):
        fields = []
        for node in network.inputs():
            a = node.attributes
            kind = f"class[{a['classes']}]" if a["classes"] else "f32" + dims(a["shape"][1:], "B")
            fields.append((a["name"], kind))
        for name, what, shape in self.targets():
            fields.append((name, f"class[{shape[1]}]" if what == "class" else "f32" + dims(shape[1:], "B")))
        files = {split: ", ".join(f'"{name}-{split}.npy"' for name, _ in fields) for split in ("train", "test")}
        data = ["", f"data d({', '.join(f'{name}: {kind}' for name, kind in fields)}) {{"]
        data += [f"  {split} = npy([{files[split]}])" for split in ("train", "test")]
        if self.transform:
            data.append(f"  each {network.inputs()[0].attributes['name']} |> {TRANSFORMS[self.transform][0]}")
        terms = []
        for i, loss in enumerate(self.losses):
            if loss:
                terms.append(LOSSES[loss][2].format(y=f"y{i}", t=f"t{i}"))
            if self.regulariser:
                terms.append(f"{self.regulariser} * per_sample_mean(y{i} * y{i})")
        rate = self.rate
        if self.schedule:
            rate = f"{self.schedule}({rate}{listed(self.schedule_numbers)})"
        train = [f"  loss = {' + '.join(terms)}"]
        if self.metric:
            train.append(f"  metrics = {METRICS[self.metric][2].format(y='y0', t='t0')}")
        train.append(f"  optimizer = {self.optimizer}(lr = {rate}{listed(self.numbers)})")
        train += [f"  batch = {network.batch}", f"  steps = {self.steps}", f"  seed = {self.seed}", "  shuffle = false"]
        if self.clip:
            train.append(f"  clip_norm = {self.clip}")
        return data + ["}", "", "train m on d {"] + train + ["}"]


def listed(numbers):
    return "".join(f", {name} = {value}" for name, value in numbers.items())


def transformed(network, arrays):
    """The fields as training, evaluation and prediction see them."""
    training, first = network.training, network.inputs()[0].attributes["name"]
    if not training.transform:
        return arrays
    return {**arrays, first: np.asarray(TRANSFORMS[training.transform][1](arrays[first]), np.float64)}
