"""Errors, weights of timesteps, noise and timesteps by sd-scripts' and OneTrainer's own functions, and five steps of
trainings with them. `checkouts.py` tells where the two programs are found."""

import math
import random
from types import SimpleNamespace
from unittest import mock

import torch
from diffusers import DDPMScheduler

from .checkouts import load
from .fixture import generator, write
from .sdxl import SCHEDULER
from .training import BASE, draw_inputs, train

# The functions that are replaced while the reference runs.
RANDN, RAND = torch.randn, torch.rand
SOURCE = "sd-scripts and OneTrainer"
TIMESTEPS = [0, 1, 37, 250, 499, 500, 731, 998, 999]
HUBER = {"huber_c": 0.2, "huber_scale": 1.5}
LOSSES = [("l2", "constant"), ("l1", "constant")] + [
    (loss, schedule) for loss in ("huber", "smooth_l1") for schedule in ("constant", "exponential", "snr")
]
# The options of sd-scripts, off.
OFF = {
    "noise_offset": None, "noise_offset_random_strength": False, "adaptive_noise_scale": None,
    "multires_noise_iterations": None, "multires_noise_discount": 0.3, "ip_noise_gamma": None,
    "ip_noise_gamma_random_strength": False, "min_timestep": None, "max_timestep": None,
}
NOISES = {
    "offset": {"noise_offset": 0.3},
    "offset-random": {"noise_offset": 0.3, "noise_offset_random_strength": True},
    "offset-adaptive": {"noise_offset": 0.05, "adaptive_noise_scale": -0.4},
    "multires": {"multires_noise_iterations": 8, "multires_noise_discount": 0.7},
    "perturbation": {"ip_noise_gamma": 0.2},
    "perturbation-random": {"ip_noise_gamma": 0.2, "ip_noise_gamma_random_strength": True},
    "all": {"noise_offset": 0.3, "multires_noise_iterations": 3, "ip_noise_gamma": 0.2},
}
# Five steps, with the noise of sd-scripts in the inputs.
TRAININGS = {
    "huber-noise": {
        "batch_size": 2, "loss": "huber", "huber_schedule": "snr", "min_snr_gamma": 5.0, "max_grad_norm": 0.08,
        "noise": {"noise_offset": 0.2, "ip_noise_gamma": 0.3},
    } | HUBER,
    "smooth-l1-debiased-v-zero-snr": {
        "batch_size": 2, "loss": "smooth_l1", "huber_schedule": "exponential", "debiased": True,
        "prediction_type": "v_prediction", "zero_terminal_snr": True, "gradient_accumulation": 2,
        "max_grad_norm": 0.15,
    } | HUBER,
    "l1-p2": {"batch_size": 2, "loss": "l1", "p2_gamma": 0.7, "max_grad_norm": 0.1},
}


def sd_scripts():
    """sd-scripts' functions of the loss and the noise."""
    custom = load(
        "SD_SCRIPTS", "library/custom_train_functions.py",
        ["prepare_scheduler_for_custom_training", "fix_noise_scheduler_betas_for_zero_terminal_snr",
         "apply_snr_weight", "apply_debiased_estimation", "pyramid_noise_like", "apply_noise_offset"],
        {"torch": torch, "random": random, "logger": mock.Mock()})
    return SimpleNamespace(**custom, **{
        key: value for key, value in load(
            "SD_SCRIPTS", "library/train_util.py",
            ["get_timesteps", "get_noise_noisy_latents_and_timesteps", "get_huber_threshold_if_needed",
             "conditional_loss"],
            {"torch": torch, "math": math, "custom_train_functions": SimpleNamespace(**custom)}).items()
        if key not in custom})


