"""Everything the standard library declares does what PyTorch, numpy or its formula says; nothing is left out."""
# REQUIRES: pytorch
# RUN: %python %s
import json
import math
import re

import numpy as np

import dlc

torch = dlc.torch()
functional = torch.nn.functional
tested = set()


def philox(counter, key):
    """Philox4x32-10 (Salmon et al. 2011) on arrays of counters."""
    c = [np.uint64(part) + np.zeros(1, np.uint64) for part in counter]
    k = [np.uint64(part) for part in key]
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(b >> np.uint64(32)) ^ c[1] ^ k[0], b & low, (a >> np.uint64(32)) ^ c[3] ^ k[1], a & low]
        k = [(k[0] + np.uint64(0x9E3779B9)) & low, (k[1] + np.uint64(0xBB67AE85)) & low]
    return c


assert [int(word[0]) for word in philox((0, 0, 0, 0), (0, 0))] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


# --- functions, losses, metrics and layers: what `predict` gives ---------------------------------

def check_values(name, expression, inputs, reference, weights=None):
    """`expression` of named arrays against the reference's array, in f64."""
    tested.add(name)
    ports = []
    for port, array in inputs.items():
        element = "int" if array.dtype == np.int32 else "f32"
        ports.append(f"{port}: {element}[{', '.join(['B', *map(str, array.shape[1:])])}]")
    reference = np.asarray(reference)
    shape = ", ".join(["B", *map(str, reference.shape[1:])])
    model = f"model m({', '.join(ports)}) -> (y: f32[{shape}]) {{\n  y = {expression}\n}}\n"
    program = dlc.compile_model(folder, model, "--precision=f64", "--batch", 4)
    dlc.write_safetensors(f"{folder}/w.safetensors", weights or {})
    arguments = []
    for port, array in inputs.items():
        np.save(f"{folder}/{port}.npy", array)
        arguments.append(f"{port}={folder}/{port}.npy")
    dlc.run(program, "predict", "--weights", f"{folder}/w.safetensors", "--out", f"{folder}/y.npy", *arguments)
    dlc.close(f"{name}: {expression}", np.load(f"{folder}/y.npy"), reference, 1e-12)


