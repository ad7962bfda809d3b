"""A program for several processors runs on each: kernels of the right level, the same answers, and clear words below."""
# RUN: %python %s
import gzip
import json
import os
import shutil
import struct
import subprocess

import numpy as np

import dlc

LEVELS = ["v2", "v3", "v4"]
# Processors as qemu has them, and the level of each; below v2 there are no kernels.
PROCESSORS = {"core2duo": None, "qemu64": None, "Nehalem": "v2", "Haswell": "v3"}


def write_data(folder, random):
    """A few images in Fashion-MNIST's form; the last batch of training is a partial one."""
    for name, count in [("train", 150), ("t10k", 20)]:
        images, labels = random.integers(0, 256, (count, 28, 28)), random.integers(0, 10, count)
        for kind, shape, values in [("images-idx3", images.shape, images), ("labels-idx1", labels.shape, labels)]:
            with gzip.open(f"{folder}/{name}-{kind}-ubyte.gz", "wb") as file:
                file.write(struct.pack(f">{1 + len(shape)}i", 0x800 + len(shape), *shape))
                file.write(values.astype(np.uint8).tobytes())


def losses(run):
    lines = [json.loads(line) for line in open(f"{run}/log.jsonl")]
    return np.array([line["loss"] for line in lines if line["kind"] in ("step", "eval")])


with dlc.scratch() as folder:
    write_data(folder, np.random.default_rng(1))
    program = dlc.compile_model(folder, "examples/lenet5/lenet5.nn", "--target=multi")
    here = dlc.info(program)["level"]
    runs = {}

    def check_level(found, expected, what):
        if found != f"x86-64-{expected}":
            raise SystemExit(f"{what} runs {found}, expected {expected}")

    def train(name, *command, **options):
        run = runs[name] = f"{folder}/run-{name}"
        dlc.run(*command, program, "train", "--data", folder, "--run", run, "--epochs", 2, "--threads", 2,
                **options)

    # On this processor: DLC_LEVEL chooses, and what runs is what the level's own program runs, bit for bit.
    for level in LEVELS:
        if level > here[-2:]:
            continue
        environment = dict(os.environ, DLC_LEVEL=level)
        check_level(json.loads(dlc.run(program, "info", "--json", env=environment))["level"], level, "DLC_LEVEL")
        train(level, env=environment)
        (single := dlc.pathlib.Path(folder) / level).mkdir()
        single = dlc.compile_model(single, "examples/lenet5/lenet5.nn", f"--target=x86-64-{level}")
        grads = []
        for each in (program, single):
            dlc.run(each, "step", "--data", folder, "--grads", f"{folder}/g.safetensors", env=environment)
            grads.append(open(f"{folder}/g.safetensors", "rb").read())
        if grads[0] != grads[1]:
            raise SystemExit(f"{level} in a program for several processors gives other gradients than alone")
    check_level(here, list(runs)[-1], "the highest level")
    wrong = subprocess.run([program, "info"], env=dict(os.environ, DLC_LEVEL="v9"), capture_output=True, text=True)
    if wrong.returncode != 1 or "takes v2, v3 or v4, not `v9`" not in wrong.stderr:
        raise SystemExit(f"DLC_LEVEL=v9: {wrong.returncode} {wrong.stderr}")

    # On other processors.
    qemu = shutil.which("qemu-x86_64")
    if "sanitize" in str(dlc.BUILD):
        qemu = None  # the sanitizers' shadow memory does not fit in it
    elif not qemu:
        raise SystemExit("there is no qemu-x86_64; install qemu-user")
    for processor, level in PROCESSORS.items() if qemu else ():
        command = [qemu, "-cpu", processor]
        if level:
            check_level(json.loads(dlc.run(*command, program, "info", "--json"))["level"], level, processor)
            train(processor, *command)
            continue
        for each, needs in [(program, "x86-64-v2 and newer"), (single, here)]:
            old = subprocess.run([*command, each, "train"], capture_output=True, text=True, cwd=folder)
            if old.returncode != 1 or f"compiled for {needs}, and this processor is an older one" not in old.stderr:
                raise SystemExit(f"{processor}: exit code {old.returncode}\n{old.stderr}")

    reference = losses(runs["v2"])
    if len(reference) < 4 or np.ptp(reference) == 0:
        raise SystemExit(f"nothing was learnt: {reference}")
    for name, run in runs.items():
        dlc.close(f"losses of {name}", losses(run), reference, 1e-3)