def one_trainer():
    """OneTrainer's weights of the loss and its choice of timesteps."""
    scope = {"torch": torch, "math": math, "F": torch.nn.functional, "ABCMeta": type}
    kinds = load("ONE_TRAINER", "modules/util/enum/TimestepDistribution.py", ["TimestepDistribution"],
                 {"BaseEnum": __import__("enum").Enum, "Enum": __import__("enum").Enum})
    coefficients = load("ONE_TRAINER", "modules/util/DiffusionScheduleCoefficients.py",
                        ["DiffusionScheduleCoefficients"], scope)
    loss = load("ONE_TRAINER", "modules/modelSetup/mixin/ModelSetupDiffusionLossMixin.py",
                ["ModelSetupDiffusionLossMixin"], scope)
    noise = load("ONE_TRAINER", "modules/modelSetup/mixin/ModelSetupNoiseMixin.py", ["ModelSetupNoiseMixin"],
                 scope | kinds)
    return SimpleNamespace(
        coefficients=coefficients["DiffusionScheduleCoefficients"], kinds=kinds["TimestepDistribution"],
        loss=loss["ModelSetupDiffusionLossMixin"], noise=noise["ModelSetupNoiseMixin"])


def schedule_of(kohya, prediction="epsilon", zero_terminal_snr=False):
    """sd-scripts' schedule. The ratios are those of the schedule that is trained; sd-scripts takes them before it
    changes the schedule."""
    schedule = DDPMScheduler.from_config(SCHEDULER, prediction_type=prediction)
    if zero_terminal_snr:
        kohya.fix_noise_scheduler_betas_for_zero_terminal_snr(schedule)
    kohya.prepare_scheduler_for_custom_training(schedule, "cpu")
    return schedule


class Draws:
    """Random numbers that sd-scripts draws, which are written beside the result."""

    def __init__(self, rng):
        self.rng, self.normals, self.shares, self.ratios = rng, [], [], []

    def normal(self, *shape, **_):
        shape = shape[0] if isinstance(shape[0], (tuple, torch.Size)) else shape
        self.normals.append(RANDN(shape, generator=self.rng))
        # A copy, since the reference adds to it in place.
        return self.normals[-1].clone()

    def share(self, *shape, **_):
        self.shares.append(RAND(shape, generator=self.rng))
        return self.shares[-1].clone()

    def ratio(self):
        self.ratios.append(RAND(1, generator=self.rng, dtype=torch.float64).item())
        return self.ratios[-1]

    def tensors(self, prefix):
        found = {f"{prefix}.normal.{n}": value for n, value in enumerate(self.normals)}
        found |= {f"{prefix}.share.{n}": value for n, value in enumerate(self.shares)}
        if self.ratios:
            found[f"{prefix}.ratios"] = torch.tensor(self.ratios, dtype=torch.float64)
        return found


def noise_by(kohya, options, schedule, latents, timesteps, rng):
    """sd-scripts' noise and noisy latents, and the numbers that it drew."""
    draws = Draws(rng)
    with (
        mock.patch.object(torch, "randn", draws.normal), mock.patch.object(torch, "rand", draws.share),
        mock.patch.object(torch, "randn_like", lambda like, **_: draws.normal(like.shape)),
        mock.patch.object(torch, "randint", lambda *_, **__: timesteps),
        mock.patch.object(random, "random", draws.ratio),
    ):
        noise, noisy, _ = kohya.get_noise_noisy_latents_and_timesteps(
            SimpleNamespace(**OFF | options), schedule, latents)
    return noise, noisy, draws


def losses(folder, kohya):
    """Every kind of error with the gradients of its mean."""
    rng = generator("objective/losses")
    schedule, timesteps = schedule_of(kohya), torch.tensor([0, 333, 999])
    # Errors of sizes from far below to far above the threshold.
    target = torch.randn((3, 4, 2, 2), generator=rng)
    start = target + torch.randn((3, 4, 2, 2), generator=rng) ** 3
    tensors = {"in.prediction": start, "in.target": target, "in.timesteps": timesteps}
    for kind, shape in LOSSES:
        options = SimpleNamespace(loss_type=kind, huber_schedule=shape, **HUBER)
        prediction = start.clone().requires_grad_()
        threshold = kohya.get_huber_threshold_if_needed(options, timesteps, schedule)
        error = kohya.conditional_loss(prediction, target, kind, "none", threshold)
        error.mean().backward()
        name = f"{kind}.{shape}"
        tensors |= {f"out.{name}": error.detach(), f"grad.{name}": prediction.grad}
    write(folder / "losses", tensors, "sd-scripts conditional_loss", HUBER)


