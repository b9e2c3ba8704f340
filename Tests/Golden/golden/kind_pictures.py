"""Files of every kind that lycoris-lora and diffusers write, and their own pictures with them."""

import json

import torch
from diffusers import StableDiffusionXLPipeline
from diffusers.training_utils import _collate_lora_metadata
from lycoris.modules import FullModule, get_module, make_module
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file

from .adapters import CONFIG, draw
from .fixture import generator
from .kinds import LYCORIS, randomise
from .models import load
from .safetensors_file import write_tensors

LAYERS = [
    "mid_block.attentions.0.transformer_blocks.0.attn1.to_q",
    "mid_block.attentions.0.transformer_blocks.1.attn2.to_k",
    "mid_block.attentions.0.proj_in",
    "down_blocks.1.attentions.0.transformer_blocks.0.ff.net.2",
    "down_blocks.0.resnets.1.conv1",
    "down_blocks.1.resnets.0.conv_shortcut",
    "down_blocks.0.downsamplers.0.conv",
]
# Random values are multiplied by these, so that each kind changes the picture and none blackens it.
KINDS = {
    "locon-tucker": 1.0, "dora-output": 1.0, "dora-input": 1.0, "loha": 1.0, "loha-tucker": 1.0,
    "lokr": 1.0, "lokr-factor": 1.0, "lokr-both": 1.0, "lokr-whole": 1.0, "lokr-tucker": 1.0,
    "loha-dora": 1.0, "lokr-dora": 1.0, "ia3-output": 1.0, "ia3-input": 1.0, "full": 0.2,
    "oft": 0.5, "oft-rescaled": 1.0,
}
# Kinds that lycoris-lora does not build again from a file alone: it takes magnitudes of inputs for those
# of outputs, another number for the rank of LoKr's core, and one argument too many for IA3.
NOT_FROM_FILE = ("dora-input", "lokr-tucker", "ia3-output", "ia3-input")


def lycoris(output, folder, name):
    """Writes the file of a kind; the picture with its modules."""
    module, rank, arguments, _ = LYCORIS[name]
    pipe = load(output)
    pipe.unet.requires_grad_(False)
    rng = generator(f"kinds/picture/{name}")
    tensors, modules = {}, []
    for path in LAYERS:
        layer = pipe.unet.get_submodule(path)
        adapter = module(path, layer, 1.0, rank, 2.0, **arguments)
        parameters = dict(adapter.named_parameters())
        randomise(parameters, rng)
        if KINDS[name] != 1:
            for parameter in parameters.values():
                parameter.mul_(KINDS[name])
        if module is FullModule:
            state = {"diff": adapter.weight, "diff_b": adapter.bias}
        else:
            state = adapter.state_dict()
        tensors |= {
            f"lora_unet_{path.replace('.', '_')}.{key}": value.detach().clone().contiguous()
            for key, value in state.items() if value is not None
        }
        modules.append((layer, adapter.eval()))
    cores = [key for key in tensors if key.endswith(("lora_mid.weight", "hada_t1", "lokr_t2"))]
    assert bool(cores) == name.endswith("tucker"), name
    for layer, adapter in modules:
        layer.forward = adapter.forward
    write_tensors(folder / f"{name}.safetensors", tensors, {"ss_network_module": "lycoris.kohya"})
    picture = draw(pipe)
    if name not in NOT_FROM_FILE:
        again = load(output)
        file = load_file(folder / f"{name}.safetensors")
        for path in LAYERS:
            layer = again.unet.get_submodule(path)
            key = f"lora_unet_{path.replace('.', '_')}"
            adapter = make_module(*get_module(file, key), key, layer)
            layer.forward = adapter.eval().forward
        worst = (draw(again).int() - picture.int()).abs().max()
        assert worst <= 1, f"{name}: lycoris-lora's own picture from the file differs by {worst}"
    return picture


def diffusers_dora(output, folder):
    """Writes a DoRA as diffusers does; the picture that diffusers draws with the file."""
    unet = load(output).unet
    unet.add_adapter(LoraConfig(r=2, lora_alpha=3, target_modules=LAYERS, use_dora=True))
    parameters = {key: value for key, value in unet.named_parameters() if "lora_" in key}
    randomise(parameters, generator("kinds/picture/dora-diffusers"))
    unet.peft_config["default"].target_modules = LAYERS
    name = "dora-diffusers.safetensors"
    StableDiffusionXLPipeline.save_lora_weights(
        folder, weight_name=name, unet_lora_layers=get_peft_model_state_dict(unet),
        **_collate_lora_metadata({"unet": unet}))
    (folder / name).chmod(0o644)
    pipe = load(output)
    pipe.load_lora_weights(folder, weight_name=name)
    return draw(pipe)


@torch.no_grad()
def make(output, options):
    """Writes a file of each kind, and kinds/pictures."""
    folder = output / "kinds"
    folder.mkdir(exist_ok=True)
    base = draw(load(output)).int()
    pictures = {name: lycoris(output, folder, name) for name in KINDS}
    pictures["dora-diffusers"] = diffusers_dora(output, folder)
    for name, picture in pictures.items():
        print(f"{name}: {(picture.int() - base).abs().max()} of 255 from the picture of the base")
    config = CONFIG | {"cases": {name: {name: 1.0} for name in pictures}}
    write_tensors(
        folder / "pictures.safetensors", {f"out.{name}": value for name, value in pictures.items()},
        {"source": "lycoris-lora 4.1.3, diffusers", "config": json.dumps(config, sort_keys=True)})
