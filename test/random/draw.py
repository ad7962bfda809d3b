"""Draws networks: a seed and a number give the same network on every machine."""
import random

from names import LAYERS
from network import MOST_TURNS, Body, Misfit, Network, Node
from operations import TABLE, ends, is_batch_first, product
from training import LOSSES, METRICS, Training

BATCHES = [1, 3, 8, 16, 17, 32, 32, 48]
SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 11, 13, 15, 16, 17]
LARGE_SIZES = [31, 32, 33, 48, 63, 64, 65, 96]
INITS = [None, "zeros", "ones", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform",
         "uniform(-0.1, 0.1)", "normal(0, 0.2)", "0.5"]

SATURATES = 3.0  # beyond, little but the last bit of tanh and sigmoid is left of their derivatives
LARGEST_SIZE = 8.0  # about how large a value may be before it is scaled down
MOST_ELEMENTS = 60_000  # of a value
MOST_COST = 6_000_000  # multiplications of all products and convolutions, forward
LARGE_TIMES = 6  # as much in a large network
ATTEMPTS = 10  # until what is forced fits in

# What is drawn more often than the rest: what networks mostly are made of, and kernels are mostly made for.
OFTEN = {"conv": 10, "dense": 6, "batch_norm": 8, "conv2d": 4, "matmul": 3, "relu": 4, "max_pool": 3, "avg_pool": 2,
         "conv2d_grad_input": 2, "softmax": 2, "transpose": 2, "reduce_sum": 3, "mul": 3, "add": 3}


def most_elements(is_large):
    return MOST_ELEMENTS * (LARGE_TIMES if is_large else 1)


