"""Cuts a failing network down to its smallest form that still fails in the same way."""
import copy
import re
import time

from network import Misfit, Node
from operations import is_batch_first

SECONDS = 240  # that shrinking one network may take

# Attributes in their simplest form.
SIMPLE = {"stride": 1, "pad": 0, "dilation": 1, "groups": 1, "bias": False, "init": None, "turns": 1, "listed": False,
          "gain": 0.5}


def size(network):
    """What shrinking makes smaller: nodes first, then all numbers and letters of the text."""
    text = network.text()
    return (sum(1 for _ in network.body.unfold()),
            sum(map(int, re.findall(r"\d+", text))) + len(text) + network.splits)


def shrink(network, fails):
    """`fails(network)` says whether a network fails in the way that is looked for."""
    began, smallest = time.time(), size(network)
    improved = True
    while improved:
        improved = False
        for change in changes(network):
            if time.time() - began > SECONDS:
                return network
            smaller = changed(network, change)
            if smaller and size(smaller) < smallest and fails(smaller):
                network, smallest, improved = smaller, size(smaller), True
                break  # begin again with the changes that cut most
    return network


def changed(network, change):
    """A copy with the change made; None where it is no network any more."""
    network = copy.deepcopy(network)
    try:
        if change(network) is False:
            return None
        used = network.body.prune()
        inputs = [node for node in network.inputs() if id(node) in used]
        network.body.inputs = inputs or network.inputs()[:1]
        network.fit()
    except Misfit:
        return None
    if any(result in network.inputs() for result in network.body.results):
        return None
    return network if any(node.weights() for _, node in network.body.unfold()) else None


def changes(network):
    """Functions that change a copy of the network, those that cut most first."""
    body = network.body
    if len(body.results) > 1:
        yield keep_first_result
    for i, node in enumerate(body.nodes):
        if is_batch_first(node.shape) and node is not body.results[0]:
            yield lambda n, i=i: cut_after(n, i)
    for i in reversed(range(len(body.nodes))):
        yield lambda n, i=i: inline(n, i)
        for j in range(len(body.nodes[i].operands)):
            yield lambda n, i=i, j=j: replace(n, i, n.body.nodes[i].operands[j])
        yield lambda n, i=i: replace(n, i, stand_in(n, n.body.nodes[i].shape))
    for name in TRAINING:
        yield lambda n, name=name: simplify_training(n, name)
    if network.splits:
        yield lambda n: setattr(n, "splits", False)
    for batch in (1, 2, 3, network.batch // 2, network.batch - 1):
        if 1 <= batch < network.batch:
            yield lambda n, batch=batch: setattr(n, "batch", batch)
    for i, (_, node) in enumerate(body.unfold()):
        for name in set(node.attributes) & set(SIMPLE):
            yield lambda n, i=i, name=name: simplify(n, i, name)
    for number in sorted({number for node in all_nodes(network) for number in numbers(node)}, reverse=True):
        for other in sorted({1, 2, 3, number // 2, number - 1}):
            if 1 <= other < number:
                yield lambda n, number=number, other=other: rename(n, number, other)


# --- the changes -----------------------------------------------------------------------------------

def all_nodes(network):
    return network.inputs() + [node for _, node in network.body.unfold()]


def keep_first_result(network):
    del network.body.results[1:], network.training.losses[1:]


def cut_after(network, i):
    """An earlier value becomes the result."""
    training = network.training
    network.body.results = [network.body.nodes[i]]
    training.losses = ["mse"]
    training.metric = None


def replace(network, i, value):
    """All that used node i uses `value`, which has its shape."""
    node = network.body.nodes[i]
    if value is None or value.shape != node.shape or value is node:
        return False
    for other in network.body.nodes:
        other.operands = [value if operand is node else operand for operand in other.operands]
    network.body.results = [value if result is node else result for result in network.body.results]


def stand_in(network, shape):
    """A new input, or a weight, of the shape."""
    if is_batch_first(shape) and min(shape[1:], default=1) > 0:
        names = {node.attributes["name"] for node in network.inputs()}
        name = next(f"x{i}" for i in range(len(names) + 1) if f"x{i}" not in names)
        node = Node("input", [], {"name": name, "shape": shape, "classes": 0})
        network.body.inputs.append(node)
    elif min(shape, default=1) > 0:
        node = Node("param", [], {"shape": shape, "deviation": 0.7})
        network.body.nodes.insert(0, node)
    else:
        return None
    node.fit()
    return node


def inline(network, i):
    """A loop or call becomes the nodes of its body, once."""
    node = network.body.nodes[i]
    if not node.body:
        return False
    outer = dict(zip(map(id, node.body.inputs), node.operands))
    for inner in node.body.nodes:
        inner.operands = [outer.get(id(operand), operand) for operand in inner.operands]
    network.body.nodes[i + 1:i + 1] = node.body.nodes
    return replace(network, i, node.body.results[0])


TRAINING = {"metric": None, "regulariser": 0, "schedule": None, "clip": None, "transform": None, "steps": 1, "seed": 0,
            "partial": False, "losses": ["mse"], "optimizer": "sgd"}


def simplify_training(network, name):
    training, value = network.training, TRAINING[name]
    if getattr(training, name) == value:
        return False
    if name == "losses":
        training.metric, value = None, value * len(training.losses)
    setattr(training, name, value)
    if name == "optimizer":
        training.numbers = {"weight_decay": 0.0}


def simplify(network, i, name):
    _, node = list(network.body.unfold())[i]
    value, simple = node.attributes[name], SIMPLE[name]
    node.attributes[name] = [simple] * len(value) if isinstance(value, list) else simple
    return value != node.attributes[name]


def numbers(node):
    """The sizes that a node says."""
    for value in node.attributes.values():
        for number in value if isinstance(value, list) else [value]:
            if type(number) is int and abs(number) > 1:
                yield abs(number)


def rename(network, number, other):
    """One size becomes another wherever it is said."""
    def renamed(value):
        if isinstance(value, list):
            return [renamed(part) for part in value]
        if type(value) is int and abs(value) == number:
            return other if value > 0 else -other
        return value
    for node in all_nodes(network):
        for name, value in node.attributes.items():
            node.attributes[name] = renamed(value)
