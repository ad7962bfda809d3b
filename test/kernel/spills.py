"""The main loops of products and convolutions, forward and both gradients, keep everything in registers.

Reads the assembly of whole networks: an innermost loop full of fused multiply-adds must not touch the stack.
Any processor can run this; only reading is done.
"""
# RUN: %python %s
import pathlib
import re
import subprocess
import sys
import tempfile

# A middle layer needs all three directions: y = x W, dW = x^T dy, dx = dy W^T, each of 256 x 512 x 512.
PRODUCTS = """model products(x: f32[B, 512]) -> (y: f32[B, 512]) {
  y = x |> dense(512) |> dense(512)
}
data samples(x: f32[512], target: f32[512]) {
  train = csv("none.csv")
}
train products on samples {
  loss      = mse(y, target)
  optimizer = momentum(lr = 0.1)
  batch     = 256
}
"""
CONVOLUTIONS = """model convolutions(x: f32[B, 64, 28, 28]) -> (y: f32[B, 64]) {{
  y = x |> conv(64, kernel = {kernel}, pad = {pad}) |> conv(64, kernel = {kernel}, pad = {pad}) |> global_avg_pool
}}
data samples(x: f32[64, 28, 28], target: f32[64]) {{
  train = csv("none.csv")
}}
train convolutions on samples {{
  loss      = mse(y, target)
  optimizer = momentum(lr = 0.1)
  batch     = 32
}}
"""
MODELS = {  # and how many kernels with full tiles they have at least
    "products": (PRODUCTS, 3),
    "convolutions": (CONVOLUTIONS.format(kernel=7, pad=3), 3),
    # By tiles of 2x2 results, whose products forward and to data share.
    "3x3 convolutions": (CONVOLUTIONS.format(kernel=3, pad=1), 2),
    "5x5 convolutions": (CONVOLUTIONS.format(kernel=5, pad=2), 2),
}
FUSED = r"vfn?madd.*%"
SHARED = r"broadcast|shufps|\{1to"  # a factor that all lanes share
STORE = r"v?mov[au]ps\s+%\wmm\d+, (?!.*%rsp)"
# What a spill looks like. Packed panels lie on the stack, too: they are read, by an index, and nothing else.
STACK = r"\(%rsp\)|,\s*[-\w]*\(%rsp"
LEVELS = {  # what multiplies, in which vectors, and accumulators of a full tile at least
    "x86-64-v2": (r"mulps\s.*%", "xmm", 8), "x86-64-v3": (FUSED, "ymm", 12), "x86-64-v4": (FUSED, "zmm", 24)}


def innermost_loops(assembly):
    """Yields (function, instructions) for each innermost loop."""
    for function, body in re.findall(r"^([A-Za-z_][\w.]*):.*?\n(.*?)^\.Lfunc_end", assembly, re.M | re.S):
        lines = [line.strip() for line in body.splitlines()]
        place = {line.split(":")[0]: i for i, line in enumerate(lines) if line.startswith(".LBB")}
        jumps = [(place.get(match[1]), i) for i, line in enumerate(lines)
                 if (match := re.match(r"j\w+\s+(\.LBB\w+)", line))]
        loops = [(begin, end) for begin, end in jumps if begin is not None and begin <= end]
        for begin, end in loops:
            if not any((b, e) != (begin, end) and begin <= b and e <= end for b, e in loops):
                yield function, lines[begin:end + 1]


def check(name, level, folder):
    model, kernels = MODELS[name]
    adds, vectors, least = LEVELS[level]
    path = pathlib.Path(folder) / "model.nn"
    path.write_text(model)
    assembly = subprocess.run(["dlc", "compile", path, f"--target={level}", "--emit=asm"], check=True,
                              capture_output=True, text=True).stdout
    full = set()
    for function, loop in innermost_loops(assembly):
        shares = any(re.search(SHARED, line) and "%rip" not in line for line in loop)
        if not shares and any(re.match(STORE, line) for line in loop):
            continue  # no sum, which stores nothing until its end: a transform of tiles, with constant factors
        products = [line for line in loop if re.match(adds + vectors, line)]
        spills = [line for line in loop if re.search(STACK, line)]
        if len(products) >= 2 and spills:
            sys.exit(f"{name}, {level}: the loop of {function} with {len(products)} products uses the stack:\n  "
                     + "\n  ".join(spills))
        if len(products) >= least:
            full.add(function)
    print(f"{name}, {level}: full tiles in {sorted(full)}")
    if len(full) < kernels:
        sys.exit(f"{name}, {level}: only {len(full)} kernels have a full tile of {least} accumulators")


with tempfile.TemporaryDirectory() as scratch:
    for target in LEVELS:
        for model in MODELS:
            check(model, target, scratch)