def check_functions():
    random = np.random.default_rng(1)
    x = random.standard_normal((5, 3, 6, 4))
    t = torch.tensor(x)
    check_values("relu", "relu(x)", {"x": x}, functional.relu(t))
    check_values("leaky_relu", "leaky_relu(x, 0.2)", {"x": x}, functional.leaky_relu(t, 0.2))
    check_values("step", "step(x)", {"x": x}, (t > 0).double())
    check_values("log_softmax", "log_softmax(30.0 * x)", {"x": x}, functional.log_softmax(30 * t, -1))
    check_values("softmax", "softmax(300.0 * x)", {"x": x}, functional.softmax(300 * t, -1))
    shifted = t - t.amax(-1, keepdim=True)
    check_values("softmax_parts", "softmax_parts(x)[0]", {"x": x}, shifted.exp())
    check_values("softmax_parts", "softmax_parts(x)[1]", {"x": x}, shifted.exp().sum(-1))
    check_values("hard_sigmoid", "hard_sigmoid(2.0 * x)", {"x": x}, functional.hardsigmoid(2 * t))
    check_values("flatten", "flatten(x)", {"x": x}, t.flatten(1))
    check_values("global_avg_pool", "global_avg_pool(x)", {"x": x}, t.mean((2, 3)))
    check_values("max_pool", "max_pool(2)(x)", {"x": x}, functional.max_pool2d(t, 2))
    check_values("max_pool", "max_pool(3, stride = 2, pad = 1)(x)", {"x": x}, functional.max_pool2d(t, 3, 2, 1))
    check_values("avg_pool", "avg_pool(2)(x)", {"x": x}, functional.avg_pool2d(t, 2))
    check_values("avg_pool", "avg_pool(3, stride = 2, pad = 1)(x)", {"x": x}, functional.avg_pool2d(t, 3, 2, 1))
    check_values("dropout", "dropout(0.5)(x)", {"x": x}, t)  # in inference

    def draw(*shape):
        return random.standard_normal(shape)

    w, b = draw(4, 7), draw(7)
    check_values("dense", "dense(7)(x)", {"x": x}, t @ torch.tensor(w) + torch.tensor(b),
                 {"dense_1.weight": w, "dense_1.bias": b})
    w, b = draw(4, 3, 3, 3), draw(4)
    check_values("conv", "conv(4, kernel = 3, stride = 2, pad = 1)(x)", {"x": x},
                 functional.conv2d(t, torch.tensor(w), torch.tensor(b), 2, 1), {"conv_1.weight": w, "conv_1.bias": b})
    check_values("chunk", "chunk(reshape([B, size(x) / B])(x), 2)[1]", {"x": x}, t.flatten(1).chunk(2, 1)[1])
    check_values("conv1d", "conv1d(4, kernel = 3, stride = 2, pad = 1)(reshape([B, dim(x, 1), size(x) / B / dim(x, 1)])(x))",
                 {"x": x}, functional.conv1d(t.flatten(2), torch.tensor(w[:, :, 0]), torch.tensor(b), 2, 1),
                 {"conv1d_1.weight": w[:, :, 0], "conv1d_1.bias": b})
    check_values("per_channel", "per_channel(reduce_sum([0, 2, 3])(x), x)", {"x": x[:4]},
                 t[:4].sum((0, 2, 3), keepdim=True).expand(4, 3, 6, 4))
    check_values("per_sample", "per_sample(reduce_sum([1, 2, 3])(x), x)", {"x": x},
                 t.sum((1, 2, 3), keepdim=True).expand_as(t))
    check_values("channel_sum", "x * per_channel(channel_sum(x), x)", {"x": x[:4]},
                 t[:4] * t[:4].sum((0, 2, 3), keepdim=True))
    check_values("standardize", "standardize(x, 0.1)", {"x": x}, functional.layer_norm(t, (4,), eps=0.1))
    statistics = {name: np.abs(draw(3)) + 0.1 for name in ("weight", "bias", "running_mean", "running_var")}
    s = {name: torch.tensor(value) for name, value in statistics.items()}
    for part in (t, t.flatten(2), t[:, :, 0, 0]):
        check_values("batch_norm", "batch_norm()(x)", {"x": part.numpy()},
                     functional.batch_norm(part, s["running_mean"], s["running_var"], s["weight"], s["bias"]),
                     {f"batch_norm_1.{name}": value for name, value in statistics.items()})

    sequence = draw(5, 7, 6)
    places = np.arange(7)
    check_values("swap_last_axes", "swap_last_axes(x)", {"x": x}, t.transpose(2, 3))
    check_values("split_heads", "split_heads(x, 3)", {"x": sequence},
                 torch.tensor(sequence).reshape(5, 7, 3, 2).transpose(1, 2))
    check_values("counting", "x + float(counting(6))", {"x": sequence}, sequence + np.arange(6))
    check_values("causal_mask", "select(causal_mask(7, 6), x, 0.0)", {"x": sequence}, np.tril(sequence))
    lengths = np.array([3, 6, 1, 0, 4], np.int32)
    check_values("padding_mask", "select(padding_mask(n, 7, 6), x, 0.0)", {"x": sequence, "n": lengths},
                 sequence * (np.arange(6) < lengths[:, None, None]))
    rate = 10000.0 ** (-np.arange(0, 6, 2) / 6)
    table = np.stack([np.sin(places[:, None] * rate), np.cos(places[:, None] * rate)], 2).reshape(7, 6)
    check_values("sine_table", "x * sine_table(7, 6)", {"x": sequence}, sequence * table)
    check_values("lengths_of", "float(lengths_of(i, 2))", {"i": np.array([[2, 2], [0, 2], [1, 3], [2, 5]], np.int32)},
                 [0.0, 1.0, 2.0, 1.0])
    z, h = draw(5, 12), torch.tensor(draw(5, 4))
    i, f, g, o = torch.tensor(z).chunk(4, 1)
    after = f.sigmoid() * h[:, :3] + i.sigmoid() * g.tanh()
    check_values("lstm_step", "concat(axis = 1)(lstm_step(z, h))", {"z": z, "h": h[:, :3].numpy()},
                 torch.cat([o.sigmoid() * after.tanh(), after], 1))
    c = draw(5, 12)
    reset, update, new = (torch.tensor(part) for part in np.split(z, 3, 1))
    hidden = [torch.tensor(part) for part in np.split(c, 3, 1)]
    keep = (update + hidden[1]).sigmoid()
    check_values("gru_step", "gru_step(z, c, h)", {"z": z, "c": c, "h": h.numpy()},
                 (1 - keep) * (new + (reset + hidden[0]).sigmoid() * hidden[2]).tanh() + keep * h)

    y, target = draw(5, 3), draw(5, 3)
    pair = {"y0": y, "target": target}
    a, b = torch.tensor(y), torch.tensor(target)
    squares = (a - b) ** 2
    check_values("per_sample_sum", "per_sample_sum(y0 * target)", pair, (a * b).sum(1))
    check_values("per_sample_mean", "per_sample_mean(y0 * target)", pair, (a * b).mean(1))
    check_values("mse", "mse(y0, target)", pair, squares.mean(1))
    check_values("half_sum_squares", "half_sum_squares(y0, target)", pair, squares.sum(1) / 2)
    share = 1 / (1 + np.exp(-target))
    check_values("binary_cross_entropy", "binary_cross_entropy(40.0 * y0, target)", {"y0": y, "target": share},
                 functional.binary_cross_entropy_with_logits(40 * a, torch.tensor(share), reduction="none").mean(1))
    label = np.array([0, 2, 1, 1, 2], np.int32)
    classes = {"logits": y, "label": label}
    check_values("cross_entropy", "cross_entropy(logits, label)", classes,
                 functional.cross_entropy(a, torch.tensor(label, dtype=torch.long), reduction="none"))
    check_values("accuracy", "accuracy(logits, label)", classes, (y.argmax(1) == label).astype(float))
    listed = [0.5 + 0.25 * i for i in range(y.shape[1])]
    check_values("count_of", f"float(count_of({listed})) * weight_of(label, {listed}, {len(listed)})", {"label": label},
                 len(listed) * np.array(listed)[label])
    tested.add("weight_of")
    check_values("cross_entropy", f"cross_entropy(logits, label, weights = {listed})", classes,
                 functional.cross_entropy(a, torch.tensor(label, dtype=torch.long), torch.tensor(listed).double(),
                                          reduction="none"))
    for k in (1, 2, y.shape[1]):
        own = np.take_along_axis(y, np.asarray(label)[:, None], 1)
        check_values("top_k_accuracy", f"top_k_accuracy(logits, label, k = {k})", classes, ((y > own).sum(1) < k).astype(float))
    for smoothing in (0.1, 1.0):
        check_values("cross_entropy", f"cross_entropy(logits, label, smoothing = {smoothing})", classes,
                     functional.cross_entropy(a, torch.tensor(label, dtype=torch.long), reduction="none",
                                              label_smoothing=smoothing))
    # Several labels a sample: PyTorch has the classes second.
    for shape in ((5, 6), (5, 2, 3)):
        logits, labels = draw(*shape, 4), random.integers(0, 4, shape).astype(np.int32)
        classes = {"logits": logits, "label": labels}
        second = torch.tensor(np.moveaxis(logits, -1, 1))
        for smoothing in (0, 0.2):
            losses = functional.cross_entropy(second, torch.tensor(labels, dtype=torch.long), reduction="none",
                                              label_smoothing=smoothing)
            check_values("cross_entropy", f"cross_entropy(logits, label, smoothing = {smoothing})", classes,
                         losses.flatten(1).mean(1))
        right = logits.argmax(-1) == labels
        check_values("accuracy", "accuracy(logits, label)", classes, right.reshape(5, -1).mean(1))
        labels[1] = 2  # all of a sample
        counted = (labels != 2).reshape(5, -1)
        for smoothing in (0, 0.2):
            losses = functional.cross_entropy(second, torch.tensor(labels, dtype=torch.long), reduction="none",
                                              ignore_index=2, label_smoothing=smoothing)
            check_values("cross_entropy", f"cross_entropy(logits, label, smoothing = {smoothing}, ignore = 2)", classes,
                         losses.flatten(1).sum(1).numpy() / np.maximum(counted.sum(1), 1))
        right = (logits.argmax(-1) == labels).reshape(5, -1) & counted
        check_values("accuracy", "accuracy(logits, label, ignore = 2)", classes,
                     right.sum(1) / np.maximum(counted.sum(1), 1))
    yes = (random.random((5, 3)) < 0.5).astype(float)
    guess = np.where(random.random((5, 3)) < 0.8, 0.1 + 0.8 * yes, 0.5)
    right = ((guess > 0.5) == (yes > 0.5)).all(1).astype(float)
    check_values("binary_accuracy", "binary_accuracy(y0, target)", {"y0": guess, "target": yes}, right)
    check_values("label_accuracy", "label_accuracy(y0, target, threshold = 0.25)", {"y0": guess, "target": yes},
                 ((guess > 0.25) == (yes > 0.5)).reshape(len(yes), -1).mean(1))


