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


def way_around(inputs, outputs, stride):
    """Around a block of ResNet: a projection where the shape changes."""
    return nn.Identity() if stride == 1 and inputs == outputs else nn.Sequential(
        nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class Block(nn.Module):
    """ResNet's basic block (He et al. 2015), projection shortcut where the shape changes."""

    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.skip = way_around(inputs, channels, stride)

    def forward(self, x):
        y = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(y)) + self.skip(x))


def stages(kind, width, widening, counts):
    """So many blocks of each of ResNet's stages, which halve the image and double the channels."""
    inputs = width
    for stage, count in enumerate(counts):
        for block in range(count):
            channels = width * 2 ** stage
            yield kind(inputs, channels, 2 if stage > 0 and block == 0 else 1)
            inputs = widening * channels


def resnet20():
    blocks = stages(Block, 16, 1, (3, 3, 3))
    return nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks,
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Bottleneck(nn.Module):
    """ResNet's block of three convolutions (He et al. 2015)."""

    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, channels, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, stride, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
            nn.Conv2d(channels, 4 * channels, 1, bias=False), nn.BatchNorm2d(4 * channels))
        self.skip = way_around(inputs, 4 * channels, stride)

    def forward(self, x):
        return functional.relu(self.body(x) + self.skip(x))


def resnet50():
    blocks = stages(Bottleneck, 64, 4, (3, 4, 6, 3))
    return nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
                         *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


class Inception(nn.Module):
    """Szegedy et al. 2014, figure 2b."""

    def __init__(self, inputs, one, three_before, three, five_before, five, pooled):
        super().__init__()
        self.ways = nn.ModuleList([
            nn.Sequential(nn.Conv2d(inputs, one, 1), nn.ReLU()),
            nn.Sequential(nn.Conv2d(inputs, three_before, 1), nn.ReLU(), nn.Conv2d(three_before, three, 3, 1, 1), nn.ReLU()),
            nn.Sequential(nn.Conv2d(inputs, five_before, 1), nn.ReLU(), nn.Conv2d(five_before, five, 5, 1, 2), nn.ReLU()),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(inputs, pooled, 1), nn.ReLU())])

    def forward(self, x):
        return torch.cat([way(x) for way in self.ways], 1)


class GoogLeNet(nn.Module):
    """Szegedy et al. 2014, table 1, with both classifiers that help; the answers of all three."""

    def __init__(self):
        super().__init__()

        def helper(inputs):
            return nn.Sequential(nn.AvgPool2d(5, 3), nn.Conv2d(inputs, 128, 1), nn.ReLU(), nn.Flatten(),
                                 nn.Linear(2048, 1024), nn.ReLU(), nn.Dropout(0.7), nn.Linear(1024, 1000))
        self.below = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.LocalResponseNorm(5), nn.Conv2d(64, 64, 1),
            nn.ReLU(), nn.Conv2d(64, 192, 3, 1, 1), nn.ReLU(), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2, 1),
            Inception(192, 64, 96, 128, 16, 32, 32), Inception(256, 128, 128, 192, 32, 96, 64), nn.MaxPool2d(3, 2, 1),
            Inception(480, 192, 96, 208, 16, 48, 64))
        self.middle = nn.Sequential(Inception(512, 160, 112, 224, 24, 64, 64), Inception(512, 128, 128, 256, 24, 64, 64),
                                    Inception(512, 112, 144, 288, 32, 64, 64))
        self.above = nn.Sequential(
            Inception(528, 256, 160, 320, 32, 128, 128), nn.MaxPool2d(3, 2, 1), Inception(832, 256, 160, 320, 32, 128, 128),
            Inception(832, 384, 192, 384, 48, 128, 128), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.4),
            nn.Linear(1024, 1000))
        self.first, self.second = helper(512), helper(528)

    def forward(self, x):
        below = self.below(x)
        middle = self.middle(below)
        return self.above(middle), self.first(below), self.second(middle)


def loss_of(answers, label):
    if not isinstance(answers, tuple):
        return functional.cross_entropy(answers.flatten(0, -2), label.flatten())
    last, *helping = (functional.cross_entropy(answer, label) for answer in answers)
    return last + 0.3 * sum(helping)


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
    "googlenet": ((3, 224, 224), 1000, GoogLeNet),
    "resnet50": ((3, 224, 224), 1000, resnet50),
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
        loss_of(network(x), label).backward()
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
