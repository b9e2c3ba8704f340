"""AdamW over ten steps of given gradients, and learning-rate schedules."""

import torch
from diffusers.optimization import get_scheduler

from .fixture import generator, write

SHAPES = {"matrix": (3, 4), "vector": (5,), "kernel": (2, 1, 3, 3)}
STEPS = 10
ADAMW = {"betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 1e-2, "lr": 1e-2}
SCHEDULES = {"constant": "constant_with_warmup", "cosine": "cosine", "linear": "linear"}
# Warm-up steps and total steps. Factors are recorded for five steps more.
LENGTHS = ((0, 10), (3, 10), (10, 10), (7, 5), (1, 1), (20, 150))


def adamw(folder, name, changes):
    """The parameters after each step, and the state after the last."""
    rng = generator(f"optimizer/{name}")
    config = ADAMW | changes
    start = {key: torch.randn(shape, generator=rng) for key, shape in SHAPES.items()}
    gradients = {key: torch.randn((STEPS, *shape), generator=rng) for key, shape in SHAPES.items()}
    parameters = {key: value.clone().requires_grad_() for key, value in start.items()}
    optimizer = torch.optim.AdamW(list(parameters.values()), **config)
    after = {key: [] for key in SHAPES}
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = config["lr"] * (step + 1) / STEPS
        for key, parameter in parameters.items():
            parameter.grad = gradients[key][step]
        optimizer.step()
        for key, parameter in parameters.items():
            after[key].append(parameter.detach().clone())
    tensors = {f"in.{key}": value for key, value in start.items()}
    tensors |= {f"in.{key}.gradients": value for key, value in gradients.items()}
    tensors |= {f"out.{key}": torch.stack(values) for key, values in after.items()}
    for key, parameter in parameters.items():
        tensors |= {f"out.{key}.{part}": v for part, v in optimizer.state[parameter].items()}
    write(folder / name, tensors, "torch.optim.AdamW, the learning rate rising to lr", config)


def learning_rates(folder):
    """The factors of diffusers' schedules."""
    tensors = {}
    for ours, theirs in SCHEDULES.items():
        for warmup, steps in LENGTHS:
            optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
            schedule = get_scheduler(
                theirs, optimizer, num_warmup_steps=warmup, num_training_steps=steps)
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
    adamw(folder, "adamw", {})
    adamw(folder, "adamw-settings", {"betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.3})
    learning_rates(folder)