# --- what training draws ---------------------------------------------------------------------------

def train(model, *options):
    """Trains a model and returns its last weights and its log."""
    program = dlc.compile_model(folder, model, "--precision=f64")
    dlc.run("rm", "-rf", f"{folder}/run")
    dlc.run(program, "train", "--run", f"{folder}/run", *options)
    log = [json.loads(line) for line in open(f"{folder}/run/log.jsonl")]
    return dlc.read_safetensors(f"{folder}/run/last.safetensors"), [line for line in log if line["kind"] == "step"]


def check_initial_values():
    seed, purpose = 5, 1 << 24  # runtime/README.md: the purpose is in the key's upper half
    uniform = {"glorot_uniform": math.sqrt(6 / (30 + 40)), "he_uniform": math.sqrt(6 / 30),
               "lecun_uniform": 1 / math.sqrt(30), "recurrent_uniform(9)": 1 / 3}
    normal = {"glorot_normal": math.sqrt(2 / (30 + 40)), "he_normal": math.sqrt(2 / 30)}
    inits = [*uniform, *normal, "zeros", "ones", "uniform(2.0, 5.0)", "normal(3.0, 0.5)", "orthogonal(1.5)"]
    layers = "".join(f"  let v{i} = dense(40, with_bias = false, init = {init})(x)\n" for i, init in enumerate(inits))
    total = " + ".join(f"v{i}" for i in range(len(inits)))
    weights, _ = train(f"model m(x: f32[B, 30]) -> (y: f32[B, 40]) {{\n{layers}  y = {total}\n}}\n"
                       f"data d(x: f32[30], target: f32[40]) {{\n  train = rows([{[0] * 70}])\n}}\n"
                       f"train m on d {{\n  loss = mse(y, target)\n  optimizer = sgd(lr = 0.0)\n  seed = {seed}\n}}\n")
    for number, (init, w) in enumerate(zip(inits, weights.values())):
        tested.add(init)
        words = philox((np.arange(1200, dtype=np.uint64), 0, number, 0), (seed, purpose))
        units = [((words[i + 1] << np.uint64(32) | words[i]) >> np.uint64(11)).astype(float) * 2**-53 for i in (0, 2)]
        gauss = (np.sqrt(-2 * np.log(1 - units[0])) * np.cos(2 * np.pi * units[1])).reshape(30, 40)
        unit = units[0].reshape(30, 40)
        if init in uniform:
            dlc.close(init, w, (2 * unit - 1) * uniform[init], 1e-12)
        elif init in normal:
            dlc.close(init, w, gauss * normal[init], 1e-12)
        elif init == "zeros":
            assert (w == 0).all()
        elif init == "ones":
            assert (w == 1).all()
        elif init.startswith("uniform"):
            dlc.close(init, w, 2 + 3 * unit, 1e-12)
        elif init.startswith("normal"):
            dlc.close(init, w, 3 + 0.5 * gauss, 1e-12)
        else:
            dlc.close(init, w @ w.T, 1.5**2 * np.eye(30), 1e-12)


