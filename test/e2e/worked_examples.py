"""The two examples worked by hand: every number that is explained, recomputed here in double precision."""
# RUN: %python %s
import json
import re

import numpy as np

import dlc


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def expect(name, ours, value, tolerance=1e-6):
    if not np.all(np.abs(np.asarray(ours) - np.asarray(value)) <= tolerance):
        raise SystemExit(f"{name}: {ours}, by hand {value}")


def explained(text):
    """The numbers printed for each value: {name: [numbers]}. `name = formula`, then `= numbers`, row by row."""
    values, name = {}, None
    for line in text.split("Update by")[0].splitlines():
        if match := re.match(r"  (\S+) +=", line):
            name = match[1]
        row = line.split("=")[-1]
        if name and re.fullmatch(r"[-+0-9.e ]+", row.strip() or "none"):
            values.setdefault(name, []).extend(float(number) for number in row.split())
    return values


def backprop(folder, precision):
    program = dlc.compile_model(folder, "examples/backprop/backprop.nn", "--precision", precision)
    w1, b1 = np.array([[0.3, -0.1], [0.5, 0.2]]), np.array([0.4, -0.3])
    w2, b2 = np.array([[0.2], [-0.4]]), np.array([0.1])
    x, target, rate = np.array([1.0, 0.0]), np.array([1.0]), 0.5
    z1 = x @ w1 + b1
    a1 = sigmoid(z1)
    z2 = a1 @ w2 + b2
    y = sigmoid(z2)
    loss = 0.5 * np.sum((target - y) ** 2)
    delta2 = (y - target) * y * (1 - y)
    delta1 = (w2 @ delta2) * a1 * (1 - a1)
    gradients = {"dense_1.weight": np.outer(x, delta1), "dense_1.bias": delta1,
                 "dense_2.weight": np.outer(a1, delta2), "dense_2.bias": delta2}

    text = dlc.run(program, "step", "--explain", "--grads", f"{folder}/g.safetensors")
    print(text)
    shown = explained(text)
    for name, value in (("z1", z1), ("a1", a1), ("z2", z2), ("y", y), ("loss", loss),
                        ("d(z2)", delta2), ("d(a1)", w2 @ delta2), ("d(z1)", delta1)):
        if name not in shown:
            raise SystemExit(f"--explain shows no `{name}`:\n{text}")
        expect(f"backprop {name}", shown[name], np.ravel(value))
    for name, value in dlc.read_safetensors(f"{folder}/g.safetensors").items():
        expect(f"backprop d({name})", value, gradients[name])
    dlc.run(program, "train", "--run", f"{folder}/run-{precision}")
    trained = dlc.read_safetensors(f"{folder}/run-{precision}/last.safetensors")
    for name, value in {"dense_1.weight": w1, "dense_1.bias": b1, "dense_2.weight": w2, "dense_2.bias": b2}.items():
        expect(f"backprop updated {name}", trained[name], value - rate * gradients[name])
        rows = [line for line in text.split("Update by")[1].splitlines() if line.strip().startswith(f"{name}[")]
        expect(f"backprop shown update of {name}", [float(row.split("=")[-1]) for row in rows], np.ravel(trained[name]))


def mazur(folder, precision):
    program = dlc.compile_model(folder, "examples/mazur/mazur.nn", "--precision", precision)
    tolerance = 1e-7 if precision == "f32" else 1e-8
    first = json.loads(dlc.run(program, "step", "--json"))
    expect("mazur E0", first["loss"], 0.2983711087600027, tolerance if precision == "f32" else 1e-15)
    run = f"{folder}/mazur-{precision}"
    dlc.run(program, "train", "--steps", 1, "--run", run)
    weights = dlc.read_safetensors(f"{run}/last.safetensors")
    expect("mazur w1..w4", weights["dense_1.weight"].T.ravel(), [0.14978072, 0.19956143, 0.24975114, 0.29950229], 2 * tolerance)
    expect("mazur w5..w8", weights["dense_2.weight"].T.ravel(), [0.35891648, 0.40866619, 0.51130127, 0.56137012], 2 * tolerance)
    run += "-long"
    dlc.run(program, "train", "--steps", 9999, "--run", run)
    last = json.loads(dlc.run(program, "step", "--weights", f"{run}/last.safetensors", "--json"))
    expect("mazur error after 9,999 updates", last["loss"], 3.510855e-5, 2e-8 if precision == "f32" else 1e-11)


with dlc.scratch() as folder:
    for precision in ("f64", "f32"):
        backprop(folder, precision)
        mazur(folder, precision)
