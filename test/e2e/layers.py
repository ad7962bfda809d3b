"""Activations, normalisation, attention, blocks and losses against PyTorch: values and every gradient, same weights."""
# REQUIRES: pytorch
# RUN: %python %s
import numpy as np

import dlc

torch = dlc.torch()
functional = torch.nn.functional
functional_call = torch.nn.utils.stateless.functional_call


check = dlc.check_against_pytorch


def several(x, calls, references):
    """The body and results of a model with a result for each call of `{}`, the input and with it a weight of its own:
    not by a sum or product alone, which normalisation would undo."""
    shape = list(x.shape[1:])
    lines = [f"  param p{i}: f32{shape} = normal(0, 1)\n  y{i} = {call.format(f'(x + 0.3 * p{i} * x * x)')}"
             for i, call in enumerate(calls)]

    def forward(t, w):
        return [reference(t["x"] + 0.3 * w[f"p{i}"] * t["x"] ** 2) for i, reference in enumerate(references)]
    return "\n".join(lines), {f"y{i}": shape for i in range(len(calls))}, forward


ACTIVATIONS = {
    "gelu({})": functional.gelu, "gelu_tanh({})": lambda x: functional.gelu(x, approximate="tanh"),
    "silu({})": functional.silu, "elu({})": functional.elu,
    "elu({}, alpha = 0.7)": lambda x: functional.elu(x, 0.7),
    "softplus({})": functional.softplus,
    "hard_sigmoid({})": lambda x: (x / 6 + 0.5).clamp(0, 1),  # PyTorch's own derivative has f32's 1/6 in f64
    "hard_swish({})": functional.hardswish}


def check_activations(precision):
    random = np.random.default_rng(1)
    for shape in ((3, 5), (2, 7, 3), (5, 1, 17), (1, 33), (4, 2, 3, 9)):
        x = 1.5 * random.standard_normal(shape)
        check(f"activations {shape}", {"x": x}, *several(x, ACTIVATIONS, ACTIVATIONS.values()), precision, len(x))


def check_activations_far_out(precision):
    """Far out, and at 0, where formulas may overflow or have a corner."""
    far = np.array([-1e4, -800, -90, -1, 0, 0, 0.5, 90, 800, 1e4])
    body = "\n".join(f"  param p{i}: f32[10] = zeros\n  y{i} = {call.format(f'p{i}')} + 0.0 * x"
                     for i, call in enumerate(ACTIVATIONS))
    results = [f"y{i}" for i in range(len(ACTIVATIONS))]
    with dlc.scratch() as folder:
        program = dlc.compile_model(folder, f"""model m(x: f32[B, 10]) -> ({": f32[B, 10], ".join(results)}: f32[B, 10]) {{
{body}
}}
data d(x: f32[10]) {{
  train = rows([{[0] * 10}])
}}
train m on d {{
  loss = per_sample_sum({" + ".join(results)})
  optimizer = sgd()
  batch = 1
}}
""", "--precision", precision)
        kind = np.float32 if precision == "f32" else np.float64
        dlc.write_safetensors(f"{folder}/w.safetensors", {f"p{i}": far.astype(kind) for i in range(len(ACTIVATIONS))})
        np.save(f"{folder}/x.npy", np.zeros((1, 10), kind))
        dlc.run(program, "step", "--weights", f"{folder}/w.safetensors", "--input", f"x={folder}/x.npy", "--grads",
                f"{folder}/g.safetensors", "--outputs", f"{folder}/o.safetensors")
        values, gradients = (dlc.read_safetensors(f"{folder}/{name}.safetensors") for name in "og")
    for i, (call, function) in enumerate(ACTIVATIONS.items()):
        p = torch.tensor(far.astype(kind), requires_grad=True)
        y = function(p)
        y.sum().backward()
        for found, reference in ((values[f"y{i}"][0], y), (gradients[f"p{i}"], p.grad)):
            error = np.abs(found - reference.detach().numpy())
            limit = (1e-9 if precision == "f64" else 1e-6) * np.maximum(1, np.abs(reference.detach().numpy()))
            if not (error <= limit).all():
                raise SystemExit(f"{call} {precision} at {far}: {found}, PyTorch {reference}")


