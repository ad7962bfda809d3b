"""What networks are drawn from: one entry an operation. This is the place to enter a new one.

An entry says how the operation is drawn, how it is written, and what it is in PyTorch. All values are
tensors of real numbers; what works on bools or class numbers stands inside an entry's text. A shape is
a list of sizes, where -k stands for k * B, B being the batch: [-1, 3, 5] is f32[B, 3, 5].
"""
import math


class Operation:
    """One way to compute a value from others.

    draw(g, x)         operands and attributes of a call on the value x, or None if x does not suit
    text               the call: a format string of the operands' names {0}, {1}, … and the attributes,
                       or a function (attributes, write, names), where write(shape) is a shape's text
    torch(k, a, *x)    the same on PyTorch's tensors; k is the twin's run, a the attributes
    shape(a, *shapes)  the result's shape, or None where the operands do not fit; else the first one's
    weights, states    (a, *shapes) to a list of (shape, deviation, mean): weights in order of declaration
    size(a, *sizes)    about how large results are, where operands are as large as `sizes`
    cost(a, result, *shapes)  multiplications, where they are many
    mixes(a, *shapes)  whether a row of the batch depends on others, so that padding would count
    """

    def __init__(self, draw, text, torch, shape=None, weights=None, states=None, size=None, cost=None, mixes=None):
        self.draw, self.text, self.torch = draw, text, torch
        self.shape = shape or (lambda a, first, *others: first)
        self.weights = weights or (lambda a, *shapes: [])
        self.states = states or (lambda a, *shapes: [])
        self.size = size or (lambda a, *sizes: sizes[0])
        self.cost = cost or (lambda a, result, *shapes: 0)
        self.mixes = mixes or (lambda a, *shapes: False)

    def write(self, attributes, write, names):
        if callable(self.text):
            return self.text(attributes, write, names)
        return self.text.format(*names, **attributes)


TABLE = {}  # by name
DEFINITIONS = {}  # what an entry's text needs before the model, by the entry's name


def enter(name, *arguments, **options):
    TABLE[name] = Operation(*arguments, **options)


def product(shape):
    return math.prod(shape)  # at most one size is negative


def is_batch_first(shape):
    return bool(shape) and shape[0] == -1


def ends(shape, suffix):
    return len(suffix) <= len(shape) and list(shape[len(shape) - len(suffix):]) == list(suffix)


# --- one operand, element by element -------------------------------------------------------------
# name, text, PyTorch, largest operand that suits, size of the result

def unary(name, text, torch, limit=None, size=None, **attributes):
    """`attributes` are functions of the random numbers."""
    def draw(g, x):
        x = g.bounded(x, limit) if limit else x
        return [x], {key: value(g.random) for key, value in attributes.items()}
    enter(name, draw, text, torch, size=size)


def number(*choices):
    return lambda random: random.choice(choices)


unary("neg", "-{0}", lambda k, a, x: -x)
unary("neg()", "neg({0})", lambda k, a, x: -x)
unary("abs", "abs({0})", lambda k, a, x: k.kink(x).abs())
unary("exp", "exp({0})", lambda k, a, x: x.exp(), 2, lambda a, x: math.exp(min(x, 3)))
unary("log", "log({0} * {0} + {c})", lambda k, a, x: (x * x + a["c"]).log(), c=number(0.5, 1, 1.7),
      size=lambda a, x: 1 + 2 * math.log(1 + x))
unary("sqrt", "sqrt({0} * {0} + {c})", lambda k, a, x: (x * x + a["c"]).sqrt(), c=number(0.3, 1, 2.5),
      size=lambda a, x: x + 1)
unary("tanh", "tanh({0})", lambda k, a, x: x.tanh(), 3, size=lambda a, x: min(x, 1))
unary("sigmoid", "sigmoid({0})", lambda k, a, x: x.sigmoid(), 3, size=lambda a, x: 1)
unary("erf", "erf({0})", lambda k, a, x: x.erf(), 3, size=lambda a, x: min(x, 1))
unary("sin", "sin({0})", lambda k, a, x: x.sin(), 30, lambda a, x: 1)
unary("cos", "cos({0})", lambda k, a, x: x.cos(), 30, lambda a, x: 1)
unary("relu", "relu({0})", lambda k, a, x: k.relu(x))
unary("leaky_relu", "leaky_relu({0}, {slope})", lambda k, a, x: k.where(k.kink(x) > 0, x, a["slope"] * x),
      slope=number(0.01, 0.2))
unary("max of a number", "max({0}, {c})", lambda k, a, x: k.where(k.kink(x - a["c"]) > 0, x, a["c"]),
      c=number(-0.5, 0.25))
unary("min of a number", "min({c}, {0})", lambda k, a, x: k.where(k.kink(x - a["c"]) > 0, a["c"], x),
      c=number(-0.25, 0.75))
unary("times", "{0} * {c}", lambda k, a, x: x * a["c"], c=number(0.1, 0.25, 0.5, 1.5, -0.7),
      size=lambda a, x: x * abs(a["c"]))
unary("plus", "{c} + {0}", lambda k, a, x: x + a["c"], c=number(0.25, 1, -2), size=lambda a, x: x + abs(a["c"]))
unary("minus", "{c} - {0}", lambda k, a, x: a["c"] - x, c=number(0.5, 1), size=lambda a, x: x + abs(a["c"]))
unary("over", "{0} / {c}", lambda k, a, x: x / a["c"], c=number(2, 3.0, 7.5))
unary("reciprocal", "{c} / ({0} * {0} + 1.0)", lambda k, a, x: a["c"] / (x * x + 1), c=number(1.0, 2.5),
      size=lambda a, x: a["c"])
