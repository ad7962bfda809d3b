"""What a training has beyond steps: an early end, a rate that waits for the evaluation, weights of classes, scores."""
# RUN: %python %s
import json
import math
import pathlib

import numpy as np

import dlc

MODEL = """
model m(x: f32[B, 4]) -> (logits: f32[B, 3]) {
  logits = x |> dense(8) |> tanh |> dense(3)
}
data d(x: f32[4], label: class[3]) {
  train      = npy(["x.npy", "label.npy"])
  validation = npy(["vx.npy", "vlabel.npy"])
}
train m on d {
  loss      = cross_entropy(logits, label, weights = [1, 2.5, 0.5])
  metrics   = [top_k_accuracy(logits, label, k = 2), macro_precision(logits, label), macro_recall(logits, label),
               macro_f1(logits, label), perplexity(logits, label)]
  optimizer = adam(lr = plateau(0.05, factor = 0.5, patience = 2, warmup = 3))
  batch     = 16
  epochs    = 60
  patience  = 7
}
"""
PARTS = """
model m(x: f32[B, 5]) -> (y: f32[B, 3], words: f32[B, 4, 6]) {
  y = x |> dense(3)
  words = x |> dense(24) |> reshape([B, 4, 6])
}
data d(x: f32[5], target: f32[3], text: class[6, 4]) {
  train = npy(["px.npy", "target.npy", "text.npy"])
}
train m on d {
  loss      = LOSS
  metrics   = [label_accuracy(y, target, threshold = 0), binary_accuracy(y, target, threshold = 0),
               top_k_accuracy(words, text, k = 3), perplexity(words, text)]
  optimizer = sgd(lr = 0.1)
}
"""


def log(run, kind):
    return [line for line in map(json.loads, (path / run / "log.jsonl").read_text().splitlines()) if line["kind"] == kind]


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def wide(weights, name):
    return weights[name].astype(np.float64)


