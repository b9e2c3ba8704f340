"""Random weights whose pictures are neither grey nor clipped."""

import math

import torch

# Factors on weights, by the end of the key, that stand for training: the autoencoder's pictures, and
# its latents times scaling_factor, are of order one, and the prompt has an effect on the UNet.
GAINS = {
    "vae": {
        "quant_conv.weight": 4.0, "post_quant_conv.weight": 0.2, "decoder.conv_out.weight": 0.5,
    },
    "unet": {"conv_out.weight": 0.7, "attn2.to_out.0.weight": 3.0},
}


def draw(key, shape, rng, dtype=torch.float32):
    """One parameter, on the generator's device. Norms and biases are random too, so that every term has
    an effect."""
    noise = torch.randn(shape, generator=rng, device=rng.device, dtype=dtype)
    if noise.ndim == 1:
        return noise.mul_(0.2).add_(1.0 if key.endswith("weight") else 0.0)
    if "embedding.weight" in key:
        return noise.mul_(0.5)
    return noise.div_(math.sqrt(shape[1:].numel()))


def with_gain(component, key, value):
    """A drawn parameter of a component, multiplied in place by its factors."""
    for end, gain in GAINS.get(component, {}).items():
        if key.endswith(end):
            value.mul_(gain)
    return value
