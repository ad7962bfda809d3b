"""The tables of bench/run: each measures, and prints a row of Markdown as soon as it has one."""
import json
import re
import shutil
import statistics
import subprocess
import time

import servers
import shapes

LAYOUTS = ("nchw", "channels_last")
# A variant of PyTorch whose fastest round is so much slower than another's is not timed again.
HOPELESS = 1.3

BATCH = {"mlp": 64, "lenet5": 64, "cnn": 64, "resnet20": 128, "alexnet": 32, "googlenet": 8, "resnet50": 8, "lstm": 32,
         "gru": 32, "gpt": 16}
# Of the command `bench --json`; the last one is the inference of one sample.
WHATS = {"step": "step_ms", "infer": "infer_ms", "one": "infer_one_ms"}
# The ratios to PyTorch's time that the project aims at, in the order of WHATS; what has none is not timed.
GOAL = {"mlp": (0.70, 0.90), "lenet5": (0.22, 0.22), "cnn": (0.58, 0.60), "resnet20": (0.72, 0.80), "alexnet": (0.78, 0.93),
        "googlenet": (0.60, 0.60), "resnet50": (0.72, 0.72),
        "lstm": (0.45, 0.60, 0.40), "gru": (0.45, 0.60, 0.40), "gpt": (0.75, 0.80, 0.40)}

COMPILE_GOAL = {"lenet5": 1.5, "resnet20": 10, "alexnet": 10}


def spread(times):
    digits = 3 if statistics.median(times) < 1 else 2 if statistics.median(times) < 100 else 1
    return f"{statistics.median(times):.{digits}f} ({min(times):.{digits}f}–{max(times):.{digits}f})"


def percent(shares):
    low, middle, high = (100 * f(shares) for f in (min, statistics.median, max))
    return f"{middle:.0f} % ({low:.0f}–{high:.0f})"


def against(goal, found, least=False):
    """The goal, and whether the median keeps to it: shares are to be at least so much, ratios at most."""
    if not goal:
        return ""
    missed = found < goal if least else found > goal
    return (f"{100 * goal:.0f} %" if least else f"{goal:.2f}") + (", missed" if missed else "")


page = []  # what was printed


def emit(text=""):
    page.append(text)
    print(text, flush=True)


