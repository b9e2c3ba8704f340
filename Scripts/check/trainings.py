"""Trainings of lora-train on images of noise."""

import json
import shutil
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy
from PIL import Image
from pictures import write_images

import program


@dataclass(frozen=True)
class Variant:
    """What differs between the measured trainings."""

    name: str
    steps: int
    batch: int = 1
    checkpointing: bool = False
    precision: str = ""  # empty: that of the settings
    options: dict = field(default_factory=dict)
    switches: tuple = ()  # options without a value


def dataset(settings, masks=False):
    """A folder of four images of noise, with a mask for each if wanted."""
    folder = Path(settings.scratch) / ("masked" if masks else "images")
    if folder.exists():
        return folder
    write_images(folder, settings.resolution)
    if masks:
        ramp = numpy.linspace(0, 255, settings.resolution).astype(numpy.uint8)
        mask = numpy.tile(ramp, (settings.resolution, 1))
        for image in sorted(folder.glob("*.png")):
            Image.fromarray(mask).save(folder / f"{image.stem}-mask.png")
    return folder


def root(settings, name="root"):
    """The folder for runs and caches."""
    return Path(settings.scratch) / name


def arguments(settings, variant, images, place):
    """The arguments of a new training."""
    options = {
        "subject": "noise", "dataset": images, "model": settings.model, "root": place,
        "steps": variant.steps, "resolution": settings.resolution, "rank": settings.rank,
        "batch-size": variant.batch, "precision": variant.precision or settings.precision,
        "device": settings.device,
        "sample-every": 0, "checkpoint-every": 0, **variant.options,
    }
    given = [text for name, value in options.items() for text in (f"--{name}", value)]
    checkpointing = "gradient-checkpointing" if variant.checkpointing else "no-gradient-checkpointing"
    switches = [f"--{name}" for name in (checkpointing, *variant.switches)]
    return ["train", "--new", *switches, *given]


def train(settings, variant, images=None, place=None, environment=None):
    """Trains a new run. Returns the process and the run as `show --json` prints it."""
    images = images or dataset(settings)
    place = place or root(settings)
    finished = program.run(settings, arguments(settings, variant, images, place), environment)
    return finished, show(settings, place)


def show(settings, place, run="latest"):
    """A run as lora-train prints it."""
    shown = subprocess.run(
        [settings.program, "show", run, "--json", "--root", place], capture_output=True, check=True)
    return json.loads(shown.stdout)


def measured(variant, finished, run):
    """The figures of a training. The times from step to step include what is done between steps."""
    seconds = [step["seconds"] for step in run["losses"]]
    gaps = finished.steps()[2:]
    return {
        "side": "lora-train", "variant": variant.name, "batch": variant.batch,
        "checkpointing": variant.checkpointing, "precision": run["config"]["precision"],
        "steps": len(seconds), "ms_per_step": milliseconds(seconds[2:] or seconds),
        "ms_from_step_to_step": milliseconds(gaps), "first_step_ms": 1000 * seconds[0],
        "fastest_ms": 1000 * min(seconds), "peak_gib": run["peak_memory_bytes"] / 2**30,
        "wall_seconds": finished.seconds, "last_loss": run["losses"][-1]["loss"],
    }


def milliseconds(seconds):
    """Their median; None without any."""
    return 1000 * statistics.median(seconds) if seconds else None


def remove(place):
    """Removes a folder that may not exist."""
    shutil.rmtree(place, ignore_errors=True)
