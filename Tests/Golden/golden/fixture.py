"""One fixture file: weights, inputs, outputs and the gradients of sum(output * probe)."""

import json

import torch

from .safetensors_file import write_tensors
from .values import draw


def generator(name):
    """A generator seeded by a hash of the fixture's name, so that a new fixture changes no other."""
    seed = 0
    for byte in name.encode():
        seed = (seed * 131 + byte) % (2**31 - 1)
    return torch.Generator("cpu").manual_seed(seed)


@torch.no_grad()
def randomise(module, rng):
    """Draws random values for every parameter, in the module's order."""
    for key, parameter in module.named_parameters():
        parameter.copy_(draw(key, parameter.shape, rng))
    return module.eval()


def write(path, tensors, source, config):
    """Writes tensors with the two metadata entries that every fixture has."""
    metadata = {"source": source, "config": json.dumps(config, sort_keys=True)}
    write_tensors(path.with_suffix(".safetensors"), tensors, metadata)


def record(
    path, *, source, config, inputs, call, module=None, weights="all", gradients="all",
    rename=lambda key: key,
):
    """Runs `call(**inputs)`, which returns {name: tensor}, forwards and backwards, and writes the
    fixture.

    weights: "all" or "none". gradients: "all" parameters of module, or a list of their keys.
    rename: maps a parameter's key to its key in the file. Floating-point inputs get gradients,
    integer inputs do not.
    """
    rng = generator(f"probe of {path.parent.name}/{path.name}")
    inputs = {
        name: value.clone().requires_grad_(value.is_floating_point())
        for name, value in inputs.items()
    }
    outputs = call(**inputs)
    probes = {name: torch.randn(out.shape, generator=rng) for name, out in outputs.items()}
    tensors = {f"in.{name}": value for name, value in inputs.items()}
    tensors |= {f"out.{name}": value for name, value in outputs.items()}
    parameters = dict(module.named_parameters()) if module else {}
    if any(out.requires_grad for out in outputs.values()):
        if module:
            module.zero_grad()
        sum((outputs[name] * probe).sum() for name, probe in probes.items()).backward()
        tensors |= {f"probe.{name}": value for name, value in probes.items()}
        tensors |= {f"grad.in.{k}": v.grad for k, v in inputs.items() if v.grad is not None}
        wanted = parameters if gradients == "all" else gradients
        tensors |= {f"grad.weights.{rename(key)}": parameters[key].grad for key in wanted}
    if weights == "all":
        tensors |= {f"weights.{rename(key)}": value for key, value in parameters.items()}
    for name, value in tensors.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise ValueError(f"{path}: {name} is not finite")
    write(path, tensors, source, config)