def weights(folder, kohya, trainer):
    """The weights of some timesteps."""
    timesteps = torch.tensor(TIMESTEPS)
    ones, tensors = torch.ones(len(TIMESTEPS)), {"in.timesteps": timesteps}
    for prediction in ("epsilon", "v_prediction"):
        v = prediction == "v_prediction"
        for zero in (False, True):
            schedule = schedule_of(kohya, prediction, zero)
            name = f"{prediction}.zero-snr" if zero else prediction
            tensors[f"out.min-snr.{name}"] = kohya.apply_snr_weight(ones, timesteps, schedule, 5.0, v)
            if zero and not v:
                continue
            tensors[f"out.debiased.{name}"] = kohya.apply_debiased_estimation(ones, timesteps, schedule, v)
            tensors[f"out.p2.{name}"] = p2(trainer, schedule, timesteps, 0.7, v)
            tensors[f"out.alphas.{name}"] = schedule.alphas_cumprod[timesteps]
    # The reference divides zero by zero at a last timestep of pure noise, where the limit is one.
    tensors["out.min-snr.epsilon.zero-snr"][-1] = 1
    write(folder / "weights", tensors, SOURCE, {"min_snr_gamma": 5.0, "p2_gamma": 0.7})


def p2(trainer, schedule, timesteps, gamma, v):
    """OneTrainer's P2 weights."""
    mixin = trainer.loss()
    mixin._ModelSetupDiffusionLossMixin__coefficients = trainer.coefficients.from_betas(schedule.betas)
    return mixin._ModelSetupDiffusionLossMixin__p2_loss_weight(timesteps, gamma, v, "cpu")


def noises(folder, kohya):
    """Every form of the noise of a sample, with the numbers that were drawn."""
    schedule, timesteps = schedule_of(kohya), torch.tensor([400])
    tensors = {"in.timesteps": timesteps}
    for name, options in NOISES.items():
        rng = generator(f"objective/noise/{name}")
        latents = torch.randn((1, 4, 6, 10), generator=rng) + torch.tensor([-1.0, 0, 0.2, 3]).view(1, 4, 1, 1)
        noise, noisy, draws = noise_by(kohya, options, schedule, latents, timesteps, rng)
        tensors |= {f"in.{name}.latents": latents, f"out.{name}.noise": noise, f"out.{name}.noisy": noisy}
        tensors |= draws.tensors(f"in.{name}")
    write(folder / "noise", tensors, "sd-scripts get_noise_noisy_latents_and_timesteps", NOISES)


def timesteps(folder, trainer):
    """OneTrainer's choice of timesteps: the curve of sigmoid, and the timesteps of normal numbers."""
    tensors, config = {}, {"min": 0.1, "max": 0.9}
    normals = torch.linspace(-4, 4, 41)
    for name, weight, bias in (("rising", 6.0, 0.1), ("falling", -3.0, 0.0)):
        options = SimpleNamespace(
            min_noising_strength=0.1, max_noising_strength=0.9, timestep_distribution=trainer.kinds.SIGMOID,
            noising_weight=weight, noising_bias=bias, timestep_shift=1.0)
        mixin = trainer.noise()
        mixin._get_timestep_discrete(1000, False, torch.Generator().manual_seed(1), 1, options)
        tensors[f"out.sigmoid.{name}"] = mixin._ModelSetupNoiseMixin__weights
        options.timestep_distribution = trainer.kinds.LOGIT_NORMAL
        # The weight is one less than the standard deviation.
        options.noising_weight = abs(weight) / 5
        with mock.patch.object(torch, "normal", lambda mean, std, **_: mean + std * normals):
            tensors[f"out.logit-normal.{name}"] = trainer.noise()._get_timestep_discrete(
                1000, False, torch.Generator(), len(normals), options).to(torch.int64)
        config[name] = {"weight": weight, "bias": bias, "deviation": options.noising_weight + 1}
    write(folder / "timesteps", tensors | {"in.normals": normals}, "OneTrainer ModelSetupNoiseMixin", config)


