"""The step of MLP, LeNet-5 and the CNN against PyTorch: loss and every gradient, same weights."""
# REQUIRES: pytorch
# RUN: %python %s
import json

import numpy as np

import dlc

torch = dlc.torch()
functional = torch.nn.functional


def mlp(x, w):
    x = x.flatten(1)
    x = functional.relu(x @ w["dense_1.weight"] + w["dense_1.bias"])
    x = functional.relu(x @ w["dense_2.weight"] + w["dense_2.bias"])
    return x @ w["dense_3.weight"] + w["dense_3.bias"]


def lenet5(x, w):
    x = torch.tanh(functional.conv2d(x, w["conv_1.weight"], w["conv_1.bias"], padding=2))
    x = functional.avg_pool2d(x, 2)
    x = torch.tanh(functional.conv2d(x, w["conv_2.weight"], w["conv_2.bias"]))
    x = functional.avg_pool2d(x, 2).flatten(1)
    x = torch.tanh(x @ w["dense_1.weight"] + w["dense_1.bias"])
    x = torch.tanh(x @ w["dense_2.weight"] + w["dense_2.bias"])
    return x @ w["dense_3.weight"] + w["dense_3.bias"]


def cnn(x, w):
    x = functional.relu(functional.conv2d(x, w["conv_1.weight"], w["conv_1.bias"], padding=1))
    x = functional.max_pool2d(x, 2)
    x = functional.relu(functional.conv2d(x, w["conv_2.weight"], w["conv_2.bias"], padding=1))
    x = functional.max_pool2d(x, 2).flatten(1)
    x = functional.relu(x @ w["dense_1.weight"] + w["dense_1.bias"])
    return x @ w["dense_2.weight"] + w["dense_2.bias"]


def check(folder, name, forward, precision, batch, samples, *options):
    program = dlc.compile_model(folder, f"examples/{name}/{name}.nn", "--batch", batch,
                                "--precision", precision, *options)
    kind = np.float32 if precision == "f32" else np.float64
    random = np.random.default_rng(7)
    weights = dlc.draw_weights(program, kind, random)
    image = random.standard_normal((samples, 1, 28, 28)).astype(kind)
    label = random.integers(0, 10, samples).astype(np.int32)
    dlc.write_safetensors(f"{folder}/w.safetensors", weights)
    np.save(f"{folder}/image.npy", image)
    np.save(f"{folder}/label.npy", label)
    result = json.loads(dlc.run(program, "step", "--weights", f"{folder}/w.safetensors",
                                "--input", f"image={folder}/image.npy", "--input", f"label={folder}/label.npy",
                                "--grads", f"{folder}/g.safetensors", "--outputs", f"{folder}/o.safetensors",
                                "--json"))

    theirs = {key: torch.tensor(value, requires_grad=True) for key, value in weights.items()}
    logits = forward(torch.tensor(image), theirs)
    loss = functional.cross_entropy(logits, torch.tensor(label, dtype=torch.long))
    loss.backward()
    tolerance = 1e-4 if precision == "f32" else 1e-10
    what = f"{name} {precision} {samples}/{batch}"
    dlc.close(f"{what} loss", result["loss"], loss.item(), tolerance)
    correct = (logits.argmax(1).numpy() == label).mean()
    if abs(result["metrics"]["accuracy"] - correct) > 1e-6:
        raise SystemExit(f"{what}: accuracy {result['metrics']['accuracy']}, PyTorch {correct}")
    outputs = dlc.read_safetensors(f"{folder}/o.safetensors")
    dlc.close(f"{what} logits", outputs["logits"], logits.detach().numpy(), tolerance)
    gradients = dlc.read_safetensors(f"{folder}/g.safetensors")
    if list(gradients) != list(weights) and set(gradients) != set(weights):
        raise SystemExit(f"{what}: gradients {sorted(gradients)}, weights {sorted(weights)}")
    for key, value in theirs.items():
        dlc.close(f"{what} d({key})", gradients[key], value.grad.numpy(), tolerance)


with dlc.scratch() as folder:
    for precision in ("f32", "f64"):
        check(folder, "mlp", mlp, precision, 16, 16)
        check(folder, "mlp", mlp, precision, 7, 5)  # a partial batch counts its own samples only
        check(folder, "lenet5", lenet5, precision, 8, 8)
        check(folder, "lenet5", lenet5, precision, 7, 3)
        check(folder, "cnn", cnn, precision, 4, 4, "-D", "drop=0.0")
