#!/usr/bin/env python3
"""Writes a diffusers folder in fp16 from trained parts, with the layout of SDXL's."""

import argparse
import json
import pathlib
import shutil

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from diffusion import SCHEDULE

BASE, REFINER = "StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline"


def save_text_encoder(kind, source, folder):
    """Saves a text encoder with the `text_model.` prefix that SDXL's files have."""
    model = kind.from_pretrained(source).half()
    model.config.dtype = "float16"
    model.config.save_pretrained(folder)
    weights = {
        key if key.startswith(("text_model.", "text_projection.")) else f"text_model.{key}": value
        for key, value in model.state_dict().items()
        if not key.endswith("position_ids")
    }
    save_file(
        {key: value.contiguous() for key, value in weights.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )


def save_tokenizer(source, folder):
    """The three files that any CLIP tokenizer reads."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        shutil.copyfile(source / name, folder / name)


def save_model(model, folder):
    """Saves a diffusers model without its source path in the configuration."""
    model.to(memory_format=torch.contiguous_format).half().save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    config.pop("_name_or_path", None)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def save_index(folder, refiner):
    """model_index.json: the class of each part."""
    text = [["transformers", "CLIPTextModel"], ["transformers", "CLIPTokenizer"]]
    first, first_tokenizer = [[None, None]] * 2 if refiner else text
    index = {
        "_class_name": REFINER if refiner else BASE,
        "_diffusers_version": "0.42.1",
        "force_zeros_for_empty_prompt": not refiner,
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
        "text_encoder": first,
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer": first_tokenizer,
        "tokenizer_2": text[1],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    if refiner:
        index["requires_aesthetics_score"] = True
    else:
        index |= {"feature_extractor": [None, None], "image_encoder": [None, None]}
    (folder / "model_index.json").write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--base", type=pathlib.Path, required=True, help="text encoders, tokenizers")
    parser.add_argument("--vae", type=pathlib.Path, required=True)
    parser.add_argument("--refiner", type=pathlib.Path, help="a refiner's UNet: package a refiner")
    parser.add_argument("--tokenizers", type=pathlib.Path, help="default: those of the base")
    options = parser.parse_args()
    output, base = options.output, options.base
    tokenizers = options.tokenizers or base

    save_model(AutoencoderKL.from_pretrained(options.vae), output / "vae")
    unet = options.refiner or base / "unet"
    save_model(UNet2DConditionModel.from_pretrained(unet), output / "unet")
    if not options.refiner:
        save_text_encoder(CLIPTextModel, base / "text_encoder", output / "text_encoder")
        save_tokenizer(tokenizers / "tokenizer", output / "tokenizer")
    second = CLIPTextModelWithProjection
    save_text_encoder(second, base / "text_encoder_2", output / "text_encoder_2")
    save_tokenizer(tokenizers / "tokenizer_2", output / "tokenizer_2")
    scheduler = EulerDiscreteScheduler(**SCHEDULE, timestep_spacing="trailing", steps_offset=1)
    scheduler.save_pretrained(output / "scheduler")
    save_index(output, refiner=options.refiner is not None)
    size = sum(file.stat().st_size for file in output.rglob("*") if file.is_file())
    print(f"{output}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
