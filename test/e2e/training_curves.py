"""The losses of 100 steps of recurrent networks and transformers follow PyTorch's: same weights, same batches.

In f64 each loss is within 1e-9 of PyTorch's. In f32 the losses may be four times as far from PyTorch's f64 ones as
PyTorch's own f32 ones are: both sum in other orders.
"""
# REQUIRES: pytorch
# RUN: %python %s
import re

import numpy as np

import dlc

torch = dlc.torch()
nn, functional = torch.nn, torch.nn.functional

STEPS, BATCH, SAMPLES, CLIP = 100, 16, 56, 0.5  # three batches and a last one of 8

TRAINING = """
data samples({fields}) {{
  train = npy([{files}])
}}
train network on samples {{
  loss      = {loss}
  optimizer = adam(lr = 3e-3)
  batch     = {batch}
  steps     = {steps}
  epochs    = {steps}
  shuffle   = false
  clip_norm = {clip}
}}
"""


class LastOf(nn.Module):
    """Classes of texts of numbers, by the last output of a recurrent layer within each text's length."""

    def __init__(self, kind):
        super().__init__()
        self.table, self.recurrent = nn.Embedding(20, 8, padding_idx=0), kind(8, 12, batch_first=True)
        self.head = nn.Linear(12, 5)

    def loss(self, words, label):
        packed = nn.utils.rnn.pack_padded_sequence(self.table(words), (words != 0).sum(1), True, False)
        last = self.recurrent(packed)[1]
        return functional.cross_entropy(self.head((last[0] if isinstance(last, tuple) else last)[0]), label)


LAST_OF = """
model network(words: int[B, 9]) -> (logits: f32[B, 5]) {
  let table = embedding(20, 8, padding = 0)
  let recurrent = KIND(12)
  let head = dense(5)
  logits = head(recurrent(table(words), lengths = lengths_of(words))[1])
}
"""


class Translator(nn.Module):
    """Reads by a recurrent layer in each direction; writes by a third one that looks, at each piece, where to read."""

    def __init__(self):
        super().__init__()
        self.source, self.target = nn.Embedding(20, 8, padding_idx=0), nn.Embedding(15, 8, padding_idx=0)
        self.reader = nn.GRU(8, 6, batch_first=True, bidirectional=True)
        self.cell, self.query, self.mix = nn.GRUCell(8 + 12, 12), nn.Linear(12, 12, bias=False), nn.Linear(24, 12)
        self.head = nn.Linear(12, 15)

    def loss(self, shown, said):
        packed = nn.utils.rnn.pack_padded_sequence(self.source(shown), (shown != 0).sum(1), True, False)
        memory, ends = self.reader(packed)
        memory = nn.utils.rnn.pad_packed_sequence(memory, True, total_length=shown.shape[1])[0]
        state, mixture, scores = torch.cat([ends[0], ends[1]], 1), memory.new_zeros(len(shown), 12), []
        for piece in self.target(said[:, :-1]).unbind(1):
            state = self.cell(torch.cat([piece, mixture], 1), state)
            places = (memory @ self.query(state)[:, :, None])[:, :, 0] / 12 ** 0.5
            places = places.masked_fill(shown == 0, -np.inf).softmax(1)
            mixture = self.mix(torch.cat([state, (places[:, None] @ memory)[:, 0]], 1)).tanh()
            scores.append(self.head(mixture))
        losses = functional.cross_entropy(torch.stack(scores, 2), said[:, 1:], ignore_index=0, reduction="none")
        return (losses.sum(1) / (said[:, 1:] != 0).sum(1)).mean()


TRANSLATOR = """
model network(shown: int[B, 7], said: int[B, 6]) -> (logits: f32[B, 5, 15]) {
  let source = embedding(20, 8, padding = 0)
  let reader = bidirectional(gru, 6)
  let target = embedding(15, 8, padding = 0)
  let cell = gru_cell(12)
  let query = dense(12, with_bias = false)
  let mix = dense(12)
  let head = dense(15)
  let (memory, end) = reader(source(shown), lengths = lengths_of(shown))
  let mask = reshape([B, 1, 7])(shown != 0)
  let (scores, s, m) = scan piece in said[:, :-1] along 1, state = end, mixture = zeros[B, 12] {
    let now = cell(concat(axis = 1)(target(piece), mixture), state)
    let (read, places) = attention(query(now) |> reshape([B, 1, 12]), memory, memory, mask)
    let found = concat(axis = 1)(now, read |> reshape([B, 12])) |> mix |> tanh
    next state = now
    next mixture = found
    yield head(found)
  }
  logits = scores
}
"""


