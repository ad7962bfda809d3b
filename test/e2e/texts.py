# Texts in, names out: vocabularies and the names of classes go through training, resuming, evaluating and predicting.
# RUN: %python %s
import json
import pathlib
import subprocess
import tempfile

import dlc

MODEL = """
model pets(note: int[B, 12]) -> (logits: f32[B, 2]) {
  logits = note |> one_hot(24) |> dense(6) |> transpose([0, 2, 1]) |> conv1d(8, kernel = 3, pad = 1) |> relu
    |> reduce_max([2]) |> dense(2)
}
data notes(note: class[24, 12], pet: class[2]) {
  train = csv("train.csv", columns = ["note", "pet"])
  test = csv("test.csv", columns = ["note", "pet"])
  each note |> characters
}
train pets on notes {
  loss = cross_entropy(logits, pet)
  metrics = [accuracy(logits, pet), macro_f1(logits, pet), confusion_matrix(logits, pet)]
  optimizer = adam(lr = 0.02)
  batch = 4
  bucket = note
  epochs = 30
}
"""
CATS = ["meow", "mew mew", "purr, meow", "hiss", "meow hiss", "purr"]
DOGS = ["woof", "bark bark", "woof, bark", "growl", "wag woof", "bow wow"]


def table(rows):
    return "id,pet,note\n" + "".join(f'{i},{pet},"{note}"\n' for i, (note, pet) in enumerate(rows))


def refused(command, *parts, code=1):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert result.returncode == code, result
    for part in parts:
        assert part in result.stderr, (part, result.stderr)


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    program = dlc.compile_model(folder, MODEL)
    (folder / "train.csv").write_text(table([(n, "cat") for n in CATS] + [(n, "dog") for n in DOGS]))
    (folder / "test.csv").write_text(table([("woof wag", "dog"), ("mew purr ¿", "cat")]))
    run = folder / "run"
    dlc.run(program, "train", "--run", run, "--data", folder)
    weights = run / "last.safetensors"
    found = json.loads(dlc.run(program, "eval", "--weights", weights, "--data", folder, "--json"))
    assert found["samples"] == 2, found
    # Both are told apart: a table with the names of the classes.
    assert found["metrics"] == {"accuracy": 1, "macro_f1": 1}, found
    assert found["confusion_matrix"] == [
        {"class": "cat", "taken_for": [1, 0], "precision": 1, "recall": 1, "f1": 1},
        {"class": "dog", "taken_for": [0, 1], "precision": 1, "recall": 1, "f1": 1}], found
    lines = dlc.run(program, "eval", "--weights", weights, "--data", folder).splitlines()
    assert lines[0].endswith("accuracy 1.0000  macro_f1 1.0000  (2 samples)"), lines
    assert [line.split() for line in lines[3:]] == [
        ["cat", "dog", "precision", "recall", "f1"], ["cat", "1", "0", "1.0000", "1.0000", "1.0000"],
        ["dog", "0", "1", "1.0000", "1.0000", "1.0000"]], lines
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert all("macro_f1" in line and "confusion_matrix" not in line for line in log if line["kind"] == "eval")

    # A sentence, lines of standard input, a sample of the data.
    answer = dlc.run(program, "predict", "--weights", weights, "meow meow")
    assert answer.startswith("meow meow:  cat ("), answer
    answers = json.loads(dlc.run(program, "predict", "--weights", weights, "-", "--json", input="woof\nmew\n"))
    assert [answer["name"] for answer in answers] == ["dog", "cat"], answers
    assert answers[0]["input"] == "woof" and answers[0]["class"] == 1, answers
    assert "label dog" in dlc.run(program, "predict", "--weights", weights, "--data", folder, "test:0")
    refused([program, "predict", "--weights", weights, "--data", folder, "validation:0"], "no split `validation`")
    (folder / "ask.csv").write_text('"meow"\n"woof, woof"\n')
    lines = dlc.run(program, "predict", "--weights", weights, folder / "ask.csv").splitlines()
    assert "  cat (" in lines[0].replace(":", ": ") and "dog (" in lines[1], lines

    # A run that is stopped and goes on has the same bits, also where the training data has changed its order: the
    # vocabulary is the checkpoint's.
    half = folder / "half"
    dlc.run(program, "train", "--run", half, "--data", folder, "--epochs", 30, "--steps", 44)  # within an epoch
    dlc.run(program, "train", "--run", half, "--data", folder, "--epochs", 30, "--resume")
    assert (half / "last.safetensors").read_bytes() == (run / "last.safetensors").read_bytes()

    # What is wrong is said.
    (folder / "test.csv").write_text(table([("woof", "cow")]))
    refused([program, "eval", "--weights", weights, "--data", folder], "test.csv", "sample 0 has the class `cow`", "cat, dog")
    (folder / "test.csv").write_text("id,pet,nota\n1,cat,meow\n")
    refused([program, "eval", "--weights", weights, "--data", folder], "line 1", "no column `note`", "did you mean `nota`")
    plain = {name: value for name, value in dlc.read_safetensors(weights).items()}
    dlc.write_safetensors(folder / "plain.safetensors", plain)
    refused([program, "predict", "--weights", folder / "plain.safetensors", "meow"], "no vocabulary")
    (folder / "test.csv").write_text(table([("woof", "dog")]))
    (folder / "train.csv").write_text(table([(n, n[0]) for n in CATS]))
    refused([program, "train", "--run", folder / "x", "--data", folder], "different names", "class[3]")
    assert not (folder / "x").exists()

# The same texts as lines of files, a file a field: the same program but for where it reads.
LINES = MODEL.replace('csv("train.csv", columns = ["note", "pet"])', 'lines(["notes.txt", "pets.txt"])').replace(
    'csv("test.csv", columns = ["note", "pet"])', 'split(0.25)')
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    rows = [(note, pet) for pet, notes in (("cat", CATS), ("dog", DOGS)) for note in notes]
    (folder / "notes.txt").write_bytes("".join(note + "\r\n" for note, _ in rows).encode("utf-8-sig"))
    (folder / "pets.txt").write_text("\n".join(pet + " " for _, pet in rows))
    program = dlc.compile_model(folder, LINES)
    dlc.run(program, "train", "--run", folder / "run", "--data", folder, "--epochs", 60)
    weights = folder / "run/last.safetensors"
    answers = [dlc.run(program, "predict", "--weights", weights, note) for note, _ in rows]
    assert sum(f"{note}:  {pet} (" in answer for answer, (note, pet) in zip(answers, rows)) >= len(rows) - 2, answers
    (folder / "pets.txt").write_text("cat\n")
    refused([program, "train", "--run", folder / "x", "--data", folder], "pets.txt", "has 1 lines", "notes.txt", "one sample")
