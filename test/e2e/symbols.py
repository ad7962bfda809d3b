"""Whatever the batch and the other sizes are called, the same model becomes the same bytes."""
# REQUIRES: dlc
# RUN: %python %s
import pathlib
import string

import dlc

MODEL = """const {size} = 12
model net(x: f32[{batch}, {size}]) -> (y: f32[{batch}, 3]) {{
  y = x |> dense({size}) |> relu |> dropout(0.5) |> dense(3)
}}
data samples(x: f32[12], label: class[3]) {{
  train = csv("samples.csv")
}}
train net on samples {{
  loss      = cross_entropy(y, label)
  optimizer = adam()
  batch     = 8
}}
"""


def compiled(folder, batch, size):
    model, code = pathlib.Path(folder, "net.nn"), pathlib.Path(folder, "net.o")
    model.write_text(MODEL.format(batch=batch, size=size))
    dlc.run(dlc.DLC, "compile", model, "--emit=obj", "--target=x86-64-v2", "-o", code)
    return code.read_bytes()


with dlc.scratch() as folder:
    expected = compiled(folder, "batch_size", "width")
    letters = string.ascii_uppercase
    for batch, size in zip(letters, letters[1:] + letters[:1]):
        if compiled(folder, batch, size) != expected:
            raise SystemExit(f"other bytes where the batch is `{batch}` and a size `{size}`")
print("the same bytes with each letter")
