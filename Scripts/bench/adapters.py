"""One kind of adapter in lora-train and in the library that has it: peft's DoRA, lycoris-lora's LoHa and LoKr.

Each side trains twice, with few steps and with more. The difference of the processor's time is that of
the steps, whatever else the machine does meanwhile.
"""

import dataclasses
from functools import partial

import ours
import theirs
from pictures import CAPTIONS, write_images
from side_by_side import filling, job_of
from turns import take_turns

FEW = 2
PEERS = {"dora": ("peft", "lean"), "loha": ("lycoris", "lycoris"), "lokr": ("lycoris", "lycoris")}
# lora-train's sides: their flags about memory.
OURS = {"lora_train": ("--no-gradient-checkpointing",), "lora_train_blocks": ("--gradient-checkpointing",)}


def measure(row, model, folder, name):
    """Figures of all sides, of runs with filled caches, and the memory that lora-train expects."""
    job = job_of(row, model)
    dataset, root = folder / "images", folder / "root"
    write_images(dataset, row.resolution)
    ours.train(filling(job, len(CAPTIONS)), dataset, root)
    peer, loop = PEERS[row.adapter]
    sides = {side: partial(twice, job, partial(train, dataset, root, flags))
             for side, flags in OURS.items()}
    sides[peer] = partial(twice, job, partial(theirs.train, loop))
    return {"rounds": take_turns(sides, row.rounds, name),
            "estimates": {side: ours.estimate(job, flags) for side, flags in OURS.items()}}


def train(dataset, root, flags, job):
    """A training of lora-train."""
    return ours.train(job, dataset, root, flags)


def twice(job, train):
    """The figures of a training, and the CPU seconds of its later steps."""
    few, all_steps = train(dataclasses.replace(job, steps=FEW)), train(job)
    seconds = (all_steps["cpu_seconds"] - few["cpu_seconds"]) / (job.steps - FEW)
    return all_steps | {"cpu_seconds_per_step": seconds}
