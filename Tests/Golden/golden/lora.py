"""A LoRA file written by diffusers and peft, and a picture drawn with it."""

import torch
from diffusers import StableDiffusionXLPipeline
from diffusers.training_utils import _collate_lora_metadata
from peft.utils import get_peft_model_state_dict

from .fixture import write
from .models import load
from .pictures import BASE, draw
from .training import BASE as TRAINING
from .training import TARGETS, adapted_unet

ALPHA = 8


@torch.no_grad()
def make(output, options):
    """Writes lora/."""
    folder = output / "lora"
    unet = adapted_unet(output, TRAINING | {"alpha": ALPHA})
    # peft turns the list into a set, whose order in the metadata differs between runs.
    unet.peft_config["default"].target_modules = TARGETS
    StableDiffusionXLPipeline.save_lora_weights(
        folder,
        unet_lora_layers=get_peft_model_state_dict(unet),
        **_collate_lora_metadata({"unet": unet}),
    )
    (folder / "pytorch_lora_weights.safetensors").chmod(0o644)
    pipe = load(output)
    pipe.load_lora_weights(folder)
    config = BASE | {"width": 64, "height": 64, "lora": "pytorch_lora_weights.safetensors"}
    source = "diffusers StableDiffusionXLPipeline.load_lora_weights and its picture"
    write(folder / "picture", draw(pipe, config), source, config)
