"""What networks are drawn from: one entry an operation. This is the place to enter a new one.

An entry says how the operation is drawn, how it is written, and what it is in PyTorch. All values are
tensors of real numbers; what works on bools or class numbers stands inside an entry's text. A shape is
a list of sizes, where -k stands for k * B, B being the batch: [-1, 3, 5] is f32[B, 3, 5].
"""
import math

import dlc


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
unary("softplus", "softplus({0})", lambda k, a, x: k.torch.nn.functional.softplus(x), size=lambda a, x: x + 1)
unary("silu", "silu({0})", lambda k, a, x: x * x.sigmoid())
unary("gelu", "gelu({0})", lambda k, a, x: k.torch.nn.functional.gelu(x))
unary("gelu_tanh", "gelu_tanh({0})", lambda k, a, x: k.torch.nn.functional.gelu(x, approximate="tanh"), 4)
unary("elu", "elu({0}, {alpha})", lambda k, a, x: k.where(k.kink(x) > 0, x, a["alpha"] * (x.minimum(0 * x).exp() - 1)),
      alpha=number(0.5, 1.0, 1.3))
unary("hard_swish", "hard_swish({0})",
      lambda k, a, x: x * k.where(k.kink(x - 3) > 0, 1.0, k.where(k.kink(x + 3) < 0, 0.0, x / 6 + 0.5)))
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

def has_channels(shape):
    return len(shape) > 1 and shape[0] == -1 and min(shape[1:]) > 0


EPS = [1e-5, 1e-3, 0.1]


def varies(k, x):
    """Where nothing varies over the last axis, only rounding is scaled up."""
    k.kink(x.var(-1, unbiased=False) + 1e-12)
    return x


def configured(name, defaults):
    """A layer with those of its options that are not the default's."""
    def text(a, write, x):
        options = [f"{key} = {a[key]}" for key, value in defaults.items() if a[key] != value]
        return f"{x[0]} |> {name}" + (f"({', '.join(options)})" if options else "")
    return text


def channel_weights(a, x):
    return [([x[1]], 0.3, 1), ([x[1]], 0.3, 0)]


def draw_batch_norm(g, x):
    if not has_channels(x.shape) or g.batch * product(x.shape[2:]) < 8:
        return None  # over few values the variance may be near 0
    return [x], {"momentum": g.random.choice([0.1, 0.3]), "eps": g.random.choice(EPS)}


def torch_batch_norm(k, a, x, w, b, mean, var):
    mean, var = mean.clone(), var.clone()
    is_one = x.numel() == x.shape[1]  # value a channel: normalised by what is kept
    if k.training and not is_one:
        varies(k, x.transpose(0, 1).flatten(1))
    y = k.torch.nn.functional.batch_norm(x, mean, var, w, b, k.training and not is_one, a["momentum"], a["eps"])
    k.keep(mean, var)
    return y


enter("batch_norm", draw_batch_norm, configured("batch_norm", {"momentum": 0.1, "eps": 1e-5}), torch_batch_norm,
      lambda a, x: x if has_channels(x) else None, weights=channel_weights,
      states=lambda a, x: [([x[1]], 0.3, 0), ([x[1]], 0.2, 1.3)], size=lambda a, x: 4)


def draw_layer_norm(g, x):
    return ([x], {"eps": g.random.choice(EPS)}) if x.shape and x.shape[-1] > 3 else None


def torch_rms_norm(k, a, x, w):
    k.kink((x * x).mean(-1) + 1e-12)
    return x / ((x * x).mean(-1, keepdim=True) + a["eps"]).sqrt() * w


enter("layer_norm", draw_layer_norm, configured("layer_norm", {"eps": 1e-5}),
      lambda k, a, x, w, b: k.torch.nn.functional.layer_norm(varies(k, x), x.shape[-1:], w, b, a["eps"]), along_last,
      weights=lambda a, x: [(x[-1:], 0.3, 1), (x[-1:], 0.3, 0)], size=lambda a, x: 4)
