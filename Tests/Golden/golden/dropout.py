"""Layers with dropouts of their adapters, and limits of their norms, by sd-scripts, peft and lycoris-lora.

What is left out is drawn by torch's generator with a seed for each of values, ranks and modules.
"""

import json
import math
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace

import torch
from lycoris.modules import LoConModule, LohaModule, LokrModule
from torch import nn

from .checkouts import load
from .fixture import generator
from .kinds import ALPHA, LAYERS, RANK, base, lycoris_layer, peft_layer, randomise
from .safetensors_file import write_tensors

SEEDS = {"values": 11, "ranks": 12}
VALUES, RANKS = 0.25, 0.5
LIMIT = 1.0


def kept(shape, share, seed):
    """Ones with the probability of a value that is not left out."""
    return torch.empty(shape).bernoulli_(1 - share, generator=torch.Generator().manual_seed(seed))


@contextmanager
def draws():
    """Lets torch's dropout and the libraries' own draws of masks take those of the seeds."""
    own, rand = nn.functional.dropout, torch.rand

    def dropout(x, p=0.5, training=True, inplace=False):
        return x * kept(x.shape, p, SEEDS["values"]) * (1 / (1 - p)) if training and p else x

    def uniform(*shape, **_):
        shape = shape[0] if isinstance(shape[0], tuple) else shape
        return kept(shape, RANKS, SEEDS["ranks"]) * 0.9

    nn.functional.dropout, torch.rand = dropout, uniform
    try:
        yield
    finally:
        nn.functional.dropout, torch.rand = own, rand


@cache
def sd_scripts():
    """sd-scripts' LoRAModule, and the limit of the norms of its network."""
    scope = load("SD_SCRIPTS", "networks/lora.py", ["LoRAModule", "LoRANetwork"], {"torch": torch, "math": math})
    return SimpleNamespace(
        module=scope["LoRAModule"], limit=scope["LoRANetwork"].apply_max_norm_regularization)


def kohya_layer(layer, values=0.0, ranks=0.0):
    """sd-scripts' module of a LoRA."""
    module = sd_scripts().module(
        "layer", layer, 1.0, RANK, ALPHA, dropout=values or None, rank_dropout=ranks or None)
    module.apply_to()
    parameters = {
        key: value for key, value in module.named_parameters() if key.startswith("lora_")}
    return layer, module, parameters, {"alpha": module.alpha}


def lycoris_module(layer, module, values=0.0, ranks=0.0, bypass=False, **arguments):
    """A module of lycoris-lora with dropouts."""
    adapter, parameters, others, _ = lycoris_layer(
        layer, module, RANK,
        {"dropout": values, "rank_dropout": ranks, "bypass_mode": bypass} | arguments)
    return adapter, adapter, parameters, others


def peft_module(layer, values):
    """peft's DoRA with a dropout."""
    model, parameters, others, _ = peft_layer(layer, {"use_dora": True, "lora_dropout": values})
    return model, model, parameters, others


# The makers of the cases, with the shares of values and ranks.
CASES = {
    "lora-values": (lambda layer: kohya_layer(layer, values=VALUES), VALUES, 0),
    "lora-ranks": (lambda layer: kohya_layer(layer, ranks=RANKS), 0, RANKS),
    "lora-both": (lambda layer: kohya_layer(layer, VALUES, RANKS), VALUES, RANKS),
    "dora-values": (lambda layer: peft_module(layer, VALUES), VALUES, 0),
    "dora-ranks": (
        lambda layer: lycoris_module(layer, LoConModule, ranks=RANKS, weight_decompose=True), 0, RANKS),
    "loha-ranks": (lambda layer: lycoris_module(layer, LohaModule, ranks=RANKS), 0, RANKS),
    "lokr-ranks": (lambda layer: lycoris_module(layer, LokrModule, ranks=RANKS), 0, RANKS),
    # Only this form of lycoris' modules leaves out values.
    "loha-values": (lambda layer: lycoris_module(layer, LohaModule, VALUES, bypass=True), VALUES, 0),
    "lokr-values": (lambda layer: lycoris_module(layer, LokrModule, VALUES, bypass=True), VALUES, 0),
}


def case(name, layer_kind):
    """One kind on one layer: {name: tensor}."""
    layer, x, probe = base(layer_kind)
    x.requires_grad_(True)
    call, module, parameters, others = CASES[name][0](layer)
    randomise(parameters, generator(f"dropout/{name}/{layer_kind}"))
    module.train()
    with draws():
        output = call(x)
        (output * probe).sum().backward()
    tensors = {f"file.{key}": value for key, value in (parameters | others).items()}
    tensors |= {"out": output, "grad.x": x.grad}
    tensors |= {f"grad.{key}": value.grad for key, value in parameters.items()}
    return {f"{name}.{layer_kind}.{key}": value.detach().contiguous() for key, value in tensors.items()}


LIMITED = {
    "lora": kohya_layer,
    "loha": lambda layer: lycoris_module(layer, LohaModule),
    "lokr": lambda layer: lycoris_module(layer, LokrModule),
}


def limited(name, layer_kind, size):
    """The change of a layer's weight before and after the limit of its norm."""
    layer, *_ = base(layer_kind)
    _, module, parameters, others = LIMITED[name](layer)
    randomise(parameters, generator(f"limit/{name}/{layer_kind}"))
    with torch.no_grad():
        for value in parameters.values():
            value.mul_(size)
    before = {f"file.{key}": value.clone() for key, value in (parameters | others).items()}
    if name == "lora":
        holder = nn.Module()
        holder.layer = module
        sd_scripts().limit(holder, LIMIT, "cpu")
        up, down = parameters["lora_up.weight"], parameters["lora_down.weight"]
        after = {"up": up, "down": down}
    else:
        module.apply_max_norm(LIMIT, "cpu")
        after = {"delta": module.get_weight(module.shape) * module.scalar}
    after = {f"after.{key}": value for key, value in after.items()}
    tag = f"limit-{name}.{layer_kind}.{size}"
    return {f"{tag}.{key}": value.detach().clone().contiguous() for key, value in (before | after).items()}


def make(output, options):
    """Writes kinds/dropout; layers and inputs are those of kinds/layers."""
    folder = output / "kinds"
    folder.mkdir(exist_ok=True)
    tensors, cases, limits = {}, [], []
    for layer_kind in LAYERS:
        for name, (_, values, ranks) in CASES.items():
            tensors |= case(name, layer_kind)
            cases.append({"name": name, "layer": layer_kind, "values": values, "ranks": ranks})
        for name in LIMITED:
            for size in (0.1, 1):
                tensors |= limited(name, layer_kind, size)
                limits.append({"name": name, "layer": layer_kind, "size": str(size)})
    config = {
        "cases": cases, "limits": limits, "limit": LIMIT, "alpha": ALPHA, "rank": RANK, "seeds": SEEDS}
    write_tensors(
        folder / "dropout.safetensors", tensors,
        {"source": "sd-scripts, peft 0.21.2, lycoris-lora 4.1.3", "config": json.dumps(config, sort_keys=True)})