def norm_calls(shape):
    """Layers on x of this shape: text and PyTorch, which takes the layer's weights."""
    channels = shape[1]
    groups = next(g for g in (3, 2, channels) if channels % g == 0)

    def rms(x, w):
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-5) * w["weight"]
    return {
        "layer_norm()({})":
            ("layer_norm_1", lambda x, w: functional.layer_norm(x, x.shape[-1:], w["weight"], w["bias"])),
        "layer_norm(eps = 0.1)({})":
            ("layer_norm_2", lambda x, w: functional.layer_norm(x, x.shape[-1:], w["weight"], w["bias"], 0.1)),
        "rms_norm()({})": ("rms_norm_1", rms),
        f"group_norm({groups})({{}})":
            ("group_norm_1", lambda x, w: functional.group_norm(x, groups, w["weight"], w["bias"])),
        "group_norm(1, eps = 0.01)({})":
            ("group_norm_2", lambda x, w: functional.group_norm(x, 1, w["weight"], w["bias"], 0.01)),
        "local_response_norm({}, alpha = 0.5)":
            ("", lambda x, w: torch_local_response_norm(x, 5, 0.5, 0.75, 1.0)),
        "local_response_norm({}, count = 2, alpha = 0.3, beta = 1.25, k = 2.0)":
            ("", lambda x, w: torch_local_response_norm(x, 2, 0.3, 1.25, 2.0)),
        "batch_norm()({})":
            ("batch_norm_1", lambda x, w: functional.batch_norm(x, None, None, w["weight"], w["bias"], True)),
        "batch_norm(eps = 0.1)({})":
            ("batch_norm_2", lambda x, w: functional.batch_norm(x, None, None, w["weight"], w["bias"], True, 0.1, 0.1)),
    }


def torch_local_response_norm(x, *options):
    if x.dim() > 2:
        return functional.local_response_norm(x, *options)
    return functional.local_response_norm(x[..., None], *options)[..., 0]


def check_norms(precision):
    random = np.random.default_rng(2)
    for shape in ((7, 8), (3, 4, 5), (5, 9, 3), (2, 3, 5, 4), (3, 5, 1, 7)):
        x = random.standard_normal(shape) + 0.5
        calls = norm_calls(shape)
        body, results, _ = several(x, calls, [])

        def forward(t, w):
            return [reference(t["x"] + 0.3 * w[f"p{i}"] * t["x"] ** 2,
                              {key.split(".")[-1]: value for key, value in w.items() if key.startswith(layer + ".")})
                    for i, (layer, reference) in enumerate(calls.values())]
        check(f"norms {shape}", {"x": x}, body, results, forward, precision, len(x))


# --- attention -----------------------------------------------------------------------------------

NAMES = {"feed.": "", "cross_attn": "multihead_attn"}  # ours, PyTorch's


def theirs(w, prefix):
    """The weights of a layer as PyTorch's module has them: y = x W^T, other names."""
    found = {}
    for key, value in w.items():
        if key.startswith(prefix + "."):
            key = key[len(prefix) + 1:]
            for ours, name in NAMES.items():
                key = key.replace(ours, name)
            found[key] = value.T if value.dim() == 2 else value
    return found


def call(module, w, prefix, *arguments, dtype, **options):
    return functional_call(module.to(dtype), theirs(w, prefix), arguments, options)


def hidden(lengths, keys):
    """PyTorch's key_padding_mask: true where a key is padding."""
    return torch.arange(keys)[None] >= lengths[:, None]


def hidden_later(queries, keys):
    return torch.arange(keys)[None] > torch.arange(queries)[:, None]


# batch, queries, keys (0: of x itself), width, heads, whether by lengths, whether causal
ATTENTIONS = [(3, 5, 0, 6, 2, False, False), (2, 7, 0, 9, 3, True, True), (4, 3, 5, 8, 1, True, False),
              (1, 4, 9, 20, 4, False, True), (5, 1, 6, 15, 5, True, False)]


def attention_inputs(random, batch, queries, keys, width, masked):
    inputs = {"x": random.standard_normal((batch, queries, width))}
    if keys:
        inputs["z"] = random.standard_normal((batch, keys, width))
    if masked:
        inputs["n"] = random.integers(1, (keys or queries) + 1, batch).astype(np.int32)
    return inputs