class Generator:
    """Draws one body. What TABLE's `draw` functions use is public."""

    def __init__(self, random, batch, inputs, is_large, keeps_shape=False, weightless=False, stateless=False, cost=0):
        self.random, self.batch, self.is_large, self.cost = random, batch, is_large, cost
        self.keeps_shape, self.weightless, self.stateless = keeps_shape, weightless, stateless
        self.body = Body(inputs)
        self.values = list(inputs)
        for node in inputs:
            node.fit()

    # --- for the table's functions ---------------------------------------------------------------

    def width(self):
        if self.is_large and self.random.random() < 0.5:
            return self.random.choice(LARGE_SIZES)
        return self.random.choice(SIZES)

    def init(self):
        return self.random.choice(INITS)

    def node(self, op, operands, attributes=None, **options):
        """Adds a node; None, and nothing is added, where it does not fit or costs too much."""
        if None in operands:
            return None
        node = Node(op, operands, attributes, **options)
        try:
            node.fit()
        except Misfit:
            return None
        elements = abs(product(node.shape)) * self.batch
        if sum(size < 0 for size in node.shape) > 1 or elements > most_elements(self.is_large):
            return None
        if self.weightless and (op == "param" or op in LAYERS):
            return None
        if self.stateless and node.states():
            return None
        sizes = [operand.size for operand in node.operands]
        if op in TABLE:
            entry = TABLE[op]
            cost = entry.cost(node.attributes, node.shape, *node.shapes()) * self.batch
            if self.cost + cost > (LARGE_TIMES if self.is_large else 1) * MOST_COST:
                return None
            self.cost += cost
            node.size = entry.size(node.attributes, *sizes)
        else:
            node.size = max(sizes, default=2.5)
        self.body.nodes.append(node)
        self.values.append(node)
        return self.bounded(node, LARGEST_SIZE)

    def bounded(self, x, limit):
        """x, or something like it that is not larger than the limit."""
        if x.size <= limit:
            return x
        if limit < 3 and self.random.random() < 0.5:
            return self.node("tanh", [self.bounded(x, SATURATES)])
        factor = next(f for f in (0.5, 0.25, 0.1, 0.03, 0.01, 0.001, 1e-4, 1e-6) if x.size * f <= limit or f == 1e-6)
        return self.node("times", [x], {"c": factor})

    def param(self, shape, deviation=0.7):
        return self.node("param", [], {"shape": list(shape), "deviation": deviation})

    def twin(self, x):
        """Another value of exactly the same shape."""
        others = [v for v in self.values if v.shape == x.shape and v is not x]
        return self.random.choice(others) if others else self.node("cos", [self.bounded(x, 20)]) or x

    def mate(self, x):
        """A second operand for an elementwise operation: of x's shape, or of its last axes'."""
        others = [v for v in self.values if ends(x.shape, v.shape) and v is not x]
        if others and self.random.random() < 0.6:
            return self.random.choice(others)
        suffix = x.shape[self.random.randrange(len(x.shape) + 1):] if x.shape else []
        if suffix and min(suffix) > 0 and not self.weightless:
            return self.param(suffix)
        return self.twin(x)

    # --- drawing ---------------------------------------------------------------------------------

    def apply(self, name, x):
        """Calls an operation of the table on x, or on x in another shape. None where that cannot be."""
        if name in STRUCTURES:
            return STRUCTURES[name](self, x)
        for operand in filter(None, self.forms(x)):
            before = len(self.body.nodes)
            drawn = TABLE[name].draw(self, operand)
            node = drawn and self.node(name, *drawn)
            if node and (not self.keeps_shape or node.shape == x.shape):
                return node
            del self.body.nodes[before:]
            self.values = [v for v in self.values if v in self.body.inputs or v in self.body.nodes]
        return None

    def forms(self, x):
        """x, then x as an image, as a matrix, with the batch in front."""
        yield x
        if self.keeps_shape:
            return
        first = self.batch_first(x)
        if first is not None and first is not x:
            yield first
        if first is None:
            return
        if len(first.shape) == 2 and first.shape[1] > 1:
            count = first.shape[1]
            sides = [s for s in range(1, count + 1) if count % s == 0]
            rows = self.random.choice([s for s in sides if s * s <= count])
            columns = self.random.choice([s for s in sides if (count // rows) % s == 0])
            yield self.node("reshape", [first], {"shape": [-1, count // rows // columns, rows, columns]})
        elif len(first.shape) == 3:
            yield self.node("reshape", [first], {"shape": [-1, 1] + first.shape[1:]})
            yield self.node("flatten", [first])
        elif len(first.shape) == 4:
            yield self.node("reshape", [first], {"shape": [-1, product(first.shape[1:3]), first.shape[3]]})
            yield self.node("flatten", [first])
        elif len(first.shape) == 1:
            yield self.node("broadcast", [first], {"axes": [1], "sizes": [self.random.choice([2, 3, 6, 7])]})

    def batch_first(self, x):
        """x with the axis of the batch in front; None if it has none, or not as such."""
        if is_batch_first(x.shape):
            return x
        if min(x.shape, default=1) > 0:
            return None
        axis = next(i for i, size in enumerate(x.shape) if size < 0)
        if axis:
            x = self.node("transpose", [x], {"axes": [axis] + [i for i in range(len(x.shape)) if i != axis]})
        if x.shape[0] < -1:
            if len(x.shape) > 4:
                x = self.node("reshape", [x], {"shape": x.shape[:3] + [product(x.shape[3:])]})
            x = self.node("reshape", [x], {"shape": [-1, -x.shape[0]] + x.shape[1:]})
        return x

    def steps(self, count, forced=(), structures=()):
        """Draws `count` operations and the forced ones. Returns the value that is to go on, and the forced ones'."""
        often = [OFTEN.get(name, 1) for name in TABLE]
        plan = [self.random.choice(list(structures)) if structures and self.random.random() < 0.15 else
                self.random.choices(list(TABLE), often)[0] for _ in range(count)]
        for name in forced:
            plan.insert(self.random.randrange(len(plan) + 1), name)
        current, kept = self.values[-1], []
        for name in plan:
            others = [v for v in self.values if v.op != "param"]
            x = self.random.choice(others) if self.random.random() < 0.2 else current
            node = self.apply(name, x)
            if node is None and name in forced:  # on anything that it suits
                candidates = self.random.sample(others, len(others)) * 3  # attributes may not fit at first
                node = next(filter(None, (self.apply(name, v) for v in candidates)), None)
            if node is not None:
                current = node
                kept += [node] if name in forced else []
        return current, kept


# --- what has a body of its own, or belongs to the model as a whole ---------------------------------

def draw_body(g, operands, least, most, **options):
    """A body of so many operations on the operands; None if nothing came of it. What may not stand around it may not
    stand in it either."""
    for name in ("stateless", "weightless"):
        options[name] = options.get(name, False) or getattr(g, name)
    inputs = [Node("input", [], {"shape": x.shape}) for x in operands]
    for inner in inputs:
        inner.size = LARGEST_SIZE
    inside = Generator(g.random, g.batch, inputs, g.is_large, cost=g.cost, **options)
    result, _ = inside.steps(g.random.randint(least, most))
    if result in inputs:
        return None
    inside.body.results = [result]
    needed = inside.body.prune()
    if any(id(inner) not in needed for inner in inputs):
        return None
    g.cost = inside.cost
    return inside.body


def draw_loop(g, x):
    if not x.shape:
        return None
    runs = g.random.random() < 0.5  # such a loop writes no state
    body = draw_body(g, [x], 1, 4 if runs else 3, keeps_shape=True, stateless=runs)
    attributes = {"turns": g.random.choice([1, 2, 3, 5] if runs else [1, 2, 3]), "runs": runs,
                  "listed": g.random.random() < 0.3}
    return body and g.node("loop", [x], attributes, body=body)


def draw_scan(g, x):
    """Over an axis of x, from the sum over it on; perhaps with another scan or a loop in it."""
    axes = [i for i, size in enumerate(x.shape) if 1 <= size <= MOST_TURNS]
    if not axes:
        return None
    axis = g.random.choice(axes)
    start = g.node("reduce_sum", [x], {"axes": [axis]})
    inputs = [Node("input", [], {"shape": start.shape}) for _ in range(2)] if start else []
    for inner in inputs:
        inner.size = LARGEST_SIZE
    inside = inputs and Generator(g.random, g.batch, inputs, g.is_large, keeps_shape=True, stateless=True,
                                  weightless=g.weightless, cost=g.cost)
    if not inside or not inside.node(g.random.choice(["add", "mul", "max", "sub"]), inputs):
        return None
    result, _ = inside.steps(g.random.randint(1, 4), structures=["scan", "loop"])
    inside.body.results = [inside.bounded(result, SATURATES)]
    needed = inside.body.prune()
    if any(id(inner) not in needed for inner in inputs):
        return None
    g.cost = inside.cost
    attributes = {"axis": axis, "reversed": g.random.random() < 0.4, "gives": g.random.choice(["all", "last"])}
    if is_batch_first(start.shape) and g.random.random() < 0.5:
        attributes["until"] = g.random.choice([-0.5, 0.25, 1.5])  # the largest number of a sample is above it
    return g.node("scan", [start, x], attributes, body=inside.body)


def draw_call(is_layer):
    def draw(g, x):
        operands = [x] + [v for v in [g.mate(x)] if g.random.random() < 0.3]
        if not all(is_batch_first(v.shape) and min(v.shape[1:], default=1) > 0 for v in operands):
            return None
        body = draw_body(g, operands, 1, 4, weightless=not is_layer)
        attributes = {"is_layer": is_layer, "gain": g.random.choice([0.5, 1.25])}
        return body and g.node("call", operands, attributes, body=body)
    return draw


def draw_shared(g, x):
    """A layer, then the same once more."""
    if len(x.shape) < 2 or x.shape[-1] < 0:
        return None
    first = g.node("dense", [x], {"units": x.shape[-1], "bias": True, "init": g.init()})
    while first and first.op != "dense":
        first = first.operands[0]
    middle = first and g.node("tanh", [first])
    return middle and g.node("dense", [middle], first.attributes, instance=first)


def draw_input(g, x):
    """One more input, and x with it."""
    if not is_batch_first(x.shape) or min(x.shape[1:], default=1) < 0:
        return None
    classes = g.random.choice([0, g.random.randint(2, 9)]) if len(x.shape) == 2 else 0
    shape = [-1, classes] if classes else x.shape
    node = Node("input", [], {"name": f"x{len(g.body.inputs)}", "shape": shape, "classes": classes})
    node.size = 1.0 if classes else 2.5
    node.fit()
    g.body.inputs.append(node)
    g.values.append(node)
    if not classes:
        return g.node(g.random.choice(["add", "mul", "max"]), [g.bounded(x, 3), node])
    embedded = g.node("dense", [node], {"units": x.shape[1], "bias": False, "init": g.init()})
    return embedded and g.node("add", [x, embedded])


STRUCTURES = {"loop": draw_loop, "scan": draw_scan, "layer": draw_call(True), "fn": draw_call(False), "shared": draw_shared,
              "input": draw_input}


# --- a whole network -----------------------------------------------------------------------------

def draw_shape(random, is_large):
    sizes = SIZES + LARGE_SIZES * is_large
    rank = random.choice([2, 3, 4, 4, 4])
    if rank == 2:
        return [-1, random.choice(sizes + [200, 257] * is_large)]
    if rank == 3:
        return [-1, random.choice(SIZES), random.choice(sizes)]
    side = random.choice([1, 4, 5, 6, 7, 8, 9, 12])
    is_deep = is_large and random.random() < 0.5
    channels = random.choice([16, 32, 48, 64, 128] if is_deep else [1, 2, 3, 3, 4, 5, 6, 8])
    return [-1, channels, side, random.choice([side, 3, 6, 8])]


def draw(seed, number, again=0):
    """The network of a seed and a number, or another one `again`. Numbers in a row contain, forced, every entry of
    the table in turn."""
    r = random.Random(f"{seed} {number} {again}")
    wanted = sorted(TABLE) + sorted(STRUCTURES)
    random.Random(seed).shuffle(wanted)
    forced = [wanted[(2 * number + i) % len(wanted)] for i in range(2)]
    for _ in range(ATTEMPTS):
        is_large, batch = r.random() < 0.3, r.choice(BATCHES)
        shape = draw_shape(r, is_large)
        while abs(product(shape)) * batch > most_elements(is_large):
            shape = draw_shape(r, is_large)
        first = Node("input", [], {"name": "x0", "shape": shape, "classes": 0})
        first.size = 2.5
        g = Generator(r, batch, [first], is_large)
        current, kept = g.steps(r.choice([1, 2, 3, 5, 8, 11]), forced, STRUCTURES)
        if len(kept) == len(forced):
            break

    y = together(g, current, kept)
    loss = r.choice(list(LOSSES))
    if loss in ("cross_entropy", "kl_divergence"):
        y = g.node("flatten", [y]) if len(y.shape) > 2 else y
        y = g.node("broadcast", [y], {"axes": [1], "sizes": [3]}) if len(y.shape) == 1 else y
        if not 2 <= y.shape[1] <= 20 or r.random() < 0.5:
            y = g.node("dense", [y], {"units": r.randint(2, 11), "bias": True, "init": g.init()})
    g.body.results = [y]
    g.body.prune()
    if y in g.body.inputs or not any(node.weights() for _, node in g.body.unfold()):
        y = g.node("mul", [y, g.param(y.shape[1:])])
    results, losses = [y], [loss]
    others = [v for v in g.body.nodes if is_batch_first(v.shape) and min(v.shape[1:], default=1) > 0 and v is not y]
    if others and r.random() < 0.25:
        results.append(r.choice(others))
        losses.append(r.choice([None, "mse", "half_sum_squares", "l1"]))
    metric = r.choice([None, *(name for name, entry in METRICS.items()
                               if LOSSES[loss][1] in entry[1] and entry[0](y.shape))])
    g.body.results = results
    g.body.prune()
    network = Network(g.body, Training(r, losses, metric), batch, r.random() < 0.2)
    network.fit()
    return network


def together(g, current, kept):
    """One value with the batch in front that the current one and the kept ones all go into."""
    y, side = None, None
    for node in [current] + kept:
        first = g.batch_first(node)
        if y is None and first is not None:
            y = first
        elif first is not None:
            mean = g.node("per_sample_mean", [first]) if len(first.shape) > 1 else first
            side = mean if side is None else g.node("add", [side, mean])
    if y is None:
        y = g.body.inputs[0]
    if side is not None:
        if len(y.shape) > 1:
            axes = list(range(1, len(y.shape)))
            side = g.node("broadcast", [side], {"axes": axes, "sizes": y.shape[1:]})
        y = g.node("add", [y, side])
    for node in [current] + kept:
        if min(node.shape, default=1) > 0:  # without the batch: a number that y is scaled by
            number = g.node("reduce_sum", [node], {"axes": list(range(len(node.shape)))}) if node.shape else node
            y = g.node("mul", [y, g.node("sigmoid", [number])])
    return y
