"""Profiles of a training step, with and without CUDA graphs, and of a drawing step, of lora-train and of
diffusers."""

import gzip
import shutil
from pathlib import Path

import drawings
import trainings
import program
import traces
from peer import Peer

STEP = 4


def main(settings, emit):
    folder = Path(settings.scratch)
    trained = {"training": (), "training without graphs": ("no-cuda-graphs",)}
    for kind in (*trained, "drawing"):
        file = folder / f"{kind.replace(' ', '-')}.json"
        environment = {"LORA_TRAIN_PROFILE": str(file), "LORA_TRAIN_PROFILE_STEP": str(STEP)}
        if kind in trained:
            variant = trainings.Variant("profile", STEP + 1, switches=trained[kind])
            trainings.train(settings, variant, environment=environment)
        else:
            arguments = drawings.arguments(
                settings, STEP + 1, folder / "profile.png", ["--overwrite"])
            program.run(settings, arguments, environment)
        emit(kind, side="lora-train", **traces.analyse(file))
        keep(file, settings)
    with Peer(settings) as peer:
        for kind in ("training", "drawing"):
            file = folder / f"diffusers-{kind}.json"
            peer.ask("profile", file=str(file), kind=kind)
            emit(kind, side="diffusers", **traces.analyse(file))


def keep(file, settings):
    """Puts a compressed copy of a trace beside the results."""
    target = Path(settings.output) / f"{file.name}.gz"
    with open(file, "rb") as source, gzip.open(target, "wb") as copy:
        shutil.copyfileobj(source, copy)
