"""Pictures of lora-train and of diffusers: seconds of a sampler step and of decoding."""

import trainings
import program
from peer import Peer

FEW = 2


def main(settings, emit):
    many = FEW + settings.pick(30, 3)
    walls = {}
    for steps in (FEW, many):
        finished = draw(settings, steps)
        walls[steps] = finished.seconds
        written = [line.seconds for line in finished.results]
        emit("lora-train", side="lora-train", steps=steps, pictures=len(written),
             ms_from_step_to_step=trainings.milliseconds(finished.steps()),
             wall_seconds=finished.seconds, decode_and_write_seconds=written[-1] - written[-2])
    emit("step", side="lora-train",
         ms_per_step=1000 * (walls[many] - walls[FEW]) / (2 * (many - FEW)))
    with Peer(settings) as peer:
        for seed in (1, 2):
            for steps in (FEW, many):
                walls[steps] = peer.ask("draw", steps=steps, seed=seed)
                emit("diffusers", seed=seed, **walls[steps])
        step = walls[many]["latents_seconds"] - walls[FEW]["latents_seconds"]
        emit("step", side="diffusers", ms_per_step=1000 * step / (many - FEW))


def draw(settings, steps):
    """Two pictures: both latents are drawn first, then decoded."""
    folder = trainings.root(settings, f"pictures-{steps}")
    trainings.remove(folder)
    folder.mkdir(parents=True)
    return program.run(settings, arguments(settings, steps, folder, ["--count", 2]))


def arguments(settings, steps, output, more=()):
    """A drawing in the precision and size of the trainings."""
    return [
        "generate", "--model", settings.model, "--prompt", "a photo of a dog", "--seed", 7,
        "--steps", steps, "--guidance", 5, "--width", settings.resolution, "--height",
        settings.resolution, "--precision", settings.precision, "--device", settings.device,
        "--root", trainings.root(settings), "--output", output, *more]
