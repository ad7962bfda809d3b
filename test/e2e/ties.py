"""Where elements are equal, or at a kink, the gradient is PyTorch's."""
# REQUIRES: pytorch
# RUN: %python %s
import dlc

torch = dlc.torch()
functional = torch.nn.functional

# One row of x + bias, with as many zeros and equal numbers as there may be.
ROW = [0.0, 1.0, 1.0, -2.0, 0.0, 3.0, 3.0, -2.0]

CASES = [
    ("relu(s)", functional.relu),
    ("leaky_relu(s, 0.25)", lambda s: functional.leaky_relu(s, 0.25)),
    ("abs(s)", torch.abs),
    ("reduce_max([1])(reshape([B, 2, 4])(s))", lambda s: s.reshape(-1, 2, 4).amax(1)),
    ("max_pool(2)(reshape([B, 1, 2, 4])(s))", lambda s: functional.max_pool2d(s.reshape(-1, 1, 2, 4), 2)),
]

MODEL = """
layer shifted()(x: f32[B, I]) -> f32[B, I] {{
  param bias: f32[I] = zeros
  return x + bias
}}
model m(x: f32[B, 8]) -> (y: f32[{shape}]) {{
  let s = shifted()(x)
  y = {expression}
}}
data samples(x: f32[8], target: f32[1]) {{
  train = rows([[{row}, 0]])
}}
train m on samples {{
  loss = per_sample_sum(y) + 0.0 * per_sample_sum(target)
  optimizer = sgd(lr = 0.1)
}}
"""

with dlc.scratch() as folder:
    for expression, reference in CASES:
        s = torch.tensor([ROW], dtype=torch.float64, requires_grad=True)
        y = reference(s)
        y.sum().backward()
        shape = ", ".join(["B", *map(str, y.shape[1:])])
        model = MODEL.format(expression=expression, shape=shape, row=", ".join(map(str, ROW)))
        program = dlc.compile_model(folder, model, "--precision=f64")
        dlc.run(program, "step", "--grads", f"{folder}/g.safetensors")
        found, = dlc.read_safetensors(f"{folder}/g.safetensors").values()
        dlc.close(expression, found, s.grad[0].numpy(), 1e-15)
