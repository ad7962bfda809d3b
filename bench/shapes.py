"""The single products and convolutions that bench/run times: their sizes, operations, goals, and text for dlc-time."""
import dataclasses


@dataclasses.dataclass
class Product:
    """[rows, inner] x [inner, columns]; where `form` says so, A lies in memory as [inner, rows], B as [columns, inner]."""
    rows: int
    columns: int
    inner: int
    form: str  # "AB", "AᵀB" (a gradient of weights), "ABᵀ" (of what is multiplied with weights)
    goal: float | None  # share of the processor's peak

    def label(self):
        return f"{self.rows} × {self.columns} × {self.inner}", self.form

    def operations(self):
        return 2 * self.rows * self.columns * self.inner

    def request(self):
        return f"product {self.rows} {self.columns} {self.inner} {self.form}"

    def text(self, name):
        a, b = (self.rows, self.inner), (self.inner, self.columns)
        lines, operands, arguments = [], [], []
        for letter, shape, turned in (("a", a, self.form == "AᵀB"), ("b", b, self.form == "ABᵀ")):
            lies = shape[::-1] if turned else shape
            arguments.append(f"%{letter}: {tensor(lies)}")
            operands.append(f"%{letter}t" if turned else f"%{letter}")
            if turned:
                lines.append(f"  %{letter}t = nn.transpose %{letter} permutation [1, 0] : ({tensor(lies)}) -> {tensor(shape)}")
        result = tensor((self.rows, self.columns))
        lines.append(f"  %y = nn.matmul {', '.join(operands)} : ({tensor(a)}, {tensor(b)}) -> {result}")
        return function(name, arguments, lines, "%y", result)


@dataclasses.dataclass
class Convolution:
    """A batch of images of `inputs` channels, `size` rows and columns, to `outputs` channels."""
    batch: int
    inputs: int
    outputs: int
    size: int
    kernel: int
    stride: int
    pad: int
    direction: str  # "forward", "to weights", "to data"
    goal: float | None

    def result(self):
        return (self.size + 2 * self.pad - self.kernel) // self.stride + 1

    def label(self):
        stride = f" stride {self.stride}" if self.stride > 1 else ""
        return (f"{self.kernel}×{self.kernel} {self.inputs}→{self.outputs}{stride} at {self.size}², batch {self.batch}",
                self.direction)

    def operations(self):
        """Nominal: taps that fall into the padding count too."""
        return 2 * self.batch * self.result()**2 * self.outputs * self.inputs * self.kernel**2

    def request(self):
        sizes = (self.batch, self.inputs, self.outputs, self.size, self.kernel, self.stride, self.pad)
        return f"{self.direction.split()[-1]} {' '.join(map(str, sizes))}"

    def text(self, name):
        """The convolution between other operations, so that images lie as they do within a network, not as arguments must."""
        x = (self.batch, self.inputs, self.size, self.size)
        w = (self.outputs, self.inputs, self.kernel, self.kernel)
        y = (self.batch, self.outputs, self.result(), self.result())
        how = f"stride {2 * [self.stride]} pad {4 * [self.pad]} dilation [1, 1] groups 1"
        image = lambda letter, shape: (f"%{letter}0: {tensor(shape)}", f"  %{letter} = nn.neg %{letter}0 : {tensor(shape)}")
        (argx, linex), (argdy, linedy), argw = image("x", x), image("dy", y), f"%w: {tensor(w)}"
        if self.direction == "to weights":
            lines = [linex, linedy, f"  %dw = nn.conv2d_grad_weight %x, %dy shape {list(w)} {how} : ({tensor(x)}, {tensor(y)}) -> {tensor(w)}"]
            return function(name, [argx, argdy], lines, "%dw", tensor(w))
        if self.direction == "forward":
            whole, arguments = y, [argx, argw]
            lines = [linex, f"  %r = nn.conv2d %x, %w {how} : ({tensor(x)}, {tensor(w)}) -> {tensor(y)}"]
        else:
            whole, arguments = x, [argdy, argw]
            lines = [linedy, f"  %r = nn.conv2d_grad_input %dy, %w shape {list(x)} {how} : ({tensor(y)}, {tensor(w)}) -> {tensor(x)}"]
        # Every second pixel: an operation on images that is far less work, so that dlc-time does not take it for a part.
        picked = tensor((*whole[:2], (whole[2] - 1) // 2 + 1, (whole[3] - 1) // 2 + 1))
        lines.append(f"  %p = nn.max_pool2d %r kernel [1, 1] stride [2, 2] pad [0, 0, 0, 0] : ({tensor(whole)}) -> {picked}")
        return function(name, arguments, lines, "%p", picked)


def tensor(shape):
    return f"tensor<{'x'.join(map(str, shape))}xf32>"


def function(name, arguments, lines, result, type):
    return "\n".join([f"func.func @{name}({', '.join(arguments)}) -> {type} {{", *lines, f"  return {result} : {type}", "}", ""])


def products():
    sizes = [((64, 512, 784), None, ("AB", "AᵀB", "ABᵀ")), ((256, 512, 512), 0.87, ("AB", "AᵀB", "ABᵀ")),
             ((1024, 1024, 1024), 0.87, ("AB", "AᵀB", "ABᵀ")), ((64, 4096, 9216), None, ("AB",))]
    result = [Product(*size, form, goal) for size, goal, forms in sizes for form in forms]
    # AlexNet's first dense layer at batch 32, [32, 9216] to [32, 4096], and its gradients to weights and to data.
    return result + [Product(32, 4096, 9216, "AB", None), Product(9216, 4096, 32, "AᵀB", None),
                     Product(32, 9216, 4096, "ABᵀ", None)]


def convolutions():
    every, first = ("forward", "to weights", "to data"), ("forward", "to weights")  # the data wants no gradient
    layers = [  # batch, channels in and out, image, kernel, stride, pad
        ((16, 64, 64, 56, 3, 1, 1), 0.85, every),
        ((16, 128, 128, 28, 3, 1, 1), 0.85, every),
        ((16, 256, 256, 14, 3, 1, 1), 0.85, every),
        ((16, 512, 512, 7, 3, 1, 1), 0.85, every),
        ((16, 64, 256, 56, 1, 1, 0), 0.80, every),
        ((16, 256, 512, 56, 1, 2, 0), 0.80, every),
        ((8, 64, 192, 27, 5, 1, 2), None, every),
        ((16, 3, 64, 224, 3, 1, 1), 0.80, first),
        ((128, 3, 64, 32, 3, 1, 1), 0.80, first),
        ((16, 3, 64, 224, 7, 2, 3), 0.80, first),
        ((16, 3, 64, 224, 11, 4, 2), 0.80, first),
        ((64, 1, 6, 28, 5, 1, 2), 0.75, first),
        ((64, 6, 16, 14, 5, 1, 0), 0.75, every),
    ]
    return [Convolution(*layer, direction, goal) for layer, goal, directions in layers for direction in directions]
