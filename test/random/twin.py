"""A network in PyTorch: the same steps, evaluation and predictions, in either precision."""
import numpy as np

from operations import TABLE
from training import OPTIMIZERS, transformed

FAR = 1e30  # from any kink

F64_ROUNDING = 2.0 ** -29  # beside f32's


def philox(counter, key):
    """Philox4x32-10 (Salmon et al. 2011) on arrays of counters: four words each."""
    low = np.uint64(0xFFFFFFFF)
    c = [np.uint64(part) + np.zeros(1, np.uint64) for part in counter]
    k = [np.uint64(part) for part in key]
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(b >> np.uint64(32)) ^ c[1] ^ k[0], b & low, (a >> np.uint64(32)) ^ c[3] ^ k[1], a & low]
        k = [(k[0] + np.uint64(0x9E3779B9)) & low, (k[1] + np.uint64(0xBB67AE85)) & low]
    return c


class Run:
    """One call of the network on some rows. It is the `k` of the tables' PyTorch functions."""

    def __init__(self, torch, network, weights, states, rows, training, call=0):
        self.torch, self.network, self.rows, self.training, self.call = torch, network, rows, training, call
        self.weights, self.states, self.kept = weights, states, dict(states)
        self.kinks, self.stream, self.turn = [], 0, 0

    def forward(self, inputs):
        values = {}
        for node in self.network.inputs():
            value = inputs[node.attributes["name"]]
            if node.attributes["classes"]:
                value = self.torch.nn.functional.one_hot(value, node.attributes["classes"]).to(self.dtype)
            values[id(node)] = value
        self.body(self.network.body, values, ())
        return [values[id(node)] for node in self.network.body.results]

    def body(self, body, values, path):
        for node in body.nodes:
            operands = [values[id(operand)] for operand in node.operands]
            if node.op == "param":
                values[id(node)] = self.weights[path, id(node), 0]
            elif node.op == "loop":
                value, turns = operands[0], node.attributes["turns"]
                if node.attributes["runs"]:
                    for _ in self.turns(turns):
                        value = self.inner(node, [value], path + (id(node), 0))
                else:
                    for turn in range(turns):
                        value = self.inner(node, [value], path + (id(node), turn))
                values[id(node)] = value
            elif node.op == "scan":
                values[id(node)] = self.scan(node, *operands, path + (id(node), 0))
            elif node.op == "call":
                values[id(node)] = self.inner(node, operands, path + (id(node),)) * node.attributes["gain"]
            else:
                self.place = path, id(node.instance or node)
                values[id(node)] = TABLE[node.op].torch(self, node.attributes, *operands, *self.variables(node))

    def turns(self, count, is_reversed=False):
        """The numbers of a running loop's turns. Its random numbers have one stream, and the turn in their key."""
        outer, stream = self.turn, self.stream
        for turn in reversed(range(count)) if is_reversed else range(count):
            self.turn, self.stream = outer * count + turn, stream
            yield turn
        self.turn = outer

    def scan(self, node, value, whole, path):
        axis, outputs = node.attributes["axis"], {}
        for turn in self.turns(whole.shape[axis], node.attributes["reversed"]):
            made = self.inner(node, [value, whole.select(axis, turn)], path)
            value, outputs[turn] = self.until(node.attributes, value, made)
        if node.attributes["gives"] == "last":
            return value
        return self.torch.stack([outputs[turn] for turn in sorted(outputs)], axis)

    def until(self, attributes, value, made):
        """The next value and what is yielded: a sample whose largest number is above a limit has no more turns."""
        if "until" not in attributes:
            return made, made
        distance = value.detach().reshape(len(value), -1).amax(1) - attributes["until"]
        self.kink(distance)
        is_over = (distance > 0).reshape([-1] + [1] * (value.dim() - 1))
        return self.torch.where(is_over, value, made), self.torch.where(is_over, self.torch.zeros_like(made), made)

    def inner(self, node, operands, path):
        values = {id(inner): value for inner, value in zip(node.body.inputs, operands)}
        self.body(node.body, values, path)
        return values[id(node.body.results[0])]

    def variables(self, node):
        return [self.weights[(*self.place, i)] for i in range(len(node.weights()))] + \
               [self.states[(*self.place, i)] for i in range(len(node.states()))]

    # --- what the tables' functions use ------------------------------------------------------------

    @property
    def dtype(self):
        return next(iter(self.weights.values())).dtype

    def sizes(self, shape):
        return [-size * self.rows if size < 0 else size for size in shape]

    def kink(self, distance):
        """Notes how far each element is from where a derivative jumps; gives the distance back."""
        self.kinks.append(distance.detach().double().nan_to_num(posinf=FAR, neginf=-FAR))
        return distance

    def where(self, condition, x, y):
        x, y = (v if isinstance(v, self.torch.Tensor) else self.torch.tensor(v, dtype=self.dtype) for v in (x, y))
        return self.torch.where(condition, x, y)

    def relu(self, x):
        return self.where(self.kink(x) > 0, x, 0.0)

    def floor(self, x):
        self.kink(x - x.round())
        return x.detach().floor()

    def largest(self, x, first=False):
        """Over the last axis. Equal ones share the gradient, or the first has it."""
        if x.shape[-1] > 1:
            best = x.detach().topk(2, -1).values
            self.kink(best[..., 0] - best[..., 1])
        return x.gather(-1, x.argmax(-1, keepdim=True)).squeeze(-1) if first else x.amax(-1)

    def uniform(self, x):
        """As random_uniform of x's shape: numbered over the whole batch a call takes, padding included."""
        seed, count = self.network.training.seed, self.network.call * (x.numel() // len(x))
        words = philox((np.arange((count + 3) // 4, dtype=np.uint64), self.stream, self.call, self.turn),
                       (seed & 0xFFFFFFFF, seed >> 32))
        numbers = (np.stack(words, 1).reshape(-1)[:x.numel()] >> np.uint64(8)).astype(float) * 2.0 ** -24
        self.stream += 1
        return self.torch.tensor(numbers.reshape(x.shape), dtype=self.dtype)

    def derivative(self, y, x, dy):
        """The gradient of x where y's is dy, itself differentiable."""
        return self.torch.autograd.grad(y, x, dy, create_graph=True)[0]

    def keep(self, *states):
        for i, state in enumerate(states):
            self.kept[(*self.place, i)] = state.detach()


class Twin:
    """The network in one precision. Every method returns numbers by the names check.py compares."""

    def __init__(self, torch, case, dtype, jitters=False):
        """`jitters` moves all numbers by their last bits."""
        self.torch, self.network, self.names, self.rows, self.dtype = torch, case.network, case.names, case.rows, dtype
        self.kinks, self.slopes = [], []

        def tensor(array):
            array = np.asarray(array)
            if array.dtype == np.int32:
                return torch.tensor(array, dtype=torch.long)
            if jitters:
                last = 2.0 ** (-24 if dtype == torch.float32 else -53)
                array = array * (1 + case.random.choice([-1, 0, 1], array.shape) * last)
            return torch.tensor(array, dtype=dtype)

        def tensors(arrays):
            return {name: tensor(array) for name, array in arrays.items()}

        self.raw = tensors(case.arrays["train"])  # as `step` takes it
        self.seen = {split: tensors(transformed(case.network, arrays)) for split, arrays in case.arrays.items()}
        self.variables = tensors(case.variables)

    def run(self, rows, training, weights, states, call=0):
        return Run(self.torch, self.network, weights, states, rows, training, call)

    def loss(self, run, fields, begin, end):
        """Of some rows: (mean loss, metrics, outputs)."""
        part = {name: value[begin:end] for name, value in fields.items()}
        outputs = run.forward(part)
        training = self.network.training
        loss = training.loss(run, outputs, part).mean()
        metrics = {name: value.mean() for name, value in training.metrics(run, outputs, part).items()}
        self.kinks += run.kinks
        return loss, metrics, outputs

    @staticmethod
    def backward(loss):
        if loss.requires_grad:  # else it depends on no weight
            loss.backward()

    def split_variables(self):
        weights = {key: value.clone().requires_grad_() for key, value in self.variables.items() if key in self.names[0]}
        states = {key: value.clone() for key, value in self.variables.items() if key in self.names[1]}
        return weights, states

    def everything(self):
        """What all the program's commands should answer."""
        return {**self.step(), **self.train(), **self.infer()}

    def step(self):
        weights, states = self.split_variables()
        run = self.run(self.rows, True, weights, states)
        loss, metrics, outputs = self.loss(run, self.raw, 0, self.rows)
        self.backward(loss)
        found = {"step loss": loss, **{f"step {name}": value for name, value in metrics.items()}}
        found.update({f"step y{i}": value for i, value in enumerate(outputs)})
        for key, weight in weights.items():
            gradient = self.torch.zeros_like(weight) if weight.grad is None else weight.grad
            found["gradient " + self.names[0][key]] = gradient
        return numbers(found)

    def train(self):
        training, batch = self.network.training, self.network.batch
        weights, states = self.split_variables()
        optimizer = OPTIMIZERS[training.optimizer][1](self.torch, list(weights.values()), **training.numbers)
        found, fields = {}, self.seen["train"]
        samples = len(next(iter(fields.values())))
        calls = 0
        for step in range(training.steps):
            begin, end = step * batch, min((step + 1) * batch, samples)
            for weight in weights.values():
                weight.grad = self.torch.zeros_like(weight)
            total = 0
            for first in range(begin, end, self.network.call):
                last = min(first + self.network.call, end)
                run = self.run(last - first, True, weights, states, calls)
                loss = self.loss(run, fields, first, last)[0] * ((last - first) / (end - begin))
                self.backward(loss)
                total, calls, states = total + loss.detach(), calls + 1, run.kept
            found[f"train loss {step + 1}"] = total
            if training.numbers.get("eps", 1) < 1e-3:  # the step is nearly the gradient's sign
                self.slopes += [weight.grad.double() for weight in weights.values()]
            if training.clip:
                self.torch.nn.utils.clip_grad_norm_(list(weights.values()), training.clip)
            for group in optimizer.param_groups:
                group["lr"] = training.rate_at(step + 1)
            optimizer.step()
        found.update({"trained " + self.names[0][key]: value for key, value in weights.items()})
        found.update({"trained " + self.names[1][key]: value for key, value in states.items()})
        return numbers(found)

    def infer(self):
        call, fields = self.network.call, self.seen["test"]
        samples = len(next(iter(fields.values())))
        weights, states = self.split_variables()
        total, parts = {}, []
        for begin in range(0, samples, call):
            end = min(begin + call, samples)
            run = self.run(end - begin, False, weights, states)
            loss, metrics, outputs = self.loss(run, fields, begin, end)
            parts.append(outputs)
            for name, value in {"loss": loss, **metrics}.items():
                total[f"eval {name}"] = total.get(f"eval {name}", 0) + value * (end - begin) / samples
        for i, values in enumerate(zip(*parts)):
            total[f"predict y{i}"] = self.torch.cat(values)
        return numbers(total)


def numbers(tensors):
    return {name: tensor.detach().double().numpy() for name, tensor in tensors.items()}


class Reference:
    """What PyTorch expects of a case's program, and how far PyTorch itself is off, in f32 and in f64."""

    def __init__(self, torch, case):
        exact = Twin(torch, case, torch.float64)
        self.values = exact.everything()
        singles = [Twin(torch, case, torch.float32, jitters=True) for _ in range(3)]
        answers = [single.everything() for single in singles]
        single_errors = self.worst_errors(answers)
        # Training can make much of the last bits: more in f64 than f32's errors, which have a bound, tell.
        double_errors = self.worst_errors([Twin(torch, case, torch.float64, jitters=True).everything()])
        self.errors = {"f32": single_errors,
                       "f64": {name: max(double_errors[name], error * F64_ROUNDING)
                               for name, error in single_errors.items()}}
        is_finite = all(np.isfinite(value).all() for value in [*self.values.values(), *single_errors.values()])
        self.is_smooth_in_f64 = is_finite and all(self.is_far(kink, [], 0) for kink in exact.kinks)
        self.is_smooth = self.is_smooth_in_f64 and self.are_far(exact.kinks, [single.kinks for single in singles])
        self.trains_steadily = self.are_far(exact.slopes, [single.slopes for single in singles])

    def worst_errors(self, answers):
        return {name: max(np.abs(found[name] - value).max(initial=0) for found in answers)
                for name, value in self.values.items()}

    def are_far(self, exact, singles):
        """Whether f32's rounding cannot reach any kink; `singles` has the same kinks in f32."""
        others = [[kinks[i] for kinks in singles] for i in range(len(exact))]
        return all(self.is_far(kink, near, max(float((single - kink).abs().max()) for single in near))
                   for kink, near in zip(exact, others) if kink.numel())

    @staticmethod
    def is_far(exact, singles, error):
        """Whether rounding cannot reach the kink. What is on it in every precision stays there."""
        kSafety, kRounding = 8, 1e-9  # the latter far above f64's
        near = exact.abs() <= kSafety * error + kRounding
        on = exact == 0
        for single in singles:
            on = on & (single == 0)
        return not bool((near & ~on).any())