with dlc.scratch() as folder:
    path = pathlib.Path(folder)
    random = np.random.default_rng(5)
    for prefix, count in (("", 200), ("v", 90)):
        x = random.standard_normal((count, 4)).astype(np.float32)
        label = (x[:, 0] + 1.5 * random.standard_normal(count) > 0.3).astype(np.int32) + (x[:, 1] > 0.8)
        np.save(path / f"{prefix}x.npy", x)
        np.save(path / f"{prefix}label.npy", label.astype(np.int32))
    program = dlc.compile_model(folder, MODEL)
    output = dlc.run(program, "train", "--run", "whole", "--threads", 1, cwd=folder)

    # The rate falls, and the training ends, where the log of evaluations says so.
    evaluations, epochs, drops = log("whole", "eval"), log("whole", "epoch"), log("whole", "drop")
    best, dropped, expected = (-math.inf, 0), 0, []
    for line in evaluations:
        epoch = line["epoch"]
        best = max(best, (line["macro_precision"], -epoch))
        since = -best[1]
        if epoch - since >= 7:
            assert line is evaluations[-1], (epoch, best)
        if epoch - max(since, dropped) >= 2:
            dropped = epoch
            expected.append(epoch)
    assert [line["epoch"] for line in drops] == expected and len(expected) >= 3, (drops, expected)
    assert [line["value"] for line in drops] == list(range(1, len(drops) + 1)), drops
    assert len(epochs) == -best[1] + 7 < 60, (len(epochs), best)
    assert "ended early: no better validation in 7 epochs" in output and "lr.drops is 1 from here on" in output, output
    for line in log("whole", "step"):
        fallen = sum(line["epoch"] > epoch for epoch in expected)
        assert math.isclose(line["lr"], 0.05 * 0.5 ** fallen * min(1, line["step"] / 3), rel_tol=1e-12), line

    # Stopped anywhere and continued it has the same bits, also where it stops between a drop and the end.
    for stops in ([3], [expected[0], expected[0] + 1], [expected[-1]], list(range(1, len(epochs)))):
        run = "part" + "-".join(map(str, stops[:3]))
        for i, stop in enumerate(stops + [60]):
            dlc.run(program, "train", "--run", run, "--threads", 1, "--epochs", stop, *["--resume"] * (i > 0), cwd=folder)
        for name in ("last", "best"):
            assert (path / run / f"{name}.safetensors").read_bytes() == (path / "whole" / f"{name}.safetensors").read_bytes(), run
    again = dlc.run(program, "train", "--run", "whole", "--resume", cwd=folder)
    assert "is complete: it ended early" in again and len(log("whole", "epoch")) == len(epochs), again

    # Scores and the weighted loss are numpy's.
    for weights_name in ("best", "last"):
        weights = dlc.read_safetensors(path / f"whole/{weights_name}.safetensors")
        x, label = np.load(path / "vx.npy"), np.load(path / "vlabel.npy")
        z = np.tanh(x @ wide(weights, "dense_1.weight") + wide(weights, "dense_1.bias"))
        z = z @ wide(weights, "dense_2.weight") + wide(weights, "dense_2.bias")
        p, taken = softmax(z), z.argmax(1)
        nll = -np.log(p[np.arange(len(label)), label])
        table = np.zeros((3, 3))
        np.add.at(table, (label, taken), 1)
        right, answered, labelled = np.diag(table), table.sum(0), table.sum(1)
        precision = np.divide(right, answered, out=np.zeros(3), where=answered > 0)
        recall = right / labelled
        f1 = np.divide(2 * right, answered + labelled)
        rank = (z > z[np.arange(len(label)), label][:, None]).sum(1)
        found = json.loads(dlc.run(program, "eval", "--weights", f"whole/{weights_name}.safetensors", "--json", cwd=folder))
        assert found["split"] == "validation", found  # where there is no test split
        for name, value in {"macro_precision": precision.mean(), "macro_recall": recall.mean(), "macro_f1": f1.mean(),
                            "perplexity": np.exp(nll.mean()), "top_k_accuracy": (rank < 2).mean()}.items():
            dlc.close(name, found["metrics"][name], value, 1e-5)
        dlc.close("weighted loss", found["loss"], (np.array([1, 2.5, 0.5])[label] * nll).mean(), 1e-5)

    # Several labels a sample, texts with padding, labels that may each hold; the weighted loss as PyTorch's, but for
    # what it is divided by.
    torch = dlc.torch()
    count = 50
    np.save(path / "px.npy", random.standard_normal((count, 5)))
    np.save(path / "target.npy", (random.random((count, 3)) < 0.4).astype(np.float64))
    text = random.integers(0, 6, (count, 4)).astype(np.int32)
    text[:, -1] = np.where(random.random(count) < 0.5, 0, text[:, -1])
    np.save(path / "text.npy", text)
    class_weights = [0.5, 2, 1, 1.5, 3, 0.25]
    logits, labels = None, torch.tensor(text.astype(np.int64))
    for loss, reference in {
            f"cross_entropy(words, text, weights = {class_weights})":
                lambda z, w: torch.nn.functional.cross_entropy(z, labels, w, reduction="none").mean(1),
            f"cross_entropy(words, text, ignore = 0, weights = {class_weights})":
                lambda z, w: torch.nn.functional.cross_entropy(z, labels, w, ignore_index=0, reduction="none").sum(1)
                / (labels != 0).sum(1).clamp(min=1)}.items():
        program = dlc.compile_model(folder, PARTS.replace("LOSS", loss), "--precision", "f64", "--batch", count)
        dlc.run(program, "train", "--run", "parts", "--epochs", 1, cwd=folder)
        weights = {name: torch.tensor(array, requires_grad=True)
                   for name, array in dlc.read_safetensors(path / "parts/last.safetensors").items()}
        x = torch.tensor(np.load(path / "px.npy"))
        y = x @ weights["dense_1.weight"] + weights["dense_1.bias"]
        z = (x @ weights["dense_2.weight"] + weights["dense_2.bias"]).reshape(count, 4, 6)
        value = reference(z.transpose(1, 2), torch.tensor(class_weights, dtype=torch.float64)).mean()
        value.backward()
        found = json.loads(dlc.run(program, "eval", "--weights", "parts/last.safetensors", "--split", "train", "--json",
                                   cwd=folder))
        dlc.close(loss, found["loss"], value.item(), 1e-12)
        dlc.run(program, "step", "--weights", "parts/last.safetensors", "--input", "x=px.npy", "--input",
                "text=text.npy", "--input", "target=target.npy", "--grads", "g.safetensors", cwd=folder)
        gradients = dlc.read_safetensors(path / "g.safetensors")
        dlc.close("gradient", gradients["dense_2.weight"], weights["dense_2.weight"].grad.numpy(), 1e-10)
        right = (y.detach().numpy() > 0) == (np.load(path / "target.npy") > 0.5)
        z = z.detach().numpy()
        own = np.take_along_axis(z, text[:, :, None], 2)
        nll = -np.log(np.take_along_axis(softmax(z), text[:, :, None], 2))
        for name, value in {"label_accuracy": right.mean(), "binary_accuracy": right.all(1).mean(),
                            "top_k_accuracy": ((z > own).sum(2) < 3).mean(), "perplexity": np.exp(nll.mean())}.items():
            dlc.close(name, found["metrics"][name], value, 1e-9)
