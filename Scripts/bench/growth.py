"""How the time of a step and the peak memory of lora-train grow with the batch, the pixels and the number
of images."""

import dataclasses
from functools import partial

import ours
from pictures import CAPTIONS, write_images
from side_by_side import filling, job_of
from turns import take_turns

BATCHES = (1, 2, 4)
SIDES = (128, 256, 384)  # pixels
IMAGES = (4, 16, 64)
# The resolution of the trainings with more and more images.
IMAGES_SIDE = 128


def points(row, model):
    """{name of a point: its training and number of images}. Each training with another number of images
    has the same steps, enough to use every image."""
    job, few = job_of(row, model), len(CAPTIONS)
    change = partial(dataclasses.replace, job)
    return {
        **{f"batch {size}": (change(batch_size=size), few) for size in BATCHES},
        **{f"side {side}": (change(resolution=side), few) for side in SIDES},
        **{f"images {count}": (change(resolution=IMAGES_SIDE, steps=max(IMAGES)), count)
           for count in IMAGES},
    }


def measure(row, model, folder, name):
    """Figures of all points, of runs with filled caches and of those that fill them."""
    cold, sides = {}, {}
    for point, (job, count) in points(row, model).items():
        dataset, root = folder / point / "images", folder / point / "root"
        write_images(dataset, job.resolution, count)
        cold[point] = ours.train(filling(job, count), dataset, root)
        sides[point] = partial(ours.train, job, dataset, root)
    return {"rounds": take_turns(sides, row.rounds, name), "cold": cold}