def header(*columns):
    emit(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")


def row(*cells):
    emit(f"| {' | '.join(map(str, cells))} |")


def add(times, key, value):
    times.setdefault(key, []).append(value)


def best(times):
    """The variant with the smallest median: its name and its times."""
    return min(times.items(), key=lambda item: statistics.median(item[1]))


def keep_hopeful(times):
    """The variants that may yet be the best."""
    least = min(min(found) for found in times.values())
    return [key for key, found in times.items() if min(found) < HOPELESS * least]


def name(variant):
    return " ".join(filter(None, variant))


def ratio(ours, theirs):
    return f"**{statistics.median(ours) / statistics.median(theirs):.2f}**"


# --- single shapes ---------------------------------------------------------------------------------------------------

def shape_tables(options, folder, peak):
    every = shapes.products() + shapes.convolutions()
    cases = [case for case in every if re.search(options.only, " ".join(case.label()))]
    ours = servers.ours(folder, "".join(case.text(f"case{i}") for i, case in enumerate(cases)))
    torch = {core: servers.pytorch("pytorch_shapes.py", threads=1, core=core, keeps_memory=True) for core in servers.cores()}
    onednn = servers.onednn(folder)
    for server in torch.values():
        server.wait_until_ready()
    for kind, title, rival in ((shapes.Product, "product, M × N × K", False), (shapes.Convolution, "convolution", True)):
        chosen = [(f"case{i}", case) for i, case in enumerate(cases) if isinstance(case, kind)]
        if not chosen:
            continue
        header(title, "", "ours, ms", "GFLOP/s", "of peak", "goal", "PyTorch, ms", "its best", "ratio",
               *(("oneDNN, ms", "ratio") if rival else ()))
        for function, case in chosen:
            row(*shape_row(options, function, case, ours, torch, onednn if rival else None, peak))
        emit()
    for server in (ours, onednn, *torch.values()):
        server.close()


def shape_row(options, function, case, ours, torch, onednn, peak):
    variants = [(layout, None) for layout in LAYOUTS] if onednn else [("nchw", core) for core in torch]
    times, theirs, rivals, shares = [], {}, [], []
    for _ in range(options.rounds):
        fma, = peak.ask("fma")
        _, found = ours.ask(f"{function} {options.seconds / 3}")
        times.append(found)
        shares.append(case.operations() / found * 1e-6 / fma)
        if onednn:
            rivals += onednn.ask(f"{case.request()} {options.seconds / 3}")
        for layout, core in variants:
            add(theirs, (layout, core), torch[core].ask(f"{case.request()} {layout} {options.seconds / 3}")[0])
        variants = [variant for variant in variants if variant in keep_hopeful(theirs)]
    variant, fastest = best(theirs)
    rate = case.operations() / statistics.median(times) * 1e-6
    label, direction = case.label()
    return (label, direction, spread(times), f"{rate:.0f}", percent(shares),
            against(case.goal, statistics.median(shares), least=True), spread(fastest), variant[0] if onednn else variant[1] or "default", ratio(times, fastest),
            *((spread(rivals), ratio(times, rivals)) if onednn else ()))


# --- networks --------------------------------------------------------------------------------------------------------

def source(network):
    own = servers.HERE / f"networks/{network}.nn"
    return own if own.exists() else servers.HERE.parent / f"examples/{network}/{network}.nn"


def compile(network, folder):
    program = f"{folder}/{network}"
    subprocess.run([servers.BUILD / "dlc", "compile", source(network),
                    "--batch", str(BATCH[network]), "-o", program], check=True)
    return program


def compile_table(options, folder, _):
    header("`dlc compile`", "s", "goal")
    for network in filter(lambda network: re.search(options.only, network), BATCH):
        seconds = []
        for _ in range(options.rounds):
            begin = time.perf_counter()
            compile(network, folder)
            seconds.append(time.perf_counter() - begin)
        row(network, spread(seconds), against(COMPILE_GOAL.get(network), statistics.median(seconds)))
    emit()


def network_table(options, folder, peak):
    header("network", "", "batch", "threads", "ours, ms", "of peak", "PyTorch, ms", "its best", "ratio", "goal",
           "PyTorch keeping memory, ms", "ratio", "times one thread's speed")
    for network in BATCH:
        if re.search(options.only, network):
            for cells in network_rows(options, network, compile(network, folder), peak):
                row(*cells)
    emit()


def timed(network):
    return list(WHATS)[:len(GOAL[network])]


class NetworkRivals:
    """PyTorch in all its variants for one network and number of threads; and, once it is known which is best for a step
    or an inference, that one keeping its memory."""

    def __init__(self, network, threads):
        self.start = lambda core, keeps: servers.pytorch("pytorch_networks.py", network, BATCH[network], threads,
                                                         threads=threads, core=core, keeps_memory=keeps)
        self.servers = {core: self.start(core, False) for core in servers.cores()}
        self.keeping = {}  # servers by core
        variants = [(layout, core) for layout in LAYOUTS for core in self.servers]
        self.hopeful = {what: variants for what in WHATS}
        self.times = {what: {} for what in WHATS}
        self.times_keeping = {what: [] for what in WHATS}

    def wait_until_ready(self):
        for server in self.servers.values():
            server.wait_until_ready()

    def round(self, what, seconds):
        for layout, core in self.hopeful[what]:
            add(self.times[what], (layout, core), self.servers[core].ask(f"{what} {layout} {seconds}")[0])
        self.hopeful[what] = keep_hopeful(self.times[what])
        layout, core = best(self.times[what])[0]
        if core not in self.keeping:
            self.keeping[core] = self.start(core, True)
        self.times_keeping[what] += self.keeping[core].ask(f"{what} {layout} {seconds}")

    def close(self):
        for server in (*self.servers.values(), *self.keeping.values()):
            server.close()


def network_rows(options, network, program, peak):
    rivals = {threads: NetworkRivals(network, threads) for threads in options.threads}
    for rival in rivals.values():
        rival.wait_until_ready()
    ours, shares = {}, {}
    for _ in range(options.rounds):
        for threads, rival in rivals.items():
            fma, = peak.ask("fma")
            command = [program, "bench", "--threads", str(threads), "--seconds", str(2 * options.seconds), "--json"]
            found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            add(shares, threads, found["step_gflops"] / (fma * threads))
            for what in timed(network):
                add(ours, (what, threads), found[WHATS[what]])
                rival.round(what, options.seconds)
    for rival in rivals.values():
        rival.close()
    for what, goal in zip(timed(network), GOAL[network]):
        for threads, rival in rivals.items():
            times = ours[what, threads]
            variant, fastest = best(rival.times[what])
            keeping = rival.times_keeping[what]
            faster = f"{statistics.median(ours[what, 1]) / statistics.median(times):.2f}" if threads > 1 and 1 in rivals else ""
            yield (network, what, BATCH[network], threads, spread(times), percent(shares[threads]) if what == "step" else "",
                   spread(fastest), name(variant), ratio(times, fastest),
                   against(goal, statistics.median(times) / statistics.median(fastest)), spread(keeping), ratio(times, keeping),
                   faster)


# --- a whole training ------------------------------------------------------------------------------------------------

def training_table(options, folder, _):
    if not re.search(options.only, "lenet5"):
        return
    header("one epoch of Fashion-MNIST", "threads", "whole program, s", "steps, s", "evaluation, s", "steps' share", "goal",
           "with the evaluation")
    program = compile("lenet5", folder)
    for threads in options.threads:
        wholes, steps, evaluations = [], [], []
        for _ in range(options.rounds):
            begin = time.perf_counter()
            found = subprocess.run([program, "train", "--epochs", "1", "--threads", str(threads), "--run", f"{folder}/run",
                                    "--json"], capture_output=True, text=True, check=True)
            wholes.append(time.perf_counter() - begin)
            lines = [json.loads(line) for line in found.stdout.splitlines()]
            steps.append(sum(line["step_seconds"] for line in lines if line["kind"] == "epoch"))
            evaluations.append(sum(line["seconds"] for line in lines if line["kind"] == "eval"))
            shutil.rmtree(f"{folder}/run")
        shares = [step / whole for step, whole in zip(steps, wholes)]
        both = [(step + evaluation) / whole for step, evaluation, whole in zip(steps, evaluations, wholes)]
        row("`lenet5 train --epochs 1`", threads, spread(wholes), spread(steps), spread(evaluations),
            percent(shares), against(0.90, statistics.median(shares), least=True), percent(both))
    emit()


TABLES = {"shapes": shape_tables, "networks": network_table, "training": training_table, "compile": compile_table}
