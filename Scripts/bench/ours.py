"""The side of lora-train: the release binary."""

import json
import os
from pathlib import Path

from measured import Measured, run

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("LORA_TRAIN", REPOSITORY / ".build/release/lora-train"))


def train(job, dataset, root):
    """Trains a new run. It uses the caches of earlier runs with the same root."""
    checkpointing = "" if job.gradient_checkpointing else "no-"
    options = {
        "subject": "bench", "dataset": dataset, "model": job.model, "steps": job.steps,
        "resolution": job.resolution, "rank": job.rank, "threads": job.threads, "batch-size": job.batch_size,
        "precision": job.precision, "device": job.device, "sample-every": 0,
        "checkpoint-every": 0, "root": root,
    }
    command = [BINARY, "train", "--new", f"--{checkpointing}gradient-checkpointing"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    _, wall, resident = run(command)
    shown, _, _ = run([BINARY, "show", "latest", "--json", "--root", root])
    record = json.loads(shown)
    on_gpu = job.device.startswith("cuda")
    return Measured(
        seconds=[step["seconds"] for step in record["losses"]],
        peak_memory_bytes=record["peak_memory_bytes"] if on_gpu else resident,
        wall_seconds=wall, details={"reported_peak_memory_bytes": record["peak_memory_bytes"]},
    )
