"""Optimizers over steps of given gradients, and learning-rate schedules."""

from unittest import mock

import bitsandbytes
import bitsandbytes.backends.cpu.ops as bitsandbytes_cpu
import prodigyopt
import schedulefree
import torch
import transformers
from diffusers.optimization import get_scheduler
from diffusers.training_utils import EMAModel

from .fixture import generator, write

SHAPES = {"matrix": (3, 4), "vector": (5,), "kernel": (2, 1, 3, 3)}
# At least 4096 elements, so that bitsandbytes keeps them in 8 bits; the last block of one is not full.
LARGE = {"matrix": (64, 70), "vector": (5,), "kernel": (32, 16, 3, 3)}
STEPS = 10
ADAMW = {"betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 1e-2, "lr": 1e-2}
SETTINGS = {"betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.3, "lr": 1e-2}
LION = {"betas": [0.9, 0.99], "weight_decay": 1e-2, "lr": 1e-2}
SCHEDULES = {
    "constant": ("constant_with_warmup", {}), "cosine": ("cosine", {}), "linear": ("linear", {}),
    "cosine-with-restarts": ("cosine_with_restarts", {"num_cycles": 3}),
    "polynomial": ("polynomial", {"power": 2.0}),
}
# Warm-up steps and total steps. Factors are recorded for five steps more.
LENGTHS = ((0, 10), (3, 10), (10, 10), (7, 5), (1, 1), (20, 150))


def quantize(values, code, absmax_out, codes_out, blocksize):
    """Block-wise quantization as bitsandbytes' portable and CUDA kernels do it. Its CPU kernel looks codes up
    in a coarse table, so that small numbers get other codes than the nearest."""
    padding = -values.numel() % blocksize
    blocks = torch.nn.functional.pad(values.flatten(), (0, padding)).view(-1, blocksize)
    absmax = blocks.abs().amax(dim=1)
    scaled = (blocks * (1 / absmax.clamp(min=1e-38))[:, None]).clamp(-1, 1)
    codes = torch.bucketize(scaled, (code[:-1] + code[1:]) / 2).to(torch.uint8)
    codes_out.copy_(codes.flatten()[: values.numel()].view(values.shape))
    absmax_out.copy_(absmax)


def course(folder, name, make, config, label, *, shapes=SHAPES, rising=True, average=False, names={},
           steps=STEPS, direction=0.0, paused=None):
    """The parameters after each step, and the state after the last, whose parts `names` renames. `make`
    returns the optimizer of some parameters. `direction` is the part of the gradients that stays, beside
    noise. The learning rate of the parameter `paused`, a group of its own, is 0 in the first half."""
    rng = generator(f"optimizer/{name}")
    start = {key: torch.randn(shape, generator=rng) for key, shape in shapes.items()}
    gradients = {key: torch.randn((steps, *shape), generator=rng) for key, shape in shapes.items()}
    if direction:
        for values in gradients.values():
            values += direction * torch.randn(values.shape[1:], generator=rng)
    parameters = {key: torch.nn.Parameter(value.clone()) for key, value in start.items()}
    optimizer = make([
        {"params": [parameter for key, parameter in parameters.items() if (key == paused) == apart]}
        for apart in (False, True) if apart <= (paused is not None)])
    after, averages = {key: [] for key in shapes}, {key: [] for key in shapes}
    rates, found = [], []
    if average:
        optimizer.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            if rising:
                group["lr"] = config["lr"] * min(1, (step + 1) / STEPS)
        if paused and step < steps // 2:
            optimizer.param_groups[1]["lr"] = 0.0
        # A rate that transformers finds itself is None.
        rates.append([1.0 if group["lr"] is None else group["lr"] for group in optimizer.param_groups])
        for key, parameter in parameters.items():
            parameter.grad = gradients[key][step].clone()
        if "d" in optimizer.param_groups[0]:
            found.append(optimizer.param_groups[0]["d"])
        optimizer.step()
        for key, parameter in parameters.items():
            after[key].append(parameter.detach().clone())
        if average:
            optimizer.eval()
            for key, parameter in parameters.items():
                averages[key].append(parameter.detach().clone())
                with torch.no_grad():
                    parameter.copy_(after[key][-1])
            for group in optimizer.param_groups:
                group["train_mode"] = True
    tensors = {f"in.{key}": value for key, value in start.items()}
    tensors |= {f"in.{key}.gradients": value for key, value in gradients.items()}
    tensors["in.rates"] = torch.tensor(rates, dtype=torch.float64)
    tensors |= {f"out.{key}": torch.stack(values) for key, values in after.items()}
    if average:
        tensors |= {f"out.{key}.x": torch.stack(values) for key, values in averages.items()}
    if found:
        tensors["out.rates"] = torch.tensor(found, dtype=torch.float64)
        for part in ("d", "d_max", "d_numerator", "k"):
            value = optimizer.param_groups[0][part]
            tensors[f"out.{part}"] = torch.tensor([value], dtype=torch.float64)
    for key, parameter in parameters.items():
        for part, value in optimizer.state[parameter].items():
            if part not in ("qmap1", "qmap2", "RMS"):
                part = names.get(f"{key}.{part}", names.get(part, part))
                dtype = getattr(value, "dtype", torch.float32)
                tensors[f"out.{key}.{part}"] = torch.as_tensor(value, dtype=dtype)
    write(folder / name, tensors, label, config)


def averages(folder, name, config):
    """diffusers' average of parameters that change at random, after each step."""
    rng = generator(f"optimizer/{name}")
    values = {key: torch.randn((STEPS + 1, *shape), generator=rng) for key, shape in SHAPES.items()}
    parameters = {key: torch.nn.Parameter(value[0].clone()) for key, value in values.items()}
    model = EMAModel(parameters.values(), **config)
    after = {key: [] for key in values}
    for step in range(STEPS):
        for key, parameter in parameters.items():
            parameter.data.copy_(values[key][step + 1])
        model.step(parameters.values())
        for key, average in zip(parameters, model.shadow_params):
            after[key].append(average.clone())
    tensors = {f"in.{key}": value for key, value in values.items()}
    tensors |= {f"out.{key}": torch.stack(value) for key, value in after.items()}
    write(folder / name, tensors, "diffusers EMAModel", config)


def learning_rates(folder):
    """The factors of diffusers' schedules."""
    tensors = {}
    for ours, (theirs, options) in SCHEDULES.items():
        for warmup, steps in LENGTHS:
            if ours == "polynomial" and warmup >= steps:
                continue  # diffusers divides by zero.
            optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
            schedule = get_scheduler(
                theirs, optimizer, num_warmup_steps=warmup, num_training_steps=steps, **options)
            factors = []
            for _ in range(steps + 5):
                factors += schedule.get_last_lr()
                optimizer.step()
                schedule.step()
            tensors[f"out.{ours}.{warmup}.{steps}"] = torch.tensor(factors, dtype=torch.float64)
    write(folder / "learning-rates", tensors, "diffusers get_scheduler, lr 1", {})


def make(output, options):
    """Writes optimizer/."""
    folder = output / "optimizer"
    rising = "the learning rate rising to lr"
    for name, config in (("adamw", ADAMW), ("adamw-settings", SETTINGS)):
        course(folder, name, lambda p: torch.optim.AdamW(p, **config), config,
               f"torch.optim.AdamW, {rising}")
    course(folder, "lion", lambda p: bitsandbytes.optim.Lion(p, **LION), LION,
           f"bitsandbytes.optim.Lion, {rising}", names={"state1": "exp_avg"})
    with mock.patch.object(bitsandbytes_cpu, "_quant_blockwise_fp32_direct", quantize):
        for name, config in (("adamw-8bit", ADAMW), ("adamw-8bit-settings", SETTINGS)):
            course(folder, name, lambda p: bitsandbytes.optim.AdamW8bit(p, **config), config,
                   f"bitsandbytes.optim.AdamW8bit with the nearest codes, {rising}", shapes=LARGE,
                   names={"vector.state1": "exp_avg", "vector.state2": "exp_avg_sq"})
    fixed = {"lr": 1e-2, "relative_step": False, "scale_parameter": False, "weight_decay": 0.1}
    scaled = {"lr": 1e-2, "relative_step": False, "scale_parameter": True, "weight_decay": 0.0}
    relative = {"lr": None, "relative_step": True, "scale_parameter": True, "weight_decay": 0.1}
    for name, config in (("adafactor", relative), ("adafactor-fixed", fixed),
                         ("adafactor-scaled", scaled)):
        course(folder, name, lambda p: transformers.Adafactor(p, **config), config,
               "transformers.Adafactor", rising=config["lr"] is not None)
    prodigy = {"lr": 1.0, "betas": [0.9, 0.999], "weight_decay": 1e-2}
    training = prodigy | {"use_bias_correction": True, "safeguard_warmup": True}
    careful = training | {"betas": [0.8, 0.99], "d_coef": 2.0, "growth_rate": 1.38, "d0": 1e-4,
                          "weight_decay": 0.3, "eps": 1e-3}
    # Gradients that keep a direction let the found rate grow, the first and the last a thousandfold.
    aligned = {"rising": False, "direction": 3.0}
    for name, config, extra in (
            ("prodigy", prodigy, aligned), ("prodigy-settings", careful, aligned),
            ("prodigy-rising", training, {"direction": 1.5, "steps": 60}),
            ("prodigy-paused", prodigy | {"paused": "vector"}, aligned | {"paused": "vector"})):
        options = {key: value for key, value in config.items() if key != "paused"}
        course(folder, name, lambda p: prodigyopt.Prodigy(p, **options), config,
               f"prodigyopt.Prodigy, {rising if extra.get('rising', True) else 'a constant rate'}", **extra)
    free = {"lr": 1e-2, "betas": [0.9, 0.999], "weight_decay": 1e-2, "eps": 1e-8}
    course(folder, "adamw-schedule-free",
           lambda p: schedulefree.AdamWScheduleFree(p, **free), free,
           f"schedulefree.AdamWScheduleFree, {rising}", average=True)
    learning_rates(folder)
    averages(folder, "ema", {"decay": 0.999})
    averages(folder, "ema-low", {"decay": 0.3})
    averages(folder, "ema-warmup", {
        "decay": 0.8, "use_ema_warmup": True, "inv_gamma": 0.5, "power": 0.75})
