"""From sound files to words: a network that learns three tones by CTC says which ones a file has, and in which order."""
# RUN: %python %s
import wave

import numpy as np

import dlc

RATE, TONES = 4000, {"low": 300, "mid": 700, "high": 1300}
MODEL = """
model tones(voice: f32[B, 4000]) -> (scores: f32[B, 24, 7], steps: int[B], answer: int[B, 4]) {
  let x = log_mel(voice, rate = 4000, window = 160, hop = 160, bands = 12)[:, 0:24]
  let length = sound_length(voice)
  let count[b] = max(min(length[b] / 160, 24), 1)
  let (all, last) = x * 0.2 |> gru(24)(lengths = count)
  scores = all |> dense(7)
  steps = count
  answer = ctc_greedy(scores, 4, lengths = count)
}

data files(voice: f32[4000], spoken: class[7, 4]) {
  train = csv("train.csv")
  test  = csv("test.csv")
  each voice |> sound(rate = 4000)
  each spoken |> words
}

train tones on files {
  loss      = ctc(scores, spoken, steps)
  metrics   = word_error_rate(answer, spoken)
  optimizer = adam(lr = 1e-2)
  batch     = 16
  epochs    = 12
  clip_norm = 1.0
}
"""


def write(path, names, random):
    parts = []
    for name in names:
        time = np.arange(int(RATE * random.uniform(0.12, 0.2))) / RATE
        parts += [0.4 * np.sin(2 * np.pi * TONES[name] * random.uniform(0.95, 1.05) * time), np.zeros(RATE // 25)]
    numbers = np.concatenate(parts) + 0.01 * random.standard_normal(sum(map(len, parts)))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((32767 * numbers[:4000]).astype("<i2").tobytes())


with dlc.scratch() as folder:
    random = np.random.default_rng(1)
    said = []
    for split, count in (("train", 320), ("test", 48)):
        with open(f"{folder}/{split}.csv", "w") as table:
            for i in range(count):
                names = random.choice(list(TONES), random.integers(1, 4))
                write(f"{folder}/{split}{i}.wav", names, random)
                table.write(f"{split}{i}.wav,{' '.join(names)}\n")
                said.append(" ".join(names))
    program = dlc.compile_model(folder, MODEL)
    data, run = ["--data", folder], ["--run", f"{folder}/run"]
    print(dlc.run(program, "train", *data, *run, "--threads", 2))
    weights = ["--weights", f"{folder}/run/last.safetensors"]
    found = dlc.run(program, "eval", *data, *weights)
    print(found)
    assert float(found.split("word_error_rate")[1].split()[0]) < 0.15, found
    answers = [dlc.run(program, "predict", *weights, f"{folder}/test{i}.wav").split(":")[-1].strip() for i in range(12)]
    right = sum(answer == want for answer, want in zip(answers, said[320:]))
    print(answers, said[320:332])
    assert right >= 9, (answers, said[320:332])

    other = f"{folder}/other"
    dlc.run(program, "train", *data, "--run", other, "--threads", 3)
    if open(f"{other}/last.safetensors", "rb").read() != open(f"{folder}/run/last.safetensors", "rb").read():
        raise SystemExit("other bits on three threads than on two")
