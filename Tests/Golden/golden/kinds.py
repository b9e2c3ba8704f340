"""Layers with adapters of every kind, by peft and lycoris-lora: outputs, merged weights, gradients."""

import json

import torch
from lycoris.functional import factorization
from lycoris.modules import (
    DiagOFTModule, FullModule, IA3Module, LoConModule, LohaModule, LokrModule,
)
from peft import LoraConfig, get_peft_model
from peft.utils import get_peft_model_state_dict
from torch import nn

from .fixture import generator
from .safetensors_file import write_tensors

LAYERS = {
    "linear": (lambda: nn.Linear(24, 32), (2, 3, 24)),
    "conv3": (lambda: nn.Conv2d(16, 24, 3, stride=2, padding=1), (1, 16, 5, 5)),
    "conv1": (lambda: nn.Conv2d(16, 24, 1), (1, 16, 3, 3)),
}
ALL, CONVOLUTION = ("linear", "conv3", "conv1"), ("conv3",)
RANK, ALPHA = 2, 3.0
# The kinds that are trained, as peft has them, and the arguments of LoraConfig.
PEFT = {"lora": {}, "rslora": {"use_rslora": True}, "dora": {"use_dora": True}}
# Module, rank, its arguments, and layers. The first ones are trained.
LYCORIS = {
    "loha": (LohaModule, RANK, {}, ALL),
    "lokr": (LokrModule, RANK, {}, ALL),
    "lokr-factor": (LokrModule, RANK, {"factor": 2}, ALL),
    "lokr-both": (LokrModule, 1, {"decompose_both": True}, ALL),
    "lokr-whole": (LokrModule, 8, {}, ALL),
    "locon": (LoConModule, RANK, {}, ALL),
    "locon-tucker": (LoConModule, RANK, {"use_tucker": True}, CONVOLUTION),
    "loha-tucker": (LohaModule, RANK, {"use_tucker": True}, CONVOLUTION),
    "lokr-tucker": (LokrModule, 1, {"use_tucker": True}, CONVOLUTION),
    "dora-output": (LoConModule, RANK, {"weight_decompose": True}, ALL),
    "dora-input": (LoConModule, RANK, {"weight_decompose": True, "wd_on_out": False}, ALL),
    "dora-tucker": (LoConModule, RANK, {"weight_decompose": True, "use_tucker": True}, CONVOLUTION),
    "loha-dora": (LohaModule, RANK, {"weight_decompose": True}, ALL),
    "loha-dora-input": (LohaModule, RANK, {"weight_decompose": True, "wd_on_out": False}, ALL),
    "lokr-dora": (LokrModule, RANK, {"weight_decompose": True}, ALL),
    "ia3-output": (IA3Module, RANK, {}, ALL),
    "ia3-input": (IA3Module, RANK, {"train_on_input": True}, ALL),
    "full": (FullModule, RANK, {}, ALL),
    "oft": (DiagOFTModule, 4, {}, ALL),
    "oft-rescaled": (DiagOFTModule, 4, {"constraint": 0.01, "rescaled": True}, ALL),
}
# Sides of SDXL's layers and others, and factors that divide them.
SIDES = (4, 7, 12, 320, 360, 640, 768, 960, 1280, 1920, 2048, 2560, 2816, 5120, 10240)
FACTORS = (-1, 1, 2, 4, 8, 16, 320)
TRAINED = ("lora", "rslora", "dora", "loha", "lokr", "lokr-factor", "lokr-both", "lokr-whole", "locon")


@torch.no_grad()
def base(kind):
    """A layer with random weights, an input and a cotangent of its output."""
    make, shape = LAYERS[kind]
    rng = generator(f"kinds/{kind}")
    layer = make()
    layer.weight.copy_(torch.randn(layer.weight.shape, generator=rng) / layer.weight[0].numel() ** 0.5)
    layer.bias.copy_(torch.randn(layer.bias.shape, generator=rng) * 0.2)
    x = torch.randn(shape, generator=rng)
    return layer.requires_grad_(False), x, torch.randn(layer(x).shape, generator=rng)


@torch.no_grad()
def randomise(parameters, rng):
    """Random values: factors near their own, matrices of order one half."""
    for name, parameter in parameters.items():
        noise = torch.randn(parameter.shape, generator=rng)
        if any(part in name for part in ("magnitude", "dora_scale", "rescale")):
            parameter.mul_(1 + 0.2 * noise)
        else:
            parameter.copy_(noise * 0.5)


