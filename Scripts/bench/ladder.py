"""The rungs of lora-train's memory ladder: what each is estimated to need, what it takes, and its time."""

from functools import partial

import ours
from pictures import CAPTIONS, write_images
from side_by_side import filling, job_of
from turns import take_turns

RUNGS = {
    "nothing recomputed": ("--no-gradient-checkpointing",),
    "feed-forward layers recomputed": ("--checkpointing-extent", "feed-forward"),
    "blocks recomputed": ("--gradient-checkpointing",),
    "int8 weights": ("--frozen-weights", "int8"),
    "fp8 weights": ("--frozen-weights", "fp8"),
    "a quarter of the weights offloaded": (
        "--frozen-weights", "offloaded", "--offloaded-share", "0.25"),
    "half of the weights offloaded": ("--frozen-weights", "offloaded", "--offloaded-share", "0.5"),
    "offloaded weights": ("--frozen-weights", "offloaded"),
}


def measure(row, model, folder, name):
    """Figures and estimates of all rungs, of runs with filled caches."""
    job = job_of(row, model)
    dataset, root = folder / "images", folder / "root"
    write_images(dataset, job.resolution, len(CAPTIONS))
    ours.train(filling(job, len(CAPTIONS)), dataset, root)
    sides = {rung: partial(ours.train, job, dataset, root, flags) for rung, flags in RUNGS.items()}
    return {
        "rounds": take_turns(sides, row.rounds, name),
        "estimates": {rung: ours.estimate(job, flags) for rung, flags in RUNGS.items()},
    }
