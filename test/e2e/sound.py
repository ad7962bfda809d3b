"""Spectra, connectionist temporal classification and orders against PyTorch: values and every gradient, same weights."""
# REQUIRES: pytorch
# RUN: %python %s
import collections
import itertools

import numpy as np

import dlc

torch = dlc.torch()
functional = torch.nn.functional


check = dlc.check_against_pytorch


def check_ctc(precision):
    random = np.random.default_rng(1)
    # labels' lengths: of the third sample there is none, of the second one with neighbours that are equal
    for batch, steps, classes, longest, with_lengths in ((3, 7, 5, 3, False), (4, 9, 4, 4, True), (5, 12, 11, 5, True),
                                                         (3, 1, 3, 1, False), (6, 20, 17, 6, True)):
        label = random.integers(1, classes, (batch, longest)).astype(np.int32)
        counts = random.integers(1, longest + 1, batch)
        counts[2] = 0
        label[1] = label[1, 0]
        label[np.arange(longest) >= counts[:, None]] = 0
        repeats = [(row[1:] == row[:-1])[:count - 1].sum() if count else 0 for row, count in zip(label, counts)]
        least = np.maximum(counts + repeats, 1)
        lengths = np.maximum(random.integers(least.min(), steps + 1, batch), 1).astype(np.int32)
        inputs = {"x": random.standard_normal((batch, steps, classes)), "label": label}
        if with_lengths:
            inputs["n"] = lengths

        def forward(t, w):
            score = (t["x"] @ w["w"]).log_softmax(-1).transpose(0, 1)
            n = t["n"] if with_lengths else torch.full((batch,), steps)
            loss = functional.ctc_loss(score, t["label"], n, torch.tensor(counts), reduction="none", zero_infinity=True)
            return [loss]
        check(f"ctc {batch}x{steps}x{classes}, labels up to {longest}{', lengths' if with_lengths else ''}", inputs,
              f"  param w: f32[{classes}, {classes}] = ones\n  y = ctc(x @ w, label{', n' if with_lengths else ''})",
              {"y": ()}, forward, precision, batch, {"label": classes, "n": steps + 1})


def check_long_ctc():
    """In f32 gradients are near those in f64 even where the text's probability is below 1e-600."""
    random = np.random.default_rng(6)
    x = 4 * random.standard_normal((3, 400, 12)).astype(np.float32)
    label = np.where(np.arange(30) < 20, random.integers(1, 12, (3, 30)), 0).astype(np.int32)
    np.save(f"{folder}/x.npy", x)
    np.save(f"{folder}/label.npy", label)
    gradients = {}
    for precision in ("f32", "f64"):
        program = dlc.compile_model(folder, """
model m(x: f32[B, 400, 12], label: int[B, 30]) -> (y: f32[B, 400, 12]) {
  param w: f32[400, 12] = 0
  y[b, t, c] = x[b, t, c] + w[t, c]
}
data samples(x: f32[400, 12], label: class[12, 30]) { train = npy(["x.npy", "label.npy"]) }
train m on samples {
  loss = ctc(y, label)
  optimizer = sgd()
}
""", "--batch", 3, "--precision", precision)
        dlc.run(program, "step", "--input", f"x={folder}/x.npy", "--input", f"label={folder}/label.npy",
                "--grads", f"{folder}/g.safetensors")
        gradients[precision] = dlc.read_safetensors(f"{folder}/g.safetensors")["w"].astype(np.float64)
    away = np.linalg.norm(gradients["f32"] - gradients["f64"]) / np.linalg.norm(gradients["f64"])
    print(f"ctc of 400 steps: gradients in f32 are {away:.1e} away from f64")
    assert away < 4e-6, away


def check_log_of_sum(precision):
    random = np.random.default_rng(8)
    inputs = {"a": 20 * random.standard_normal((5, 7)), "b": 20 * random.standard_normal((5, 7))}
    inputs["a"][:, 0] = -1e30
    check("log_of_sum", inputs, "  param w: f32[7] = ones\n  y = log_of_sum(a * w, b)", {"y": (7,)},
          lambda t, w: [torch.logaddexp(t["a"] * w["w"], t["b"])], precision, 5)