def check_multi_head_attention(precision):
    random = np.random.default_rng(3)
    for batch, queries, keys, width, heads, masked, causal in ATTENTIONS:
        inputs = attention_inputs(random, batch, queries, keys, width, masked)
        options = ("z" if keys else "") + (", " if keys and masked else "") + (
            f"mask = padding_mask(n, {queries}, {keys or queries})" if masked else "")
        body = (f"  param p: f32[{queries}, {width}] = normal(0, 1)\n"
                f"  y = x + p |> multi_head_attention({heads}{', causal = true' if causal else ''})({options})\n")

        def forward(t, w):
            x = t["x"] + w["p"]
            z = t.get("z", x)
            module = torch.nn.MultiheadAttention(width, heads, batch_first=True)
            return [call(module, w, "multi_head_attention_1", x, z, z, dtype=x.dtype, need_weights=False,
                         key_padding_mask=hidden(t["n"], z.shape[1]) if masked else None,
                         attn_mask=hidden_later(queries, z.shape[1]) if causal else None)[0]]
        check(f"multi_head_attention {batch}x{queries}x{keys}x{width}, {heads} heads", inputs, body,
              {"y": (queries, width)}, forward, precision, batch)


def check_blocks(precision):
    random = np.random.default_rng(4)
    for number, (batch, queries, keys, width, heads, masked, causal) in enumerate(ATTENTIONS):
        is_decoder, pre_norm, activation = bool(keys), number % 2 == 0, ("relu", "gelu")[number % 2]
        inputs = attention_inputs(random, batch, queries, keys, width, masked)
        kind = "transformer_decoder_block" if is_decoder else "transformer_encoder_block"
        wide = 2 * width + 1
        mask = f"mask = padding_mask(n, {queries}, {keys or queries})" if masked else ""
        tensors = f"z{', memory_' + mask if mask else ''}" if is_decoder else mask
        body = (f"  param p: f32[{queries}, {width}] = normal(0, 1)\n"
                f"  y = x + p |> {kind}({heads}, {wide}, drop = 0, pre_norm = {str(pre_norm).lower()}, "
                f"activation = {activation}, causal = {str(causal).lower()})({tensors})\n")

        def forward(t, w):
            x = t["x"] + w["p"]
            layer = torch.nn.TransformerDecoderLayer if is_decoder else torch.nn.TransformerEncoderLayer
            module = layer(width, heads, wide, 0.0, activation, batch_first=True, norm_first=pre_norm)
            later = hidden_later(queries, queries) if causal else None
            padding = hidden(t["n"], keys or queries) if masked else None
            if is_decoder:
                return [call(module, w, kind + "_1", x, t["z"], dtype=x.dtype, tgt_mask=later,
                             memory_key_padding_mask=padding)]
            return [call(module, w, kind + "_1", x, dtype=x.dtype, src_mask=later, src_key_padding_mask=padding)]
        check(f"{kind} {batch}x{queries}x{keys}x{width}, {heads} heads", inputs, body, {"y": (queries, width)}, forward,
              precision, batch)


def check_feed_forward(precision):
    random = np.random.default_rng(8)
    for shape, wide, activation in (((3, 4), 7, "relu"), ((2, 5, 3), 9, "gelu"), ((1, 2, 3, 5), 1, "tanh"),
                                    ((4, 1), 16, "silu"), ((2, 3, 8), 33, "elu")):
        def forward(t, w):
            x = {key.split("_1.")[1]: value for key, value in w.items()}
            function = getattr(torch if activation == "tanh" else functional, activation)
            inner = function(t["x"] @ x["linear1.weight"] + x["linear1.bias"])
            return [inner @ x["linear2.weight"] + x["linear2.bias"]]
        check(f"feed_forward {shape}", {"x": random.standard_normal(shape)},
              f"  y = x |> feed_forward({wide}, activation = {activation})", {"y": shape[1:]}, forward, precision,
              shape[0])


