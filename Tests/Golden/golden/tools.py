"""LoRAs merged, resized and extracted with torch.linalg.svd, as kohya's sd-scripts do it: the deltas,
the singular values and the ranks."""

import torch
from safetensors.torch import load_file

from .fixture import generator, write

# Shapes of weights: a linear layer, a wide one, convolutions of 3 x 3 and 1 x 1.
SHAPES = {
    "linear": (12, 20), "wide": (40, 9), "convolution": (10, 6, 3, 3), "shortcut": (14, 8, 1, 1),
}
# Rank, alpha and strength of the files that are merged. In `many` the ranks add up to more than a side.
FILES = {
    "two": [(3, 2.0, 0.7), (4, 4.0, -0.5)],
    "three": [(2, 1.0, 1.0), (1, 3.0, 0.25), (3, 3.0, 2.0)],
    "many": [(8, 8.0, 0.6), (8, 4.0, 1.1)],
}
# Method and parameter of sd-scripts' resize_lora.py, and the largest rank.
RULES = {
    "rank": (None, None, 3),
    "sv_ratio": ("sv_ratio", 3.0, 99),
    "sv_fro": ("sv_fro", 0.9, 99),
    "sv_cumulative": ("sv_cumulative", 0.75, 99),
    "sv_fro_limited": ("sv_fro", 0.99, 2),
}
RANK = 3
# The layers of tiny-sdxl that differ in the fine-tuned model.
TUNED = {
    "unet": [
        "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k",
        "mid_block.attentions.0.transformer_blocks.1.ff.net.0.proj",
        "down_blocks.0.resnets.1.conv1", "down_blocks.1.resnets.0.conv_shortcut",
    ],
    "text_encoder": ["text_model.encoder.layers.0.self_attn.q_proj"],
    "text_encoder_2": ["text_model.encoder.layers.1.mlp.fc1"],
}


def lora(shape, rank, rng):
    """Random matrices whose product has singular values of different sizes."""
    decay = 0.6 ** torch.arange(rank)
    down = torch.randn((rank, *shape[1:]), generator=rng) * decay.reshape([-1] + [1] * (len(shape) - 1))
    up = torch.randn((shape[0], rank), generator=rng)
    return down, up.reshape([shape[0], rank] + [1] * (len(shape) - 2))


def delta(down, up, factor):
    """factor * up @ down as a matrix, in float64."""
    rank = down.shape[0]
    return factor * up.double().reshape(-1, rank) @ down.double().reshape(rank, -1)


def truncated(matrix, rank):
    """The closest matrix of a rank."""
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    return (u[:, :rank] * s[:rank]) @ vh[:rank]


def wanted_rank(s, method, parameter, limit):
    """The rank that `rank_resize` of sd-scripts gives for singular values."""
    if method == "sv_ratio":
        rank = int((s > s[0] / parameter).sum())
    elif method == "sv_fro":
        share = torch.cumsum(s**2, 0) / (s**2).sum()
        rank = int(torch.searchsorted(share, parameter**2)) + 1
    elif method == "sv_cumulative":
        rank = int(torch.searchsorted(torch.cumsum(s, 0) / s.sum(), parameter)) + 1
    else:
        rank = limit
    return max(1, min(rank, limit))


def merged(name, shape, files):
    rng = generator(f"tools/merge/{name}")
    tensors, total = {}, 0
    for index, (rank, alpha, strength) in enumerate(files):
        down, up = lora(shape, rank, rng)
        tensors |= {f"in.{name}.{index}.down": down, f"in.{name}.{index}.up": up}
        total = total + delta(down, up, alpha / rank * strength)
    return tensors | {
        f"out.{name}.delta": total.float().reshape(shape),
        f"out.{name}.rank{RANK}": truncated(total, RANK).float().reshape(shape),
        f"out.{name}.singular": torch.linalg.svdvals(total),
    }


def resized(name, shape):
    rank, alpha = 8, 4.0
    down, up = lora(shape, rank, generator(f"tools/resize/{name}"))
    full = delta(down, up, 1)
    s = torch.linalg.svdvals(full)[:rank]
    tensors = {f"in.{name}.down": down, f"in.{name}.up": up, f"out.{name}.singular": s}
    ranks = {}
    for rule, (method, parameter, limit) in RULES.items():
        ranks[rule] = wanted_rank(s, method, parameter, limit)
        result = truncated(full, ranks[rule]) * (alpha / rank)
        tensors[f"out.{name}.{rule}"] = result.float().reshape(shape)
    return tensors, ranks


def extracted(part, layer, weights):
    """A fine-tuned weight, and the part of its difference that a LoRA of a rank keeps."""
    base = weights[f"{layer}.weight"]
    rng = generator(f"tools/extract/{part}.{layer}")
    tuned = base + torch.randn(base.shape, generator=rng) * 0.05
    difference = (tuned - base).reshape(base.shape[0], -1).double()
    name = f"{part}.{layer}"
    return {
        f"in.{name}": tuned,
        f"out.{name}": truncated(difference, RANK).float().reshape(base.shape),
        f"out.{name}.singular": torch.linalg.svdvals(difference),
    }


def make(output, options):
    folder = output / "tools"
    folder.mkdir(exist_ok=True)
    cases = {f"{layer}-{files}": (shape, FILES[files])
             for layer, shape in SHAPES.items() for files in FILES}
    tensors = {}
    for name, case in cases.items():
        tensors |= merged(name, *case)
    config = {name: {"shape": shape, "files": files} for name, (shape, files) in cases.items()}
    write(folder / "merge", tensors, "torch.linalg.svd", {"cases": config, "rank": RANK})

    tensors, ranks = {}, {}
    for name, shape in SHAPES.items():
        new, ranks[name] = resized(name, shape)
        tensors |= new
    config = {"scale": 0.5, "shapes": SHAPES, "ranks": ranks}
    write(folder / "resize", tensors, "sd-scripts resize_lora.py", config)

    tensors = {}
    for part, layers in TUNED.items():
        weights = load_file(next((output / "tiny-sdxl" / part).glob("*.safetensors")))
        for layer in layers:
            tensors |= extracted(part, layer, weights)
    write(folder / "extract", tensors, "torch.linalg.svd", {"layers": TUNED, "rank": RANK})