def answers(call, x, n, count):
    """Texts that the library's function reads off; `x` and `n` are the model's inputs."""
    batch, steps, classes = x.shape
    program = dlc.compile_model(
        folder, f"model m(x: f32[B, {steps}, {classes}], n: int[B]) -> (y: int[B, {count}]) {{\n"
        f"  param one: f32[] = 1\n  y = {call}\n}}\n", "--batch", batch)
    dlc.write_safetensors(f"{folder}/w.safetensors", {"one": np.ones((), np.float32)})
    np.save(f"{folder}/x.npy", x)
    np.save(f"{folder}/n.npy", n)
    dlc.run(program, "predict", "--weights", f"{folder}/w.safetensors", "--out", f"{folder}/y.npy",
            f"x={folder}/x.npy", f"n={folder}/n.npy")
    return np.load(f"{folder}/y.npy")


def check_greedy():
    """Written as the definition says, sample by sample."""
    random = np.random.default_rng(2)
    for batch, steps, classes, count in ((4, 9, 3, 9), (3, 15, 4, 5), (2, 1, 2, 2), (5, 30, 3, 20)):
        x = random.standard_normal((batch, steps, classes)).astype(np.float32)
        n = random.integers(1, steps + 1, batch).astype(np.int32)
        for row, length, answer in zip(x, n, answers(f"ctc_greedy(x * one, {count}, n)", x, n, count)):
            wanted = dlc.collapsed(row[:length].argmax(1))[:count]
            assert list(answer) == wanted + [0] * (count - len(wanted)), (wanted, answer)
    print("greedy answers are right")


def check_beam():
    random = np.random.default_rng(3)
    # With room for every text the answer is the one to which most of the probability of all paths leads.
    x = (1.5 * random.standard_normal((6, 4, 3))).astype(np.float32)
    n = random.integers(1, 5, 6).astype(np.int32)
    for row, length, answer in zip(x, n, answers("ctc_beam(x * one, 4, 31, n)", x, n, 4)):
        sums = collections.defaultdict(float)
        for path in itertools.product(range(3), repeat=length):
            sums[tuple(dlc.collapsed(path))] += np.exp(sum(row[t, c] - np.log(np.exp(row[t]).sum())
                                                           for t, c in enumerate(path)))
        wanted = list(max(sums, key=sums.get))
        assert list(answer) == wanted + [0] * (4 - len(wanted)), (dict(sums), answer)
    different = 0
    for batch, steps, classes, count, beams in ((16, 12, 4, 12, 4), (5, 20, 3, 6, 3), (3, 1, 2, 2, 1), (4, 15, 6, 15, 8)):
        x = (1.5 * random.standard_normal((batch, steps, classes))).astype(np.float32)
        n = random.integers(1, steps + 1, batch).astype(np.int32)
        for row, length, answer in zip(x, n, answers(f"ctc_beam(x * one, {count}, {beams}, n)", x, n, count)):
            wanted = list(dlc.prefix_beam(torch.tensor(row[:length]).double().softmax(1).tolist(), beams, count)[0])
            assert list(answer) == wanted + [0] * (count - len(wanted)), (wanted, answer)
            different += wanted != dlc.collapsed(row[:length].argmax(1))
    assert different > 5  # else greedy answers would do
    print("beams' answers are right")