class LanguageModel(nn.Module):
    """The next number at each place, by two blocks that look back."""

    def __init__(self):
        super().__init__()
        self.table, self.places = nn.Embedding(20, 12), nn.Parameter(torch.zeros(8, 12))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(12, 3, 20, 0.0, "gelu", batch_first=True, norm_first=True) for _ in range(2))
        self.norm, self.head = nn.LayerNorm(12), nn.Linear(12, 20)

    def loss(self, words, following):
        x = self.table(words) + self.places
        later = torch.arange(8)[None] > torch.arange(8)[:, None]
        for block in self.blocks:
            x = block(x, src_mask=later)
        return functional.cross_entropy(self.head(self.norm(x)).transpose(1, 2), following)


LANGUAGE_MODEL = """
model network(words: int[B, 8]) -> (logits: f32[B, 8, 20]) {
  let table = embedding(20, 12)
  let places = learned_positions()
  let norm = layer_norm()
  let head = dense(20)
  var x = words |> table |> places
  for block in 0..2 {
    x = x |> transformer_encoder_block(3, 20, drop = 0, pre_norm = true, activation = gelu, causal = true)
  }
  logits = x |> norm |> head
}
"""


class Encoder(nn.Module):
    """Classes of texts of numbers, by the mean over a text's places of what two blocks make of them."""

    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Embedding(20, 12, padding_idx=0), nn.Linear(12, 5)
        self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(12, 3, 20, 0.0, "gelu", batch_first=True)
                                    for _ in range(2))

    def loss(self, words, label):
        angle = torch.arange(9)[:, None] / 10000 ** (torch.arange(0, 12, 2).double()[None] / 12)
        x = self.table(words)
        x = x + torch.stack([angle.sin(), angle.cos()], 2).flatten(1).to(x.dtype)
        for block in self.blocks:
            x = block(x, src_key_padding_mask=words == 0)
        there = (words != 0)[:, :, None]
        return functional.cross_entropy(self.head((x * there).sum(1) / there.sum(1)), label)


ENCODER = """
model network(words: int[B, 9]) -> (logits: f32[B, 5]) {
  let table = embedding(20, 12, padding = 0)
  let head = dense(5)
  let lengths = lengths_of(words)
  var x = words |> table |> sine_positions
  for block in 0..2 {
    x = transformer_encoder_block(3, 20, drop = 0, activation = gelu)(x, mask = padding_mask(lengths, 9, 9))
  }
  let there = float(words != 0) |> broadcast([2], [12])
  let count = max(float(lengths), 1.0) // the samples that fill up a last batch have none
  logits = reduce_sum([1])(x * there) / broadcast([1], [12])(count) |> head
}
"""


class Transcriber(nn.Module):
    """Shorter texts of longer ones, wherever what they say stands there."""

    def __init__(self):
        super().__init__()
        self.source, self.reader = nn.Embedding(20, 8, padding_idx=0), nn.GRU(8, 6, batch_first=True, bidirectional=True)
        self.head = nn.Linear(12, 6)

    def loss(self, shown, said):
        lengths = (shown != 0).sum(1)
        packed = nn.utils.rnn.pack_padded_sequence(self.source(shown), lengths, True, False)
        read = nn.utils.rnn.pad_packed_sequence(self.reader(packed)[0], True, total_length=shown.shape[1])[0]
        return functional.ctc_loss(self.head(read).log_softmax(2).transpose(0, 1), said, lengths, (said != 0).sum(1),
                                   reduction="none", zero_infinity=True).mean()


TRANSCRIBER = """
model network(shown: int[B, 9]) -> (logits: f32[B, 9, 6], steps: int[B]) {
  let source = embedding(20, 8, padding = 0)
  let reader = bidirectional(gru, 6)
  let head = dense(6)
  steps = lengths_of(shown)
  logits = reader(source(shown), lengths = steps)[0] |> head
}
"""


def texts(random, places, numbers):
    """Numbers from 1, and zeros behind each text's end."""
    lengths = random.integers(2, places + 1, SAMPLES)
    return (random.integers(1, numbers, (SAMPLES, places)) * (np.arange(places) < lengths[:, None])).astype(np.int32)


def labels(random, numbers, *shape):
    return random.integers(0, numbers, (SAMPLES, *shape)).astype(np.int32)


def labelled(random):
    return {"words": (texts(random, 9, 20), 20), "label": (labels(random, 5), 5)}


