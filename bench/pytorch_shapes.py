"""Single products and convolutions in PyTorch, timed on demand on one thread.

Reads lines `REQUEST LAYOUT SECONDS`, a request of shapes.py and `nchw` or `channels_last`, and answers each with the
median milliseconds of a call.
"""
import sys

import torch

from stopwatch import median_milliseconds


def product(rows, columns, inner, form):
    a = torch.rand(inner, rows).t() if form == "AᵀB" else torch.rand(rows, inner)
    b = torch.rand(columns, inner).t() if form == "ABᵀ" else torch.rand(inner, columns)
    return lambda: torch.mm(a, b)


def convolution(direction, layout, batch, inputs, outputs, size, kernel, stride, pad):
    lies = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    result = (size + 2 * pad - kernel) // stride + 1
    x = torch.rand(batch, inputs, size, size).to(memory_format=lies)
    w = torch.rand(outputs, inputs, kernel, kernel).to(memory_format=lies)
    if direction == "forward":
        return lambda: torch.nn.functional.conv2d(x, w, None, stride, pad)
    dy = torch.rand(batch, outputs, result, result).to(memory_format=lies)
    wanted = (direction == "data", direction == "weights", False)
    return lambda: torch.ops.aten.convolution_backward(dy, x, w, None, [stride] * 2, [pad] * 2, [1, 1], False, [0, 0], 1, wanted)


def main():
    torch.set_num_threads(1)
    print("ready", flush=True)
    for line in sys.stdin:
        kind, *sizes, layout, seconds = line.split()
        if kind == "product":
            run = product(*map(int, sizes[:3]), sizes[3])
        else:
            run = convolution(kind, layout, *map(int, sizes))
        with torch.inference_mode():
            for _ in range(2):
                run()
            print(median_milliseconds(run, float(seconds)), flush=True)


main()
