"""Noise schedules and samplers."""

from itertools import cycle

import torch
from diffusers import (
    DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler, HeunDiscreteScheduler, LCMScheduler, UniPCMultistepScheduler,
)
from diffusers.training_utils import compute_snr

from .fixture import generator, write
from .sdxl import SCHEDULER

GAMMA = 5.0
STEPS = (1, 5, 20, 30)
ZERO_SNR = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}
EULER = {
    "euler-leading": {},
    "euler-leading-v": {"prediction_type": "v_prediction"},
    "euler-leading-karras": {"use_karras_sigmas": True},
    "euler-trailing": {"timestep_spacing": "trailing"},
    "euler-trailing-v-zero-snr": {"timestep_spacing": "trailing"} | ZERO_SNR,
    "euler-trailing-karras": {"timestep_spacing": "trailing", "use_karras_sigmas": True},
    "euler-linspace": {"timestep_spacing": "linspace"},
    "euler-linspace-v": {"timestep_spacing": "linspace", "prediction_type": "v_prediction"},
}
TRAILING = {"timestep_spacing": "trailing"}
LINSPACE = {"timestep_spacing": "linspace"}
KARRAS = {"use_karras_sigmas": True}
V = {"prediction_type": "v_prediction"}
SAMPLE = {"prediction_type": "sample"}
CLIP = {"clip_sample": True, "clip_sample_range": 0.8}
SDE = {"algorithm_type": "sde-dpmsolver++"}
SIGMA_MIN = {"final_sigmas_type": "sigma_min"}
SAMPLERS = {
    "euler-ancestral": (EulerAncestralDiscreteScheduler, {
        "leading": {}, "trailing": TRAILING, "linspace-v": LINSPACE | V,
        "trailing-v-zero-snr": TRAILING | ZERO_SNR, "ignored": KARRAS | SIGMA_MIN,
    }),
    "heun": (HeunDiscreteScheduler, {
        "leading": {}, "leading-v": V, "trailing-karras": TRAILING | KARRAS,
        "linspace-v-karras-ends": LINSPACE | V | KARRAS | {"sigma_min": 0.1, "sigma_max": 10.0},
        "trailing-sample-clip": TRAILING | SAMPLE | CLIP,
        "ignored": SIGMA_MIN | {"rescale_betas_zero_snr": True},
    }),
    "ddim": (DDIMScheduler, {
        "leading": {}, "leading-v": V, "leading-one": {"set_alpha_to_one": True},
        "trailing": TRAILING, "trailing-v-zero-snr": TRAILING | ZERO_SNR,
        "linspace-sample": LINSPACE | SAMPLE, "linspace-clip": LINSPACE | CLIP,
        "v-clip": V | CLIP,
    }),
    "ddpm-sampler": (DDPMScheduler, {
        "leading": {}, "trailing": TRAILING, "trailing-v-zero-snr": TRAILING | ZERO_SNR,
        "linspace-clip": LINSPACE | CLIP, "sample": SAMPLE,
        "large": {"variance_type": "fixed_large"},
    }),
    "lcm": (LCMScheduler, {
        "epsilon": {}, "v-clip": V | CLIP, "sample": SAMPLE,
        "distilled": {"original_inference_steps": 33, "timestep_scaling": 3.0},
    }),
    "dpm": (DPMSolverMultistepScheduler, {
        "leading": {}, "leading-v": V, "trailing": TRAILING, "linspace-sample": LINSPACE | SAMPLE,
        "karras": KARRAS, "trailing-karras-v": TRAILING | KARRAS | V,
        "karras-cosine": KARRAS | {"beta_schedule": "squaredcos_cap_v2", "sigma_max": 30.0},
        "heun": {"solver_type": "heun"}, "first": {"solver_order": 1},
        "third": {"solver_order": 3}, "sde": SDE, "sde-karras": SDE | KARRAS,
        "sde-heun": SDE | {"solver_type": "heun"}, "sde-third": SDE | {"solver_order": 3},
        "sigma-min": SIGMA_MIN | {"solver_type": "bh2"},
        "sigma-min-high": SIGMA_MIN | {"lower_order_final": False, "algorithm_type": "deis"},
        "euler-at-final": SIGMA_MIN | {"lower_order_final": False, "euler_at_final": True},
        "trailing-v-zero-snr": TRAILING | ZERO_SNR,
        "clipped": LINSPACE | {"lambda_min_clipped": -2.0},
        "trailing-clipped": TRAILING | {"lambda_min_clipped": -2.0},
    }),
    "unipc": (UniPCMultistepScheduler, {
        "leading": {}, "leading-v": V, "trailing": TRAILING, "linspace-sample": LINSPACE | SAMPLE,
        "karras": KARRAS, "bh1": {"solver_type": "bh1"} | SIGMA_MIN, "first": {"solver_order": 1},
        "third": {"solver_order": 3, "solver_type": "midpoint"},
        "third-bh1": {"solver_order": 3, "solver_type": "bh1"} | SIGMA_MIN,
        "sigma-min": SIGMA_MIN | {"lower_order_final": False},
        "karras-sigma-min": SIGMA_MIN | KARRAS | {"sigma_min": 0.1},
        "no-corrector": {"disable_corrector": [0, 2]},
        "trailing-v-zero-snr": TRAILING | ZERO_SNR,
    }),
}

