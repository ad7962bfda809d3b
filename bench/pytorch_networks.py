"""The networks of examples/ in PyTorch, timed on demand: pytorch_networks.py NAME BATCH THREADS

Reads lines `WHAT LAYOUT SECONDS` from standard input, WHAT being `step`, `infer` or `one`, LAYOUT `nchw` or
`channels_last`, and answers each with the median time of one training step (forward, backward, momentum update), one
inference, or the inference of one sample, in milliseconds.
"""
import functools
import sys

import torch
from torch import nn
from torch.nn import functional

from stopwatch import median_milliseconds


class Block(nn.Module):
    """ResNet's basic block (He et al. 2015), projection shortcut where the shape changes."""

    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.skip = nn.Identity() if stride == 1 and inputs == channels else nn.Sequential(
            nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(y)) + self.skip(x))


def resnet20():
    blocks, inputs = [], 16
    for stage in range(3):
        for block in range(3):
            channels = 16 * 2 ** stage
            blocks.append(Block(inputs, channels, 2 if stage > 0 and block == 0 else 1))
            inputs = channels
    return nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks,
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class LastOutput(nn.Module):
    """Classes by the last output of a recurrent layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.head = layer(64, 128, batch_first=True), nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.layer(x)[0][:, -1])


class Gpt(nn.Module):
    """Four blocks of a language model of bytes (Radford et al. 2019), width 256, 128 places."""

    def __init__(self):
        super().__init__()
        block = nn.TransformerEncoderLayer(256, 8, 1024, 0.0, functional.gelu, batch_first=True, norm_first=True)
        self.embedding, self.places = nn.Embedding(256, 256), nn.Parameter(0.02 * torch.randn(128, 256))
        self.blocks, self.head = nn.TransformerEncoder(block, 4, nn.LayerNorm(256)), nn.Linear(256, 256)
        self.mask = nn.Transformer.generate_square_subsequent_mask(128)

    def forward(self, x):
        return self.head(self.blocks(self.embedding(x) + self.places, mask=self.mask))


NETWORKS = {
    "mlp": ((1, 28, 28), 10, lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))),
    "lenet5": ((1, 28, 28), 10, lambda: nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))),
    "cnn": ((1, 28, 28), 10, lambda: nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))),
    "resnet20": ((3, 32, 32), 10, resnet20),
    "alexnet": ((3, 224, 224), 1000, lambda: nn.Sequential(
        nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(),
        nn.MaxPool2d(3, 2), nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Flatten(), nn.Dropout(),
        nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000))),
    "lstm": ((100, 64), 10, lambda: LastOutput(nn.LSTM)),
    "gru": ((100, 64), 10, lambda: LastOutput(nn.GRU)),
    "gpt": ((128,), 256, Gpt),
}


@functools.cache
def runs(name, batch, layout):
    """What can be timed."""
    torch.manual_seed(0)
    shape, classes, make = NETWORKS[name]
    network = make()
    is_text = len(shape) == 1  # one of the classes follows at each place
    x = torch.randint(0, classes, (batch, *shape)) if is_text else torch.randn(batch, *shape)
    label = torch.randint(0, classes, x.shape if is_text else (batch,))
    if layout == "channels_last" and x.dim() == 4:
        network = network.to(memory_format=torch.channels_last)
        x = x.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9)

    def step():
        network.train()
        optimizer.zero_grad(set_to_none=True)
        functional.cross_entropy(network(x).flatten(0, -2), label.flatten()).backward()
        optimizer.step()

    def infer(x=x):
        network.eval()
        with torch.inference_mode():
            network(x)

    return {"step": step, "infer": infer, "one": lambda: infer(x[:1])}


def main():
    name, batch, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    print("ready", flush=True)
    for line in sys.stdin:
        what, layout, seconds = line.split()
        run = runs(name, batch, layout)[what]
        run()
        print(median_milliseconds(run, float(seconds)), flush=True)


main()