unary("square", "{0} ** 2.0", lambda k, a, x: x ** 2, 4, lambda a, x: x * x)
unary("cube", "pow({0}, 3.0)", lambda k, a, x: x ** 3, 2, lambda a, x: x ** 3)
unary("power", "({0} * {0} + 0.5) ** {c}", lambda k, a, x: (x * x + 0.5) ** a["c"], 3, lambda a, x: 1 + x * x,
      c=number(-1.5, 0.5, 1.25))
unary("softplus", "log(1.0 + exp({0}))", lambda k, a, x: (1 + x.exp()).log(), 8, lambda a, x: x + 1)
unary("swish", "{0} * sigmoid({0})", lambda k, a, x: x * x.sigmoid())
unary("cast", "cast(f32)(sin(cast(f64)({0})))", lambda k, a, x: x.double().sin().to(x.dtype), 30, lambda a, x: 1)
unary("condition", "if rank({0}) == {rank} {{ tanh({0}) }} else {{ sigmoid({0}) }}",
      lambda k, a, x: x.tanh() if x.dim() == a["rank"] else x.sigmoid(), rank=number(2, 4), size=lambda a, x: 1)
unary("sign", "{0} * sign({0} - {c})", lambda k, a, x: x * k.kink(x - a["c"]).detach().sign(), c=number(0.3, -0.2))
unary("floor", "{0} - {c} * floor({0})", lambda k, a, x: x - a["c"] * k.floor(x), c=number(0.5, 1))
unary("step", "{0} * step({0} - {c})", lambda k, a, x: x * (k.kink(x - a["c"]).detach() > 0), c=number(0.0, 0.4))


# --- two and more operands, element by element ----------------------------------------------------

def binary(name, text, torch, limit=None, size=lambda a, x, y: x + y):
    """The second operand is as large, or ends the first one's shape; sometimes they change places."""
    def draw(g, x):
        y = g.mate(x)
        operands = [g.bounded(v, limit) if limit else v for v in (x, y)]
        return g.random.choice([operands, operands[::-1]]), {}

    def shape(a, x, y):
        return x if ends(x, y) else y if ends(y, x) else None
    enter(name, draw, text, torch, shape, size=size)


binary("add", "{0} + {1}", lambda k, a, x, y: x + y)
binary("add()", "add({0}, {1})", lambda k, a, x, y: x + y)
binary("sub", "{0} - {1}", lambda k, a, x, y: x - y)
binary("mul", "{0} * {1}", lambda k, a, x, y: x * y, 3, lambda a, x, y: x * y)
binary("div", "{0} / ({1} * {1} + 0.7)", lambda k, a, x, y: x / (y * y + 0.7), size=lambda a, x, y: x / 0.7)
binary("pow", "({0} * {0} + 0.5) ** tanh({1})", lambda k, a, x, y: (x * x + 0.5) ** y.tanh(), 3,
       lambda a, x, y: 2 + x * x)
binary("max", "max({0}, {1})", lambda k, a, x, y: k.where(k.kink(x - y) > 0, x, y), size=lambda a, x, y: max(x, y))
binary("min", "min({0}, {1})", lambda k, a, x, y: k.where(k.kink(x - y) < 0, x, y), size=lambda a, x, y: max(x, y))
binary("stop_gradient", "{0} * stop_gradient({1})", lambda k, a, x, y: x * y.detach(), 3, lambda a, x, y: x * y)
binary("less", "select({0} < {1}, {0}, 0.5 * {1})", lambda k, a, x, y: k.where(k.kink(x - y) < 0, x, 0.5 * y),
       size=lambda a, x, y: max(x, y))
binary("less_equal", "select(less_equal({0}, {1}), {1}, tanh({0}))",
       lambda k, a, x, y: k.where(k.kink(x - y) <= 0, y, x.tanh()), size=lambda a, x, y: max(x, y))
binary("greater", "select({0} > {1}, 0.3, {0} * {1})", lambda k, a, x, y: k.where(k.kink(x - y) > 0, 0.3, x * y), 3,
       lambda a, x, y: x * y)
binary("greater_equal", "select({1} >= 0.1, {0} * {1}, -{0})",  # the condition may have fewer axes
       lambda k, a, x, y: k.where(k.kink(y - 0.1) >= 0, x * y, -x), 3, lambda a, x, y: x * y)


def draw_select(g, x):
    return [x, g.mate(x), g.mate(x)], {}


enter("select", draw_select, "select({0} - {1} < 0.2, {2}, {0})",
      lambda k, a, x, y, z: k.where(k.kink(x - y - 0.2) < 0, z, x),
      lambda a, x, y, z: x if ends(x, y) and ends(x, z) else None, size=lambda a, x, y, z: max(x, z))


# --- shape ---------------------------------------------------------------------------------------

