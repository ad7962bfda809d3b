"""Killed at random moments and resumed, training ends with the same bits; so with 1, 2 and 3 threads."""
# REQUIRES: fashion-mnist
# RUN: %python %s
import json
import pathlib
import random
import shutil
import signal
import subprocess
import time

import dlc

# Dropout, augmentation, momentum and a last partial batch, in steps of three calls: everything that has a state.
MODEL = """
model small(image: f32[B, 1, 28, 28]) -> (logits: f32[B, 10]) {
  logits = image |> conv(4, kernel = 5, stride = 2) |> relu |> flatten |> dropout(0.2) |> dense(10)
}
data fashion_mnist(image: f32[1, 28, 28], label: class[10]) {
  folder = "/usr/share/datasets/fashion-mnist"
  train  = idx("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
  augment image |> random_crop(pad = 2) |> random_flip(0.5)
  each image |> scale(1 / 255) |> normalize(mean = 0.2860, std = 0.3530)
}
train small on fashion_mnist {
  loss      = cross_entropy(logits, label)
  metrics   = accuracy(logits, label)
  optimizer = adam(lr = cosine(1e-3, warmup = 20))
  batch     = 32
  epochs    = 20
}
"""

KILLS = 20
BATCH = ("--batch", 96)


def same(a, b, what):
    if pathlib.Path(a).read_bytes() != pathlib.Path(b).read_bytes():
        raise SystemExit(f"{what}: {a} and {b} differ")


def losses(run):
    """What the log says of the training, without the times and the notes of starts."""
    lines = [json.loads(line) for line in open(f"{run}/log.jsonl")]
    return [(line["kind"], line["epoch"], line["step"], line["loss"]) for line in lines if "loss" in line]


with dlc.scratch() as folder:
    program = dlc.compile_model(folder, MODEL)
    whole = f"{folder}/whole"
    begin = time.time()
    dlc.run(program, "train", "--run", whole, "--threads", 1, *BATCH)
    seconds = time.time() - begin

    for threads in (2, 3):
        other = f"{folder}/threads-{threads}"
        dlc.run(program, "train", "--run", other, "--threads", threads, *BATCH)
        same(f"{whole}/last.safetensors", f"{other}/last.safetensors", f"{threads} threads")

    chance = random.Random(5)
    killed = f"{folder}/killed"

    def compare(what):
        same(f"{whole}/last.safetensors", f"{killed}/last.safetensors", what)
        same(f"{whole}/best.safetensors", f"{killed}/best.safetensors", what)
        if losses(whole) != losses(killed):
            raise SystemExit(f"{what}: the logs of the whole and the killed run differ")

    kills = 0
    while kills < KILLS:
        command = [str(program), "train", "--run", killed, "--resume", "--checkpoint-every", "7",
                   "--threads", str(1 + kills % 3), *map(str, BATCH)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            process.wait(chance.uniform(0.02, 0.1 + seconds / 10))
            compare(f"{kills} kills, and the end")
            shutil.rmtree(killed)
            continue
        except subprocess.TimeoutExpired:
            kills += 1
        process.send_signal(signal.SIGKILL if kills % 4 else signal.SIGINT)
        process.wait()
        if process.returncode not in (-signal.SIGKILL, -signal.SIGINT, 130, 0):
            raise SystemExit(f"kill {kills}: exit code {process.returncode}\n{process.stderr.read()}")
    dlc.run(program, "train", "--run", killed, "--resume")
    compare(f"{kills} kills")
    print(f"{seconds:.1f} s undisturbed; {KILLS} kills, {len(losses(whole))} lines of log, the same bits")