# The model and its loss, the same in PyTorch, and the arrays, each with its number of classes.
NETWORKS = {
    "lstm": (LAST_OF.replace("KIND", "lstm"), "cross_entropy(logits, label)", lambda: LastOf(nn.LSTM), labelled),
    "gru": (LAST_OF.replace("KIND", "gru"), "cross_entropy(logits, label)", lambda: LastOf(nn.GRU), labelled),
    "translator": (TRANSLATOR, "cross_entropy(logits, said[:, 1:], ignore = 0)", Translator,
                   lambda random: {"shown": (texts(random, 7, 20), 20), "said": (texts(random, 6, 15), 15)}),
    "language model": (LANGUAGE_MODEL, "cross_entropy(logits, following)", LanguageModel,
                       lambda random: {"words": (labels(random, 20, 8), 20), "following": (labels(random, 20, 8), 20)}),
    "transcriber": (TRANSCRIBER, "ctc(logits, said, steps)", Transcriber,
                    lambda random: {"shown": (texts(random, 9, 20), 20), "said": (texts(random, 3, 6), 6)}),
    "encoder": (ENCODER, "cross_entropy(logits, label)", Encoder, labelled),
}


def in_pytorch(name):
    """What PyTorch's modules call a weight of ours."""
    name = re.sub(r"^block\.", "blocks.", name.replace(".feed.", ".").replace("places.weight", "places"))
    name = re.sub(r"^reader\.backward\.(.*)", r"reader.\1_l0_reverse", name)
    return re.sub(r"^(reader\.forward|recurrent)\.(.*)", lambda part: f"{part[1].split('.')[0]}.{part[2]}_l0", name)


def turned(name, value):
    """Matrices are the other way round in PyTorch, but for tables."""
    return value.T if value.ndim == 2 and not name.startswith(("table", "source", "target", "places")) else value


def check(name, model, loss, make, draw):
    random = np.random.default_rng(4)
    arrays = draw(random)
    fields = ", ".join(f"{field}: class[{', '.join(map(str, (classes, *array.shape[1:])))}]"
                       for field, (array, classes) in arrays.items())
    text = model + TRAINING.format(fields=fields, files=", ".join(f'"{field}.npy"' for field in arrays), loss=loss,
                                   batch=BATCH, steps=STEPS, clip=CLIP)
    arrays = {field: array for field, (array, _) in arrays.items()}
    weights, found, expected = None, {}, {}
    for precision, kind in (("f64", np.float64), ("f32", np.float32)):
        with dlc.scratch() as folder:
            program = dlc.compile_model(folder, text, "--precision", precision)
            weights = weights or dlc.draw_weights(program, np.float32, random)
            own = {key: value.astype(kind) for key, value in weights.items()}
            losses, trained = dlc.train_from(folder, program, own, arrays)
        network = make().to(torch.float32 if precision == "f32" else torch.float64)
        network.load_state_dict({in_pytorch(key): torch.tensor(turned(key, value)) for key, value in own.items()})
        theirs, norms = dlc.train_in_pytorch(list(network.parameters()), network.loss,
                                             torch.optim.Adam(network.parameters(), 3e-3),
                                             dlc.in_batches(arrays.values(), BATCH, STEPS), clip=CLIP)
        assert min(norms) < CLIP < max(norms), f"{name}: gradients of {min(norms)} to {max(norms)} do not test clipping"
        found[precision], expected[precision] = np.array(losses), np.array(theirs)
        if precision == "f64":
            state = network.state_dict()
            for key, value in trained.items():
                dlc.close(f"{name} {key}", turned(key, value), state[in_pytorch(key)].numpy(), 1e-8)
    def distance(losses):
        return np.max(np.abs(losses - expected["f64"]) / expected["f64"])
    ours, ours_f32, theirs_f32 = distance(found["f64"]), distance(found["f32"]), distance(expected["f32"])
    print(f"{name}: the loss goes from {expected['f64'][0]:.4f} to {expected['f64'][-1]:.4f}; at most {ours:.1e} away, "
          f"in f32 {ours_f32:.1e}, PyTorch in f32 {theirs_f32:.1e}")
    assert expected["f64"][-1] < 0.9 * expected["f64"][0], f"{name}: it does not learn"
    assert ours <= 1e-9, f"{name}: f64 is {ours:.1e} away from PyTorch"
    # f32 cannot follow to the last bits: its rounding grows with the steps, in PyTorch alike.
    assert ours_f32 <= 4 * max(theirs_f32, 2.0**-24), f"{name}: {ours_f32:.1e} away in f32, PyTorch {theirs_f32:.1e}"


for name, network in NETWORKS.items():
    check(name, *network)
