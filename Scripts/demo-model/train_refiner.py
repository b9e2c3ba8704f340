#!/usr/bin/env python3
"""Trains the refiner: SDXL's refiner in small, from the base's weights on, for low noise only.

It knows the second text encoder alone, kept as the base's, and an aesthetic score: drawings as they
are have 5.5 to 6.5, blurred ones 2 to 3. Guidance away from the low score makes edges crisp.
"""

import argparse
import pathlib

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from PIL import Image, ImageFilter

from diffusion import (
    Denoising,
    TextSide,
    encode_pictures,
    random_sizes,
    refiner_from_base,
    stratified_timesteps,
)
from optimization import Training
from scenes import random_scene

# The noise levels it is for: a base hands over at 0.75 to 0.8 of its steps.
LAST_TIMESTEPS = 300
# Share of the drawings that are blurred.
BLURRED = 0.2


def blur(picture):
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(0.5)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=pathlib.Path, help="folder of the UNet")
    parser.add_argument("--base", type=pathlib.Path, required=True, help="its second text encoder is kept")
    parser.add_argument("--vae", type=pathlib.Path, required=True)
    parser.add_argument("--start", type=pathlib.Path, help="continue from this refiner's UNet")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--scenes", type=int, default=16000)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=24)
    options = parser.parse_args()

    torch.manual_seed(2)
    rng = np.random.default_rng(21)
    scenes = [random_scene(rng) for _ in range(options.scenes)]
    blurred = rng.random(options.scenes) < BLURRED
    pictures = [blur(s.picture) if soft else s.picture for s, soft in zip(scenes, blurred)]
    latents = encode_pictures(options.vae, np.stack(pictures))
    scores = torch.from_numpy(np.where(blurred, 2.5, 6.0)).float()[:, None]
    text = TextSide(options.base)
    tokens, encoder = text.tokens([scene.caption for scene in scenes])[1], text.encoders[1]

    if options.start:
        unet = UNet2DConditionModel.from_pretrained(options.start).float()
    else:
        base = UNet2DConditionModel.from_pretrained(options.base / "unet").float()
        unet = refiner_from_base(base)
    unet = unet.to(memory_format=torch.channels_last).train()
    denoising = Denoising()
    training = Training([unet], options.lr, options.minutes * 60, average=0.998)
    draw = torch.Generator().manual_seed(22)
    errors, reported = [], 0
    while not training.done:
        chosen = torch.randint(0, len(scenes), (options.batch,), generator=draw)
        timesteps = stratified_timesteps(options.batch, draw, below=LAST_TIMESTEPS)
        noisy, noise = denoising.batch(latents[chosen], timesteps, draw)
        crop = torch.zeros(options.batch, 2)
        score = scores[chosen] + torch.rand(options.batch, 1, generator=draw) - 0.5
        kept = (torch.rand(options.batch, generator=draw) > 0.1).float()
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                encoded = encoder(tokens[chosen], output_hidden_states=True)
            prediction = unet(
                noisy,
                timesteps,
                encoded.hidden_states[-2] * kept[:, None, None],
                added_cond_kwargs=dict(
                    text_embeds=encoded.text_embeds * kept[:, None],
                    time_ids=torch.cat([random_sizes(options.batch, draw), crop, score], 1),
                ),
            ).sample
        loss, error = denoising.losses(prediction, noise, timesteps)
        training.step(loss)
        errors.append(error)
        if training.elapsed > reported + 120:
            reported = training.elapsed
            print(f"{training.iteration} {reported:.0f} s: {np.mean(errors[-100:]):.4f}", flush=True)
    training.swap()
    unet.save_pretrained(options.output)
    print(f"{training.iteration} iterations: {np.mean(errors[-100:]):.4f}", flush=True)


if __name__ == "__main__":
    main()
