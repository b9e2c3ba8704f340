"""The demonstration from start to end: the small base model of the repository learns a subject."""

import shutil
import subprocess
from pathlib import Path

import trainings
import program
from settings import ROOT


def main(settings, emit):
    folder = Path(settings.scratch) / "demo"
    for name in ("Datasets/dhoni", "Configs/dhoni.yaml", "Checkpoints/base/demo"):
        place = folder / name
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(ROOT / name)
    steps = settings.pick(300, 12)
    place = folder / "Checkpoints"
    arguments = [
        "--subject", "dhoni", "--model", "demo", "--new", "--steps", steps, "--dataset",
        folder / "Datasets/dhoni", "--config", folder / "Configs/dhoni.yaml", "--device",
        settings.device, "--root", place, "--checkpoint-every", 0]
    if not settings.is_full:
        arguments += ["--prior-images", 2, "--prior-steps", 2, "--sample-steps", 2]
    finished = program.run(settings, arguments)
    run = trainings.show(settings, place)
    losses = [step["loss"] for step in run["losses"]]
    tenth = max(1, len(losses) // 10)
    emit("demo", steps=steps, wall_seconds=finished.seconds,
         ms_per_step=1000 * run["seconds_per_step"], first_losses=sum(losses[:tenth]) / tenth,
         last_losses=sum(losses[-tenth:]) / tenth)
    sample = Path(settings.scratch) / run["samples"][-1]["path"]
    shutil.copy(sample, Path(settings.output) / "demo.png")
    runs = subprocess.run(
        [settings.program, "runs", "--root", place], capture_output=True, text=True, check=True)
    emit("runs", text=runs.stdout[-2000:])
