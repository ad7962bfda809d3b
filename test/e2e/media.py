"""Pictures and sounds: from files to answers, the same bits on any threads, after a kill, kept or read anew."""
# RUN: %python %s
import json
import os
import pathlib
import signal
import struct
import subprocess
import time
import zlib

import dlc
import numpy as np

PICTURES = """
model sides(photo: f32[B, 3, 16, 16]) -> (logits: f32[B, 2]) {
  logits = photo |> conv(4, kernel = 5, stride = 2) |> relu |> flatten |> dense(2)
}
data pictures(photo: f32[3, 16, 16], side: class[2]) {
  train = folders("train")
  test = folders("test")
  each photo |> picture |> scale(1 / 255)
  augment photo |> random_crop(1) |> rotate(5) |> cutout(2) |> random_resized_crop(0.8)
}
train sides on pictures {
  loss = cross_entropy(logits, side)
  metrics = accuracy(logits, side)
  optimizer = adam(lr = 0.01)
  batch = 12
  epochs = 100
}
"""
SOUNDS = """
model pitch(voice: f32[B, 1200]) -> (logits: f32[B, 2]) {
  logits = voice |> reshape([B, 1, 1200]) |> conv1d(8, kernel = 24, stride = 4) |> relu |> reduce_max([2]) |> dense(2)
}
data sounds(voice: f32[1200], tone: class[2]) {
  train = csv("train.csv")
  test = csv("test.csv")
  each voice |> sound(rate = 8000)
  augment voice |> speed(0.95, 1.05) |> noise(0.01)
}
train pitch on sounds {
  loss = cross_entropy(logits, tone)
  metrics = accuracy(logits, tone)
  optimizer = adam(lr = 0.01)
  batch = 12
  epochs = 40
}
"""
random = np.random.default_rng(3)


# --- files, as their formats say ---------------------------------------------------------------------------------

