# Texts in, texts out: what inference does not need is not asked for, answers are words, and scores compare them.
# RUN: %python %s
import collections
import json
import math
import pathlib
import re
import tempfile

import dlc

MODEL = """
model phrases(english: int[B, 5], german: int[B, 5]) -> (logits: f32[B, 5, 16], answer: int[B, 5]) {
  let seen = if training { 0.01 * reduce_max([1])(one_hot(16)(german)) } else { zeros[B, 16] }
  let words = english |> one_hot(16) |> reshape([B, 80])
  logits = concat(axis = 1)(words, seen) |> dense(80) |> reshape([B, 5, 16])
  answer = argmax(logits)
}
data pairs(english: class[16, 5], german: class[16, 5]) {
  train = csv("train.csv", separator = ";")
  test = csv("test.csv", separator = ";")
  each english |> words
  each german |> words
}
train phrases on pairs {
  loss = -(per_sample_mean(16.0 * log_softmax(logits) * one_hot(16)(german)))
  metrics = [bleu(answer, german), word_error_rate(answer, german), character_error_rate(answer, german)]
  optimizer = adam(lr = 0.03)
  batch = 8
  epochs = 30
}
"""
COLOURS = {"red": "rot", "blue": "blau", "black": "schwarz"}
ANIMALS = {"cat": "e Katze", "dog": "er Hund"}
NAMES = [(f"{c} {a}", COLOURS[c] + ANIMALS[a]) for c in COLOURS for a in ANIMALS]
PAIRS = [(f"{a} and {b}", f"{x} und {y}") for a, x in NAMES for b, y in NAMES]
TRAIN = [pair for i, pair in enumerate(PAIRS) if (i // 6 + 2 * (i % 6)) % 5]


def bleu(answers, references):
    """Papineni et al. 2002, over all answers together."""
    right, total = [0] * 4, [0] * 4
    for answer, reference in zip(answers, references):
        for n in range(1, 5):
            grams = [collections.Counter(tuple(words[i:i + n]) for i in range(len(words) - n + 1))
                     for words in (answer.split(), reference.split())]
            right[n - 1] += sum((grams[0] & grams[1]).values())
            total[n - 1] += sum(grams[0].values())
    shorter = 1 - sum(len(r.split()) for r in references) / sum(len(a.split()) for a in answers)
    return 100 * math.exp(min(0, shorter)) * math.prod(r / t for r, t in zip(right, total)) ** 0.25


def edits(a, b):
    row = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        last, row[0] = row[0], i
        for j in range(1, len(b) + 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a[i - 1] != b[j - 1]))
    return row[-1]


def metadata(path):
    data = path.read_bytes()
    return json.loads(data[8:8 + int.from_bytes(data[:8], "little")])["__metadata__"]


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    program = dlc.compile_model(folder, MODEL)
    (folder / "train.csv").write_text("".join(f"{a};{b}\n" for a, b in TRAIN))
    # References of other words, of more words than the field has room for, and of a word that is not known.
    tests = [*(pair for pair in PAIRS if pair not in TRAIN), ("black dog", "schwarze Dogge"),
             ("red cat and blue dog", "roter Hund und blaue Katze und")]
    (folder / "test.csv").write_text("".join(f"{a};{b}\n" for a, b in tests))
    run = folder / "run"
    dlc.run(program, "train", "--run", run, "--data", folder)

    # predict asks for the English text alone, and answers in German.
    weights = run / "best.safetensors"
    asked = "".join(f"{english}\n" for english, _ in tests)
    answers = json.loads(dlc.run(program, "predict", "--weights", weights, "-", "--json", input=asked))
    words = [answer["answer"] for answer in answers]
    assert words[0] == tests[0][1] and answers[0]["input"] == tests[0][0], answers[0]
    assert len(answers[0]["outputs"]["answer"]) == 5 and "reference" not in answers[0]
    first = dlc.run(program, "predict", "--weights", weights, tests[0][0])
    assert first == f"{tests[0][0]}:  {tests[0][1]}\n", first
    first = dlc.run(program, "predict", "--weights", weights, f"english={tests[0][0]}")
    assert first == f"{tests[0][0]}:  {tests[0][1]}\n", first
    last = dlc.run(program, "predict", "--weights", weights, "--data", folder, f"test:{len(tests) - 2}")
    assert last.endswith("(reference: schwarze Dogge)\n"), last
    (folder / "ask.csv").write_text("red dog and red cat\n")
    line = dlc.run(program, "predict", "--weights", weights, folder / "ask.csv")
    assert line.endswith(":  roter Hund und rote Katze\n"), line
    dlc.refused([program, "predict", "--weights", weights, "german=ja"], "no output depends on the input `german`")
    assert re.search(r"german .*not needed by predict", dlc.run(program, "info"))
    header = folder / "phrases.h"
    dlc.run(dlc.DLC, "compile", folder / "model.nn", "--emit=header", "-o", header)
    assert re.search(r"phrases_input_german = 1, .*infer does not read it", header.read_text())

    # The scores are those of the definitions, against the texts as they stand in the file.
    found = json.loads(dlc.run(program, "eval", "--weights", weights, "--data", folder, "--json"))["metrics"]
    references = [german for _, german in tests]
    assert 0 < found["bleu"] < 100
    dlc.close("bleu", found["bleu"], bleu(words, references), 1e-12)
    wrong = sum(edits(a.split(), r.split()) for a, r in zip(words, references))
    dlc.close("word_error_rate", found["word_error_rate"], wrong / sum(len(r.split()) for r in references), 1e-12)
    wrong = sum(edits(a, r) for a, r in zip(words, references))
    dlc.close("character_error_rate", found["character_error_rate"], wrong / sum(map(len, references)), 1e-12)

    # The best weights are those of the first highest BLEU, whatever the loss was.
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    scores = [line["bleu"] for line in log if line["kind"] == "eval"]
    assert len(scores) == 30 and metadata(weights)["epoch"] == str(1 + scores.index(max(scores))), scores

    # A run that is stopped and goes on has the same bits.
    half = folder / "half"
    dlc.run(program, "train", "--run", half, "--data", folder, "--epochs", 11)
    dlc.run(program, "train", "--run", half, "--data", folder, "--epochs", 30, "--resume")
    for name in ("last.safetensors", "best.safetensors"):
        assert (half / name).read_bytes() == (run / name).read_bytes(), name
