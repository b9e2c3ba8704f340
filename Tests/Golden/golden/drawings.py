"""Whole pictures of tiny-sdxl and tiny-refiner from diffusers' two SDXL pipelines, as bytes."""

import diffusers
import torch
from diffusers import StableDiffusionXLImg2ImgPipeline

from .fixture import generator, write
from .models import load

BASE = {"prompt": "a photo of sks dog", "steps": 5, "guidance": 5.0, "seed": 42, "width": 64,
        "height": 64}
NEGATIVE = {"negative_prompt": "blurry, low quality"}
WIDE, TALL = {"width": 128}, {"height": 96}
SIZES = {"original_size": (300, 200), "crops_coords_top_left": (16, 8), "target_size": (72, 56)}
NEGATIVE_SIZES = {
    "negative_original_size": (512, 384), "negative_crops_coords_top_left": (0, 4),
    "negative_target_size": (64, 48),
}


def split(at, **changes):
    return {"steps": 10, "split": at} | changes


# Names of `--scheduler`: diffusers' class, and its settings besides those of the model's file.
SAMPLERS = {
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "ddim": ("DDIMScheduler", {}),
    "dpm++-2m-karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "dpm++-2m-sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "unipc": ("UniPCMultistepScheduler", {}),
}

CASES = {
    f"{size}-{round(guidance * 10)}{suffix}": changes | {"guidance": guidance} | negative
    for size, changes in (("square", {}), ("wide", WIDE), ("tall", TALL))
    for guidance in (1.0, 5.0, 7.5)
    for suffix, negative in (("", {}), ("-negative", NEGATIVE))
    if guidance > 1 or not negative
} | {
    f"{kind}-{sampler}": changes | {"steps": 8, "scheduler": sampler}
    for sampler in SAMPLERS
    for kind, changes in (
        ("split", {"split": 0.7}), ("image", {"strength": 0.55}),
        ("refiner-image", {"refiner_strength": 0.4}),
    )
} | {
    "sizes": SIZES,
    "sizes-negative": SIZES | NEGATIVE_SIZES | NEGATIVE,
    "rescale": {"guidance": 7.5, "guidance_rescale": 0.7},
    "image": {"strength": 0.6, "steps": 10},
    "image-wide": WIDE | NEGATIVE | {"strength": 0.35, "steps": 10, "seed": 3},
    "image-whole": {"strength": 1.0},
    "split-07": split(0.7),
    "split-08": split(0.8),
    "split-07-forty": split(0.7, steps=40),
    "split-negative": split(0.8, **WIDE, **NEGATIVE, guidance=7.5),
    "split-no-guidance": split(0.7, **TALL, guidance=1.0),
    "split-scores": split(0.8, aesthetic_score=7.5, negative_aesthetic_score=1.25),
    "split-sizes": split(0.8, **SIZES),
    "split-image": split(0.8, strength=0.6),
    "refiner-image": {"refiner_strength": 0.3, "steps": 10},
    "refiner-image-rescale": NEGATIVE | {
        "refiner_strength": 0.5, "steps": 8, "guidance": 7.5, "guidance_rescale": 0.5,
    },
}
SCORES = ("aesthetic_score", "negative_aesthetic_score")
PASSED = (*SIZES, *NEGATIVE_SIZES, "guidance_rescale")


def start_image(name, config):
    """Bytes [H, W, 3] of a smooth start image."""
    rng = generator(f"drawings/{name}")
    height, width = config["height"], config["width"]
    waves = torch.rand((3, height, 1), generator=rng) + torch.rand((3, 1, width), generator=rng)
    return (waves * 127.5).permute(1, 2, 0).round().to(torch.uint8).contiguous()


def sample_with(name, pipes, schedulers):
    """Sets a new scheduler on every pipeline: that of a name, or the model's own."""
    for pipe, own in zip(pipes, schedulers, strict=True):
        cls, changes = SAMPLERS[name] if name else (type(own).__name__, {})
        pipe.scheduler = getattr(diffusers, cls).from_config(own.config, **changes)


def draw(name, config, base, image, refiner):
    """Picture [H, W, 3] in bytes, final latents, and the number of steps of each model."""
    settings = dict(
        prompt=config["prompt"], negative_prompt=config.get("negative_prompt"),
        num_inference_steps=config["steps"], guidance_scale=config["guidance"],
    )
    settings |= {key: config[key] for key in PASSED if key in config}
    rng = torch.Generator("cpu").manual_seed(config["seed"])
    first = settings | {"generator": rng, "output_type": "latent"}
    tensors = {}
    pipe = base
    if "strength" in config:
        pipe = image
        tensors["in.image"] = start_image(name, config)
        pixels = tensors["in.image"].permute(2, 0, 1)[None] / 255.0
        first |= {"image": pixels, "strength": config["strength"]}
    else:
        first |= {"width": config["width"], "height": config["height"]}
    if "split" in config:
        first["denoising_end"] = config["split"]
    latents = pipe(**first).images
    steps = [pipe.num_timesteps]
    if "split" in config or "refiner_strength" in config:
        second = settings | {"generator": rng, "output_type": "latent", "image": latents}
        second |= {key: config[key] for key in SCORES if key in config}
        if "split" in config:
            second["denoising_start"] = config["split"]
        else:
            second["strength"] = config["refiner_strength"]
        latents = refiner(**second).images
        steps.append(refiner.num_timesteps)
    decoded = base.vae.decode(latents / base.vae.config.scaling_factor).sample
    picture = base.image_processor.postprocess(decoded, output_type="pt")[0]
    picture = (picture.permute(1, 2, 0) * 255).round().to(torch.uint8).contiguous()
    return tensors | {"out.latents": latents, "out.image": picture}, steps


@torch.no_grad()
def make(output, options):
    """Writes drawings/."""
    base = load(output)
    image = StableDiffusionXLImg2ImgPipeline(**base.components)
    refiner = StableDiffusionXLImg2ImgPipeline.from_pretrained(
        output / "tiny-refiner", dtype=torch.float32
    )
    for pipe in (image, refiner):
        pipe.set_progress_bar_config(disable=True)
    pipes = (base, image, refiner)
    schedulers = [pipe.scheduler for pipe in pipes]
    for name, changes in CASES.items():
        config = BASE | changes
        sample_with(config.get("scheduler"), pipes, schedulers)
        tensors, steps = draw(name, config, base, image, refiner)
        source = "diffusers StableDiffusionXLPipeline, StableDiffusionXLImg2ImgPipeline"
        write(output / "drawings" / name, tensors, source, config | {"steps_taken": steps})
