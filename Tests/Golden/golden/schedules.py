"""Noise schedules and the Euler sampler."""

import torch
from diffusers import DDPMScheduler, EulerDiscreteScheduler
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


def ddpm(folder, name, changes):
    """Training noise: betas, q(x_t | x_0), velocity, signal-to-noise ratio and min-SNR weights."""
    rng = generator(f"schedules/{name}")
    config = SCHEDULER | changes
    schedule = DDPMScheduler.from_config(config)
    sample, noise = torch.randn((2, 6, 4, 3, 5), generator=rng)
    steps = torch.tensor([0, 1, 250, 500, 998, 999])
    snr = compute_snr(schedule, torch.arange(1000))
    least = snr.clamp(max=GAMMA)
    # min-SNR (arXiv 2303.09556): the loss of the prediction, weighted to be min(snr, gamma) times
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


def make(output, options):
    """Writes schedules/."""
    folder = output / "schedules"
    ddpm(folder, "ddpm", {})
    ddpm(folder, "ddpm-zero-snr", ZERO_SNR)
    for name, changes in EULER.items():
        euler(folder, name, changes)