LONG = ("ddim-trailing", "ddpm-sampler-trailing", "dpm-trailing", "euler-ancestral-trailing",
        "unipc-trailing")


def ddpm(folder, name, changes):
    """Training noise: betas, q(x_t | x_0), velocity, signal-to-noise ratio and min-SNR weights."""
    rng = generator(f"schedules/{name}")
    config = SCHEDULER | changes
    schedule = DDPMScheduler.from_config(config)
    sample, noise = torch.randn((2, 6, 4, 3, 5), generator=rng)
    steps = torch.tensor([0, 1, 250, 500, 998, 999])
    snr = compute_snr(schedule, torch.arange(1000))
    least = snr.clamp(max=GAMMA)
    # min-SNR (arXiv 2303.09556): weights that make the loss of the prediction min(snr, gamma) times
    # the loss of x_0.
    weights = {"v": least / (snr + 1)}
    if not config.get("rescale_betas_zero_snr"):
        weights["epsilon"] = least / snr
    tensors = {
        "in.sample": sample, "in.noise": noise, "in.timesteps": steps,
        "out.betas": schedule.betas,
        "out.alphas_cumprod": schedule.alphas_cumprod,
        "out.add_noise": schedule.add_noise(sample, noise, steps),
        "out.velocity": schedule.get_velocity(sample, noise, steps),
        "out.snr": snr,
    }
    tensors |= {f"out.min_snr_weights.{key}": value for key, value in weights.items()}
    source = "diffusers DDPMScheduler, training_utils.compute_snr; min-SNR with gamma 5"
    write(folder / name, tensors, source, config)


def euler(folder, name, changes):
    """Timesteps and sigmas at several step counts, and one trajectory with given predictions."""
    rng = generator(f"schedules/{name}")
    config = SCHEDULER | changes
    tensors = {}
    for count in STEPS:
        schedule = EulerDiscreteScheduler.from_config(config)
        schedule.set_timesteps(count)
        tensors |= {
            f"out.timesteps.{count}": schedule.timesteps,
            f"out.sigmas.{count}": schedule.sigmas,
            f"out.init_noise_sigma.{count}": torch.as_tensor(schedule.init_noise_sigma).float(),
        }
    schedule = EulerDiscreteScheduler.from_config(config)
    schedule.set_timesteps(5)
    noise, *predictions = torch.randn((6, 1, 4, 3, 5), generator=rng)
    sample, scaled, samples = noise * schedule.init_noise_sigma, [], []
    for step, prediction in zip(schedule.timesteps, predictions, strict=True):
        scaled.append(schedule.scale_model_input(sample, step))
        sample = schedule.step(prediction, step, sample).prev_sample
        samples.append(sample)
    tensors |= {
        "in.noise": noise,
        "in.predictions": torch.stack(predictions),
        "out.scaled": torch.stack(scaled),
        "out.samples": torch.stack(samples),
    }
    write(folder / name, tensors, "diffusers EulerDiscreteScheduler, trajectory of 5 steps", config)


