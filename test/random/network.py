"""A network as a tree, and how it is written in the language."""
from operations import DEFINITIONS, TABLE


MOST_TURNS = 9  # of a scan


class Misfit(Exception):
    """Shapes that do not fit: not a network."""


class Node:
    """A value: an operation of TABLE on other values, or
    `input`  an input of its body                  attributes: name; of the model's also classes, 0 for numbers
    `param`  a weight of the body's own            attributes: shape, deviation
    `loop`   a body that is done `turns` times     attributes: turns; listed: whether over a list; runs: whether it
             is a loop of the program, whose turns share their weights; body
    `scan`   a body that carries its first input from turn to turn, from the first operand on, and whose second
             one is in each turn a part of the second operand; attributes: axis, reversed; gives: all or last; body
    `call`   a layer or function of the user's     attributes: is_layer, gain; body
    A layer that stands in the body once and is used twice is the `instance` of the later node."""

    def __init__(self, op, operands=(), attributes=None, body=None, instance=None):
        self.op, self.operands, self.attributes = op, list(operands), attributes or {}
        self.body, self.instance = body, instance
        self.shape, self.size, self.mixes = [], 1.0, False

    def fit(self):
        """Computes the shape from the operands', or raises Misfit."""
        shapes = [operand.shape for operand in self.operands]
        if self.op in ("input", "param"):
            self.shape = list(self.attributes["shape"])
            return
        if self.body:
            if self.op == "scan":
                axis = self.attributes["axis"]
                if not 0 <= axis < len(shapes[1]) or not 1 <= shapes[1][axis] <= MOST_TURNS:
                    raise Misfit
                shapes[1] = shapes[1][:axis] + shapes[1][axis + 1:]
            for inner, shape in zip(self.body.inputs, shapes):
                inner.attributes["shape"] = inner.shape = shape
            self.body.fit()
            self.shape = self.body.results[0].shape
            self.mixes = any(node.mixes for node in self.body.nodes)
            if self.op in ("loop", "scan") and self.shape != shapes[0]:
                raise Misfit
            if self.op == "scan" and self.attributes["gives"] == "all":
                if axis > len(self.shape):
                    raise Misfit
                self.shape = self.shape[:axis] + [self.operands[1].shape[axis]] + self.shape[axis:]
            return
        entry = TABLE[self.op]
        shape = entry.shape(self.attributes, *shapes)
        if shape is None:
            raise Misfit
        self.shape = list(shape)
        self.mixes = entry.mixes(self.attributes, *shapes)

    def weights(self):
        """(shape, deviation, mean) of each weight it declares itself."""
        if self.op == "param":
            return [(self.shape, self.attributes["deviation"], 0)]
        return TABLE[self.op].weights(self.attributes, *self.shapes()) if self.op in TABLE else []

    def states(self):
        return TABLE[self.op].states(self.attributes, *self.shapes()) if self.op in TABLE else []

    def shapes(self):
        return [operand.shape for operand in self.operands]


class Body:
    """Inputs, the nodes computed from them in order, and which are the results."""

    def __init__(self, inputs):
        self.inputs, self.nodes, self.results = inputs, [], []

    def fit(self):
        for node in self.inputs + self.nodes:
            node.fit()

    def prune(self):
        """Only what the results need, and all inputs that are still used; at least one input."""
        needed, waiting = set(), list(self.results)
        while waiting:
            node = waiting.pop()
            if id(node) not in needed:
                needed.add(id(node))
                waiting += node.operands
        self.nodes = [node for node in self.nodes if id(node) in needed]
        for node in self.nodes:
            if not any(node.instance is other for other in self.nodes):
                node.instance = None
        return needed

    def unfold(self, path=()):
        """All nodes in the order the compiler meets them, each with the path that tells turns of loops apart."""
        for node in self.nodes:
            yield path, node
            if node.op == "loop":
                for turn in range(1 if node.attributes["runs"] else node.attributes["turns"]):
                    yield from node.body.unfold(path + (id(node), turn))
            elif node.op == "scan":
                yield from node.body.unfold(path + (id(node), 0))
            elif node.op == "call":
                yield from node.body.unfold(path + (id(node),))


class Network:
    """A model with its data block and its train block (`training.Training`). A step of `batch` samples is several
    calls of the program where `splits`."""

    def __init__(self, body, training, batch, splits):
        self.body, self.training, self.batch, self.splits = body, training, batch, splits

    @property
    def call(self):
        """Samples a call takes."""
        half = (self.batch + 1) // 2
        return half if self.splits and not (self.batch % 2 and self.mixes()) else self.batch

    def fit(self):
        self.body.fit()
        self.training.fit(self.body.results)

    def inputs(self):
        return self.body.inputs

    def mixes(self):
        """Whether samples of a batch depend on each other, so that padding would count."""
        return any(node.mixes for _, node in self.body.unfold())

    def declared(self, what):
        """The weights or states in order of declaration: (key, shape, deviation, mean)."""
        seen = set()
        for path, node in self.body.unfold():
            owner = node.instance or node
            if (path, id(owner)) not in seen:
                seen.add((path, id(owner)))
                for i, variable in enumerate(getattr(node, what)()):
                    yield (path, id(owner), i), *variable

    def text(self):
        return Writer(self).text()


