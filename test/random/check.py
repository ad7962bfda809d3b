"""Compiles a network, runs its program, and compares all it answers with PyTorch and with the evaluator."""
import json
import pathlib
import re
import subprocess

import numpy as np

import dlc
import twin
from training import transformed

EVALUATOR = dlc.BUILD / "bin" / "dlc-test"
LEVELS = {"x86-64-v2": "sse4_2", "x86-64-v3": "avx2", "x86-64-v4": "avx512f"}  # and what is new in each
SECONDS = 120  # that any one command may take

# How far an answer may be off: so much of the largest number of its tensor, and so many times what PyTorch itself is
# off in that precision or, without PyTorch, what the last bits of all inputs do to it.
kTolerance = {"f64": 1e-9, "f32": 2e-5}
kTimesOwnError = 64
# Gradients are sums in which large terms may cancel: none is judged by less than this part of the largest one.
kCancelled = 0.1


def targets():
    """Those that run here."""
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    return [level for level, flag in LEVELS.items() if flag in flags] + ["native"]


class Failure(Exception):
    """`kind` says what failed, without numbers: a smaller network that fails in the same way is the same failure."""

    def __init__(self, kind, text):
        super().__init__(f"{kind}: {text}")
        self.kind = kind


def run(kind, *command, **options):
    """Runs a command, which must end with 0, and returns what it wrote."""
    command = [str(part) for part in command]
    try:
        result = subprocess.run(command, capture_output=True, timeout=SECONDS, **options)
    except subprocess.TimeoutExpired:
        raise Failure(kind + " does not end", " ".join(command)) from None
    if result.returncode:
        words = result.stderr.decode(errors="replace")[-1500:]
        raise Failure(f"{kind} (exit code {result.returncode})", " ".join(command) + "\n" + words)
    return result.stdout


def in_f32(numbers):
    return numbers.astype(np.float32).astype(np.float64)


