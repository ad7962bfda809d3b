#!/usr/bin/python3
"""Trains an example's network in PyTorch, from the same weights and with the same batches as its program does.

    bench/pytorch_examples.py NAME PROGRAM [--data DIR] [--epochs N] [--seed N] [--threads N] [--run DIR]

NAME is text_classification, translation, image_classification or speech_recognition, PROGRAM what dlc has compiled of
it. The program gives the initial weights (a step with learning rate 0 leaves them as they are) and the vocabulary; the
order of samples, what dropout leaves out, and what an image or a sound is changed by, are drawn as the runtime does.
After training the program evaluates PyTorch's weights, with its own `eval`; for classes, PyTorch's own accuracy is
printed, too.
"""
import argparse
import ctypes
import gzip
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import time
import wave

import numpy as np
import torch
from torch.nn import functional

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "test/e2e"))
import dlc  # noqa: E402


# --- the runtime's random numbers and order of samples (runtime/random.cpp, runtime/data/order.cpp) --

SHUFFLE, AUGMENT, BUCKETS = 2, 3, 6  # purposes (runtime/random.h)


def philox(counter, seed, purpose=0):
    """Philox4x32-10: four words a counter, whose words are arrays or numbers."""
    low = np.uint64(0xFFFFFFFF)
    c = [np.asarray(word, np.uint64) for word in np.broadcast_arrays(*counter)]
    k = [np.uint64(seed & 0xFFFFFFFF), np.uint64((seed >> 32) ^ (purpose << 24))]
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(b >> np.uint64(32)) ^ c[1] ^ k[0], b & low, (a >> np.uint64(32)) ^ c[3] ^ k[1], a & low]
        k = [(k[0] + np.uint64(0x9E3779B9)) & low, (k[1] + np.uint64(0xBB67AE85)) & low]
    return c


def bits(counter, seed, purpose):
    """The first two words, as a number of 64 bits."""
    words = philox(counter, seed, purpose)
    return words[1] << np.uint64(32) | words[0]


def permutation(count, seed, epoch, purpose=SHUFFLE):
    drawn = bits([np.arange(count), 0, epoch, 0], seed, purpose)
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        j = int(drawn[i]) * (i + 1) >> 64
        order[i], order[j] = order[j], order[i]
    return np.array(order)


