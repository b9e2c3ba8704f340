"""Deterministic trainings: the same twice, after a stop and a resume, and without CUDA graphs."""

import hashlib
from pathlib import Path

import trainings
import program


def main(settings, emit):
    steps, stop = settings.pick(10, 6), settings.pick(5, 3)
    variant = trainings.Variant("deterministic", steps, checkpointing=True)
    arguments = [
        *trainings.arguments(settings, variant, trainings.dataset(settings), trainings.root(settings)),
        "--deterministic"]
    hashes = {}
    for name, more in (("first", []), ("second", []), ("without graphs", ["--no-cuda-graphs"])):
        finished = program.run(settings, [*arguments, *more])
        hashes[name] = digest(settings, finished)
        emit(name, sha256=hashes[name], wall_seconds=finished.seconds)
    stopped = program.run(settings, arguments, interrupt_at=rf"\bstep {stop}/")
    resumed = program.run(settings, ["resume", "latest", "--root", trainings.root(settings)])
    hashes["resumed"] = digest(settings, resumed)
    emit("resumed", sha256=hashes["resumed"], exit_when_stopped=stopped.code,
         stopped=stopped.messages[-1].text[:120])
    if stopped.code != 130:
        raise SystemExit("the training was not stopped")
    if len(set(hashes.values())) != 1:
        raise SystemExit("the adapters differ")


def digest(settings, finished):
    """The SHA-256 of the adapter whose path a training has printed."""
    adapter = Path(settings.scratch) / finished.results[-1].text
    return hashlib.sha256(adapter.read_bytes()).hexdigest()
