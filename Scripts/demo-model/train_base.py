#!/usr/bin/env python3
"""Trains the base: UNet and both text encoders together, on latents of drawn scenes."""

import argparse
import pathlib
import shutil

import numpy as np
import torch
from diffusers import UNet2DConditionModel

from diffusion import (
    Denoising,
    TextSide,
    encode_captions,
    encode_pictures,
    new_base_unet,
    random_sizes,
    stratified_timesteps,
)
from drawing import SIZE
from optimization import Training
from scenes import random_scene


def save(folder, unet, text):
    unet.save_pretrained(folder / "unet")
    for encoder, suffix in zip(text.encoders, ("", "_2")):
        encoder.save_pretrained(folder / f"text_encoder{suffix}")
        # As they are: transformers 5 would leave out vocab.json and merges.txt.
        name = f"tokenizer{suffix}"
        shutil.copytree(text.folder / name, folder / name, dirs_exist_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=pathlib.Path, help="folder of the UNet and encoders")
    parser.add_argument("--vae", type=pathlib.Path, required=True)
    parser.add_argument("--tokenizers", type=pathlib.Path, help="tokenizers of a new model")
    parser.add_argument("--start", type=pathlib.Path, help="continue from this model")
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--scenes", type=int, default=24000)
    parser.add_argument("--characters", type=float, default=0.6, help="their share of all scenes")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--freeze-text", action="store_true", help="train the UNet only: faster")
    options = parser.parse_args()
    if (options.tokenizers is None) == (options.start is None):
        parser.error("give --tokenizers or --start")

    torch.manual_seed(1)
    text = TextSide(options.start or options.tokenizers, new=options.start is None)
    if options.start:
        unet = UNet2DConditionModel.from_pretrained(options.start / "unet").float()
    else:
        unet = new_base_unet()
        torch.nn.init.zeros_(unet.conv_out.weight)
    unet = unet.to(memory_format=torch.channels_last).train()

    rng = np.random.default_rng(options.seed)
    scenes = [random_scene(rng, characters=options.characters) for _ in range(options.scenes)]
    latents = encode_pictures(options.vae, np.stack([scene.picture for scene in scenes]))
    tokens = text.tokens([scene.caption for scene in scenes])
    print(f"{len(scenes)} scenes, latents' deviation {latents.std():.3f}", flush=True)

    modules = [unet] if options.freeze_text else [unet, *text.encoders]
    encoded = encode_captions(text, tokens) if options.freeze_text else None
    denoising = Denoising()
    training = Training(modules, options.lr, options.minutes * 60, average=0.9985)
    draw = torch.Generator().manual_seed(options.seed)
    order, errors, reported, saved = torch.empty(0, dtype=torch.long), [], 0, 0
    while not training.done:
        if len(order) < options.batch:
            order = torch.randperm(len(scenes), generator=draw)
        chosen, order = order[: options.batch], order[options.batch :]
        timesteps = stratified_timesteps(options.batch, draw)
        noisy, noise = denoising.batch(latents[chosen], timesteps, draw)
        sizes = random_sizes(options.batch, draw)
        rest = torch.tensor([[0.0, 0.0, SIZE, SIZE]]).expand(options.batch, -1)
        # Guidance needs the unconditional case, in which all text conditioning is zero.
        kept = (torch.rand(options.batch, generator=draw) > 0.1).float()
        with torch.autocast("cpu", torch.bfloat16):
            if encoded:
                states, pooled = (part[chosen].float() for part in encoded)
            else:
                states, pooled = text.encode([ids[chosen] for ids in tokens])
            prediction = unet(
                noisy,
                timesteps,
                states * kept[:, None, None],
                added_cond_kwargs=dict(
                    text_embeds=pooled * kept[:, None], time_ids=torch.cat([sizes, rest], 1)
                ),
            ).sample
        loss, error = denoising.losses(prediction, noise, timesteps)
        training.step(loss)
        errors.append(error)
        if training.elapsed > reported + 120:
            reported = training.elapsed
            print(f"{training.iteration} {reported:.0f} s: {np.mean(errors[-100:]):.4f}", flush=True)
        if training.elapsed > saved + 600:
            saved = training.elapsed
            with training.evaluating():
                save(options.output, unet, text)
    training.swap()
    save(options.output, unet, text)
    print(f"{training.iteration} iterations: {np.mean(errors[-100:]):.4f}", flush=True)


if __name__ == "__main__":
    main()
