#!/usr/bin/env python3
"""Checks that files of every kind of adapter load in lycoris-lora, diffusers, peft and ComfyUI with no
tensor left over, and draw the same pictures there.

LORA_TRAIN is the path of the lora-train binary. Run it with the Python of Scripts/python-environment.
"""

import sys
import tempfile
from pathlib import Path

import torch
from lycoris.modules import FullModule, get_module, make_module
from peft import PeftModel
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file

from support import ROOT, Failure, program, require_program, run, run_checks

GOLDEN = ROOT / "Tests" / "Golden"
sys.path.insert(0, str(GOLDEN))
from golden.adapters import draw  # noqa: E402
from golden.kind_pictures import KINDS, LAYERS, NOT_FROM_FILE  # noqa: E402
from golden.kinds import LYCORIS  # noqa: E402
from golden.models import load  # noqa: E402
from golden.single_file import unet_names  # noqa: E402

TOLERANCE = 2
# The endings that comfy/weight_adapter and comfy/lora.py take from a layer with an adapter of a kind. The
# module of IA3 is not among them.
COMFYUI = [
    {"lora_up.weight", "lora_down.weight", "lora_mid.weight", "alpha", "dora_scale"},
    {"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2", "alpha", "dora_scale"},
    {"lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2", "alpha",
     "dora_scale"},
    {"diff", "diff_b"},
    {"oft_blocks", "rescale", "alpha"},
]


class Fixture:
    """A folder for files, and the pictures that the libraries draw with their own files."""

    def __init__(self, folder):
        self.folder = folder
        self.pictures = load_file(GOLDEN / "kinds" / "pictures.safetensors")

    def convert(self, name, form):
        """A file of the goldens that lora-train has read and written in a form."""
        output = self.folder / (f"{name}-{form}" if form == "peft" else f"{name}-{form}.safetensors")
        if output.exists():
            return output
        run(
            program(), "lora", "convert", GOLDEN / "kinds" / f"{name}.safetensors", "--format", form,
            "--model", GOLDEN / "tiny-sdxl", "--output", output)
        return output

    def expect_picture(self, pipe, name):
        difference = (draw(pipe).int() - self.pictures[f"out.{name}"].int()).abs().max().item()
        if difference > TOLERANCE:
            raise Failure(f"{name}: a byte of the picture differs by {difference}")


def by_layer(file, unet):
    """{path: {ending: tensor}} of a file with the original names of the UNet's blocks."""
    names = unet_names([name for name, _ in unet.named_modules() if name], 2)
    paths = {f"lora_unet_{names[path].replace('.', '_')}": path for path in LAYERS}
    layers = {path: {} for path in LAYERS}
    for key, tensor in file.items():
        layer, ending = key.split(".", 1)
        if layer not in paths:
            raise Failure(f"{key} belongs to no layer")
        layers[paths[layer]][ending] = tensor
    return layers


def module(name, path, layer, tensors):
    """lycoris-lora's module with these tensors, and the names of those that it has."""
    if name in NOT_FROM_FILE:
        kind, rank, arguments, _ = LYCORIS[name]
        adapter = kind(path, layer, 1.0, rank, 2.0, **arguments)
        missing = adapter.load_state_dict(
            {key: value for key, value in tensors.items() if key != "alpha"}, strict=False)
        if missing.unexpected_keys:
            raise Failure(f"{name}: lycoris-lora does not take {missing.unexpected_keys}")
    else:
        file = {f"layer.{ending}": tensor for ending, tensor in tensors.items()}
        adapter = make_module(*get_module(file, "layer"), "layer", layer)
    if isinstance(adapter, FullModule):
        return adapter, {"diff", "diff_b"} if adapter.bias is not None else {"diff"}
    return adapter, set(adapter.state_dict())


@torch.no_grad()
def lycoris(fixture):
    """files of every kind load in lycoris-lora with no tensor left over and draw its own pictures"""
    count = 0
    for name in KINDS:
        pipe = load(GOLDEN)
        file = load_file(fixture.convert(name, "kohya"))
        for path, tensors in by_layer(file, pipe.unet).items():
            layer = pipe.unet.get_submodule(path)
            adapter, taken = module(name, path, layer, tensors)
            if taken ^ set(tensors):
                raise Failure(f"{name}: lycoris-lora and the file differ by {taken ^ set(tensors)}")
            layer.forward = adapter.eval().forward
        fixture.expect_picture(pipe, name)
        count += len(file)
    return f"{len(KINDS)} files, {count} tensors"


def comfyui(fixture):
    """ComfyUI's loader takes every tensor of each kind but IA3's"""
    for name in KINDS:
        layers = by_layer(load_file(fixture.convert(name, "kohya")), load(GOLDEN).unet)
        left = [path for path, tensors in layers.items()
                if not any(set(tensors) <= endings for endings in COMFYUI)]
        if bool(left) != name.startswith("ia3"):
            raise Failure(f"{name}: tensors are left over in {left}")
    return f"{len(KINDS)} files"


@torch.no_grad()
def dora_diffusers(fixture):
    """a DoRA in diffusers' form draws the same picture there"""
    for name in ("dora-output", "dora-diffusers"):
        file = fixture.convert(name, "diffusers")
        pipe = load(GOLDEN)
        pipe.load_lora_weights(file.parent, weight_name=file.name)
        fixture.expect_picture(pipe, name)
    return "two files"


@torch.no_grad()
def dora_peft(fixture):
    """a DoRA in PEFT's form loads in peft and draws the same picture"""
    for name in ("dora-output", "dora-diffusers"):
        pipe = load(GOLDEN)
        pipe.unet = PeftModel.from_pretrained(pipe.unet, fixture.convert(name, "peft"))
        fixture.expect_picture(pipe, name)
    return "two folders"


@torch.no_grad()
def lycoris_in_peft(fixture):
    """LoHa and LoKr in PEFT's form load in peft and draw the same picture"""
    names = ("loha", "lokr", "lokr-factor", "lokr-both", "lokr-whole")
    for name in names:
        pipe = load(GOLDEN)
        folder = fixture.convert(name, "peft")
        pipe.unet = PeftModel.from_pretrained(pipe.unet, folder)
        left = set(load_file(folder / "adapter_model.safetensors")) ^ set(
            get_peft_model_state_dict(pipe.unet))
        if left:
            raise Failure(f"{name}: peft and the file differ by {sorted(left)}")
        fixture.expect_picture(pipe, name)
    return f"{len(names)} folders"


def main():
    require_program("kinds.py")
    with tempfile.TemporaryDirectory() as folder:
        run_checks([lycoris, comfyui, dora_diffusers, dora_peft, lycoris_in_peft], Fixture(Path(folder)))


if __name__ == "__main__":
    main()