class Case:
    """A network with its text, weights and data."""

    def __init__(self, network, folder, seed=0):
        self.network, self.seed, self.text = network, seed, network.text()
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "model.nn").write_text(self.text)
        self.attempt(0)

    def attempt(self, number):
        """Draws weights and data, as numbers that f32 holds; each number gives others."""
        network, training = self.network, self.network.training
        self.random = random = np.random.default_rng([self.seed, number])

        def uniform(shape, deviation=1.0, mean=0.0):
            numbers = random.uniform(-1.8, 1.8, shape) * deviation + mean  # bounded, and no two alike
            return in_f32(numbers)

        partial = training.partial and not network.mixes()
        samples = {"train": network.batch * training.steps - (network.batch // 3 if partial else 0),
                   "test": network.call + (network.call // 2 if partial else 0)}
        self.rows = min(samples["train"], network.call - (network.call // 4 if partial else 0))  # of `step`
        self.arrays = {}
        for split, count in samples.items():
            arrays = self.arrays[split] = {}
            for node in network.inputs():
                a = node.attributes
                arrays[a["name"]] = (random.integers(0, a["classes"], count).astype(np.int32) if a["classes"]
                                     else uniform([count] + a["shape"][1:]))
            for name, what, shape in training.targets():
                if what == "class":
                    arrays[name] = random.integers(0, shape[1], count).astype(np.int32)
                else:
                    numbers = uniform([count] + shape[1:])
                    arrays[name] = numbers if what == "real" else in_f32(1 / (1 + np.exp(-numbers)))
        self.declared = [list(network.declared(what)) for what in ("weights", "states")]
        self.variables = {key: uniform(shape, deviation, mean)
                          for declared in self.declared for key, shape, deviation, mean in declared}

    def name_variables(self, info):
        """Weights and states get the names that the program gives them, in order of declaration."""
        self.names = []
        for what, declared in zip(("weights", "state"), self.declared):
            given = [(variable["name"], variable["shape"]) for variable in info[what]]
            if [list(shape) for _, shape, _, _ in declared] != [shape for _, shape in given]:
                raise Failure(f"other {what} than declared", f"{given}")
            self.names.append({key: name for (key, *_), (name, _) in zip(declared, given)})

    def write(self):
        dlc.write_safetensors(self.folder / "w.safetensors", {
            name: self.variables[key] for names in self.names for key, name in names.items()})
        step = {name: array[:self.rows] for name, array in self.arrays["train"].items()}
        for split, arrays in {**self.arrays, "step": step}.items():
            for name, array in arrays.items():
                np.save(self.folder / f"{name}-{split}.npy", array)


# --- what the program answers ----------------------------------------------------------------------

class Program:
    """A case compiled for one precision and target."""

    def __init__(self, case, precision, target):
        self.case, self.precision, self.target = case, precision, target
        self.path = case.folder / f"program-{precision}-{target}"
        run("compile", dlc.DLC, "compile", case.folder / "model.nn", "-o", self.path, f"--precision={precision}",
            f"--target={target}", f"--batch={case.network.call}")

    def info(self):
        return json.loads(run("info", self.path, "info", "--json"))

    def answers(self):
        """Everything, by name; on 3 threads and on 1 the bits must be the same."""
        found, bits = self.answers_on(1)
        _, others = self.answers_on(3)
        for name, value in bits.items():
            if value != others[name]:
                raise Failure("threads", f"{name} differs on 3 threads")
        return found

    def answers_on(self, threads):
        case, folder, network = self.case, self.case.folder, self.case.network
        options = {"cwd": folder}
        on = ["--threads", threads]
        inputs = [option for name in case.arrays["train"] for option in ("--input", f"{name}={name}-step.npy")]
        step = run("step", self.path, "step", "--weights", "w.safetensors", *inputs, "--grads", "g.safetensors",
                   "--outputs", "o.safetensors", "--json", *on, **options)
        run("train", "rm", "-rf", "run", **options)
        run("train", self.path, "train", "--init", "w.safetensors", "--data", ".", "--run", "run",
            "--batch", network.batch, *on, **options)
        evaluated = run("eval", self.path, "eval", "--weights", "w.safetensors", "--data", ".", "--json", *on,
                        **options)
        given = [f"{node.attributes['name']}={node.attributes['name']}-test.npy" for node in network.inputs()]
        predicted = run("predict", self.path, "predict", "--weights", "w.safetensors", "--json", *given, *on, **options)

        bits = {"step": step, "eval": evaluated, "predict": predicted}
        for name in ("g.safetensors", "o.safetensors", "run/last.safetensors"):
            bits[name] = (folder / name).read_bytes()
        return (self.named(step, evaluated, predicted) if threads == 1 else None), bits

    def named(self, step, evaluated, predicted):
        folder, found = self.case.folder, {}
        for what, text in (("step", step), ("eval", evaluated)):
            answer = json.loads(text)
            found.update({f"{what} {name}": value
                          for name, value in {"loss": answer["loss"], **answer["metrics"]}.items()})
        for name, array in dlc.read_safetensors(folder / "o.safetensors").items():
            found[f"step {name}"] = array
        for name, array in dlc.read_safetensors(folder / "g.safetensors").items():
            found[f"gradient {name}"] = array
        for line in map(json.loads, open(folder / "run" / "log.jsonl")):
            if line["kind"] == "step":
                found[f"train loss {line['step']}"] = line["loss"]
        for name, array in dlc.read_safetensors(folder / "run" / "last.safetensors").items():
            found[f"trained {name}"] = array
        samples = json.loads(predicted)
        for name, shape in zip(self.case.network.training.results(), self.case.network.training.shapes):
            numbers = np.array([sample["outputs"][name] for sample in samples], dtype=float)  # null is not a number
            found[f"predict {name}"] = numbers.reshape([len(samples)] + shape[1:])
        return {name: np.asarray(value, float) for name, value in found.items()}


# --- what the evaluator answers ---------------------------------------------------------------------

class Evaluated:
    """The module after differentiation, by the evaluator of dlc-test."""

    def __init__(self, case):
        self.case, self.path = case, case.folder / "model.mlir"
        run("compile", dlc.DLC, "compile", case.folder / "model.nn", "--emit=grad", "--precision=f64", "-o", self.path,
            f"--batch={case.network.call}")
        self.text = self.path.read_text()

    def operations(self):
        return set(re.findall(r"\bnn\.(\w+) [%(d]", self.text))

    def call(self, function, values):
        """The results by (kind, name); `values` has the arguments by (kind, name) or by kind."""
        head = re.search(rf"func\.func @{function}\((.*)\) -> (.*) {{$", self.text, re.M)
        arguments, results = (
            [([int(size) for size in shape.split("x")[:-1]], kind, name) for shape, kind, name in re.findall(
                r'tensor<([^>]*)> {nn.index = \d+ : i64, nn.kind = "(\w+)", nn.name = "([^"]*)"}', part)]
            for part in head.groups())
        numbers = b""
        for shape, kind, name in arguments:
            array = np.zeros(shape)
            given = np.asarray(values[kind, name] if (kind, name) in values else values[kind])
            array[tuple(slice(size) for size in given.shape)] = given  # a batch that is not full is padded
            numbers += array.tobytes()
        answer = np.frombuffer(run("evaluator", EVALUATOR, f"--evaluate={function}", self.path, input=numbers))
        found, offset = {}, 0
        for shape, kind, name in results:
            size = int(np.prod(shape))
            found[kind, name] = answer[offset:offset + size].reshape(shape)
            offset += size
        return found

    def answers(self, jitters=False):
        """By the same names as the program's. `jitters` moves all numbers by their last bits in f32."""
        case, network = self.case, self.case.network

        def near(array):
            if not jitters or array.dtype == np.int32:
                return array
            return array * (1 + case.random.choice([-1, 0, 1], array.shape) * 2.0 ** -23)

        variables = {(kind, name): near(case.variables[key])
                     for kind, names in zip(("param", "state"), case.names) for key, name in names.items()}
        seed = network.training.seed

        def arguments(fields, begin, end):
            inputs = {("input", name): near(array[begin:end]) for name, array in fields.items()}
            return {**variables, **inputs, "sample_weight": np.full(end - begin, 1 / (end - begin)),
                    "random_key": [seed & 0xFFFFFFFF, seed >> 32, 0, 0]}

        names = {"output": "step {}", "loss": "step {}", "metric": "step {}", "gradient": "gradient {}"}
        found = {}
        for (kind, name), value in self.call("step", arguments(case.arrays["train"], 0, case.rows)).items():
            if kind in names:
                found[names[kind].format(name)] = value[:case.rows] if kind == "output" else value
        fields = transformed(network, case.arrays["test"])
        samples = len(next(iter(fields.values())))
        parts = []
        for begin in range(0, samples, network.call):
            end = min(begin + network.call, samples)
            given = arguments(fields, begin, end)
            for (kind, name), value in self.call("evaluate", given).items():
                if kind != "output":
                    found[f"eval {name}"] = found.get(f"eval {name}", 0) + value * (end - begin) / samples
            parts.append({name: value[:end - begin] for (_, name), value in self.call("infer", given).items()})
        for name in parts[0]:
            found[f"predict {name}"] = np.concatenate([part[name] for part in parts])
        return found


# --- comparing --------------------------------------------------------------------------------------

class Tally:
    """Counts what was compared, and remembers how far off the worst was beside what it may be."""

    def __init__(self):
        self.networks, self.comparisons, self.numbers, self.unjudged = 0, 0, 0, 0
        self.worst = {}  # by oracle and precision: (part of what is allowed, relative to the largest, name)

    def compare(self, found, expected, oracle, precision, errors):
        """`errors` are by how much each precision may be off by nature."""
        largest = {}  # of each group, the first word of a name
        for name, value in expected.items():
            group = name.split()[0]
            largest[group] = max(largest.get(group, 0), np.abs(value).max(initial=0))
        for name, value in expected.items():
            ours = found.get(name)
            group = name.split()[0]
            kind = f"{precision} {group} against {oracle}"
            if ours is None or ours.shape != value.shape:
                raise Failure(kind, f"{name}: {None if ours is None else ours.shape}, expected {value.shape}")
            scale = max(np.abs(value).max(initial=0), kCancelled * largest[group], 1e-30)
            allowed = kTolerance[precision] * scale + kTimesOwnError * errors[precision][name]
            off = np.abs(ours - value)
            error = off.max(initial=0)
            self.comparisons += 1
            self.numbers += value.size
            if not error <= allowed:
                place = np.unravel_index(np.argmax(np.where(np.isnan(off), np.inf, off)), value.shape)
                raise Failure(kind, f"{name}{list(map(int, place))}: {ours[place]:.12g}, expected {value[place]:.12g}; "
                              f"off by {error:.2e}, allowed {allowed:.2e}, largest {scale:.2e}")
            worst = (error / allowed, error / scale, name)
            key = f"{oracle} {precision}"
            self.worst[key] = max(self.worst.get(key, worst), worst)


class Undrawn(Exception):
    """No data was found on which the network is well-conditioned."""


def check(case, combinations, torch, tally):
    """Checks a case for (precision, target) pairs. Raises Failure, with the pair as its `combination`, or Undrawn."""
    references = []  # (oracle, values in f64, values that can be judged in f32, errors there)
    for precision, target in combinations:
        try:
            program = Program(case, precision, target)
            if not references:
                case.name_variables(program.info())
                references = make_references(case, torch, tally)
                case.write()
            found = program.answers()
            for oracle, exact, single, errors in references:
                tally.compare(found, exact if precision == "f64" else single, oracle, precision, errors)
            program.path.unlink()
        except Failure as failure:
            failure.combination = precision, target
            raise
    tally.networks += 1


def make_references(case, torch, tally):
    """What PyTorch and the evaluator expect, on data that suits them: these are the case's then."""
    references, errors = [], None
    judged = {"step", "gradient", "train", "trained", "eval", "predict"}  # in f32
    if torch:
        reference = well_conditioned(case, torch)
        errors = reference.errors
        judged = set() if not reference.is_smooth else judged if reference.trains_steadily else \
            judged - {"train", "trained"}
        references.append(("PyTorch", reference.values))
    evaluated = Evaluated(case)
    values = evaluated.answers()
    references.append(("the evaluator", values))
    if not torch:
        others = [evaluated.answers(jitters=True) for _ in range(2)]
        single = {name: max(np.abs(other[name] - value).max(initial=0) for other in others)
                  for name, value in values.items()}
        errors = {"f32": single, "f64": {name: error * twin.F64_ROUNDING for name, error in single.items()}}
    tally.unjudged += not judged
    return [(oracle, values, {name: value for name, value in values.items() if name.split()[0] in judged}, errors)
            for oracle, values in references]


def well_conditioned(case, torch):
    """PyTorch's reference on data where no rounding reaches a kink: of neither precision, or else of f64."""
    kAttempts = 8
    suitable = None
    for attempt in range(kAttempts):
        case.attempt(attempt)
        reference = twin.Reference(torch, case)
        if reference.is_smooth:
            return reference
        if suitable is None and reference.is_smooth_in_f64:
            suitable = attempt
    if suitable is None:
        raise Undrawn
    case.attempt(suitable)
    return twin.Reference(torch, case)