def check_batch_norm(shape, samples):
    """What training learns and keeps, with a last partial batch. One value a channel is normalised as in inference."""
    batch, rank = 4, len(shape)
    random = np.random.default_rng(4)
    x, target = np.round(random.standard_normal((2, samples, *shape)) * 2 + 1, 3)
    rows = np.concatenate([x.reshape(samples, -1), target.reshape(samples, -1)], 1).tolist()
    sizes = ", ".join(map(str, shape))
    weights, _ = train(f"model m(x: f32[B, {sizes}]) -> (y: f32[B, {sizes}]) {{\n  y = batch_norm(momentum = 0.3)(x)\n}}\n"
                       f"data d(x: f32[{sizes}], target: f32[{sizes}]) {{\n  train = rows({rows})\n}}\n"
                       f"train m on d {{\n  loss = mse(y, target)\n  optimizer = sgd(lr = 0.5)\n"
                       f"  batch = {batch}\n  epochs = 2\n  shuffle = false\n}}\n")
    layer = (torch.nn.BatchNorm2d if rank == 3 else torch.nn.BatchNorm1d)(shape[0], momentum=0.3).double()
    optimizer = torch.optim.SGD(layer.parameters(), 0.5)
    for _ in range(2):
        for begin in range(0, samples, batch):
            optimizer.zero_grad()
            part = torch.tensor(x[begin:begin + batch])
            y = layer.train(part.numel() > shape[0])(part)
            functional.mse_loss(y, torch.tensor(target[begin:begin + batch])).backward()
            optimizer.step()
    for name, value in layer.state_dict().items():
        if name != "num_batches_tracked":
            dlc.close(f"batch_norm {shape}, {name}", weights[f"batch_norm_1.{name}"], value.numpy(), 1e-12)


