"""A user's own tables: as spreadsheets and programs export them, with named classes as inputs, and to predict."""
# RUN: %python %s
import csv
import io
import json
import pathlib
import subprocess

import dlc

MODEL = """
model m(size: f32[B, 2], city: int[B]) -> (logits: f32[B, 3]) {
  logits = concat(axis = 1)(size, embedding(3, 4)(city)) |> dense(16) |> relu |> dense(3)
}
data d(size: f32[2], city: class[3], kind: class[3]) {
  train = csv("train.csv", FORMAT)
  SPLITS
}
train m on d {
  loss      = cross_entropy(logits, kind)
  metrics   = accuracy(logits, kind)
  optimizer = adam(lr = 0.02)
  batch     = 16
  epochs    = 30
}
"""
NAMED = 'columns = ["wide", "high", "city", "kind"]'
CITIES = ["Oslo", "New York, NY", "Łódź"]
ROWS = [(i % 7 / 7, i % 5 / 5, CITIES[i % 3], ["tall", "flat", "odd\none"][(i + (i % 5 > 2)) % 3], f"patient {i % 20}")
        for i in range(240)]


def table(columns, header=True, bom=False, **format):
    """The rows in columns of these names; "-" is a column nobody needs."""
    text = io.StringIO()
    writer = csv.writer(text, **format)
    if header:
        writer.writerow(columns)
    for i, (wide, high, city, kind, patient) in enumerate(ROWS):
        row = {"wide": wide, "high": high, "city": city, "kind": kind, "patient": patient, "-": i}
        writer.writerow([row[column.lower()] for column in columns])
    return (b"\xef\xbb\xbf" if bom else b"") + text.getvalue().encode()


def compiled(format, splits="test = split(0.2)"):
    return dlc.compile_model(folder, MODEL.replace("FORMAT", format).replace("SPLITS", splits))


def predicted(*inputs, weights="run/best.safetensors"):
    answers = json.loads(dlc.run(program, "predict", "--weights", weights, "--json", *inputs, cwd=folder))
    return [(answer["name"], answer["outputs"]["logits"]) for answer in answers]


def refused(*words, command=("train", "--run", "x")):
    result = subprocess.run([program, *command], capture_output=True, text=True, cwd=folder)
    assert result.returncode == 1, result
    for word in words:
        assert word in result.stderr, (word, result.stderr)