def inputs_by(kohya):
    """Draws the inputs of a training, with the noise of sd-scripts, which makes that of one sample at a time."""
    def draw(name, config, unet):
        inputs = draw_inputs(name, config, unet)
        if "noise" not in config:
            return inputs
        rng, schedule = generator(f"noise of {name}"), schedule_of(kohya)
        inputs["input_noise"] = torch.empty_like(inputs["noise"])
        for place in torch.cartesian_prod(*map(torch.arange, inputs["timesteps"].shape)):
            place = tuple(place.tolist())
            latents, timestep = inputs["latents"][place][None], inputs["timesteps"][place][None]
            noise, noisy, draws = noise_by(kohya, config["noise"], schedule, latents, timestep, rng)
            inputs["noise"][place] = noise[0]
            further = draws.normals[-1][0] * config["noise"]["ip_noise_gamma"]
            inputs["input_noise"][place] = noise[0] + further
            again = schedule.add_noise(latents, noise + further, timestep)
            assert torch.allclose(again, noisy, atol=1e-6)
        return inputs

    return draw


def loss_by(kohya, trainer):
    """The loss of a batch by sd-scripts, and with OneTrainer's weights for P2."""
    def loss(unet, schedule, config, latents, noise, timesteps, prompt_embeds, pooled_embeds, time_ids,
             input_noise=None):
        v = config["prediction_type"] == "v_prediction"
        schedule = schedule_of(kohya, config["prediction_type"], config.get("zero_terminal_snr", False))
        noisy = schedule.add_noise(latents, noise if input_noise is None else input_noise, timesteps)
        conditions = {"text_embeds": pooled_embeds, "time_ids": time_ids.float()}
        prediction = unet(noisy, timesteps, prompt_embeds, added_cond_kwargs=conditions).sample
        target = schedule.get_velocity(latents, noise, timesteps) if v else noise
        options = SimpleNamespace(
            loss_type=config["loss"], huber_schedule=config.get("huber_schedule"),
            huber_c=config.get("huber_c"), huber_scale=config.get("huber_scale"))
        threshold = kohya.get_huber_threshold_if_needed(options, timesteps, schedule)
        error = kohya.conditional_loss(prediction, target, config["loss"], "none", threshold)
        values = error.mean(dim=(1, 2, 3))
        if config["min_snr_gamma"] is not None:
            values = kohya.apply_snr_weight(values, timesteps, schedule, config["min_snr_gamma"], v)
        if config.get("debiased"):
            values = kohya.apply_debiased_estimation(values, timesteps, schedule, v)
        if "p2_gamma" in config:
            values = values * p2(trainer, schedule, timesteps, config["p2_gamma"], v)
        return values.mean(), {}

    return loss


def make(output, options):
    """Writes objective/, and cases of training/."""
    kohya, trainer = sd_scripts(), one_trainer()
    folder = output / "objective"
    losses(folder, kohya)
    weights(folder, kohya, trainer)
    noises(folder, kohya)
    timesteps(folder, trainer)
    for name, changes in TRAININGS.items():
        train(output, name, BASE | {"tokens": 5} | changes, loss_by(kohya, trainer), inputs_by(kohya),
              f"{SOURCE}, torch.optim.AdamW and peft on UNet2DConditionModel of tiny-sdxl")