def peft_layer(layer, arguments):
    """A module with peft's adapter; its tensors and their parameters by peft's names in a file."""
    holder = nn.Module()
    holder.layer = layer
    holder.forward = lambda x: holder.layer(x)
    model = get_peft_model(
        holder, LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=["layer"], **arguments))
    prefix = "base_model.model.layer."
    parameters = {
        name.removeprefix(prefix).replace(".default", "").replace("vector.weight", "vector"): value
        for name, value in model.named_parameters() if "lora_" in name
    }
    names = {name.removeprefix(prefix) for name in get_peft_model_state_dict(model)}
    assert set(parameters) == names, (set(parameters), names)
    scaling = holder.layer.scaling["default"]

    def merged():
        return holder.layer.weight + holder.layer.get_delta_weight("default")

    return model, parameters, {"alpha": torch.tensor(scaling * RANK)}, merged


def lycoris_layer(layer, module, rank, arguments):
    """A module of lycoris-lora; its parameters by their names in a file, the other tensors of that."""
    adapter = module("layer", layer, 1.0, rank, ALPHA, **arguments)
    parameters = dict(adapter.named_parameters())
    if module is FullModule:
        parameters = {"diff": parameters["weight"], "diff_b": parameters["bias"]}
    others = {key: value for key, value in adapter.state_dict().items() if key not in parameters}
    return adapter, parameters, others, None


def case(kind, make):
    """One kind on one layer: {name: tensor}."""
    name, layer_kind = kind
    layer, x, probe = base(layer_kind)
    x.requires_grad_(True)
    adapter, parameters, others, _ = make(layer)
    rng = generator(f"kinds/{name}/{layer_kind}")
    randomise(parameters, rng)
    output = adapter.train(False)(x)
    for value in parameters.values():
        value.grad = None
    (output * probe).sum().backward()
    tensors = {f"file.{key}": value for key, value in (parameters | others).items()}
    tensors |= {"out": output, "grad.x": x.grad}
    if name in TRAINED:
        tensors |= {f"grad.{key}": value.grad for key, value in parameters.items()}
    return {f"{name}.{layer_kind}.{key}": value.detach().contiguous() for key, value in tensors.items()}


def pissa(layer_kind):
    """PEFT's PiSSA after a change of its matrices: their first product, the result and gradients."""
    layer, x, probe = base(layer_kind)
    original = layer.weight.clone()
    x.requires_grad_(True)
    model, parameters, others, _ = peft_layer(layer, {"init_lora_weights": "pissa"})
    scaling = ALPHA / RANK
    first = original - layer.weight
    with torch.no_grad():
        rng = generator(f"kinds/pissa/{layer_kind}")
        for parameter in parameters.values():
            parameter.add_(torch.randn(parameter.shape, generator=rng) * 0.1)
    output = model(x)
    (output * probe).sum().backward()
    delta = scaling * parameters["lora_B.weight"] @ parameters["lora_A.weight"] - first
    tensors = {f"file.{key}": value for key, value in parameters.items()}
    tensors |= {f"grad.{key}": value.grad for key, value in parameters.items()}
    tensors |= {"first": first, "delta": delta, "out": output, "grad.x": x.grad}
    return {f"pissa.{layer_kind}.{key}": value.detach().contiguous() for key, value in tensors.items()}


def make(output, options):
    """Writes kinds/layers."""
    folder = output / "kinds"
    folder.mkdir(exist_ok=True)
    tensors, cases = {}, []
    for layer_kind in LAYERS:
        layer, x, probe = base(layer_kind)
        tensors |= {
            f"{layer_kind}.weight": layer.weight, f"{layer_kind}.bias": layer.bias,
            f"{layer_kind}.x": x, f"{layer_kind}.probe": probe,
        }
    makers = {
        name: (lambda layer, arguments=arguments: peft_layer(layer, arguments), ALL)
        for name, arguments in PEFT.items()
    } | {
        name: (lambda layer, given=given: lycoris_layer(layer, *given[:3]), given[3])
        for name, given in LYCORIS.items()
    }
    for name, (maker, layers) in makers.items():
        for layer_kind in layers:
            tensors |= case((name, layer_kind), maker)
            cases.append({"name": name, "layer": layer_kind, "trained": name in TRAINED})
    tensors |= pissa("linear")
    sizes = [[side, factor, *factorization(side, factor)] for side in SIDES for factor in FACTORS
             if factor < 0 or side % factor == 0]
    config = {"cases": cases, "rank": RANK, "alpha": ALPHA, "factorizations": sizes}
    write_tensors(
        folder / "layers.safetensors", tensors,
        {"source": "peft 0.21.2, lycoris-lora 4.1.3", "config": json.dumps(config, sort_keys=True)})