class Draws:
    """What is drawn in one step, for the samples of these numbers."""

    def __init__(self, seed, step, epoch, samples):
        self.seed, self.step, self.epoch, self.samples = seed, step, epoch, samples

    def uniform(self, shape, stream, turn=0):
        """The network's random_uniform number `stream`, in a scan in its turn `turn` (compiler/linalg/random.cpp)."""
        count = math.prod(shape)
        words = philox([np.arange((count + 3) // 4), stream, self.step, turn], self.seed)
        fractions = (np.stack(words, 1).reshape(-1)[:count] >> np.uint64(8)).astype(np.float32) * np.float32(2**-24)
        return torch.tensor(fractions.reshape(shape))

    def dropout(self, x, probability, stream, turn=0):
        kept = self.uniform(x.shape, stream, turn) >= probability
        return torch.where(kept, x * (1 / (1 - probability)), 0.0)

    def augment(self, transform, which):
        """A number a sample, for the transform of that number (runtime/data/transform.cpp)."""
        drawn = bits([np.array(self.samples), 0, self.epoch, transform * 4 + which], self.seed, AUGMENT)
        return torch.tensor((drawn >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def order_of_epoch(count, seed, epoch, step, lengths):
    order = permutation(count, seed, epoch)
    if lengths is None:
        return order
    steps = count // step
    for first in range(0, steps, 32):
        part = order[first * step:min(first + 32, steps) * step]
        part[:] = part[np.argsort(lengths[part], kind="stable")]
    mixed = order[:steps * step].reshape(steps, step)[permutation(steps, seed, epoch, BUCKETS)]
    return np.concatenate([mixed.reshape(-1), order[steps * step:]])


# --- texts as the runtime makes numbers of them (runtime/data/vocabulary.cpp) ----------------------

def characters(text, numbers):
    return list(text)


def subwords(text, numbers):
    pieces, end = [], 0
    for begin, word in words(text):
        part = list((" " if begin != end or not pieces else "") + word)
        end = begin + len(word)
        while True:
            joined = [(numbers[a + b], i) for i, (a, b) in enumerate(zip(part, part[1:])) if a + b in numbers]
            if not joined:
                break
            _, i = min(joined)
            part[i:i + 2] = [part[i] + part[i + 1]]
        pieces += part
    return pieces


def words(text):
    """Runs of letters and digits, and any other sign that is no white space, with their places."""
    begin = 0
    while begin < len(text):
        end = begin
        while end < len(text) and (text[end] >= "\x80" or text[end].isalnum()):
            end += 1
        end += end == begin
        if text[begin] not in " \t\r\n\v\f":
            yield begin, text[begin:end]
        begin = end


def encoded(texts, entries, cut, length, marks=False):
    numbers = {entry: number for number, entry in enumerate(entries) if number >= 4}
    rows = np.zeros((len(texts), length), np.int64)
    for row, text in zip(rows, texts):
        pieces = [numbers.get(piece, 1) for piece in cut(text, numbers)][:length - 2 * marks]
        pieces = [2, *pieces, 3] if marks else pieces
        row[:len(pieces)] = pieces
    return torch.tensor(rows)


def table(path):
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    return zip(*(line.split("\t") for line in lines))


# --- the networks ----------------------------------------------------------------------------------

def gru(w, name, x, lengths, backwards=False):
    """All outputs of a recurrent layer, 0 behind a sample's end, and the last one."""
    parts = [w[f"{name}.weight_ih"].T, w[f"{name}.weight_hh"].T, w[f"{name}.bias_ih"], w[f"{name}.bias_hh"]]
    places = torch.arange(x.shape[1])[None].expand(len(x), -1)
    there = places < lengths[:, None]
    turned = torch.where(there, lengths[:, None] - 1 - places, places)[..., None]
    if backwards:
        x = x.gather(1, turned.expand_as(x))
    y, _ = torch.gru(x, x.new_zeros(1, len(x), parts[1].shape[1]), parts, True, 1, 0.0, True, False, True)
    last = y[torch.arange(len(x)), lengths - 1]
    if backwards:
        y = y.gather(1, turned.expand_as(y))
    return y * there[..., None], last


def batch_norm(w, name, x, training):
    return functional.batch_norm(x, w[f"{name}.running_mean"], w[f"{name}.running_var"], w[f"{name}.weight"],
                                 w[f"{name}.bias"], training)


class TextClassification:
    folder = "data"
    batch, epochs, clip, bucket = 32, 4, None, None

    def data(self, folder, vocabulary, split):
        sentences, languages = table(folder / f"{split}.tsv")
        names = {name: number for number, name in enumerate(vocabulary["language"])}
        return (encoded(sentences, vocabulary["sentence"], characters, 120),
                torch.tensor([names[language] for language in languages]))

    def optimizer(self, weights):
        return torch.optim.Adam(weights), cosine(3e-3, 100)

    def logits(self, w, sentence, draws=None):
        x = w["dense_1.weight"][sentence].transpose(1, 2)
        x = functional.conv1d(x, w["conv1d_1.weight"], w["conv1d_1.bias"], padding=2).relu().amax(2)
        x = draws.dropout(x, 0.2, 0) if draws else x
        return x @ w["dense_2.weight"] + w["dense_2.bias"]

    def loss(self, w, draws, sentence, language):
        return functional.cross_entropy(self.logits(w, sentence, draws), language)


class Translation:
    folder = "data/german"
    batch, epochs, clip, bucket = 64, 20, 1.0, 1

    def data(self, folder, vocabulary, split):
        english, foreign = table(folder / f"{split}.tsv")
        return (encoded(english, vocabulary["english"], subwords, 20),
                encoded(foreign, vocabulary["foreign"], subwords, 24, marks=True))

    def optimizer(self, weights):
        return torch.optim.Adam(weights), cosine(3e-3, 200)

    def loss(self, w, draws, english, foreign):
        lengths = (english != 0).sum(1)
        read = draws.dropout(w["embedding_1.weight"][english] * (english != 0)[..., None], 0.3, 0)
        forth, end = gru(w, "gru_1", read, lengths)
        back, begin = gru(w, "gru_2", read, lengths, backwards=True)
        memory, state = torch.cat([forth, back], 2), torch.cat([begin, end], 1)
        mixture, found = torch.zeros_like(state), []
        given = foreign[:, :-1]
        pieces = w["embedding_2.weight"][given] * (given != 0)[..., None]
        cell = [w[f"gru_cell_1.{key}"] for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        for turn, piece in enumerate(pieces.unbind(1)):
            piece = draws.dropout(piece, 0.3, 1, turn)
            state = torch.gru_cell(torch.cat([piece, mixture], 1), state, cell[0].T, cell[1].T, *cell[2:])
            scores = (memory @ (state @ w["dense_1.weight"])[..., None])[..., 0] / math.sqrt(memory.shape[2])
            weights = scores.masked_fill(english == 0, -1e30).softmax(1)
            mixture = torch.tanh(torch.cat([state, (weights[:, None] @ memory)[:, 0]], 1) @ w["dense_2.weight"]
                                 + w["dense_2.bias"])
            found.append(draws.dropout(mixture, 0.3, 2, turn))
        x = torch.stack(found, 1) @ w["dense_3.weight"] + w["dense_3.bias"]
        logits = x @ w["dense_4.weight"] + w["dense_4.bias"]
        label = foreign[:, 1:]
        losses = functional.cross_entropy(logits.transpose(1, 2), label, ignore_index=0, label_smoothing=0.1,
                                          reduction="none")
        return (losses.sum(1) / (label != 0).sum(1)).mean()


class ImageClassification:
    folder = "/usr/share/datasets/fashion-mnist"
    batch, epochs, clip, bucket = 128, 10, None, None
    crop, flip = 2, 3  # their numbers among the transforms

    def data(self, folder, vocabulary, split):
        names = {"train": "train", "test": "t10k"}
        images = np.frombuffer(gzip.open(folder / f"{names[split]}-images-idx3-ubyte.gz").read(), np.uint8, offset=16)
        labels = np.frombuffer(gzip.open(folder / f"{names[split]}-labels-idx1-ubyte.gz").read(), np.uint8, offset=8)
        images = (images.reshape(-1, 1, 28, 28).astype(np.float32) / 255 - 0.2860) / 0.3530
        return torch.tensor(images), torch.tensor(labels.astype(np.int64))

    def optimizer(self, weights):
        return torch.optim.SGD(weights, 0.1, 0.9, nesterov=True, weight_decay=5e-4), cosine(0.1, 400)

    def logits(self, w, image, draws=None):
        training = draws is not None
        x = batch_norm(w, "batch_norm_1", functional.conv2d(image, w["conv_1.weight"], padding=1), training).relu()
        for stage in (1, 2, 3):
            def conv(number, x, stride, pad):
                y = functional.conv2d(x, w[f"stage.{stage}.conv_{number}.weight"], None, stride, pad)
                return batch_norm(w, f"stage.{stage}.batch_norm_{number}", y, training)
            x = (conv(2, conv(1, x, 2, 1).relu(), 1, 1) + conv(3, x, 2, 0)).relu()
        return x.mean((2, 3)) @ w["dense_1.weight"] + w["dense_1.bias"]

    def loss(self, w, draws, image, label):
        padded, places = functional.pad(image, (2, 2, 2, 2)), torch.arange(28)
        rows, columns = ((5 * draws.augment(self.crop, which)).long()[:, None] + places for which in (0, 1))
        moved = padded[torch.arange(len(image))[:, None, None], 0, rows[:, :, None], columns[:, None, :]]
        x = torch.where((draws.augment(self.flip, 0) < 0.5)[:, None, None], moved.flip(2), moved)
        return functional.cross_entropy(self.logits(w, x[:, None], draws), label)


class SpeechRecognition:
    folder = "data"
    batch, epochs, clip, bucket = 32, 20, 1.0, None
    samples, bands = 32000, 40
    speed = 1  # its number among the transforms

    def data(self, folder, vocabulary, split):
        files, texts = table(folder / f"{split}.tsv")
        voices = torch.zeros(len(files), self.samples, dtype=torch.int16)
        for voice, name in zip(voices, files):
            with wave.open(str(folder / name)) as sound:
                moments = np.frombuffer(sound.readframes(self.samples), "<i2")
            voice[:len(moments)] = torch.tensor(moments)
        return voices, encoded(texts, vocabulary["spoken"], lambda text, numbers: text.split(), 8)

    def optimizer(self, weights):
        return torch.optim.Adam(weights), cosine(3e-3, 100)

    def played(self, voice, draws):
        """Each between 0.75 and 1.35 times as fast, by the library of the runtime (runtime/data/resample.cpp)."""
        library, played = ctypes.CDLL("libspeexdsp.so.1"), np.zeros_like(voice)
        library.speex_resampler_init.restype = ctypes.c_void_p
        address = ctypes.POINTER(ctypes.c_float)
        for sound, into, factor in zip(voice, played, 0.75 + 0.6 * draws.augment(self.speed, 0).numpy()):
            state = ctypes.c_void_p(library.speex_resampler_init(1, round(1000 * factor), 1000, 5, None))
            library.speex_resampler_skip_zeros(state)
            sound = np.concatenate([sound, np.zeros_like(sound)])
            given, made = ctypes.c_uint(len(sound)), ctypes.c_uint(len(into))
            library.speex_resampler_process_float(state, 0, sound.ctypes.data_as(address), ctypes.byref(given),
                                                  into.ctypes.data_as(address), ctypes.byref(made))
            library.speex_resampler_destroy(state)
        return torch.tensor(played)

    def log_mel(self, voice, rate=8000, window=200, hop=80):
        hann = 0.5 - 0.5 * torch.cos(2 * math.pi * torch.arange(window) / window)
        power = torch.fft.rfft(voice.unfold(1, window, hop) * hann).abs()**2
        edges = 700 * (10**(torch.linspace(0, math.log10(1 + rate / 1400), self.bands + 2)) - 1)
        f = (torch.arange(window // 2 + 1) * rate / window)[:, None]
        low, middle, high = edges[:-2], edges[1:-1], edges[2:]
        filters = torch.minimum((f - low) / (middle - low), (high - f) / (high - middle)).clamp(min=0)
        return torch.log(power @ filters + 1e-6)

    def masked(self, x, draws):
        drawn = draws.uniform((len(x), 4), 0)
        for axis, most in ((1, 40), (2, 10)):
            size = x.shape[axis]
            wide = (drawn[:, 2 * axis - 2, None] * (most + 1)).floor()
            first = (drawn[:, 2 * axis - 1, None] * (size + 1 - wide)).floor()
            places = torch.arange(size)
            there = (places < first) | (places >= first + wide)
            x = x * there[:, :, None] if axis == 1 else x * there[:, None]
        return x

    def loss(self, w, draws, voice, spoken):
        with torch.no_grad():
            sound = self.played((voice / 32768).numpy(), draws)
            x = self.log_mel(sound)
            length = (torch.arange(1, self.samples + 1) * (sound != 0)).amax(1)
            frames = (length // 80 - 2).clamp(min=4)
            heard = (torch.arange(x.shape[1]) < frames[:, None])[..., None]
            mean = (x * heard).sum(1, keepdim=True) / frames[:, None, None]
            x = self.masked(0.4 * (x - mean) * heard, draws)[:, None]
        for layer in (1, 2):
            x = functional.conv2d(x, w[f"conv_{layer}.weight"], None, 2, 1)
            x = batch_norm(w, f"batch_norm_{layer}", x, True).relu()
        count = ((frames + 3) // 4).clamp(max=100)
        row = draws.dropout(x.transpose(1, 2).flatten(2), 0.2, 1)
        ways = [gru(w, f"bidirectional_1.{way}", row, count, way == "backward")[0] for way in ("forward", "backward")]
        scores = draws.dropout(torch.cat(ways, 2), 0.2, 2) @ w["dense_1.weight"] + w["dense_1.bias"]
        return functional.ctc_loss(scores.log_softmax(2).transpose(0, 1), spoken, count, (spoken != 0).sum(1),
                                   reduction="none", zero_infinity=True).mean()


NETWORKS = {"text_classification": TextClassification, "translation": Translation,
            "image_classification": ImageClassification, "speech_recognition": SpeechRecognition}


def cosine(base, warmup):
    """stdlib/schedule.nn."""
    def rate(t, total):
        done = max(0.0, t - 1 - warmup) / max(1.0, total - warmup)
        return base * 0.5 * (1 + math.cos(math.pi * min(1.0, done))) * min(1.0, t / max(warmup, 1))
    return rate


# --- training --------------------------------------------------------------------------------------

def start(program, data, seed, folder):
    """The program's initial weights and states, which are weights, and its vocabularies."""
    dlc.run(program, "train", "--run", folder, "--steps", 1, "--set", "lr=0", "--seed", seed, *data)
    found = dlc.read_safetensors(f"{folder}/last.safetensors")
    states = {state["name"] for state in dlc.info(program)["state"]}
    for name in states:  # the step has written them
        found[name] = np.full_like(found[name], 1.0 if name.endswith("running_var") else 0.0)
    metadata = dlc.read_metadata(f"{folder}/last.safetensors")
    return found, states, {key: value for key, value in metadata.items() if key.startswith("vocabulary.")}


def first_losses(program, data, seed, folder):
    """Of the program's first steps, which are before the learning rate depends on how many there will be."""
    dlc.run(program, "train", "--run", folder, "--steps", 50, "--seed", seed, *data)
    lines = [json.loads(line) for line in pathlib.Path(folder, "log.jsonl").read_text().splitlines()]
    return np.array([line["loss"] for line in lines if line["kind"] == "step"])


def train(network, weights, states, samples, seed, epochs, first, report):
    w = {name: torch.tensor(value).requires_grad_(name not in states) for name, value in weights.items()}
    trained = [value for name, value in w.items() if name not in states]
    optimizer, rate = network.optimizer(trained)
    count = len(samples[0])
    total, t = epochs * math.ceil(count / network.batch), 0
    lengths = None
    if network.bucket is not None:  # of texts, which have no 0 before their end
        lengths = (samples[network.bucket] != 0).sum(1).numpy()
    for epoch in range(epochs):
        order, losses = torch.tensor(order_of_epoch(count, seed, epoch, network.batch, lengths)), []
        for begin in range(0, count, network.batch):
            t += 1
            optimizer.param_groups[0]["lr"] = rate(t, total)
            part = order[begin:begin + network.batch]
            optimizer.zero_grad(set_to_none=True)
            draws = Draws(seed, t - 1, epoch, part)
            loss = network.loss(w, draws, *(field[part] for field in samples))
            loss.backward()
            if network.clip:
                torch.nn.utils.clip_grad_norm_(trained, network.clip)
            optimizer.step()
            losses.append(loss.item())
            if t == len(first):
                apart = np.abs(np.array(losses) / first - 1).max()
                print(f"{t} steps  losses differ by at most {apart:.1e} of the program's", flush=True)
        report(f"epoch {epoch + 1}  loss {np.mean(losses):.4f}", w)
    return {name: value.detach().numpy() for name, value in w.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", choices=NETWORKS)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--data", help="the folder of the data, if not that of the model")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int, default=0, help="of the weights, the order and what is drawn")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--run", default="runs/pytorch", help="where PyTorch's weights are written")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    network, program = NETWORKS[options.name](), options.program.resolve()
    data = ["--data", options.data] if options.data else []
    folder = pathlib.Path(options.data or network.folder)
    with tempfile.TemporaryDirectory() as scratch:
        weights, states, metadata = start(program, data, options.seed, f"{scratch}/run")
        first = first_losses(program, data, options.seed, f"{scratch}/first")
    vocabulary = {key.split(".", 1)[1]: json.loads(value) for key, value in metadata.items()}
    samples, tested = network.data(folder, vocabulary, "train"), network.data(folder, vocabulary, "test")
    begin = time.time()

    def report(text, w):
        if hasattr(network, "logits"):
            with torch.no_grad():
                right = sum((network.logits(w, x).argmax(1) == y).sum().item()
                            for x, y in zip(tested[0].split(500), tested[1].split(500)))
            text += f"  test accuracy {right / len(tested[1]):.4f}"
        print(f"{text}  {time.time() - begin:.0f} s", flush=True)

    weights = train(network, weights, states, samples, options.seed, options.epochs or network.epochs, first, report)
    run = pathlib.Path(options.run)
    run.mkdir(parents=True, exist_ok=True)
    dlc.write_safetensors(run / "weights.safetensors", weights, metadata)
    print(subprocess.run([program, "eval", "--weights", run / "weights.safetensors", *data], capture_output=True,
                         text=True, check=True).stdout)


main()