def schedule_for(kind, config, count):
    """diffusers' sampler of a class for a number of steps."""
    schedule = kind.from_config(config)
    schedule.set_timesteps(count)
    return schedule


def walk(schedule, sample, predictions, rng, begin=0):
    """The latent after each step from an index on."""
    samples = []
    extra = {} if isinstance(schedule, (HeunDiscreteScheduler, UniPCMultistepScheduler)) else {
        "generator": rng}
    for step, prediction in zip(schedule.timesteps[begin:], cycle(predictions), strict=False):
        schedule.scale_model_input(sample, step)
        sample = schedule.step(prediction, step, sample, **extra).prev_sample
        samples.append(sample)
    return torch.stack(samples)


def sampler(path, kind, config):
    """Timesteps and noise levels at several step counts, and latents with the given predictions:
    all of 5 steps, the last of 1, 16 and for some samplers 61 steps, and those of 5 steps that begin
    at the third with a clean latent.

    The initial noise and the noise of the steps come from one generator with seed 7.
    """
    given = predictions()
    tensors = {}
    for count in STEPS:
        schedule = schedule_for(kind, config, count)
        tensors[f"out.timesteps.{count}"] = schedule.timesteps.float()
        tensors[f"out.init_noise_sigma.{count}"] = torch.as_tensor(schedule.init_noise_sigma).float()
        if hasattr(schedule, "sigmas"):
            tensors[f"out.sigmas.{count}"] = schedule.sigmas
    # With 61 steps, trailing spacing has one more, at timestep -1.
    for count in (1, 5, 16, 61) if path.name.startswith(LONG) else (1, 5, 16):
        schedule = schedule_for(kind, config, count)
        if hasattr(schedule, "set_begin_index"):
            schedule.set_begin_index(0)
        rng = torch.Generator("cpu").manual_seed(7)
        sample = torch.randn((1, 4, 3, 5), generator=rng) * schedule.init_noise_sigma
        samples = walk(schedule, sample, given["predictions"], rng)
        tensors[f"out.samples.{count}"] = samples if count == 5 else samples[-1]
    schedule = schedule_for(kind, config, 5)
    begin = 2 * schedule.order
    if hasattr(schedule, "set_begin_index"):
        schedule.set_begin_index(begin)
    rng = torch.Generator("cpu").manual_seed(7)
    noise = torch.randn((1, 4, 3, 5), generator=rng)
    sample = schedule.add_noise(given["clean"], noise, schedule.timesteps[begin : begin + 1])
    tensors["out.noised"] = sample
    tensors["out.begun"] = walk(schedule, sample, given["predictions"], rng, begin)
    write(path, tensors, f"diffusers {kind.__name__}", config)


def predictions():
    """Random predictions and a clean latent, the same for every sampler."""
    clean, *given = torch.randn((32, 1, 4, 3, 5), generator=generator("schedules/predictions"))
    return {"clean": clean, "predictions": torch.stack(given)}


def make(output, options):
    """Writes schedules/."""
    folder = output / "schedules"
    ddpm(folder, "ddpm", {})
    ddpm(folder, "ddpm-zero-snr", ZERO_SNR)
    for name, changes in EULER.items():
        euler(folder, name, changes)
    tensors = {f"in.{key}": value for key, value in predictions().items()}
    write(folder / "predictions", tensors, "torch.randn", {})
    for prefix, (kind, cases) in SAMPLERS.items():
        for name, changes in cases.items():
            config = SCHEDULER | changes | {"_class_name": kind.__name__}
            sampler(folder / f"{prefix}-{name}", kind, config)
        sampler(folder / f"{prefix}-defaults", kind, {"_class_name": kind.__name__})
