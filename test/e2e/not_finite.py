"""Where the first evaluations of a training give NaN, the best weights are later ones."""
# RUN: %python %s
import json

import numpy as np

import dlc

MODEL = """
fn saturating(y: f32[B, ...], target: f32[B, ...]) -> f32[B] {
  let distance = max(y - target, target - y)
  return per_sample_mean(distance / (1.0 + distance))
}

model m(x: f32[B, 1]) -> (y: f32[B, 1]) {
  y = x |> dense(1)
}
data d(x: f32[1], target: f32[1]) {
  train = rows([[1, 0]])
  test  = npy(["large.npy", "target.npy"])
}
train m on d {
  loss      = saturating(y, target)
  optimizer = sgd(lr = 0.25)
  batch     = all
  epochs    = 20
}
"""

with dlc.scratch() as folder:
    program = dlc.compile_model(folder, MODEL)
    # While the weight is above 1.36, the distance is infinite and the loss NaN.
    np.save(f"{folder}/large.npy", np.array([[2.5e38]], np.float32))
    np.save(f"{folder}/target.npy", np.zeros((1, 1), np.float32))
    dlc.write_safetensors(f"{folder}/w.safetensors", {"dense_1.weight": np.array([[1.75]], np.float32),
                                                      "dense_1.bias": np.zeros(1, np.float32)})
    dlc.run(program, "train", "--run", "run", "--init", "w.safetensors", cwd=folder)
    losses = [line["loss"] for line in map(json.loads, open(f"{folder}/run/log.jsonl")) if line["kind"] == "eval"]
    if losses[0] is not None or losses[-1] is None:
        raise SystemExit(f"the test is to go from NaN (null) to numbers, it went {losses}")
    dlc.run(program, "eval", "--weights", "run/best.safetensors", cwd=folder)