enter("rms_norm", draw_layer_norm, configured("rms_norm", {"eps": 1e-5}), torch_rms_norm, along_last,
      weights=lambda a, x: [(x[-1:], 0.3, 1)], size=lambda a, x: 4)


def draw_group_norm(g, x):
    if not has_channels(x.shape):
        return None
    groups = [d for d in range(1, x.shape[1] + 1) if x.shape[1] % d == 0 and product(x.shape[1:]) // d > 3]
    return ([x], {"groups": g.random.choice(groups), "eps": g.random.choice(EPS)}) if groups else None


def torch_group_norm(k, a, x, w, b):
    varies(k, x.reshape(len(x), a["groups"], -1))
    return k.torch.nn.functional.group_norm(x, a["groups"], w, b, a["eps"])


enter("group_norm", draw_group_norm, configured("group_norm", {"groups": 0, "eps": 1e-5}), torch_group_norm,
      lambda a, x: x if has_channels(x) and x[1] % a["groups"] == 0 else None, weights=channel_weights,
      size=lambda a, x: 4)


def draw_local_response_norm(g, x):
    if not has_channels(x.shape):
        return None
    return [g.bounded(x, 4)], {"count": g.random.choice([1, 2, 3, 5]), "alpha": g.random.choice([0.0001, 0.5]),
                               "beta": g.random.choice([0.75, 1.0]), "k": g.random.choice([1.0, 2.0])}


def torch_local_response_norm(k, a, x):
    image = x.flatten(2) if x.dim() > 2 else x[..., None]
    y = k.torch.nn.functional.local_response_norm(image, a["count"], a["alpha"], a["beta"], a["k"])
    return y.reshape(x.shape)


enter("local_response_norm", draw_local_response_norm,
      configured("local_response_norm", {"count": 5, "alpha": 1e-4, "beta": 0.75, "k": 1.0}), torch_local_response_norm,
      lambda a, x: x if has_channels(x) else None)


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


def is_sequence(shape):
    return len(shape) == 3 and shape[0] == -1 and min(shape[1:]) > 0


# --- index notation ------------------------------------------------------------------------------

DEFINITIONS["related"] = """fn related(x: f32[N, T, D]) -> f32[N, T, T] {
  let y[n, s, t] = sum(x[n, s, d] * x[n, t, d]) / float(D)
  return y
}
"""
DEFINITIONS["differences"] = """fn differences(x: f32[N, ...]) -> f32[N, ...] {
  let rows = reshape([N, size(x) / N])(x)
  let y[n, d] = rows[n, d] - 0.5 * rows[n, d - 1] + 0.25 * rows[n, d + 2]
  return reshape(shape(x))(y)
}
"""
DEFINITIONS["smoothed"] = """layer smoothed(width: int)(x: f32[N, T, D]) -> f32[N, T, D] {
  param w: f32[width, D] = ones
  let y[n, t, d]: f32[N, T, D] = sum(x[n, t + k - 1, d] * w[k, d] * float(k + 1))
  return y
}
"""


def draw_related(g, x):
    return ([x], {}) if is_sequence(x.shape) and x.shape[1] <= 40 and not g.keeps_shape else None


def draw_notation_rows(g, x):
    return ([x], {}) if is_batch_first(x.shape) and len(x.shape) > 1 and min(x.shape[1:]) > 0 else None


def draw_smoothed(g, x):
    return ([x], {"width": g.random.randint(1, 3)}) if is_sequence(x.shape) and not g.weightless else None


def torch_differences(k, a, x):
    rows = x.flatten(1)
    rows = k.torch.nn.functional.pad(rows, (1, 2))
    return (rows[:, 1:-2] - 0.5 * rows[:, :-3] + 0.25 * rows[:, 3:]).reshape(x.shape)


def torch_smoothed(k, a, x, w):
    weights = w * k.torch.arange(1, a["width"] + 1, dtype=x.dtype)[:, None]
    padded = k.torch.nn.functional.pad(x.transpose(1, 2), (1, max(0, a["width"] - 2)))[:, :, :x.shape[1] + a["width"] - 1]
    return k.torch.nn.functional.conv1d(padded, weights.T[:, None], groups=x.shape[2]).transpose(1, 2)


enter("related", draw_related, "related({0})", lambda k, a, x: x @ x.transpose(1, 2) / x.shape[2],
      lambda a, x: [x[0], x[1], x[1]] if is_sequence(x) else None, size=lambda a, x: x * x)
enter("differences", draw_notation_rows, "differences({0})", torch_differences,
      lambda a, x: x if is_batch_first(x) and len(x) > 1 and min(x[1:]) > 0 else None, size=lambda a, x: 2 * x)
enter("smoothed", draw_smoothed, "{0} |> smoothed({width})", torch_smoothed,
      lambda a, x: x if is_sequence(x) else None,
      weights=lambda a, x: [([a["width"], x[2]], 0.5, 0)], size=lambda a, x: 4 * x)


# --- sequences -----------------------------------------------------------------------------------

def draw_top(g, x):
    fits = len(x.shape) > 1 and 1 < x.shape[-1] <= 40 and not g.keeps_shape
    return ([x], {"count": g.random.randint(1, min(3, x.shape[-1]))}) if fits else None


def torch_top(k, a, x):
    values = x.topk(min(a["count"] + 1, x.shape[-1]), -1).values
    k.kink((values[..., :-1] - values[..., 1:]).detach())
    return values[..., :a["count"]]


enter("top_k", draw_top, "top_k({0}, {count})[0]", torch_top,
      lambda a, x: [*x[:-1], a["count"]] if len(x) > 1 and x[-1] >= a["count"] and x[-1] > 1 else None)
enter("cumulative_sum", lambda g, x: ([x], {}) if is_sequence(x.shape) and x.shape[1] <= 20 else None,
      "0.2 * cumulative_sum({0}, 1)", lambda k, a, x: 0.2 * x.cumsum(1), lambda a, x: x if is_sequence(x) else None,
      size=lambda a, x: 4 * x)


# Labels are what is largest of a sequence's first two steps, but for the blank.
DEFINITIONS["transcribed"] = """fn transcribed(x: f32[N, T, C]) -> f32[N, T, C] {
  let loss = ctc(x, argmax(x[:, 0:2, 1:]) + 1)
  let said = float(ctc_greedy(x, T)) + float(ctc_beam(x, T, 2))
  let y[n, t, c] = 0.5 * x[n, t, c] + 0.1 * (loss[n] + said[n, t])
  return y
}
"""


def draw_ctc(g, x):
    return ([x], {}) if ctc_shape({}, x.shape) and x.shape[1] <= 20 and x.shape[2] <= 40 else None


def torch_beam(k, x, beams):
    """Sample by sample; a kink is where two texts change places."""
    found, margins = x.new_zeros(x.shape[:2]), []
    for row, answer in zip(x.detach().double().softmax(-1).tolist(), found):
        text, apart = dlc.prefix_beam(row, beams, len(answer))
        answer[:len(text)] = x.new_tensor(text)
        margins += apart
    k.kink(x.new_tensor(margins))
    return found


def torch_ctc(k, a, x):
    start = x[:, :2, 1:]
    k.largest(start)
    label = 1 + start.argmax(-1)
    functional = k.torch.nn.functional
    counts = [k.torch.full((len(x),), count) for count in (x.shape[1], 2)]
    loss = functional.ctc_loss(x.log_softmax(-1).transpose(0, 1), label, *counts, reduction="none", zero_infinity=True)
    k.largest(x)
    found = x.new_zeros(x.shape[:2])
    for row, best in zip(found, x.argmax(-1)):
        said = dlc.collapsed(best.tolist())
        row[:len(said)] = x.new_tensor(said)
    return 0.5 * x + 0.1 * (loss[:, None] + found + torch_beam(k, x, 2))[:, :, None]


def ctc_shape(a, x):
    return x if is_sequence(x) and x[1] > 2 and x[2] > 2 else None


enter("transcribed", draw_ctc, "transcribed({0})", torch_ctc, ctc_shape, size=lambda a, x: 3 * x + 12)

# A spectrum of something that has power in each band.
DEFINITIONS["heard"] = """fn heard(x: f32[N, D]) {
  let y[n, d] = 0.3 * tanh(x[n, d]) + sin(1.7 * float(d * d) + 1)
  return log_mel(y, 8, 4, 2, bands = 2) +
    0.001 * mel(100) * broadcast([1, 2], [(D - 4) / 2 + 1, 2])(float(sound_length(y)))
}
"""


def torch_heard(k, a, x):
    d = k.torch.arange(x.shape[1], dtype=x.dtype)
    y = 0.3 * x.tanh() + (1.7 * d * d + 1).sin()
    power = k.torch.stft(y, 4, 2, window=k.torch.hann_window(4, dtype=x.dtype), center=False, return_complex=True).abs() ** 2
    hertz, mels = k.torch.arange(3, dtype=x.dtype) * 2, lambda f: 2595 * math.log10(1 + f / 700)
    edges = [700 * (10 ** (mels(4) * i / 3 / 2595) - 1) for i in range(4)]
    filters = k.torch.stack([k.torch.minimum((hertz - edges[i]) / (edges[i + 1] - edges[i]),
                                             (edges[i + 2] - hertz) / (edges[i + 2] - edges[i + 1])).clamp(min=0)
                             for i in range(2)], 1)
    return (power.transpose(1, 2) @ filters + 1e-6).log() + 0.001 * mels(100) * x.shape[1]


def is_sound(shape):
    return len(shape) == 2 and shape[0] == -1 and 4 <= shape[1] <= 60


enter("heard", lambda g, x: ([x], {}) if is_sound(x.shape) and not g.keeps_shape else None, "heard({0})", torch_heard,
      lambda a, x: [x[0], (x[1] - 4) // 2 + 1, 2] if is_sound(x) else None, size=lambda a, x: 20)


def torch_masked(k, a, x):
    if not k.training:
        return x
    drawn = k.uniform(x.detach()[:, 0, 0][:, None].expand(-1, 4))
    t, f = k.torch.arange(x.shape[1])[None, :, None], k.torch.arange(x.shape[2])[None, None, :]

    def hidden(place, count, most, at):
        wide = (drawn[:, at] * (most + 1)).floor()
        first = (drawn[:, at + 1] * (count + 1 - wide)).floor()
        return (place >= first[:, None, None]) & (place < (first + wide)[:, None, None])
    return k.where(hidden(t, x.shape[1], a["time"], 0) | hidden(f, x.shape[2], a["bands"], 2), k.torch.zeros_like(x), x)


def draw_masked(g, x):
    if not is_sequence(x.shape) or g.weightless:
        return None
    return [x], {"time": g.random.randint(0, x.shape[1]), "bands": g.random.randint(0, x.shape[2])}


enter("masked_spectrum", draw_masked, "{0} |> masked_spectrum({time}, {bands})", torch_masked,
      lambda a, x: x if is_sequence(x) and a["time"] <= x[1] and a["bands"] <= x[2] else None)


def torch_lengths(k, x):
    """lengths_of(argmax(x))"""
    k.largest(x)
    return (x.argmax(-1) != 0).sum(1)


def recurrent_weights(kind, inputs, units):
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[kind] * units
    return [([inputs, gates], inputs ** -0.5, 0), ([units, gates], units ** -0.5, 0), ([gates], 0.3, 0), ([gates], 0.3, 0)]


def gru_step(a, c, h):
    (a1, a2, a3), (c1, c2, c3) = a.chunk(3, -1), c.chunk(3, -1)
    z, n = (a2 + c2).sigmoid(), (a3 + (a1 + c1).sigmoid() * c3).tanh()
    return (1 - z) * n + z * h


def torch_recurrent(k, kind, x, lengths, backwards, w, v, b, d):
    """All outputs and the last one."""
    h = c = k.torch.zeros(len(x), len(v), dtype=x.dtype)
    outputs = {}
    for t in reversed(range(x.shape[1])) if backwards else range(x.shape[1]):
        before, inner = x[:, t] @ w + b, h @ v + d
        if kind == "gru":
            new = gru_step(before, inner, h)
        elif kind == "rnn":
            new = (before + inner).tanh()
        else:
            i, f, g, o = (before + inner).chunk(4, -1)
            cell = f.sigmoid() * c + i.sigmoid() * g.tanh()
            new = o.sigmoid() * cell.tanh()
        live = t < lengths[:, None]
        if kind == "lstm":
            c = k.torch.where(live, cell, c)
        h = k.torch.where(live, new, h)
        outputs[t] = new * live
    return k.torch.stack([outputs[t] for t in range(x.shape[1])], 1), h


class Recurrent:
    """An entry for a recurrent layer, or for one of those that are made of such."""

    def __init__(self, name):
        self.name = name
        enter(name, self.draw, self.text, self.torch, self.shape, self.weights, size=lambda a, x: 1, cost=self.cost)

    def draw(self, g, x):
        if not is_sequence(x.shape) or x.shape[1] > 12:
            return None
        random, own = g.random, self.name in ("rnn", "gru", "lstm")
        a = {"kind": self.name if own else random.choice(["rnn", "gru", "lstm"]), "units": g.width(),
             "backwards": own and random.random() < 0.5, "lengths": random.random() < 0.5,
             "part": random.choice([0, 0, 1]), "layers": 1, "both": self.name == "bidirectional", "drop": 0}
        if self.name == "stacked":
            a.update(layers=random.choice([1, 2, 2, 3]), both=random.random() < 0.5, drop=random.choice([0, 0.4]))
        return [g.bounded(x, 3)], a

    def text(self, a, write, x):
        options = {"rnn": f"{a['units']}", "bidirectional": f"{a['kind']}, {a['units']}",
                   "stacked": f"{a['kind']}, {a['units']}, {a['layers']}, both_ways = {str(a['both']).lower()}, "
                              f"drop = {a['drop']}"}
        call = f"{self.name}({options.get(self.name, options['rnn'])}{', backwards = true' if a['backwards'] else ''})"
        return f"{call}({x[0]}{f', lengths = lengths_of(argmax({x[0]}))' if a['lengths'] else ''})[{a['part']}]"

    def torch(self, k, a, x, *weights):
        lengths = torch_lengths(k, x) if a["lengths"] else k.torch.full((len(x),), x.shape[1])
        for layer in range(a["layers"]):
            if layer:
                x = torch_dropout(k, {"p": a["drop"]}, x)
            ways = []
            for backwards in (False, True) if a["both"] else (a["backwards"],):
                ways.append(torch_recurrent(k, a["kind"], x, lengths, backwards, *weights[:4]))
                weights = weights[4:]
            x, last = (k.torch.cat(both, -1) for both in zip(*ways))
        return (x, last)[a["part"]]

    def width(self, a):
        return a["units"] * (1 + a["both"])

    def shape(self, a, x):
        if not is_sequence(x):
            return None
        return [x[0], x[1], self.width(a)] if a["part"] == 0 else [x[0], self.width(a)]

    def weights(self, a, x):
        found = []
        for layer in range(a["layers"]):
            found += recurrent_weights(a["kind"], self.width(a) if layer else x[2], a["units"]) * (1 + a["both"])
        return found

    def cost(self, a, y, x):
        return sum(product(shape) for shape, *_ in self.weights(a, x)) * x[1]


for recurrent in ("rnn", "gru", "lstm", "bidirectional", "stacked"):
    Recurrent(recurrent)


def draw_gru_cell(g, x):
    fits = len(x.shape) == 2 and x.shape[0] == -1 and x.shape[1] > 0
    h = g.node("dense", [g.bounded(x, 2)], {"units": g.width(), "bias": True, "init": g.init()}) if fits else None
    return h and ([x, h], {})


enter("gru_cell", draw_gru_cell, lambda a, write, x: f"gru_cell(dim({x[1]}, 1))({x[0]}, {x[1]})",
      lambda k, a, x, h, w, v, b, d: gru_step(x @ w + b, h @ v + d, h),
      lambda a, x, h: h if len(x) == len(h) == 2 and x[0] == h[0] == -1 and min(x[1], h[1]) > 0 else None,
      lambda a, x, h: recurrent_weights("gru", x[1], h[1]), size=lambda a, x, h: max(1, h),
      cost=lambda a, y, x, h: 3 * (x[1] + h[1]) * h[1])


def draw_embedding(g, x):
    if not x.shape or not 1 < x.shape[-1] < 20 or len(x.shape) > 4:
        return None
    return [x], {"width": g.width(), "padding": g.random.choice([-1, 0, 1])}


def torch_embedding(k, a, x, w):
    k.largest(x)
    index = x.argmax(-1)
    return w[index] * (index != a["padding"])[..., None]


enter("embedding", draw_embedding, lambda a, write, x: f"embedding(dim({x[0]}, rank({x[0]}) - 1), {a['width']}, "
      f"padding = {a['padding']})(argmax({x[0]}))", torch_embedding,
      lambda a, x: x[:-1] + [a["width"]] if x and x[-1] > max(1, a["padding"]) else None,
      lambda a, x: [([x[-1], a["width"]], 0.7, 0)], size=lambda a, x: 2)


# --- attention -----------------------------------------------------------------------------------

def draw_attention(g, x):
    if len(x.shape) < 3 or min(x.shape[-2:]) < 0 or max(x.shape[-2:]) > 40:
        return None
    x = g.bounded(x, 1.5)
    return [x, g.bounded(g.twin(x), 1.5), g.twin(x)], {"causal": g.random.random() < 0.5, "part": 0}


def torch_scores(k, query, key, causal, hidden=None):
    """The weights of attention. `hidden` is true where a key may not be seen."""
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    if causal:
        hidden_later = k.torch.arange(key.shape[-2])[None] > k.torch.arange(query.shape[-2])[:, None]
        scores = scores.masked_fill(hidden_later, -math.inf)
    return (scores if hidden is None else scores.masked_fill(hidden, -math.inf)).softmax(-1)


def text_attention(a, write, x):
    lead = "{0}, {1}, {2}".format(*x)
    if not a["causal"]:
        return f"attention({lead})[0]"
    axes, sizes = a["lead"]
    return f"attention({lead}, causal_mask({a['places']}, {a['places']}) |> broadcast({axes}, {write(sizes)}))[0]"


def attention_shape(a, x, y, z):
    if len(x) < 3 or not x == y == z or min(x[-2:]) < 0:
        return None
    a.update(lead=(list(range(len(x) - 2)), x[:-2]), places=x[-2])
    return x


enter("attention", draw_attention, text_attention,
      lambda k, a, x, y, z: torch_scores(k, x, y, a["causal"]) @ z, attention_shape,
      size=lambda a, x, y, z: z, cost=lambda a, result, x, y, z: 2 * abs(product(x)) * x[-2])


def torch_heads(k, a, x, z, hidden, causal, w, b, out, out_bias):
    """multi_head_attention"""
    width = x.shape[-1]
    (wq, wk, wv), (bq, bk, bv) = w.chunk(3, 1), b.chunk(3)
    query, key, value = (v.reshape(len(v), -1, a["heads"], width // a["heads"]).transpose(1, 2)
                         for v in (x @ wq + bq, z @ wk + bk, z @ wv + bv))
    weights = torch_scores(k, query, key, causal, hidden if hidden is None else hidden[:, None, None])
    weights = torch_dropout(k, {"p": a["drop"]}, weights)
    return (weights @ value).transpose(1, 2).reshape(x.shape) @ out + out_bias


def heads_weights(width):
    return [([width, 3 * width], width ** -0.5, 0), ([3 * width], 0.3, 0), ([width, width], width ** -0.5, 0), ([width], 0.3, 0)]


def draw_heads(g, x):
    if not is_sequence(x.shape) or x.shape[1] > 40:
        return None
    random, width = g.random, x.shape[2]
    x = g.bounded(x, 2)
    return [x, g.twin(x)], {"heads": random.choice([d for d in range(1, width + 1) if width % d == 0][:4]),
                            "causal": random.random() < 0.5, "masked": random.random() < 0.5,
                            "drop": random.choice([0, 0, 0.3]), "hidden": random.choice([1, 4, 7, 16]),
                            "pre_norm": random.random() < 0.5, "activation": random.choice(["relu", "gelu", "tanh"])}


def text_mask(a, x, places, name="mask"):
    """A key is seen in one place at least."""
    return f"{name} = padding_mask(lengths_of(argmax({x})) + 1, {places}, {places})" if a["masked"] else ""


def torch_hidden(k, a, x):
    """What text_mask does not let through."""
    return k.torch.arange(x.shape[1])[None] > torch_lengths(k, x)[:, None] if a["masked"] else None


def text_heads(a, write, x):
    mask = text_mask(a, x[1], f"dim({x[0]}, 1)")
    call = f"multi_head_attention({a['heads']}, causal = {str(a['causal']).lower()}, drop = {a['drop']})"
    return f"{call}({x[0]}, {x[1]}{', ' if mask else ''}{mask})"


def heads_shape(a, x, z):
    return x if is_sequence(x) and x == z and x[2] % a["heads"] == 0 else None


def heads_cost(a, y, x, z=None):
    return x[1] * x[2] * (4 * x[2] + 2 * x[1])


enter("multi_head_attention", draw_heads, text_heads,
      lambda k, a, x, z, *weights: torch_heads(k, a, x, z, torch_hidden(k, a, z), a["causal"], *weights), heads_shape,
      lambda a, x, z: heads_weights(x[2]), size=lambda a, x, z: 2, cost=heads_cost)


class Block:
    """An entry for a transformer's block: its parts are attention to x, to z for a decoder, and feed_forward."""

    def __init__(self, name, is_decoder):
        self.name, self.is_decoder = name, is_decoder
        shape = heads_shape if is_decoder else lambda a, x: heads_shape(a, x, x)
        enter(name, self.draw, self.text, self.torch, shape, self.weights, size=lambda a, *x: 4 + x[0],
              cost=lambda a, y, x, *z: 2 * heads_cost(a, y, x) + 2 * x[1] * x[2] * a["hidden"])

    def draw(self, g, x):
        drawn = draw_heads(g, x) if x.shape[-1:] and x.shape[-1] > 3 else None  # layer_norm takes no fewer
        return drawn and (drawn[0][:1 + self.is_decoder], drawn[1])

    def text(self, a, write, x):
        mask = text_mask(a, x[-1], f"dim({x[0]}, 1)", "memory_mask" if self.is_decoder else "mask")
        options = ", ".join(f"{key} = {str(a[key]).lower()}" for key in ("drop", "pre_norm", "activation", "causal"))
        return f"{self.name}({a['heads']}, {a['hidden']}, {options})({', '.join(filter(None, [*x, mask]))})"

    def parts(self):
        return ["self", "memory", "feed"] if self.is_decoder else ["self", "feed"]

    def weights(self, a, x, *_):
        width, found = x[2], []
        norm = [([width], 0.3, 1), ([width], 0.3, 0)]
        for part in self.parts():
            own = heads_weights(width) if part != "feed" else [
                ([width, a["hidden"]], width ** -0.5, 0), ([a["hidden"]], 0.3, 0),
                ([a["hidden"], width], a["hidden"] ** -0.5, 0), ([width], 0.3, 0)]
            found += norm + own if a["pre_norm"] else own + norm
        return found

    def torch(self, k, a, x, *others):
        z, weights = (others[0], others[1:]) if self.is_decoder else (None, others)
        hidden = torch_hidden(k, a, z if self.is_decoder else x)
        for part in self.parts():
            own, weights = weights[:6], weights[6:]
            scale, shift = own[:2] if a["pre_norm"] else own[4:]
            own = own[2:] if a["pre_norm"] else own[:4]

            def norm(x):
                return k.torch.nn.functional.layer_norm(varies(k, x), x.shape[-1:], scale, shift)
            y = norm(x) if a["pre_norm"] else x
            if part == "self":
                y = torch_heads(k, a, y, y, None if self.is_decoder else hidden, a["causal"], *own)
            elif part == "memory":
                y = torch_heads(k, a, y, z, hidden, False, *own)
            else:
                y = torch_dropout(k, {"p": a["drop"]}, self.activation(k, a, y @ own[0] + own[1])) @ own[2] + own[3]
            x = x + torch_dropout(k, {"p": a["drop"]}, y)
            x = x if a["pre_norm"] else norm(x)
        return x

    @staticmethod
    def activation(k, a, x):
        return k.relu(x) if a["activation"] == "relu" else k.torch.nn.functional.gelu(x) if a["activation"] == "gelu" else x.tanh()


Block("transformer_encoder_block", False)
Block("transformer_decoder_block", True)


def draw_sequence(g, x):
    return ([x], {}) if is_sequence(x.shape) else None


def torch_sine_positions(k, a, x):
    count, width = x.shape[1:]
    angle = k.torch.arange(count)[:, None] / 10000 ** (k.torch.arange(0, width, 2).double()[None] / width)
    return x + k.torch.stack([angle.sin(), angle.cos()], -1).flatten(1)[:, :width].to(x.dtype)


enter("sine_positions", draw_sequence, "{0} |> sine_positions", torch_sine_positions,
      lambda a, x: x if is_sequence(x) else None, size=lambda a, x: x + 1)
enter("learned_positions", draw_sequence, "{0} |> learned_positions", lambda k, a, x, w: x + w,
      lambda a, x: x if is_sequence(x) else None, lambda a, x: [(x[1:], 0.5, 0)], size=lambda a, x: x + 1)


# --- several convolutions side by side -----------------------------------------------------------

def draw_inception(g, x):
    if not is_image(x.shape):
        return None
    one, three, more, five, most, pooled = (g.random.choice([1, 2, 3, 4, 8]) for _ in range(6))
    return [x], {"one": one, "three": [three, more], "five": [five, most], "pooled": pooled}


def inception_kernels(a, channels):
    (three, more), (five, most) = a["three"], a["five"]
    return [(a["one"], channels, 1), (three, channels, 1), (more, three, 3), (five, channels, 1), (most, five, 5),
            (a["pooled"], channels, 1)]


def torch_inception(k, a, x, *weights):
    def conv(x, number):
        w, b = weights[2 * number:2 * number + 2]
        return k.relu(k.torch.nn.functional.conv2d(x, w, b, 1, w.shape[-1] // 2))
    pool = torch_max_pool2d(k, {"kernel": [3, 3], "stride": [1, 1], "pad": [1] * 4}, x)
    return k.torch.cat([conv(x, 0), conv(conv(x, 1), 2), conv(conv(x, 3), 4), conv(pool, 5)], 1)


enter("inception", draw_inception, "{0} |> inception({one}, {three}, {five}, {pooled})", torch_inception,
      lambda a, x: [x[0], a["one"] + a["three"][1] + a["five"][1] + a["pooled"], *x[2:]] if is_image(x) else None,
      lambda a, x: [variable for out, inputs, side in inception_kernels(a, x[1])
                    for variable in (([out, inputs, side, side], (inputs * side * side) ** -0.5, 0), ([out], 0.3, 0))],
      cost=lambda a, y, x: x[2] * x[3] * sum(out * inputs * side ** 2 for out, inputs, side in inception_kernels(a, x[1])))
