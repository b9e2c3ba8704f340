"""Whole pictures by StableDiffusionXLPipeline on tiny-sdxl."""

import diffusers
import torch

from .fixture import write
from .models import load

BASE = {"prompt": "a photo of sks dog", "steps": 5, "guidance": 5.0, "seed": 42}
CASES = {
    "negative": {"negative_prompt": "blurry, low quality", "width": 64, "height": 64},
    "no-negative": {"width": 128, "height": 64, "seed": 7},
    "empty-negative": {"negative_prompt": "", "width": 64, "height": 64},
    "no-guidance": {"guidance": 1.0, "width": 64, "height": 64},
}

KARRAS = {"use_karras_sigmas": True}
SDE = {"algorithm_type": "sde-dpmsolver++"}
# Names of `generate --scheduler`: diffusers' class, and the settings of the name.
SAMPLERS = {
    "euler": ("EulerDiscrete", {}), "euler-a": ("EulerAncestralDiscrete", {}),
    "heun": ("HeunDiscrete", {}), "ddim": ("DDIM", {}), "ddpm": ("DDPM", {}),
    "dpm++-2m": ("DPMSolverMultistep", {}), "dpm++-2m-karras": ("DPMSolverMultistep", KARRAS),
    "dpm++-2m-sde": ("DPMSolverMultistep", SDE),
    "dpm++-2m-sde-karras": ("DPMSolverMultistep", SDE | KARRAS),
    "unipc": ("UniPCMultistep", {}), "lcm": ("LCM", {}),
}


def draw(pipe, config):
    """The initial noise, text conditioning, final latents and picture [H, W, 3] from 0 to 1."""
    height, width = config["height"], config["width"]
    guided = config["guidance"] > 1
    names = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds",
             "negative_pooled_prompt_embeds")
    embeddings = pipe.encode_prompt(
        config["prompt"], negative_prompt=config.get("negative_prompt"),
        do_classifier_free_guidance=guided,
    )
    settings = dict(
        prompt=config["prompt"], negative_prompt=config.get("negative_prompt"), height=height,
        width=width, num_inference_steps=config["steps"], guidance_scale=config["guidance"],
    )
    rng = lambda: torch.Generator("cpu").manual_seed(config["seed"])
    latents = pipe(**settings, generator=rng(), output_type="latent").images
    picture = pipe(**settings, generator=rng(), output_type="pt").images[0]
    tensors = {"in.noise": torch.randn((1, 4, height // 8, width // 8), generator=rng())}
    pairs = zip(names, embeddings, strict=True)
    tensors |= {f"out.{name}": value for name, value in pairs if value is not None}
    return tensors | {"out.latents": latents, "out.image": picture.permute(1, 2, 0)}


def sampled(pipe, kind, changes):
    """A picture [H, W, 3] in 0...255 and its latents from another sampler, at three guidances."""
    original = pipe.scheduler
    pipe.scheduler = getattr(diffusers, f"{kind}Scheduler").from_config(original.config, **changes)
    tensors = {}
    for guidance in (1.0, 5.0, 7.5):
        settings = dict(
            prompt=BASE["prompt"], negative_prompt="blurry", height=32, width=64,
            num_inference_steps=BASE["steps"], guidance_scale=guidance,
        )
        rng = lambda: torch.Generator("cpu").manual_seed(BASE["seed"])
        tensors[f"out.latents.{guidance}"] = pipe(
            **settings, generator=rng(), output_type="latent").images
        picture = pipe(**settings, generator=rng(), output_type="pt").images[0]
        tensors[f"out.image.{guidance}"] = (picture.permute(1, 2, 0) * 255).round().to(torch.uint8)
    pipe.scheduler = original
    return tensors


@torch.no_grad()
def make(output, options):
    """Writes pictures/."""
    pipe = load(output)
    for name, changes in CASES.items():
        config = BASE | changes
        source = "diffusers StableDiffusionXLPipeline(...), torch.Generator('cpu').manual_seed"
        write(output / "pictures" / name, draw(pipe, config), source, config)
    config = BASE | {"negative_prompt": "blurry", "width": 64, "height": 32}
    for name, (kind, changes) in SAMPLERS.items():
        source = f"diffusers StableDiffusionXLPipeline with {kind}Scheduler.from_config"
        write(output / "pictures" / "samplers" / name, sampled(pipe, kind, changes), source, config)
