"""The classic networks of examples/ have as many weights as their papers' ones, and small forms of them learn."""
# REQUIRES: fashion-mnist
# RUN: %python %s
import json
import math
import re

import dlc

# Weights: of VGG-16 and the ResNets as PyTorch's own models have them, of GoogLeNet as Caffe's has, whose form is the
# paper's.
WEIGHTS = {"vgg16": 138_357_544, "googlenet": 13_378_280, "resnet18": 11_689_512, "resnet50": 25_557_032}

# What makes a network small enough to be compiled and trained here.
SMALL = {"vgg16": ["-D", "fashion=true", "-D", "wide=4", "-D", "hidden=32"],
         "resnet18": ["-D", "fashion=true", "-D", "wide=4"],
         "gru_rows": ["-D", "units=16"],
         "image_classification": ["-D", "width=4"]}


def check_weights(folder):
    for name, count in WEIGHTS.items():
        model = dlc.ROOT / f"examples/{name}/{name}.nn"
        network = dlc.run(dlc.DLC, "compile", model, "--emit=net", "-o", "-")
        shapes = re.findall(r"^  param \S+: f32\[(.*?)\]", network, re.M)
        found = sum(math.prod(map(int, shape.split(", "))) for shape in shapes)
        print(f"{name}: {found:,} weights")
        assert found == count, f"{name} has {found:,} weights, the paper's network {count:,}"
        dlc.run(dlc.DLC, "compile", model, "-D", "fashion=true", "--emit=nn", "-o", f"{folder}/{name}.mlir")


def losses(program, folder, name, *options):
    dlc.run(program, "train", "--run", f"{folder}/{name}", "--steps", 60, *options)
    log = [json.loads(line) for line in open(f"{folder}/{name}/log.jsonl")]
    values = [line["loss"] for line in log if line["kind"] == "step"]
    first, last = (sum(part) / len(part) for part in (values[:10], values[-10:]))
    print(f"{name}: the loss goes from {first:.3f} to {last:.3f}")
    assert last < 0.95 * first, f"{name} does not learn: its loss goes from {first} to {last}"


def check_small(folder):
    for name, options in SMALL.items():
        program = dlc.compile_model(folder, f"examples/{name}/{name}.nn", "--batch", 32, *options)
        losses(program, folder, name, "--batch", 32, "--set", "lr.warmup=10")


def check_texts(folder):
    """The networks that write: a line of theirs begins as the given one."""
    parts = ["what is said", "nobody knows", "a thing of old"]
    lines = [f"entry {i}, n. " + " ".join(parts[i * k % 3] for k in range(1, 7)) for i in range(96)]
    for split, part in (("train", lines[:80]), ("test", lines[80:])):
        open(f"{folder}/{split}.tsv", "w").write("text\n" + "".join(f"{line}\n" for line in part))
    for name, options in (("char_lstm", ["-D", "units=16"]), ("gpt", ["-D", "width=16", "-D", "blocks=1"])):
        program = dlc.compile_model(folder, f"examples/{name}/{name}.nn", "--batch", 16, "-D", "length=40",
                                    "-D", "given=12", *options)
        losses(program, folder, name, "--data", folder, "--batch", 16, "--epochs", 12, "--set", "lr.warmup=10")
        answers = dlc.run(program, "predict", "--weights", f"{folder}/{name}/last.safetensors", "-",
                          input="entry\nwhat is \nentry 7, n. nobody knows\n").splitlines()
        for answer, beginning in zip(answers, ("entry", "what is", "entry 7, n. ")):
            written = answer.split(":  ", 1)[1]
            assert written.startswith(beginning) and len(written) > len(beginning) + 4, f"{name} answers {answers}"


with dlc.scratch() as folder:
    check_weights(folder)
    check_small(folder)
    check_texts(folder)
