#!/usr/bin/env python3
"""Trains the autoencoder: SDXL's AutoencoderKL, 64 pixels to 16 x 16 x 4 latents.

Encoder and decoder together, a fixed noise in place of the sampled posterior; afterwards the
latents are whitened inside quant_conv, so that SDXL's own scaling factor 0.13025 fits exactly.
"""

import argparse
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from diffusers.models.resnet import ResnetBlock2D

from optimization import Training
from scenes import random_scene

SCALING_FACTOR = 0.13025


def new_vae():
    """A small AutoencoderKL whose residual branches start near zero: else short trainings stick."""
    vae = AutoencoderKL(
        latent_channels=4,
        block_out_channels=(16, 32, 64),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        sample_size=64,
        scaling_factor=SCALING_FACTOR,
    )
    with torch.no_grad():
        for module in vae.modules():
            if isinstance(module, ResnetBlock2D):
                module.conv2.weight.mul_(0.1)
        for block in (vae.encoder.mid_block, vae.decoder.mid_block):
            block.attentions[0].to_out[0].weight.mul_(0.1)
    return vae


def images(pictures):
    """Bytes [N, H, W, 3] as [N, 3, H, W] between -1 and 1."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def render(count, seed, **shares):
    rng = np.random.default_rng(seed)
    return np.stack([random_scene(rng, **shares).picture for _ in range(count)])


def psnr(a, b):
    """Decibels of two images between -1 and 1."""
    return -10 * math.log10((a - b).square().mean().item() / 4)


def reconstruction_loss(output, target):
    """L1 heavier at edges, squared error, gradients, and L1 of a three-level Laplacian pyramid."""
    difference = output - target
    across = F.pad((target[..., 1:] - target[..., :-1]).abs(), (0, 1))
    down = F.pad((target[..., 1:, :] - target[..., :-1, :]).abs(), (0, 0, 0, 1))
    edges = (across.amax(1, True) + down.amax(1, True)).clamp(max=1)
    weight = 1 + 3 * F.max_pool2d(edges, 3, 1, 1)
    loss = (difference.abs() * weight).mean() / weight.mean() + 2 * difference.square().mean()
    loss = loss + 0.5 * (difference[..., 1:] - difference[..., :-1]).abs().mean()
    loss = loss + 0.5 * (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()
    for _ in range(3):
        half = F.avg_pool2d(difference, 2)
        smooth = F.interpolate(half, scale_factor=2, mode="bilinear", align_corners=False)
        loss, difference = loss + 0.5 * (difference - smooth).abs().mean(), half
    return loss


@torch.no_grad()
def whiten(vae, pictures, noise=0.015):
    """Folds the latents' mean and deviation into the two 1x1 convolutions around them."""
    latents = torch.cat([vae.encode(part).latent_dist.mean for part in pictures.split(64)])
    mean, deviation = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    gain = 1 / (deviation * SCALING_FACTOR)
    into, out = vae.quant_conv, vae.post_quant_conv
    into.weight[:4] *= gain[:, None, None, None]
    into.bias[:4] = (into.bias[:4] - mean) * gain
    into.weight[4:] = 0
    into.bias[4:] = 2 * math.log(noise / SCALING_FACTOR)
    out.bias += (out.weight[:, :, 0, 0] * mean).sum(1)
    out.weight /= gain[None, :, None, None]


@torch.no_grad()
def validation_psnr(vae, pictures):
    return psnr(
        torch.cat(
            [
                vae.decode(vae.encode(part).latent_dist.mean).sample.clamp(-1, 1)
                for part in pictures.split(32)
            ]
        ),
        pictures,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=pathlib.Path, help="folder of the VAE")
    parser.add_argument("--start", type=pathlib.Path, help="continue from this VAE")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--scenes", type=int, default=20000)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--decoder-only", action="store_true", help="leave the latents as they are")
    options = parser.parse_args()

    torch.manual_seed(0)
    vae = AutoencoderKL.from_pretrained(options.start) if options.start else new_vae()
    vae = vae.float().to(memory_format=torch.channels_last)
    vae.encoder.requires_grad_(not options.decoder_only)
    vae.quant_conv.requires_grad_(not options.decoder_only)
    pictures, validation = render(options.scenes, seed=1), images(render(192, seed=2))
    training = Training([vae], options.lr, options.minutes * 60, average=0.997)
    draw = torch.Generator().manual_seed(3)
    print(f"validation: {validation_psnr(vae, validation):.2f} dB", flush=True)
    errors, reported = [], 0
    while not training.done:
        chosen = torch.randint(0, len(pictures), (options.batch,), generator=draw)
        target = images(pictures[chosen.numpy()]).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            latent = vae.encode(target).latent_dist.mean * SCALING_FACTOR
            deviation = torch.rand(options.batch, 1, 1, 1, generator=draw) * 0.06
            noisy = latent + deviation * torch.randn(latent.shape, generator=draw)
            output = vae.decode(noisy / SCALING_FACTOR).sample
        output = output.float()
        loss = reconstruction_loss(output, target)
        if not options.decoder_only:
            loss = loss + 1e-3 * latent.float().square().mean()
        training.step(loss)
        errors.append((output - target).square().mean().item())
        if training.elapsed > reported + 120:
            reported = training.elapsed
            with training.evaluating():
                psnr = validation_psnr(vae, validation)
            mean = -10 * math.log10(np.mean(errors[-300:]) / 4)
            print(
                f"{training.iteration} {reported:.0f} s: {mean:.2f} dB, validation {psnr:.2f} dB",
                flush=True,
            )
    training.swap()
    if not options.decoder_only:
        whiten(vae, images(pictures[:1024]))
    print(f"{training.iteration} validation: {validation_psnr(vae, validation):.2f} dB", flush=True)
    vae.save_pretrained(options.output)


if __name__ == "__main__":
    main()
