"""Small networks whose answers are known, and which once went wrong; random networks found them."""
# RUN: %python %s
import dlc

DATA = """
data samples(x: f32[{width}], t: f32[{width}]) {{ train = rows([[{row}]]) }}
train m on samples {{
  loss = per_sample_sum(y) - per_sample_sum(t)
  optimizer = sgd(lr = 0.0)
  batch = 1
}}
"""

# name, model, width, row (x, then t), loss
CASES = [
    # An index of a loop that was one of several collapsed into one.
    ("a sum over all axes of what reads an index", """
model m(x: f32[B, 1]) -> (y: f32[B, 1]) {
  param p: f32[2, 2] = [[-1.2, -0.2], [-0.1, -1.1]]
  y = x * (p * one_hot(2)(argmax(p)) |> reduce_sum([0, 1]))
}""", 1, "1, 0", -0.3),
    # A condition of fewer axes is repeated, as numbers are.
    ("a condition of fewer axes than what it chooses", """
model m(x: f32[B, 3]) -> (y: f32[B, 3]) {
  param p: f32[3] = [1.0, -1.0, 2.0]
  y = select(p > 0.1, x, 10.0 * x)
}""", 3, "1, 2, 3, 0, 0, 0", 24.0),
    # No derivative is asked for behind stop_gradient.
    ("an operation without a second derivative, shielded", """
model m(x: f32[B, 4]) -> (y: f32[B, 4]) {
  param p: f32[4] = [1.0, 2.0, 3.0, 4.0]
  let a = reshape([B, 1, 2, 2])(x * p)
  let g = max_pool2d_grad([2, 2], [2, 2], [0, 0, 0, 0])(stop_gradient(a), stop_gradient(avg_pool2d([2, 2], [2, 2], [0, 0, 0, 0])(a)))
  y = reshape([B, 4])(a * g)
}""", 4, "1, 1, 1, 1, 0, 0, 0, 0", 10.0),
    # What is read twice is not computed twice, and what it is made of not four times: this took for ever.
    ("choices between choices", """
model m(x: f32[B, 2]) -> (y: f32[B, 2]) {
  param p: f32[2] = [1.0, 2.0]
  let b = x * p
  let a = b + 1.0
  let c = select(a > b, 0.3, a)
  let d = select(c <= b, b, c)
  let e = d + 1.0
  let g = select(e > d, 0.3, e * d)
  let h = select(g <= d, d, g)
  let i = select(h > b, h * b, h)
  y = select(i <= d, d, i)
}""", 2, "1, 1, 0, 0", 3.0),
]

with dlc.scratch() as folder:
    for name, model, width, row, loss in CASES:
        program = dlc.compile_model(folder, model + DATA.format(width=width, row=row), "--precision=f64")
        found = float(dlc.run(program, "step").split("loss")[1].split()[0])
        assert abs(found - loss) < 1e-6, f"{name}: the loss is {found}, it should be {loss}"

    # A part of the batch: there is no form for a single sample.
    dlc.compile_model(folder, "model m(x: f32[B, 3]) -> (y: f32[B, 3]) {\n  y = x + x[0]\n}\n", "--batch", 4)