def check_positions(precision):
    random = np.random.default_rng(5)
    for batch, places, width in ((3, 5, 6), (2, 33, 7), (1, 1, 16), (4, 100, 1), (2, 17, 33)):
        def forward(t, w):
            angle = torch.arange(places)[:, None] / 10000 ** (torch.arange(0, width, 2).double()[None] / width)
            table = torch.zeros(places, width, dtype=torch.double)
            table[:, 0::2], table[:, 1::2] = angle.sin(), angle.cos()[:, :width // 2]
            return [t["x"] * w["p"] + table.to(t["x"].dtype), t["x"] * w["learned_positions_1.weight"] +
                    w["learned_positions_1.weight"] ** 2]
        check(f"positions {batch}x{places}x{width}", {"x": random.standard_normal((batch, places, width))},
              f"  param p: f32[{places}, {width}] = ones\n  y = x * p |> sine_positions\n"
              f"  let z = learned_positions\n  let w = zeros[B, {places}, {width}] |> z\n  u = x * w + w * w",
              {"y": (places, width), "u": (places, width)}, forward, precision, batch)


# --- inception, losses ---------------------------------------------------------------------------

def check_inception(precision):
    random = np.random.default_rng(6)
    for batch, channels, height, width, one, three, five, pooled in (
            (2, 3, 7, 5, 4, (2, 3), (1, 2), 3), (1, 5, 9, 9, 1, (3, 8), (2, 5), 2), (3, 1, 1, 4, 2, (5, 2), (6, 4), 2),
            (2, 16, 6, 8, 16, (8, 16), (4, 16), 8), (4, 2, 3, 3, 7, (5, 3), (3, 1), 5)):
        def forward(t, w):
            def conv(x, number):
                kernel = w[f"inception_1.conv_{number}.weight"]
                bias = w[f"inception_1.conv_{number}.bias"]
                return functional.conv2d(x, kernel, bias, 1, kernel.shape[-1] // 2).relu()
            x = t["x"]
            pool = functional.max_pool2d(x, 3, 1, 1)
            return [torch.cat([conv(x, 1), conv(conv(x, 2), 3), conv(conv(x, 4), 5), conv(pool, 6)], 1)]
        check(f"inception {batch}x{channels}x{height}x{width}",
              {"x": random.standard_normal((batch, channels, height, width))},
              f"  y = x |> inception({one}, {list(three)}, {list(five)}, {pooled})",
              {"y": (one + three[1] + five[1] + pooled, height, width)}, forward, precision, batch)


def check_losses(precision):
    random = np.random.default_rng(7)

    def mean(loss):
        return loss.flatten(1).mean(1)
    for shape in ((3, 5), (1, 7), (4, 2, 3), (2, 17), (5, 3, 1, 4)):
        y, z = 1.5 * random.standard_normal((2, *shape))
        share = np.exp(random.standard_normal(shape))
        share.reshape(len(share), -1)[:, 0] = 0  # its logarithm does not count
        share /= share.sum(tuple(range(1, len(shape))), keepdims=True)
        inputs = {"x": y, "z": z, "s": np.sign(z), "q": share}
        calls = {
            "l1({}, z)": lambda x, t: mean((x - t["z"]).abs()),
            "huber({}, z)": lambda x, t: mean(functional.huber_loss(x, t["z"], reduction="none")),
            "huber({}, z, delta = 0.3)":
                lambda x, t: mean(functional.huber_loss(x, t["z"], reduction="none", delta=0.3)),
            "huber({}, z, delta = 0.5) / 0.5":
                lambda x, t: mean(functional.smooth_l1_loss(x, t["z"], reduction="none", beta=0.5)),
            "hinge({}, s)": lambda x, t: mean(functional.margin_ranking_loss(
                x, torch.zeros_like(x), t["s"], margin=1.0, reduction="none")),
            "hinge({}, s, margin = 0.4)": lambda x, t: mean(functional.margin_ranking_loss(
                x, torch.zeros_like(x), t["s"], margin=0.4, reduction="none")),
            "kl_divergence(log_softmax({}), q)": lambda x, t: functional.kl_div(
                x.log_softmax(-1), t["q"], reduction="none").flatten(1).sum(1),
        }
        body, results, _ = several(y, calls, [])

        def forward(t, w):
            return [reference(t["x"] + 0.3 * w[f"p{i}"] * t["x"] ** 2, t) for i, reference in enumerate(calls.values())]
        check(f"losses {shape}", inputs, body, {name: () for name in results}, forward, precision, len(y))


dlc.in_both_precisions(check_activations, check_activations_far_out, check_norms, check_multi_head_attention,
                       check_blocks, check_feed_forward, check_positions, check_inception, check_losses)