def png(pixels):
    """PNG of [height, width] grey or [height, width, 3] bytes."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype("u1").tobytes() for row in pixels)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bits_of(text):
    """Bytes of a text of bits, filled up with ones."""
    text += "1" * (-len(text) % 8)
    return bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))


def jpeg(blocks):
    """Baseline JPEG of grey blocks of 8 x 8 equal pixels: each is one coefficient, eight times its height over 128."""
    segment = lambda marker, data: b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data
    height, width = (8 * size for size in blocks.shape)
    # Steps of 8 (a level); codes of four bits for the differences' sizes 0 to 11, of one bit for the end of a block.
    tables = (segment(0xDB, b"\0" + bytes([8] * 64)) + segment(0xC4, b"\0" + bytes([0] * 3 + [12] + [0] * 12 + list(range(12)))) +
              segment(0xC4, b"\x10" + bytes([1] + [0] * 15 + [0])))
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    text, before = "", 0
    for level in (blocks.astype(int).ravel() - 128).tolist():
        difference, before = level - before, level
        size = abs(difference).bit_length()
        text += f"{size:04b}"
        if size:
            text += f"{difference if difference > 0 else difference + (1 << size) - 1:0{size}b}"
        text += "0"
    scan = segment(0xDA, b"\1\1\0\0\x3f\0") + bits_of(text).replace(b"\xff", b"\xff\0")
    return b"\xff\xd8" + tables + frame + scan + b"\xff\xd9"


def wav(values, rate, bits=16):
    """WAV of [moments, channels] numbers in [-1, 1)."""
    whole = np.floor(values * 2 ** (bits - 1)).astype("<i4")
    data = (whole << 32 - bits).view("u1").reshape(-1, 4)[:, 4 - bits // 8:].tobytes()
    block = values.shape[1] * bits // 8
    chunks = b"fmt " + struct.pack("<IHHIIHH", 16, 1, values.shape[1], rate, rate * block, block, bits)
    chunks += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def crc(data, polynomial, width):
    value = 0
    for byte in data:
        value ^= byte << width - 8
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value >> width - 1 else 0)) & (1 << width) - 1
    return value


def flac(values, rate):
    """FLAC of one channel of 16 bits in one block, not packed (`verbatim`); without an MD5."""
    whole, count = np.floor(values * 32768).astype(">i2"), len(values)
    info = struct.pack(">HH", count, count) + bytes(6)
    info += ((rate << 44 | 0 << 41 | 15 << 36 | count).to_bytes(8, "big")) + bytes(16)
    head = b"\xff\xf8" + bytes([0x70, 0x08, 0]) + struct.pack(">H", count - 1)
    frame = head + bytes([crc(head, 0x07, 8), 0x02]) + whole.tobytes()
    return b"fLaC\x80\0\0\x22" + info + frame + struct.pack(">H", crc(frame, 0x8005, 16))


# --- data --------------------------------------------------------------------------------------------------------

def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def picture(side, number):
    """Noise that is brighter on one side: grey and colours, PNG and JPEG, of several sizes."""
    if number % 3 == 2:
        blocks = random.integers(20, 120, (2, 4))
        blocks[:, 2 * side:2 * side + 2] += 100
        return "jpg", jpeg(blocks)
    height, width = 16 + number % 5, 24 + number % 7
    pixels = random.integers(0, 120, (height, width, 3) if number % 3 else (height, width))
    half = width // 2
    pixels[:, half * side:half * (side + 1)] += 100
    return "png", png(pixels)


def sound(low, number):
    """A tone of 500 or 1500 Hz somewhere in noise: WAV and FLAC, of several rates and lengths."""
    rate = (8000, 22050, 8000)[number % 3]
    moments = np.arange(int(rate * (0.1 + number % 5 / 100)))
    tone = 0.5 * np.sin(2 * np.pi * (500 if low else 1500) * moments / rate + random.uniform(0, 6))
    tone += random.normal(0, 0.05, len(moments))
    if number % 3 == 2:
        return "flac", flac(tone, rate)
    return "wav", wav(np.stack([tone, tone * 0.9], 1) if number % 3 else tone[:, None], rate, 24 if number % 3 else 16)


def make_data(folder):
    for split, count in ("train", 30), ("test", 9):
        rows = []
        for kind in 0, 1:
            for number in range(count):
                suffix, data = picture(kind, number)
                write(folder / split / ("left", "right")[kind] / f"{number}.{suffix}", data)
                suffix, data = sound(kind == 0, number)
                name = f"voices/{split}-{kind}-{number}.{suffix}"
                write(folder / name, data)
                rows.append(f"{name},{('low', 'high')[kind]}\n")
        (folder / f"{split}.csv").write_text("".join(rows))


# --- tests -------------------------------------------------------------------------------------------------------

def train(program, run, folder, *options):
    dlc.run(program, "train", "--run", run, "--data", folder, *options)
    return [(run / name).read_bytes() for name in ("last.safetensors", "best.safetensors")]


def train_killed(program, run, folder):
    """Kills a training that has saved something, and goes on."""
    killed = subprocess.Popen([program, "train", "--run", run, "--data", folder, "--checkpoint-every", "3"],
                              stdout=subprocess.DEVNULL)
    while killed.poll() is None and not (run / "resume.safetensors").exists():
        time.sleep(0.001)
    time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL, "it was not killed in mid-training"
    return train(program, run, folder, "--resume", "--threads", "2")


def check(folder, model, names, files, fields):
    """`files` are a right file of each class in the order of `names`."""
    program = dlc.compile_model(folder, model)
    program = program.rename(folder / names[0])
    needed = {line.split()[0].split("/")[-1] for line in dlc.run("ldd", program).splitlines()}
    if "sanitize" not in str(dlc.BUILD):
        assert needed <= {"linux-vdso.so.1", "libm.so.6", "libc.so.6", "ld-linux-x86-64.so.2"}, needed
    first = train(program, folder / f"{names[0]}-run", folder, "--threads", "1")
    for threads in "2", "3":
        assert train(program, folder / f"{names[0]}-{threads}", folder, "--threads", threads) == first, threads
    # Each file read anew in each epoch.
    assert train(program, folder / f"{names[0]}-keep", folder, "--threads", "2", "--keep", "0") == first
    assert train_killed(program, folder / f"{names[0]}-killed", folder) == first

    weights = ["--weights", folder / f"{names[0]}-run" / "last.safetensors"]
    found = json.loads(dlc.run(program, "eval", *weights, "--data", folder, "--json"))
    assert found["samples"] == 18 and found["metrics"]["accuracy"] == 1, found
    predict = [program, "predict", *weights, "--json"]
    alone = [json.loads(dlc.run(*predict, file))[0] for file in files]
    assert [one["name"] for one in alone] == names, alone
    assert [one["input"] for one in alone] == [str(file) for file in files], alone
    # All together, by name, from a list, from a table, and one on standard input: the same answers.
    outputs = [one["outputs"] for one in alone]
    together = lambda answer: [one["outputs"] for one in json.loads(answer)]
    assert together(dlc.run(*predict, *files)) == outputs
    assert together(dlc.run(*predict, *(f"{fields[0]}={file}" for file in files))) == outputs
    assert together(dlc.run(*predict, "-", input="".join(f"{file}\n" for file in files))) == outputs
    for suffix in "csv", "tsv":
        table = folder / f"table.{suffix}"
        table.write_text("".join(f"{file.relative_to(folder)}\n" for file in files))
        assert together(dlc.run(*predict, table, "--data", folder)) == outputs, suffix
    with open(files[0], "rb") as stream:
        assert together(dlc.run(*predict, "-", stdin=stream)) == outputs[:1]
    sample = json.loads(dlc.run(*predict, "test:0", "--data", folder))[0]
    assert sample["label"] == sample["class"], sample
    # A table of whole samples, as those of the data block; a wrong one is refused.
    if fields[0] == "voice":
        whole = json.loads(dlc.run(*predict, folder / "test.csv", "--data", folder))
        assert len(whole) == 18 and [one["name"] for one in whole] == [names[0]] * 9 + [names[1]] * 9, whole
    table.write_text("a\tb\tc\n")
    dlc.refused([*predict, table], "3 columns, but a sample needs 1")
    table.write_text(" \n")
    dlc.refused([*predict, table], "table.tsv`, line 1, column 1: the cell is empty", "needs the name of a file")
    dlc.refused([*predict, folder / "nothing"], "nothing", "No such file")
    dlc.refused([*predict, dlc.ROOT / "README.md"], "README.md", "as its first bytes tell")
    return program, predict


with dlc.scratch() as folder:
    folder = pathlib.Path(folder)
    make_data(folder)
    # A share of the files takes the place of a split of their own: the same bits on any threads and after a kill.
    for model, loader in (PICTURES, "folders"), (SOUNDS, "csv"):
        program = dlc.compile_model(folder, model.replace(f'test = {loader}("test', 'test = split(0.2) // ("test'))
        first = train(program, folder / f"{loader}-share", folder, "--threads", "1")
        assert train(program, folder / f"{loader}-share-2", folder, "--threads", "2") == first
        assert train_killed(program, folder / f"{loader}-share-killed", folder) == first
        found = json.loads(dlc.run(program, "eval", "--weights", folder / f"{loader}-share" / "last.safetensors",
                                   "--data", folder, "--json"))
        start = json.loads((folder / f"{loader}-share" / "log.jsonl").read_text().splitlines()[0])
        assert found["samples"] + start["samples"] == 60 and found["samples"] > 3, (found, start)

    program, predict = check(folder, PICTURES, ["left", "right"],
                             [folder / "test/left/0.png", folder / "test/right/2.jpg"], ["photo"])
    broken = folder / "train/left/1.png"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:-20])
    dlc.refused([program, "train", "--run", folder / "broken", "--data", folder], str(broken), "damaged PNG file")
    broken.unlink()
    broken.mkdir()
    dlc.refused([program, "train", "--run", folder / "broken", "--data", folder], str(broken), "is a folder")

    program, predict = check(folder, SOUNDS, ["low", "high"],
                             [folder / "voices/test-0-1.wav", folder / "voices/test-1-2.flac"], ["voice"])
    long = folder / "long.wav"
    long.write_bytes(wav(np.zeros((1201, 1)), 8000))
    dlc.refused([*predict, long], "long.wav", "is 0.150 s long", "voice: f32[1201]")
    (folder / "voices/train-0-0.wav").unlink()
    dlc.refused([program, "train", "--run", folder / "broken", "--data", folder], "train.csv`: sample 0",
                "train-0-0.wav")

    # Programs that read no such files do not hold what reads them.
    plain = dlc.compile_model(folder, "examples/mazur/mazur.nn").read_bytes()
    for word in b"IHDR", b"libjpeg", b"reference libFLAC", b"extensible":
        assert word not in plain, word