def mel_filters(rate, window, bands, low, high):
    def to_mel(f):
        return 2595 * np.log10(1 + f / 700)
    edges = 700 * (10 ** (np.linspace(to_mel(low), to_mel(high), bands + 2) / 2595) - 1)
    frequencies = np.arange(window // 2 + 1) * rate / window
    rise = (frequencies[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    fall = (edges[2:] - frequencies[:, None]) / np.diff(edges)[1:]
    return np.maximum(0, np.minimum(rise, fall))


def check_log_mel(precision):
    random = np.random.default_rng(3)
    for batch, samples, rate, window, hop, bands, low, high in (
            (2, 400, 8000, 64, 32, 8, 0, 4000), (3, 1000, 16000, 200, 80, 20, 100, 7000), (1, 130, 8000, 128, 1, 5, 0, 4000),
            (4, 333, 22050, 31, 17, 4, 0, 11025), (2, 2000, 8000, 256, 128, 40, 20, 4000)):
        x = random.standard_normal((batch, samples))
        filters = mel_filters(rate, window, bands, low, high)
        steps = (samples - window) // hop + 1

        def forward(t, w):
            spectrum = torch.stft(t["x"] * w["w"], window, hop, window=torch.hann_window(window, dtype=t["x"].dtype),
                                  center=False, return_complex=True).abs() ** 2
            bands_of = (spectrum.transpose(1, 2) @ torch.tensor(filters, dtype=t["x"].dtype) + 1e-6).log()
            return [bands_of, spectrum.transpose(1, 2) * 0.01 + 2.595 * np.log10(1 + 1000 / 700)]
        check(f"log_mel of {samples} samples, window {window}, hop {hop}", {"x": x},
              f"  param w: f32[{samples}] = ones\n"
              f"  y = log_mel(x * w, {rate}, {window}, {hop}, bands = {bands}, low = {low}, high = {high})\n"
              f"  z = power_spectrum(x * w, {window}, {hop}) * 0.01 + mel(1000) / 1000",
              {"y": (steps, bands), "z": (steps, window // 2 + 1)}, forward, precision, batch)


def check_orders(precision):
    random = np.random.default_rng(4)
    for shape, axis, count in (((3, 7), 1, 3), ((2, 4, 9), 2, 1), ((3, 5, 6), 1, 6), ((1, 33), 1, 10), ((4, 2, 3, 5), 2, 2)):
        x = random.standard_normal(shape)
        size = list(shape[1:])
        top = size[:-1] + [count]
        padded = list(size)
        padded[axis - 1] += 3
        block = list(size)
        block[axis - 1] = 2

        def forward(t, w):
            z = t["x"] * w["w"]
            values, places = z.topk(count)
            around = [0, 0] * (len(shape) - 1 - axis) + [1, 2]
            return [values, places.to(z.dtype), z.cumsum(axis), functional.pad(z, around, value=0.5),
                    torch.full((shape[0], *block), -1.5, dtype=z.dtype)]
        check(f"top {count}, sums and padding of {shape}", {"x": x},
              f"  param w: f32{size} = ones\n  let (a, b) = top_k(x * w, {count})\n  top = a\n  places = float(b)\n"
              f"  sums = cumulative_sum(x * w, {axis})\n  around = pad(x * w, {axis}, 1, 2, value = 0.5)\n"
              f"  block = filled(-1.5, with_size(x, {axis}, 2))",
              {"top": top, "places": top, "sums": size, "around": padded, "block": block}, forward, precision, shape[0])


def check_masked_orders():
    """What masks leave out is as low as -1e30, and is taken once like all else."""
    program = dlc.compile_model(folder, "model m(x: f32[B, 5]) -> (y: f32[B, 8]) {\n  let (top, place) = top_k(x, 4)\n"
                                "  y = concat(axis = 1)(top, float(place))\n}\n", "--batch", 3)
    x = np.array([[5, -1e30, -1e30, 2, -1e30], [-5e30, -4e30, -3e30, -2e30, -1e30], [1, 3, 3, 2, 3]], np.float32)
    np.save(f"{folder}/x.npy", x)
    dlc.run(program, "predict", "--out", f"{folder}/y.npy", f"{folder}/x.npy")
    found, places = np.load(f"{folder}/y.npy"), np.argsort(-x, axis=1, kind="stable")[:, :4]
    assert (found == np.concatenate([np.take_along_axis(x, places, 1), places], 1)).all(), found


def check_masks():
    """What a masked spectrum leaves out is one stretch of steps and one of bands, each no wider than it may be."""
    program = dlc.compile_model(folder, """model m(x: f32[B, 20, 12]) -> (y: f32[B, 20, 12], n: f32[B]) {
  param w: f32[] = 1
  y = masked_spectrum(6, 4)(x * w)
  n = float(sound_length(reshape([B, 240])(x)))
}
data d(x: f32[20, 12]) {
  train = npy("x.npy")
}
train m on d {
  loss = per_sample_sum(y)
  optimizer = sgd()
}
""", "--batch", 50)
    x = np.ones((50, 20, 12), np.float32)
    x[:, 15:] = 0
    np.save(f"{folder}/x.npy", x)
    dlc.write_safetensors(f"{folder}/w.safetensors", {"w": np.ones((), np.float32)})
    dlc.run(program, "step", "--weights", f"{folder}/w.safetensors", "--input", f"x={folder}/x.npy", "--outputs",
            f"{folder}/o.safetensors", "--grads", f"{folder}/g.safetensors")
    found = dlc.read_safetensors(f"{folder}/o.safetensors")
    assert (found["n"] == 180).all(), found["n"]
    steps, bands = (found["y"][:, :15] == 0).all(2).sum(1), (found["y"][:, :15] == 0).all(1).sum(1)
    print("masked steps", steps, "bands", bands)
    assert steps.max() <= 6 and bands.max() <= 4 and len(set(steps)) > 3 and len(set(bands)) > 2


dlc.in_both_precisions(check_ctc, check_log_mel, check_orders, check_log_of_sum)
with dlc.scratch() as folder:
    check_greedy()
    check_beam()
    check_masks()
    check_long_ctc()
    check_masked_orders()
