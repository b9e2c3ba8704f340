"""The side of lora-train: the release binary."""

import json
import os
import tempfile
from pathlib import Path

from measured import figures, run

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("LORA_TRAIN", REPOSITORY / ".build/release/lora-train"))


def train(job, dataset, root, memory=None):
    """Trains a new run and returns its figures. It uses the caches of earlier runs with the same root.
    `memory` are flags in place of gradient checkpointing as in the job."""
    options = {
        "subject": "bench", "dataset": dataset, "model": job.model, "steps": job.steps,
        "resolution": job.resolution, "adapter": job.adapter, "rank": job.rank, "threads": job.threads,
        "batch-size": job.batch_size, "precision": job.precision, "device": job.device,
        "sample-every": 0, "checkpoint-every": 0, "validate-every": 0, "validation-images": 0,
        "root": root,
    }
    checkpointing = "" if job.gradient_checkpointing else "no-"
    command = [BINARY, "train", "--new", *(memory or [f"--{checkpointing}gradient-checkpointing"])]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    for target in job.targets:
        command += ["--lora-target", target]
    _, usage = run(command)
    shown, _ = run([BINARY, "show", "latest", "--json", "--root", root])
    return figures([step["seconds"] for step in json.loads(shown)["losses"]], usage)


def estimate(job, memory):
    """The bytes that `doctor --plan` expects of the steps of a training, with flags about memory. As in the
    trainings, no checkpoint is written meanwhile."""
    options = {"model": job.model, "resolution": job.resolution, "rank": job.rank,
               "batch-size": job.batch_size, "precision": job.precision, "device": job.device}
    command = [BINARY, "doctor", "--plan", "--json", *memory]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
        config.write(f"checkpoint_every: 0\nadapter: {job.adapter}\n")
        config.flush()
        printed, _ = run([*command, "--config", config.name])
    rung, = [rung for rung in json.loads(printed)["rungs"] if rung["chosen"]]
    return rung["bytes"]["steps"]


def draw(job, output):
    """Draws a picture with guidance. Returns the wall seconds and the peak bytes."""
    command = [
        BINARY, "generate", "--model", job["model"], "--prompt", job["prompt"], "--seed", "7",
        "--steps", str(job["steps"]), "--guidance", "5", "--width", str(job["resolution"]),
        "--height", str(job["resolution"]), "--precision", job["precision"], "--device", "cpu",
        "--output", output, "--overwrite",
    ]
    _, usage = run(command, {"OMP_NUM_THREADS": str(job["threads"])})
    return usage.wall_seconds, usage.peak_memory_bytes