def check_dropout():
    """Masks are Philox's words for the seed, the layer's stream and the number of the step."""
    seed, rows, width, p = (7 << 32) + 9, 3, 5, 0.3
    random = np.random.default_rng(2)
    data = np.round(random.standard_normal((rows, width + 1)), 3)
    model = (f"model m(x: f32[B, {width}]) -> (y: f32[B, 1]) {{\n"
             f"  y = x |> dropout({p}) |> dropout({p}) |> dense(1, with_bias = false, init = zeros)\n}}\n"
             f"data d(x: f32[{width}], target: f32[1]) {{\n  train = rows({data.tolist()})\n}}\n"
             f"train m on d {{\n  loss = half_sum_squares(y, target)\n  optimizer = sgd(lr = 0.5)\n"
             f"  batch = {rows}\n  epochs = 6\n  shuffle = false\n}}\n")
    weights, _ = train(model, "--seed", seed)

    w = np.zeros((width, 1))
    for step in range(6):
        x = data[:, :width]
        for stream in range(2):
            place = np.arange(rows * width, dtype=np.uint64)
            words = np.stack(philox((place // np.uint64(4), stream, step, 0), (9, 7)))[place % np.uint64(4), place]
            kept = (words >> np.uint64(8)).astype(float) * 2**-24 >= p
            x = x * kept.reshape(x.shape) / (1 - p)
        w -= 0.5 * x.T @ (x @ w - data[:, width:]) / rows
    dlc.close("dropout, 6 steps", weights["dense_1.weight"], w, 1e-12)


def check_schedules():
    total = 40

    def warm(t, warmup):
        return min(1, t / max(warmup, 1))

    schedules = {
        "constant(0.2, warmup = 8)": lambda t: 0.2 * warm(t, 8),
        "step(0.2, every = 7, factor = 0.5)": lambda t: 0.2 * 0.5 ** ((t - 1) // 7),
        "cosine(0.2, warmup = 8, floor_value = 0.01)":
            lambda t: warm(t, 8) * (0.01 + 0.19 * (1 + math.cos(math.pi * max(0, t - 9) / (total - 8))) / 2),
        "linear(0.2, warmup = 8, last = 0.05)": lambda t: warm(t, 8) * (0.2 - 0.15 * max(0, t - 9) / (total - 8)),
        "exponential(0.2, factor = 0.9, warmup = 8)": lambda t: 0.2 * warm(t, 8) * 0.9 ** max(0, t - 9),
        "inverse_sqrt(0.2, warmup = 8)": lambda t: 0.2 * min(t / 8, math.sqrt(8 / t)),
        "plateau(0.2, factor = 0.5, patience = 100, warmup = 8, drops = 2)": lambda t: 0.2 * warm(t, 8) * 0.25,
        "polynomial(0.2, power = 1.5, warmup = 8, last = 0.05)":
            lambda t: warm(t, 8) * (0.05 + 0.15 * (1 - max(0, t - 9) / (total - 8)) ** 1.5),
    }
    for schedule, rate in schedules.items():
        tested.add("schedule " + schedule)
        _, log = train("model m(x: f32[B, 1]) -> (y: f32[B, 1]) {\n  y = dense(1)(x)\n}\n"
                       "data d(x: f32[1], target: f32[1]) {\n  train = rows([[1, 1]])\n}\n"
                       f"train m on d {{\n  loss = mse(y, target)\n  optimizer = sgd(lr = {schedule})\n"
                       f"  epochs = {total}\n}}\n")
        steps = [line["step"] for line in log]
        assert len(steps) >= 4, "too few lines of log to tell a schedule"
        dlc.close(schedule, [line["lr"] for line in log], [rate(t) for t in steps], 1e-6)  # as the log rounds


# --- and nothing is left out ------------------------------------------------------------------------

def check_coverage():
    networks = "".join((dlc.ROOT / "test/e2e" / name).read_text() for name in ("layers.py", "sequences.py", "sound.py"))
    elsewhere = {"optimizer": ["test/e2e/pytorch_optimizers.py"],
                 "loader": ["runtime/data/data_test.cpp", "runtime/data/files_test.cpp", "runtime/data/broken_test.cpp"],
                 "transform": ["runtime/data/data_test.cpp", "runtime/data/files_test.cpp",
                               "runtime/data/sound_test.cpp", "runtime/data/vocabulary_test.cpp"],
                 "score": ["test/e2e/answers.py", "test/e2e/texts.py", "test/e2e/training.py"]}
    covered = {name.split("(")[0] for name in tested}
    missing = []
    for path in sorted((dlc.ROOT / "stdlib").glob("*.nn")):
        for kind, name in re.findall(r"^(fn|layer|optimizer|schedule|loader|transform|score) (\w+)", path.read_text(), re.M):
            places = elsewhere.get(kind)
            key = f"schedule {name}" if kind == "schedule" else name
            found = (any(f'"{name}' in (dlc.ROOT / place).read_text() for place in places) if places
                     else key in covered or (kind in ("fn", "layer") and re.search(rf"\b{name}\b", networks)))
            if not found:
                missing.append(f"{kind} `{name}` of stdlib/{path.name}")
    if missing:
        raise SystemExit("without a test: " + ", ".join(missing))


with dlc.scratch() as folder:
    check_functions()
    check_initial_values()
    for shape, samples in (((3, 2, 4), 10), ((3, 5), 10), ((5,), 10), ((5,), 9), ((2, 1), 5), ((2, 1, 1), 9)):
        check_batch_norm(shape, samples)
    check_dropout()
    check_schedules()
    check_coverage()
