"""Files of random weights for the reference models."""

import diffusers
import torch
import transformers

from . import sdxl
from .safetensors_file import write_file
from .values import draw, with_gain

STEMS = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model"}
SHARDS = 3


def build(component, config):
    """The reference model of a component, on the meta device."""
    library, name = sdxl.CLASSES[component]
    cls = getattr(diffusers if library == "diffusers" else transformers, name)
    with torch.device("meta"):
        if library == "diffusers":
            return cls.from_config(config)
        return cls(transformers.CLIPTextConfig(**config))


def shard_shapes(shapes, count):
    """Splits {name: shape} in order into `count` parts of about the same size."""
    total, done = sum(shape.numel() for shape in shapes.values()), 0
    parts = [{} for _ in range(count)]
    for name, shape in shapes.items():
        parts[min(done * count // total, count - 1)][name] = shape
        done += shape.numel()
    return parts


def write_weights(folder, component, config, dtype, variant=None, sharded=False):
    """Writes a component's config.json and weights, one tensor in memory at a time.

    variant: the `fp16` of `model.fp16.safetensors`. sharded: in parts with an index.
    """
    folder = folder / component
    rng = torch.Generator("cpu").manual_seed(list(sdxl.CLASSES).index(component))
    keys = {
        sdxl.checkpoint_key(component, key): parameter.shape
        for key, parameter in build(component, config).named_parameters()
    }

    def tensor(name):
        return with_gain(component, name, draw(name, keys[name], rng)).to(dtype)

    sdxl.write_json(folder / "config.json", config)
    suffix = f".{variant}" if variant else ""
    stem = STEMS.get(component, "model")
    places = {}
    parts = shard_shapes(keys, SHARDS if sharded else 1)
    for number, part in enumerate(parts, 1):
        place = f"-{number:05}-of-{len(parts):05}" if sharded else ""
        name = f"{stem}{suffix}{place}.safetensors"
        shapes = {key: (dtype, shape) for key, shape in part.items()}
        write_file(folder / name, shapes, tensor, {"format": "pt"})
        places |= dict.fromkeys(part, name)
    if sharded:
        size = sum(shape.numel() for shape in keys.values()) * dtype.itemsize
        index = {"metadata": {"total_size": size}, "weight_map": places}
        sdxl.write_json(folder / f"{stem}.safetensors.index{suffix}.json", index)
    return sum(shape.numel() for shape in keys.values())
