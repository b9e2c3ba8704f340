"""Trainings of lora-train and of its peers in turns."""

import dataclasses
from functools import partial

import flops
import ours
import product
import theirs
from measured import LINEAR, Job
from pictures import CAPTIONS, write_images
from turns import take_turns


def job_of(row, model):
    """A row's training, with adapters in the attention layers."""
    return Job(
        model=str(model), steps=row.steps, resolution=row.resolution, rank=row.rank,
        threads=row.threads, precision=row.precision, device="cpu",
        gradient_checkpointing=row.gradient_checkpointing, adapter=row.adapter)


def measure(row, model, folder, name):
    """Figures of all sides. The two sides of each ratio are neighbours."""
    job = job_of(row, model)
    linear = dataclasses.replace(job, targets=LINEAR)
    dataset, root = folder / "images", folder / "root"
    write_images(dataset, row.resolution)
    cold = ours.train(filling(job, len(CAPTIONS)), dataset, root)
    sides = {
        "lean": partial(theirs.train, "lean", job),
        "lora_train": partial(ours.train, job, dataset, root),
        "script": partial(theirs.train, "script", job),
        "product": partial(product.measure, row.precision, row.threads),
        "kohya": partial(theirs.train, "kohya", linear),
        "lora_train_linear": partial(ours.train, linear, dataset, root),
    }
    if row.memory:
        sides["lora_train_small"] = partial(
            ours.train, job, dataset, root, ("--memory", row.memory))
    if row.kind == "start":
        del sides["product"]
        return {"rounds": take_turns(sides, row.rounds, name), "cold": cold}
    return {
        "rounds": take_turns(sides, row.rounds, name), "cold": cold,
        "flop": {"attention": flops.of_step(job), "linear": flops.of_step(linear)},
    }


def filling(job, images):
    """A training that needs all images that the given one will, so that these are in its caches."""
    return dataclasses.replace(job, steps=min(job.steps, images))