def draw_reshape(g, x):
    shape, axis = list(x.shape), g.random.randrange(len(x.shape))
    kind = g.random.choice(["flatten", "split", "merge"])
    if kind == "flatten" and len(shape) > 2:
        return [x], {"shape": [shape[0], product(shape[1:])]}
    if kind == "merge" and len(shape) > 2:
        axis = min(axis, len(shape) - 2)
        return [x], {"shape": shape[:axis] + [shape[axis] * shape[axis + 1]] + shape[axis + 2:]}
    factors = [f for f in (2, 3, 4, 5, 7) if shape[axis] % f == 0 and abs(shape[axis]) > f]
    if len(shape) > 4 or not factors:
        return None
    f = g.random.choice(factors)
    parts = [shape[axis] // f, f] if shape[axis] < 0 or g.random.random() < 0.5 else [f, shape[axis] // f]
    return [x], {"shape": shape[:axis] + parts + shape[axis + 1:]}


def reshaped(a, x):
    if product(a["shape"]) != product(x):
        if len(x) < 2:
            return None
        a["shape"] = [x[0], product(x[1:])]  # a smaller form of the network is tried
    return a["shape"]


enter("reshape", draw_reshape, lambda a, write, x: f"{x[0]} |> reshape({write(a['shape'])})",
      lambda k, a, x: x.reshape(k.sizes(a["shape"])), reshaped)


def draw_flatten(g, x):
    return ([x], {}) if len(x.shape) > 2 else None


enter("flatten", draw_flatten, "flatten({0})", lambda k, a, x: x.flatten(1),
      lambda a, x: [x[0], product(x[1:])] if len(x) > 1 and min(x[1:]) > 0 else None)


def axis_of(g, x):
    """One that is no batch, if there is any."""
    axes = [axis for axis, size in enumerate(x.shape) if size > 0]
    return g.random.choice(axes) if axes else None


def draw_concat(g, x):
    axis = axis_of(g, x)
    if axis is None:
        return None
    parts = [x, g.twin(x), g.node(g.random.choice(["tanh", "neg", "relu"]), [x])][:g.random.choice([1, 2, 2, 3])]
    g.random.shuffle(parts)
    return parts, {"axis": axis}


def concat_shape(a, *shapes):
    axis, first = a["axis"], shapes[0]
    if any(len(s) != len(first) or s[:axis] + s[axis + 1:] != first[:axis] + first[axis + 1:] for s in shapes):
        return None
    if axis >= len(first) or min(s[axis] for s in shapes) < 0:
        return None
    return first[:axis] + [sum(s[axis] for s in shapes)] + first[axis + 1:]


enter("concat", draw_concat, lambda a, write, x: f"concat(axis = {a['axis']})({', '.join(x)})",
      lambda k, a, *x: k.torch.cat(x, a["axis"]), concat_shape, size=lambda a, *x: max(x))


def draw_split(g, x):
    axis = axis_of(g, x)
    if axis is None or x.shape[axis] < 2:
        return None
    size, cuts = x.shape[axis], sorted(g.random.sample(range(1, x.shape[axis]), min(2, x.shape[axis] - 1)))
    sizes = [end - begin for begin, end in zip([0] + cuts, cuts + [size])]
    return [x], {"axis": axis, "sizes": sizes, "part": g.random.randrange(len(sizes))}


def are_sizes(a, x):
    return a["axis"] < len(x) and sum(a["sizes"]) == x[a["axis"]]


def split_shape(a, x):
    return x[:a["axis"]] + [a["sizes"][a["part"]]] + x[a["axis"] + 1:] if are_sizes(a, x) else None


SPLIT = "split(axis = {axis}, sizes = {sizes})({0})"
enter("split", draw_split, SPLIT + "[{part}]", lambda k, a, x: x.split(a["sizes"], a["axis"])[a["part"]], split_shape)
enter("split and concat", draw_split, "concat(axis = {axis})(" + SPLIT + "[{part}], sin({0}), " + SPLIT + ")",
      lambda k, a, x: k.torch.cat([x.split(a["sizes"], a["axis"])[a["part"]], x.sin(), x], a["axis"]),
      lambda a, x: x[:a["axis"]] + [2 * x[a["axis"]] + a["sizes"][a["part"]]] + x[a["axis"] + 1:]
      if are_sizes(a, x) else None)


def draw_chunk(g, x):
    if not x.shape or x.shape[-1] < 2:
        return None
    parts = g.random.choice([d for d in range(2, x.shape[-1] + 1) if x.shape[-1] % d == 0][:3])
    return [x], {"parts": parts, "part": g.random.randrange(parts)}


enter("chunk", draw_chunk, "chunk({0}, {parts})[0] * chunk({0}, {parts})[{part}]",
      lambda k, a, x: x.chunk(a["parts"], -1)[0] * x.chunk(a["parts"], -1)[a["part"]],
      lambda a, x: x[:-1] + [x[-1] // a["parts"]] if x and x[-1] > 0 and x[-1] % a["parts"] == 0 else None,
      size=lambda a, x: x * x)


def draw_transpose(g, x):
    axes = list(range(len(x.shape)))
    if len(axes) < 2:
        return None
    while axes == sorted(axes):
        g.random.shuffle(axes)
    if g.random.random() < 0.5:  # the batch stays in front
        axes = [0] + [axis for axis in axes if axis]
    return [x], {"axes": axes}


enter("transpose", draw_transpose, "{0} |> transpose({axes})", lambda k, a, x: x.permute(a["axes"]),
      lambda a, x: [x[axis] for axis in a["axes"]] if len(x) == len(a["axes"]) else None)


def draw_flip(g, x):
    axes = g.random.sample(range(len(x.shape)), g.random.randint(1, len(x.shape))) if x.shape else []
    return ([x], {"axes": sorted(axes)}) if axes else None


enter("flip", draw_flip, "{0} |> flip({axes})", lambda k, a, x: x.flip(a["axes"]),
      lambda a, x: x if max(a["axes"]) < len(x) else None, mixes=lambda a, x: reduces_batch(a, x))


def draw_broadcast(g, x):
    count = g.random.choice([1, 1, 2])
    axes = sorted(g.random.sample(range(len(x.shape) + count), count))
    if len(x.shape) + count > 5:
        return None
    return [x], {"axes": axes, "sizes": [g.random.choice([1, 2, 3, 5]) for _ in axes]}


def broadcast(a, x):
    result = list(x)
    for axis, size in zip(a["axes"], a["sizes"]):
        if axis > len(result):
            return None
        result.insert(axis, size)
    return result


def torch_broadcast(k, a, x):
    for axis in a["axes"]:
        x = x.unsqueeze(axis)
    sizes = list(x.shape)
    for axis, size in zip(a["axes"], k.sizes(a["sizes"])):
        sizes[axis] = size
    return x.expand(sizes)


enter("broadcast", draw_broadcast,
      lambda a, write, x: f"{x[0]} |> broadcast({a['axes']}, {write(a['sizes'])})", torch_broadcast, broadcast)


# --- reductions ----------------------------------------------------------------------------------

def draw_axes(g, x):
    rank = len(x.shape)
    if rank == 0:
        return None
    axes = sorted(g.random.sample(range(rank), g.random.randint(1, max(1, rank - 1))))
    return [x], {"axes": axes}


def without_axes(a, x):
    if max(a["axes"]) >= len(x):
        return None
    return [size for axis, size in enumerate(x) if axis not in a["axes"]]


def reduces_batch(a, x):
    return any(x[axis] < 0 for axis in a["axes"])


def torch_largest(k, a, x):
    order = [axis for axis in range(x.dim()) if axis not in a["axes"]]
    kept = [x.shape[axis] for axis in order]
    return k.largest(x.permute(order + a["axes"]).reshape(kept + [-1]))


enter("reduce_sum", draw_axes, "{0} |> reduce_sum({axes})", lambda k, a, x: x.sum(a["axes"]), without_axes,
      size=lambda a, x: 4 * x, mixes=reduces_batch)
enter("reduce_max", draw_axes, "{0} |> reduce_max({axes})", torch_largest, without_axes, mixes=reduces_batch)


def draw_mean(g, x):
    drawn = draw_axes(g, x)
    axes = [axis for axis in drawn[1]["axes"] if x.shape[axis] > 0] if drawn else []
    return ([x], {"axes": axes}) if axes else None


def text_mean(a, write, x):
    count = " * ".join(f"dim({x[0]}, {axis})" for axis in a["axes"])
    return f"({x[0]} |> reduce_sum({a['axes']})) / float({count})"


enter("mean", draw_mean, text_mean, lambda k, a, x: x.mean(a["axes"]),
      lambda a, x: without_axes(a, x) if max(a["axes"]) < len(x) and not reduces_batch(a, x) else None)


def along_last(a, x):
    return x if x and x[-1] > 0 else None


def draw_last(g, x):
    return ([x], {}) if x.shape and x.shape[-1] > 0 else None


def torch_one_hot(k, x):
    k.largest(x)
    return k.torch.nn.functional.one_hot(x.argmax(-1), x.shape[-1]).to(x.dtype)


enter("argmax", draw_last, lambda a, write, x: f"{x[0]} * one_hot(dim({x[0]}, rank({x[0]}) - 1))(argmax({x[0]}))",
      lambda k, a, x: x * torch_one_hot(k, x), along_last)


def draw_same(g, x):
    return ([x, g.twin(x)], {}) if x.shape and 1 < x.shape[-1] < 8 else None


def torch_same(k, a, x, y):
    k.largest(x), k.largest(y)
    return k.where(x.argmax(-1) == y.argmax(-1), x.sum(-1), 0.5 * y.sum(-1))


enter("same", draw_same, lambda a, write, x: f"select(same(argmax({x[0]}), argmax({x[1]})), "
      f"reduce_sum([rank({x[0]}) - 1])({x[0]}), 0.5 * reduce_sum([rank({x[1]}) - 1])({x[1]}))", torch_same,
      lambda a, x, y: x[:-1] if x and x == y and x[-1] > 0 else None, size=lambda a, x, y: 3 * max(x, y))
enter("softmax", draw_last, "softmax({0})", lambda k, a, x: x.softmax(-1), along_last, size=lambda a, x: 1)
enter("log_softmax", draw_last, "log_softmax({0})", lambda k, a, x: x.log_softmax(-1), along_last,
      size=lambda a, x: 2 * x + 2)


def draw_batched(g, x):
    return ([x], {}) if is_batch_first(x.shape) and len(x.shape) > 1 else None


def to_one_a_sample(a, x):
    return x[:1] if len(x) > 1 and min(x[1:]) > 0 else None


enter("per_sample_sum", draw_batched, "per_sample_sum({0})", lambda k, a, x: x.flatten(1).sum(1), to_one_a_sample,
      size=lambda a, x: 6 * x)
enter("per_sample_mean", draw_batched, "per_sample_mean({0})", lambda k, a, x: x.flatten(1).mean(1), to_one_a_sample)


# --- products ------------------------------------------------------------------------------------

def draw_dense(g, x):
    if len(x.shape) < 2 or x.shape[-1] < 0:
        return None
    units = x.shape[-1] if g.keeps_shape else g.width()
    return [x], {"units": units, "bias": g.random.random() < 0.7, "init": g.init()}


def text_dense(a, write, x):
    bias = "" if a["bias"] else ", with_bias = false"
    init = f", init = {a['init']}" if a["init"] else ""
    return f"{x[0]} |> " + f"dense({a['units']}{bias}{init})"


def dense_weights(a, x, *_):
    bias = [([a["units"]], 0.3, 0)] if a["bias"] else []
    return [([x[-1], a["units"]], x[-1] ** -0.5, 0)] + bias


def torch_dense(k, a, x, w, b=None):
    return x @ w if b is None else x @ w + b


enter("dense", draw_dense, text_dense, torch_dense,
      lambda a, x: x[:-1] + [a["units"]] if len(x) > 1 and x[-1] > 0 else None, dense_weights,
      cost=lambda a, y, x: abs(product(y)) * x[-1])


def draw_matmul(g, x):
    if len(x.shape) < 2 or x.shape[-1] < 0:
        return None
    units = x.shape[-1] if g.keeps_shape else g.width()
    return [x, g.param([x.shape[-1], units], x.shape[-1] ** -0.5)], {}


def multiplied(a, x, y):
    """Of matrices in the last two axes; leading axes are equal, or one side has none."""
    if len(x) < 2 or len(y) < 2 or x[-1] != y[-2] or (x[-2] < 0 and y[-1] < 0):
        return None
    lead = x[:-2] or y[:-2]
    if (x[:-2] and y[:-2] and x[:-2] != y[:-2]) or (any(d < 0 for d in lead) and min(x[-2], y[-1]) < 0):
        return None
    return lead + [x[-2], y[-1]]


def draw_matmul_left(g, x):
    if len(x.shape) < 2 or x.shape[-2] < 0:
        return None
    rows = x.shape[-2] if g.keeps_shape else g.width()
    return [g.param([rows, x.shape[-2]], abs(x.shape[-2]) ** -0.5), x], {}


def draw_matmul_square(g, x):
    """With its own transposed form: x xᵀ or xᵀ x, scaled."""
    if len(x.shape) < 2 or min(x.shape[-2:]) < 0:
        return None
    x = g.bounded(x, 1.5)
    turned = g.node("transpose", [x], {"axes": list(range(len(x.shape) - 2)) + [len(x.shape) - 1, len(x.shape) - 2]})
    return g.random.choice([[x, turned], [turned, x]]), {}


def draw_matmul_rows(g, x):
    """xᵀ y over the batch."""
    if len(x.shape) != 2 or x.shape[0] > 0 or x.shape[1] < 0:
        return None
    y = g.node("dense", [g.bounded(x, 1)], {"units": g.width(), "bias": True, "init": g.init()})
    return y and ([g.node("transpose", [x], {"axes": [1, 0]}), y], {})


def product_cost(a, y, x, w):
    return abs(product(y) * x[-1])


def contracts_batch(a, x, y):
    return len(x) > 0 and x[-1] < 0


PRODUCT = dict(shape=multiplied, cost=product_cost, mixes=contracts_batch, size=lambda a, x, y: 3 * x * y)
enter("matmul", draw_matmul, "{0} @ {1}", lambda k, a, x, w: x @ w, **{**PRODUCT, "size": lambda a, x, w: x})
enter("matmul from the left", draw_matmul_left, "{0} @ {1}", lambda k, a, w, x: w @ x,
      **{**PRODUCT, "size": lambda a, w, x: x})
enter("matmul with itself", draw_matmul_square, "matmul({0}, {1})", lambda k, a, x, y: x @ y, **PRODUCT)
enter("matmul over rows", draw_matmul_rows, "{0} @ {1}", lambda k, a, x, y: x @ y, **PRODUCT)


# --- convolutions --------------------------------------------------------------------------------

def is_image(shape):
    return len(shape) == 4 and shape[0] < 0 and min(shape[1:]) > 0


def out(size, before, after, kernel, stride, dilation=1):
    """The length of a convolved side, or less than 1 where the window does not fit."""
    extent = dilation * (kernel - 1) + 1
    return (size + before + after - extent) // stride + 1 if size + before + after >= extent else 0


def windowed(x, channels, kernel, stride, pad, dilation=(1, 1)):
    if not is_image(x):
        return None
    sides = [out(x[2 + i], pad[i], pad[2 + i], kernel[i], stride[i], dilation[i]) for i in (0, 1)]
    return [x[0], channels] + sides if min(sides) > 0 else None


def draw_groups(g, inputs):
    """Groups and a number of channels they divide."""
    channels = g.width()
    if g.random.random() < 0.65:
        return 1, channels
    groups = g.random.choice([d for d in range(1, inputs + 1) if inputs % d == 0][-4:])
    return groups, groups * max(1, min(channels, 64) // groups)


def draw_conv(g, x):
    return draw_conv_along(g, x) if is_image(x.shape) else None


def draw_conv_along(g, x):
    random = g.random
    groups, channels = draw_groups(g, x.shape[1])
    kernel, dilation = random.choice([1, 2, 3, 3, 3, 5, 5, 7]), random.choice([1, 1, 1, 1, 2, 3])
    a = {"channels": channels, "kernel": kernel, "stride": random.choice([1, 1, 1, 2, 3]),
         "pad": random.choice([0, 1, dilation * (kernel - 1) // 2]), "dilation": dilation, "groups": groups,
         "bias": random.random() < 0.7, "init": g.init()}
    if g.keeps_shape:
        kernel = random.choice([1, 3, 5])
        a.update(channels=x.shape[1], kernel=kernel, stride=1, pad=dilation * (kernel - 1) // 2)
    return [x], a


def text_conv(a, write, x):
    plain = {"stride": 1, "pad": 0, "dilation": 1, "groups": 1}
    options = "".join(f", {key} = {a[key]}" for key in plain if a[key] != plain[key])
    bias = "" if a["bias"] else ", with_bias = false"
    init = f", init = {a['init']}" if a["init"] else ""
    return f"{x[0]} |> {a.get('layer', 'conv')}({a['channels']}, kernel = {a['kernel']}{options}{bias}{init})"


def conv_shape(a, x):
    if not is_image(x) or x[1] % a["groups"] or a["channels"] % a["groups"]:
        return None
    return windowed(x, a["channels"], *([a[key]] * 4 for key in ("kernel", "stride", "pad", "dilation")))


def conv_weights(a, x):
    kernel = [a["channels"], x[1] // a["groups"], a["kernel"], a["kernel"]]
    bias = [([a["channels"]], 0.3, 0)] if a["bias"] else []
    return [(kernel, product(kernel[1:]) ** -0.5, 0)] + bias


def torch_conv(k, a, x, w, b=None):
    return k.torch.nn.functional.conv2d(x, w, b, a["stride"], a["pad"], a["dilation"], a["groups"])


enter("conv", draw_conv, text_conv, torch_conv, conv_shape, conv_weights,
      cost=lambda a, y, x: abs(product(y)) * x[1] // a["groups"] * a["kernel"] ** 2)



def draw_conv1d(g, x):
    if len(x.shape) != 3 or not is_image([*x.shape, 1]):
        return None
    operands, a = draw_conv_along(g, x)
    return operands, {**a, "layer": "conv1d"}


def conv1d_shape(a, x):
    if len(x) != 3 or not is_image([*x, 1]) or x[1] % a["groups"] or a["channels"] % a["groups"]:
        return None
    sides = ([1, a["kernel"]], [1, a["stride"]], [0, a["pad"], 0, a["pad"]], [1, a["dilation"]])
    image = windowed([x[0], x[1], 1, x[2]], a["channels"], *sides)
    return image and [*image[:2], image[3]]


enter("conv1d", draw_conv1d, text_conv,
      lambda k, a, x, w, b=None: k.torch.nn.functional.conv1d(x, w, b, a["stride"], a["pad"], a["dilation"], a["groups"]),
      conv1d_shape, lambda a, x: [(shape[:3], *how) for shape, *how in conv_weights({**a}, [*x, 1])][:1 + a["bias"]],
      cost=lambda a, y, x: abs(product(y)) * x[1] // a["groups"] * a["kernel"])

CONV = "stride = {stride}, pad = {pad}, dilation = {dilation}, groups = {groups}"


def draw_window(g, x, pools=False):
    random = g.random
    kernel = [random.choice([1, 2, 3, 3, 5]) for _ in "hw"]
    a = {"kernel": kernel, "stride": [random.choice([1, 1, 2, 3]) for _ in "hw"],
         "pad": [random.choice([0, 0, 1, 2]) if kernel[side % 2] > 2 else 0 for side in range(4)]}
    return a if pools else {**a, "dilation": [random.choice([1, 1, 2]) for _ in "hw"]}


def draw_conv2d(g, x):
    if not is_image(x.shape):
        return None
    groups, channels = draw_groups(g, x.shape[1])
    a = draw_window(g, x)
    kernel = a.pop("kernel")
    inputs = x.shape[1] // groups
    return [x, g.param([channels, inputs] + kernel, (inputs * product(kernel)) ** -0.5)], {**a, "groups": groups}


def conv2d_shape(a, x, w):
    if not is_image(x) or len(w) != 4 or w[0] % a["groups"] or x[1] != w[1] * a["groups"]:
        return None
    return windowed(x, w[0], w[2:], a["stride"], a["pad"], a["dilation"])


def torch_conv2d(k, a, x, w):
    top, left, bottom, right = a["pad"]
    x = k.torch.nn.functional.pad(x, (left, right, top, bottom))
    return k.torch.nn.functional.conv2d(x, w, None, a["stride"], 0, a["dilation"], a["groups"])


def conv2d_cost(a, y, x, w):
    return abs(product(y)) * product(w[1:])


enter("conv2d", draw_conv2d, f"conv2d({CONV})({{0}}, {{1}})", torch_conv2d, conv2d_shape, cost=conv2d_cost,
      size=lambda a, x, w: x)


def draw_conv2d_grad_input(g, dy):
    """A transposed convolution: dy is the result of one on the image that is drawn here."""
    if not is_image(dy.shape):
        return None
    random, (rows, columns) = g.random, dy.shape[2:]
    groups = random.choice([d for d in range(1, dy.shape[1] + 1) if dy.shape[1] % d == 0][:3])
    inputs, a = random.choice([1, 2, 3, 5, 8]), draw_window(g, dy)
    kernel = a.pop("kernel")
    sides = [(size - 1) * a["stride"][i] + a["dilation"][i] * (kernel[i] - 1) + 1 - a["pad"][i] - a["pad"][2 + i]
             + random.randrange(a["stride"][i]) for i, size in enumerate((rows, columns))]
    if min(sides) < 1:
        return None
    w = g.param([dy.shape[1], inputs] + kernel, (dy.shape[1] // groups * product(kernel)) ** -0.5)
    return [dy, w], {**a, "groups": groups, "shape": [dy.shape[0], inputs * groups] + sides}


def conv2d_grad_input_shape(a, dy, w):
    a["shape"] = dy[:1] + a["shape"][1:]
    return a["shape"] if len(a["shape"]) == 4 and conv2d_shape(a, a["shape"], w) == dy else None


def torch_conv2d_grad_input(k, a, dy, w):
    x = k.torch.zeros(k.sizes(a["shape"]), dtype=dy.dtype, requires_grad=True)
    return k.derivative(torch_conv2d(k, a, x, w), x, dy)


enter("conv2d_grad_input", draw_conv2d_grad_input,
      lambda a, write, x: f"conv2d_grad_input(shape = {write(a['shape'])}, {CONV.format(**a)})({x[0]}, {x[1]})",
      torch_conv2d_grad_input, conv2d_grad_input_shape, cost=lambda a, y, dy, w: abs(product(dy)) * product(w[1:]),
      size=lambda a, dy, w: dy)


def draw_conv2d_grad_weight(g, x):
    """x times a number that comes from all of x and of a convolution's result."""
    drawn = draw_conv2d(g, g.bounded(x, 1))
    dy = drawn and g.node("conv2d", *drawn)
    scale = dy and round((g.batch * product(dy.shape[2:])) ** -0.5, 4)
    return dy and ([drawn[0][0], dy], {**drawn[1], "shape": drawn[0][1].shape, "scale": scale})


def conv2d_grad_weight_shape(a, x, dy):
    return x if len(dy) == 4 and conv2d_shape(a, x, a["shape"]) == dy else None


def torch_conv2d_grad_weight(k, a, x, dy):
    w = k.torch.zeros(a["shape"], dtype=x.dtype, requires_grad=True)
    dw = k.derivative(torch_conv2d(k, a, x, w), w, dy)
    return x * (a["scale"] * dw.sum((1, 2, 3))).sin().sum()


enter("conv2d_grad_weight", draw_conv2d_grad_weight,
      lambda a, write, x: f"{x[0]} * reduce_sum([0])(sin({a['scale']} * reduce_sum([1, 2, 3])(conv2d_grad_weight("
      f"shape = {a['shape']}, {CONV.format(**a)})({x[0]}, {x[1]}))))",
      torch_conv2d_grad_weight, conv2d_grad_weight_shape, size=lambda a, x, dy: 5 * x,
      cost=lambda a, y, x, dy: abs(product(dy)) * product(a["shape"][1:]), mixes=lambda a, x, dy: True)


# --- windows -------------------------------------------------------------------------------------

def draw_pool(g, x):
    if not is_image(x.shape):
        return None
    kernel = g.random.choice([1, 2, 2, 3, 3])
    return [x], {"kernel": kernel, "stride": g.random.choice([0, 0, 1, 2, 3]),
                 "pad": g.random.choice([0, 0, 1]) if kernel > 1 else 0}


def as_window(a):
    return {"kernel": [a["kernel"]] * 2, "stride": [a["stride"] or a["kernel"]] * 2, "pad": [a["pad"]] * 4}


def pool_shape(a, x):
    return windowed(x, x[1], a["kernel"], a["stride"], a["pad"]) if is_image(x) else None


def text_pool(name):
    def text(a, write, x):
        options = "".join(f", {key} = {a[key]}" for key in ("stride", "pad") if a[key])
        return f"{x[0]} |> {name}({a['kernel']}{options})"
    return text


def windows(k, a, x, fill):
    """[N, C, P, Q, kernel * kernel]"""
    top, left, bottom, right = a["pad"]
    x = k.torch.nn.functional.pad(x, (left, right, top, bottom), value=fill)
    for side in (0, 1):
        x = x.unfold(2 + side, a["kernel"][side], a["stride"][side])
    return x.flatten(4)


def torch_max_pool2d(k, a, x):
    return k.largest(windows(k, a, x, -math.inf), first=True)


def torch_avg_pool2d(k, a, x):
    return windows(k, a, x, 0.0).mean(-1)


enter("max_pool", draw_pool, text_pool("max_pool"), lambda k, a, x: torch_max_pool2d(k, as_window(a), x),
      lambda a, x: pool_shape(as_window(a), x))
enter("avg_pool", draw_pool, text_pool("avg_pool"), lambda k, a, x: torch_avg_pool2d(k, as_window(a), x),
      lambda a, x: pool_shape(as_window(a), x))


def draw_pool2d(g, x):
    return ([x], draw_window(g, x, pools=True)) if is_image(x.shape) else None


POOL = "kernel = {kernel}, stride = {stride}, pad = {pad}"
enter("max_pool2d", draw_pool2d, f"max_pool2d({POOL})({{0}})", torch_max_pool2d, pool_shape)
enter("avg_pool2d", draw_pool2d, f"avg_pool2d({POOL})({{0}})", torch_avg_pool2d, pool_shape)


def draw_pool2d_grad(g, x):
    """Back through the pool of x, from that pool's own result."""
    drawn = draw_pool2d(g, x)
    y = drawn and g.node("avg_pool2d", *drawn)
    return y and ([x, y], drawn[1])


def pool2d_grad_shape(a, x, y):
    return x if pool_shape(a, x) == y else None


def torch_pool2d_grad(pool):
    def torch(k, a, x, dy):
        x = x.detach().requires_grad_()
        return k.derivative(pool(k, a, x), x, dy)
    return torch


enter("max_pool2d_grad", draw_pool2d,  # how often each element is the largest; it has no second derivative
      lambda a, write, x: f"{x[0]} * max_pool2d_grad({POOL.format(**a)})({x[0]}, ones{write(a['ones'])})",
      lambda k, a, x: x * torch_pool2d_grad(torch_max_pool2d)(k, a, x, k.torch.ones(k.sizes(a["ones"]), dtype=x.dtype)),
      lambda a, x: a.update(ones=pool_shape(a, x)) or a["ones"] and x, size=lambda a, x: 3 * x)
enter("max_pool2d_grad()", draw_pool2d,
      lambda a, write, x: f"{x[0]} * stop_gradient(max_pool2d_grad({POOL.format(**a)})({x[0]}, "
                          f"max_pool2d({POOL.format(**a)})({x[0]})))",
      lambda k, a, x: x * torch_pool2d_grad(torch_max_pool2d)(k, a, x, torch_max_pool2d(k, a, x)).detach(),
      lambda a, x: x if pool_shape(a, x) else None, size=lambda a, x: 4 * x * x)
enter("avg_pool2d_grad", draw_pool2d_grad,
      lambda a, write, x: f"avg_pool2d_grad(shape = shape({x[0]}), {POOL.format(**a)})({x[1]})",
      torch_pool2d_grad(torch_avg_pool2d), pool2d_grad_shape)


def draw_image(g, x):
    return ([x], {}) if is_image(x.shape) else None


enter("global_avg_pool", draw_image, "global_avg_pool({0})", lambda k, a, x: x.mean((2, 3)),
      lambda a, x: x[:2] if is_image(x) else None)


# --- normalisation, randomness, state ------------------------------------------------------------

def draw_batch_norm(g, x):
    if not is_image(x.shape) or x.shape[0] != -1 or g.batch * product(x.shape[2:]) < 8:
        return None  # over few values the variance may be near 0
    return [x], {"momentum": g.random.choice([0.1, 0.3]), "eps": g.random.choice([1e-5, 1e-3, 0.1])}


def text_batch_norm(a, write, x):
    options = ["momentum = 0.3"] * (a["momentum"] != 0.1) + [f"eps = {a['eps']}"] * (a["eps"] != 1e-5)
    return f"{x[0]} |> batch_norm" + (f"({', '.join(options)})" if options else "")


def torch_batch_norm(k, a, x, w, b, mean, var):
    mean, var = mean.clone(), var.clone()
    if k.training:
        k.kink(x.var((0, 2, 3), unbiased=False) + 1e-12)  # where nothing varies, only rounding is scaled up
        if x.shape[0] * x.shape[2] * x.shape[3] == 1:  # PyTorch refuses it
            return x
    y = k.torch.nn.functional.batch_norm(x, mean, var, w, b, k.training, a["momentum"], a["eps"])
    k.keep(mean, var)
    return y


enter("batch_norm", draw_batch_norm, text_batch_norm, torch_batch_norm,
      lambda a, x: x if is_image(x) and x[0] == -1 else None,
      weights=lambda a, x: [([x[1]], 0.3, 1), ([x[1]], 0.3, 0)],
      states=lambda a, x: [([x[1]], 0.3, 0), ([x[1]], 0.2, 1.3)], size=lambda a, x: 4)


def draw_dropout(g, x):
    return ([x], {"p": g.random.choice([0.0, 0.2, 0.5, 0.75])}) if is_batch_first(x.shape) else None


def torch_dropout(k, a, x):
    if not k.training or a["p"] == 0:
        return x
    return x * (k.uniform(x) >= a["p"]) / (1 - a["p"])


enter("dropout", draw_dropout, "{0} |> dropout({p})", torch_dropout, lambda a, x: x if is_batch_first(x) else None)


def draw_random(g, x):
    return ([x], {}) if is_batch_first(x.shape) else None


enter("random_uniform", draw_random, "if training {{ {0} * random_uniform(shape({0}), fresh_stream())() }} else "
      "{{ 0.5 * {0} }}", lambda k, a, x: x * k.uniform(x) if k.training else 0.5 * x,
      lambda a, x: x if is_batch_first(x) else None)


DEFINITIONS["tracked"] = """layer tracked(decay: float)(x: f32[N, D]) -> f32[N, D] {
  state level: f32[D] = zeros
  let share = broadcast([1], [D])(sample_weight())
  let mean = reduce_sum([0])(x * share) / reduce_sum([0])(share)
  if training {
    level <- decay * level + (1.0 - decay) * stop_gradient(mean)
  }
  return x - level
}
"""


def draw_tracked(g, x):
    fits = len(x.shape) == 2 and x.shape[0] == -1 and x.shape[1] > 0
    return ([x], {"decay": g.random.choice([0.5, 0.9])}) if fits and not g.weightless else None


def torch_tracked(k, a, x, level):
    if k.training:
        k.keep(a["decay"] * level + (1 - a["decay"]) * x.mean(0))
    return x - level


enter("tracked", draw_tracked, "{0} |> tracked({decay})", torch_tracked,
      lambda a, x: x if len(x) == 2 and x[0] == -1 and x[1] > 0 else None,
      states=lambda a, x: [(x[1:], 0.3, 0)], size=lambda a, x: x + 0.5)