FIELDS = ["wide", "high", "city", "kind"]
with dlc.scratch() as folder:
    path = pathlib.Path(folder)
    # The same samples, however they are written, are the same training to the last bit.
    weights = set()
    for format, content in {
            NAMED: table(["-", "kind", "city", "wide", "-", "high"]),
            NAMED + ', separator = ";"': table(["kind", "city", "wide", "high"], bom=True, delimiter=";"),
            'separator = "|", header = true': table(FIELDS, delimiter="|", lineterminator="\n", quoting=csv.QUOTE_ALL),
            'missing = 7': table(FIELDS, header=False, lineterminator="\r\n")}.items():
        program = compiled(format)
        (path / "train.csv").write_bytes(content)
        dlc.run("rm", "-rf", "run", cwd=folder)
        output = dlc.run(program, "train", "--run", "run", cwd=folder)
        assert "training m: 197 samples (43 of test)" in output, output
        weights.add((path / "run/last.safetensors").read_bytes())
        # Each program takes tables of its own form, of the inputs alone and of all fields.
        for columns in [["wide", "high", "city"], FIELDS]:
            own = {"delimiter": ";" if ";" in format else "|" if "|" in format else ","}
            (path / "ask.csv").write_bytes(table(columns, header="missing" not in format, **own))
            answers = predicted("ask.csv")
            assert len(answers) == len(ROWS), len(answers)
        wide, high, city, kind, _ = ROWS[1]
        assert predicted(f"size={wide},{high}", f"city={city}") == [answers[1]] , answers[1]
        right = sum(name == kind for (name, _), (_, _, _, kind, _) in zip(answers, ROWS))
        assert right > 0.9 * len(ROWS), right
        # Lines without the names are samples already.
        (path / "bare.csv").write_bytes(table(["wide", "high", "city"], header=False, **own))
        assert predicted("bare.csv") == answers
    assert len(weights) == 1, "the same samples led to several trainings"

    # The input's classes are not taken for the answer's, though they are as many; its names are kept.
    assert {name for name, _ in answers} == {"tall", "flat", "odd\none"}
    evaluated = json.loads(dlc.run(program, "eval", "--weights", "run/best.safetensors", "--json", cwd=folder))
    assert evaluated["samples"] == 43, evaluated
    refused("the input `city` has the class `Rome`", "it has New York, NY, Oslo, Łódź",
            command=("predict", "--weights", "run/best.safetensors", "size=1,2", "city=Rome"))
    refused("`size=1` has 1 number, but a sample of `size` has 2",
            command=("predict", "--weights", "run/best.safetensors", "size=1", "city=Oslo"))
    refused("comes without the input `city`: add `city=",
            command=("predict", "--weights", "run/best.safetensors", "size=1,2"))
    refused("`test` is a split of the data: `test:0` is its first sample",
            command=("predict", "--weights", "run/best.safetensors", "test"))

    # Groups stay together, and what is said of the splits is so.
    program = compiled(NAMED, 'test = split(0.2, by = "patient")\n  validation = split(0.2, by = "patient")')
    (path / "train.csv").write_bytes(table(FIELDS + ["patient"]))
    lines = dlc.run(program, "train", "--run", "groups", "--json", "--epochs", "1", cwd=folder).splitlines()
    start = json.loads(lines[0])
    tested = json.loads(dlc.run(program, "eval", "--weights", "groups/last.safetensors", "--json", cwd=folder))
    assert start["evaluated_on"] == "validation" and start["evaluated_samples"] % 12 == 0, start
    assert start["samples"] + start["evaluated_samples"] + tested["samples"] == 240 and tested["samples"] % 12 == 0
    # Stopped and continued, it has the same bits: the splits do not move.
    for epochs, more in (("2", []), ("4", ["--resume"])):
        dlc.run(program, "train", "--run", "groups2", "--epochs", epochs, *more, cwd=folder)
    dlc.run(program, "train", "--run", "groups3", "--epochs", "4", cwd=folder)
    assert (path / "groups2/last.safetensors").read_bytes() == (path / "groups3/last.safetensors").read_bytes()

    # A class that only the samples set apart have is told; names are of the rest alone.
    program = compiled(NAMED)
    content = table(FIELDS)
    (path / "train.csv").write_bytes(content.replace(b"0.6,Oslo", b"0.6,Bergen", 1))  # sample 3
    refused("train.csv`: sample 3 has the class `Bergen`, which the training split does not have")

    # What users do wrong.
    for content, *words in [
            (table(FIELDS, delimiter=";"), "line 1", "no column `wide`", 'separator = ";"'),
            (table(FIELDS, delimiter="\t"), "no column `wide`", 'separator = "\\t"'),
            (table(["wide", "high", "City", "kind"]), "no column `city`; did you mean `City`?"),
            (table(["wide", "high", "city", "kind", "wide"]), "two columns are named `wide`"),
            (content.decode().encode("utf-16"), "UTF-16: save it as UTF-8"),
            (b"PK\x03\x04" + content, "a spreadsheet: export it as CSV"),
            (content.decode().encode("iso8859_2"), "no UTF-8 text", "save it as UTF-8"),
            (content.replace(b"0.0,", b'"0,0",', 1), "line 2, column 1: `0,0` is not a finite", "with a point: 0.0"),
            (content.replace(b"tall", b"", 1), "column 4: the cell is empty, and `kind` needs a class"),
            (content.replace(b"0.0,", b",", 1), "line 2, column 1: the cell is empty; `missing = 0.0`"),
            (content.replace(b"0.0,", b"NA,", 1), "`NA` is not a finite number; `missing = 0.0`"),
            (content + b"1,2,Oslo,tall,\r\n", "5 columns, but the first line names 4", "must be quoted"),
            (content + b"1,2,Oslo\r\n", "3 columns, but the first line names 4", "also those before empty cells"),
            (content + b"1e39,2,Oslo,tall\r\n", "`size` of sample 240 is 1e+39, which is beyond"),
            (content + b"1,2,Oslo,round\r\n", "4 different names", "`kind: class[4]`"),
            (content + b'1,2,"Oslo,tall\r\n', "line ", "a quoted cell begins here and never ends")]:
        (path / "train.csv").write_bytes(content)
        refused("train.csv", *words)
        assert not (path / "x").exists()
