"""Beam and greedy search written in the language, with `top_k`, gathered states and `until`, find what the same in
Python does."""
# RUN: %python %s
import numpy as np

import dlc

SYMBOLS, UNITS, STEPS = 7, 5, 6
random = np.random.default_rng(6)

MODEL = """
fn taken(x: f32[N, D], parent: int[B, K]) {
  let row[b, k, d] = reshape([B, K, D])(x)[b, parent[b, k], d]
  return reshape([N, D])(row)
}

model writer(x: f32[B, UNITS]) -> (found: f32[B, BEAMS, STEPS + 1]) {
  let start = reshape([B * BEAMS, UNITS])(broadcast([1], [BEAMS])(x))
  let first[b, k]: f32[B, BEAMS] = select(k == 0, 0.0, -1e30)
  let (state, own, sums, texts) = loop turn in 0..STEPS, h = start, last = int(zeros[B, BEAMS]), total = first,
    written = int(zeros[B, BEAMS, STEPS]) {
    let now = (reshape([B * BEAMS])(last) |> embedding(SYMBOLS, UNITS)) + h |> dense(UNITS) |> tanh
    let chance = now |> dense(SYMBOLS) |> log_softmax |> reshape([B, BEAMS, SYMBOLS])
    let all[b, k, v] = total[b, k] + select(last[b, k] == 1, select(v == 1, 0.0, -1e30), chance[b, k, v])
    let (best, place) = top_k(reshape([B, BEAMS * SYMBOLS])(all), BEAMS)
    let parent = place / SYMBOLS
    let longer[b, k, t] = select(t == turn, place[b, k] % SYMBOLS, written[b, parent[b, k], t])
    next h = taken(now, parent)
    next last = place % SYMBOLS
    next total = best
    next written = longer
  }
  found = concat(axis = 2)(float(texts), reshape([B, BEAMS, 1])(sums))
}
"""


def answers(folder, model, batch, **inputs):
    """Random weights, and what the model makes of the inputs with them."""
    for name, value in (("SYMBOLS", SYMBOLS), ("UNITS", UNITS), ("STEPS", STEPS)):
        model = model.replace(name, str(value))
    program = dlc.compile_model(folder, model, "--precision=f64", "--batch", batch)
    weights = {w["name"]: 1.5 * random.standard_normal(w["shape"]) for w in dlc.info(program)["weights"]}
    dlc.write_safetensors(f"{folder}/w.safetensors", weights)
    for name, values in inputs.items():
        np.save(f"{folder}/{name}.npy", values)
    dlc.run(program, "predict", "--weights", f"{folder}/w.safetensors", "--out", f"{folder}/found.npy",
            *(f"{name}={folder}/{name}.npy" for name in inputs))
    return weights, np.load(f"{folder}/found.npy")


def search(x, w, beams):
    """Texts that end in 1 stay as they are. Of equal ones, the first."""
    texts = [((), 0, x, 0.0)]
    for _ in range(STEPS):
        found = []
        for text, last, h, total in texts:
            now = np.tanh((w["embedding_1.weight"][last] + h) @ w["dense_1.weight"] + w["dense_1.bias"])
            z = now @ w["dense_2.weight"] + w["dense_2.bias"]
            chance = z - z.max() - np.log(np.exp(z - z.max()).sum())
            found += [(text + (v,), v, now, total + (chance[v] if last != 1 else 0.0 if v == 1 else -1e30))
                      for v in range(SYMBOLS)]
        texts = sorted(found, key=lambda each: -each[3])[:beams]
    return [text for text, *_ in texts], [total for *_, total in texts]


with dlc.scratch() as folder:
    for beams, batch in ((1, 3), (2, 5), (4, 16), (7, 2)):
        x = random.standard_normal((batch, UNITS))
        weights, all_found = answers(folder, MODEL.replace("BEAMS", str(beams)), batch, x=x)
        for row, found in zip(x, all_found):
            texts, totals = search(row, weights, beams)
            assert (found[:, :-1] == np.array(texts)).all(), (beams, found, texts)
            dlc.close(f"{beams} beams", found[:, -1], np.array(totals), 1e-12)

# Each text ends at its own 1, or after the turns it may have; what comes after is 0.
GREEDY = """
model writer(x: f32[B, UNITS], most: int[B, T <= 9]) -> (found: f32[B, T + UNITS]) {
  let (words, state, last) = scan m in most along 1 until last == 1 or m == 0, h = x, last = int(zeros[B]) {
    let now = (last |> embedding(SYMBOLS, UNITS)) + h |> dense(UNITS) |> tanh
    next h = now
    next last = now |> dense(SYMBOLS) |> argmax
    yield next last
  }
  found = concat(axis = 1)(float(words), state)
}
"""


def write(x, most, w):
    text, last, h = np.zeros(len(most)), 0, x
    for turn, may in enumerate(most):
        if last == 1 or not may:
            continue
        h = np.tanh((w["embedding_1.weight"][last] + h) @ w["dense_1.weight"] + w["dense_1.bias"])
        text[turn] = last = np.argmax(h @ w["dense_2.weight"] + w["dense_2.bias"])
    return text, h


with dlc.scratch() as folder:
    for batch in (1, 5, 16):
        x = random.standard_normal((batch, UNITS))
        most = (np.arange(9) < random.integers(1, 10, (batch, 1))).astype(np.int32)
        weights, all_found = answers(folder, GREEDY, batch, x=x, most=most)
        for row, may, found in zip(x, most, all_found):
            text, state = write(row, may, weights)
            assert (found[:9] == text).all(), (batch, found, text)
            dlc.close("greedy", found[9:], state, 1e-12)
