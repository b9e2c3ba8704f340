"""The loss of masked images together with class images of the same or another size, by PyTorch."""

import torch
from diffusers import DDPMScheduler
from diffusers.training_utils import compute_snr

from .fixture import generator, write
from .sdxl import SCHEDULER
from .training import BASE, adapted_unet

FLOOR, GAMMA, PRIOR_WEIGHT, SCALE = 0.25, 5.0, 0.5, 8
# Latent sizes of the two instance images and of the class image.
CASES = {"same-size": ((8, 8), (8, 8)), "other-size": ((8, 12), (10, 8))}
GRADIENTS = ["down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.default.weight"]


def draw_batch(rng, count, size, unet):
    """All random values of `count` samples of one size."""
    pooled = unet.config.projection_class_embeddings_input_dim
    pooled -= 6 * unet.config.addition_time_embed_dim
    height, width = size
    return {
        "latents": torch.randn((count, 4, height, width), generator=rng),
        "noise": torch.randn((count, 4, height, width), generator=rng),
        "timesteps": torch.randint(0, 1000, (count,), generator=rng),
        "prompt_embeds": torch.randn((count, 5, unet.config.cross_attention_dim), generator=rng),
        "pooled_embeds": torch.randn((count, pooled), generator=rng),
        "time_ids": torch.randint(0, 2000, (count, 6), generator=rng).float(),
    }


def losses(unet, schedule, batch, weights):
    """The loss of each sample: the error of each latent pixel weighted by the mask, then by min-SNR."""
    noisy = schedule.add_noise(batch["latents"], batch["noise"], batch["timesteps"])
    conditions = {"text_embeds": batch["pooled_embeds"], "time_ids": batch["time_ids"]}
    prediction = unet(
        noisy, batch["timesteps"], batch["prompt_embeds"], added_cond_kwargs=conditions
    ).sample
    error = torch.nn.functional.mse_loss(prediction, batch["noise"], reduction="none") * weights
    snr = compute_snr(schedule, batch["timesteps"])
    return error.mean(dim=(1, 2, 3)) * (snr.clamp(max=GAMMA) / snr)


def make(output, options):
    """Writes masks/."""
    for name, (size, class_size) in CASES.items():
        unet = adapted_unet(output, BASE)
        schedule = DDPMScheduler.from_config(SCHEDULER, prediction_type="epsilon")
        rng = generator(f"masks/{name}")
        instances, classes = draw_batch(rng, 2, size, unet), draw_batch(rng, 1, class_size, unet)
        pixels = [SCALE * side for side in size]
        # A soft mask of the first image; the second has none.
        mask = torch.randint(0, 256, (1, 1, *pixels), generator=rng).float()
        mask[..., : pixels[1] // 2] = 0
        area = torch.nn.functional.interpolate(mask / 255, size=size, mode="area")
        weights = torch.cat([FLOOR + (1 - FLOOR) * area, torch.ones(1, 1, *size)])
        instance = losses(unet, schedule, instances, weights).mean()
        prior = losses(unet, schedule, classes, torch.ones(())).mean()
        total = instance + PRIOR_WEIGHT * prior
        total.backward()
        parameters = dict(unet.named_parameters())
        trained = [value.grad for value in parameters.values() if value.grad is not None]
        tensors = {f"instance.{key}": value for key, value in instances.items()}
        tensors |= {f"class.{key}": value for key, value in classes.items()}
        tensors |= {"mask": mask.to(torch.uint8), "area": area}
        tensors |= {"loss": total.detach(), "instance_loss": instance.detach()}
        tensors |= {"prior_loss": prior.detach()}
        tensors |= {"grad_norm": torch.stack([x.norm() for x in trained]).norm()}
        for key in GRADIENTS:
            tensors[f"grad.{key.replace('.default', '')}"] = parameters[key].grad
        config = {"floor": FLOOR, "gamma": GAMMA, "prior_weight": PRIOR_WEIGHT, "scale": SCALE}
        write(output / "masks" / name, tensors, "PyTorch on UNet2DConditionModel of tiny-sdxl", config)
