"""tiny-refiner/: a refiner for tiny-sdxl. Only the UNet is its own. The rest are links, because SDXL's
refiner shares the VAE and the second text encoder with the base."""

import torch

from . import sdxl
from .random_weights import write_weights

SHARED = ("vae", "text_encoder_2", "tokenizer_2", "scheduler")


def unet_config():
    """Two levels, the second text encoder only, and five added numbers with the score as the fifth."""
    shape = sdxl.SHAPES["tiny"]
    return sdxl.unet_config(shape) | {
        "attention_head_dim": [1, 2],
        "block_out_channels": [8, 16],
        "cross_attention_dim": shape.text_2.hidden,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
        "layers_per_block": 1,
        "projection_class_embeddings_input_dim": shape.text_2.projection + 5 * shape.time_dim,
        "transformer_layers_per_block": [1, 1],
        "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
    }


def make(output, options):
    """Writes tiny-refiner/."""
    folder = output / "tiny-refiner"
    classes = {name: list(value) for name, value in sdxl.CLASSES.items()}
    classes |= {"text_encoder": [None, None], "tokenizer": [None, None]}
    index = {"_class_name": "StableDiffusionXLImg2ImgPipeline", "_diffusers_version": "0.19.0.dev0"}
    index |= classes | {"force_zeros_for_empty_prompt": False, "requires_aesthetics_score": True}
    sdxl.write_json(folder / "model_index.json", index)
    write_weights(folder, "unet", unet_config(), torch.float32)
    for name in SHARED:
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(f"../tiny-sdxl/{name}")