class Writer:
    """Writes one network. Values are v1, v2, …; definitions of the user's layers come first."""

    def __init__(self, network):
        self.network, self.count, self.definitions = network, 0, []

    def name(self, letter):
        self.count += 1
        return f"{letter}{self.count}"

    def text(self):
        network, training = self.network, self.network.training
        names = {id(node): node.attributes["name"] for node in network.inputs()}
        for node in network.inputs():
            if node.attributes["classes"]:
                names[id(node)] = f"one_hot({node.attributes['classes']})({names[id(node)]})"
        lines = self.statements(network.body, names, "B")
        for result, node in zip(training.results(), network.body.results):
            lines.append(f"{result} = {names[id(node)]}")
        ports = [f"{node.attributes['name']}: {port(node.attributes, 'B')}" for node in network.inputs()]
        results = [f"{result}: f32{dims(node.shape, 'B')}"
                   for result, node in zip(training.results(), network.body.results)]
        for name, definition in DEFINITIONS.items():
            if any(node.op == name for _, node in network.body.unfold()):
                self.definitions.insert(0, definition)
        model = [f"model m({', '.join(ports)}) -> ({', '.join(results)}) {{", *indented(lines), "}"]
        return "\n".join(self.definitions + training.definitions() + model + training.text(network)) + "\n"

    def statements(self, body, names, batch):
        """The lines of a body. `names` has its inputs' names and gets all others; `batch` is the batch's name."""
        lines = []
        for node in body.nodes:
            operands = [names[id(operand)] for operand in node.operands]
            name = names[id(node)] = self.name("p" if node.op == "param" else "v")
            if node.op == "param":
                lines.append(f"param {name}: f32{dims(node.shape, batch)} = normal(0, 1)")
            elif node.op == "loop":
                lines += self.loop(node, name, operands[0], batch)
            elif node.op == "scan":
                lines += self.scan(node, name, operands, batch)
            elif node.op == "call":
                lines.append(f"let {name} = {self.call(node, operands)}")
            else:
                expression = TABLE[node.op].write(node.attributes, lambda shape: dims(shape, batch), operands)
                lines += self.let(node, body, name, expression, names)
        return lines

    def let(self, node, body, name, expression, names):
        """A layer that is used again is bound to a name of its own, `f7` of `v7`."""
        if node.instance:
            layer = names[id(node.instance), "layer"]
            return [f"let {name} = {names[id(node.operands[0])]} |> {layer}"]
        if any(other.instance is node for other in body.nodes):
            layer = names[id(node), "layer"] = name.replace("v", "f")
            operand, configured = expression.split(" |> ")
            return [f"let {layer} = {configured}", f"let {name} = {operand} |> {layer}"]
        return [f"let {name} = {expression}"]

    def loop(self, node, name, operand, batch):
        if node.attributes["runs"]:
            carried, turn = name.replace("v", "c"), name.replace("v", "i")
            names = {id(node.body.inputs[0]): carried}
            lines = self.statements(node.body, names, batch)
            lines.append(f"next {carried} = {names[id(node.body.results[0])]}")
            head = f"let {name} = loop {turn} in 0..{node.attributes['turns']}, {carried} = {operand} {{"
            return [head, *indented(lines), "}"]
        names = {id(node.body.inputs[0]): name}
        lines = self.statements(node.body, names, batch)
        lines.append(f"{name} = {names[id(node.body.results[0])]}")
        turn, turns = name.replace("v", "i"), node.attributes["turns"]
        over = str([3, 1, 4][:turns]) if node.attributes["listed"] else f"0..{turns}"
        return [f"var {name} = {operand}", f"for {turn} in {over} {{", *indented(lines), "}"]

    def scan(self, node, name, operands, batch):
        carried, part, a = name.replace("v", "c"), name.replace("v", "s"), node.attributes
        names = {id(inner): given for inner, given in zip(node.body.inputs, (carried, part))}
        lines = self.statements(node.body, names, batch)
        lines.append(f"next {carried} = {names[id(node.body.results[0])]}")
        both = name if a["gives"] == "last" else f"({name}, {name.replace('v', 'w')})"
        if a["gives"] == "all":
            lines.append(f"yield next {carried}")
        head = f"let {both} = scan {part} in {operands[1]} along {a['axis']}{' reversed' if a['reversed'] else ''}"
        if "until" in a:
            axes = list(range(1, len(node.operands[0].shape)))
            largest = f"reduce_max({axes})({carried})" if axes else carried
            head += f" until {largest} > {a['until']}"
        head += ", "
        return [head + f"{carried} = {operands[0]} {{", *indented(lines), "}"]

    def call(self, node, operands):
        kind = "layer" if node.attributes["is_layer"] else "fn"
        definition = self.name("block" if kind == "layer" else "fun")
        names = {id(inner): self.name("x") for inner in node.body.inputs}
        lines = self.statements(node.body, names, "N")
        lines.append(f"return {names[id(node.body.results[0])]} * gain")
        tensors = ", ".join(f"{names[id(inner)]}: f32{dims(inner.shape, 'N')}" for inner in node.body.inputs)
        given = f"gain = {node.attributes['gain']}"
        head = f"({tensors}, gain: float)" if kind == "fn" else f"(gain: float)({tensors})"
        self.definitions += [f"{kind} {definition}{head} {{", *indented(lines), "}", ""]
        if kind == "fn":
            return f"{definition}({', '.join(operands)}, {given})"
        return f"{definition}({given})({', '.join(operands)})"


def indented(lines):
    return ["  " + line for line in lines]


def dims(shape, batch):
    """[-1, 3, -10] as "[B, 3, 10 * B]"."""
    return "[" + ", ".join(batch if d == -1 else f"{-d} * {batch}" if d < 0 else str(d) for d in shape) + "]"


def port(attributes, batch):
    if attributes["classes"]:
        return f"int[{batch}]"
    return "f32" + dims(attributes["shape"], batch)
