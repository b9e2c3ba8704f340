"""Seconds and memory of a training step of lora-train and of diffusers + peft, in turns."""

import trainings
from trainings import Variant
from peer import Peer


def variants(settings):
    """The rows of the table."""
    n = settings.pick
    eager = {"switches": ("no-cuda-graphs",)}
    prior = {"prior-images": 2, "prior-steps": 2, "class-prompt": "a photo of noise"}
    return [
        Variant("batch 1", n(30, 4)),
        Variant("batch 1, checkpointing", n(20, 4), checkpointing=True),
        Variant("batch 4", n(12, 4), batch=4),
        Variant("batch 4, checkpointing", n(8, 4), batch=4, checkpointing=True),
        Variant("batch 1, no CUDA graphs", n(15, 4), **eager),
        Variant("batch 1, checkpointing, no CUDA graphs", n(10, 4), checkpointing=True, **eager),
        Variant("batch 4, no CUDA graphs", n(8, 4), batch=4, **eager),
        Variant("batch 1, fp16", n(12, 4), precision="fp16"),
        Variant("batch 1, masks and prior", n(10, 4), options=prior),
        *(Variant(f"batch 1, {weights} weights", n(10, 4), checkpointing=True,
                  options={"frozen-weights": weights}) for weights in ("int8", "fp8", "offloaded")),
    ]


def main(settings, emit):
    failed = []
    with Peer(settings) as peer:
        emit("loading", **peer.ask("load"))
        for variant in variants(settings):
            try:
                compare(settings, emit, peer, variant)
            except RuntimeError as error:
                emit("failed", variant=variant.name, problem=str(error)[-500:])
                failed.append(variant.name)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


def compare(settings, emit, peer, variant):
    """Measures ours, then theirs where diffusers has the same."""
    images = trainings.dataset(settings, masks="masks" in variant.name)
    emit("step", **trainings.measured(variant, *trainings.train(settings, variant, images)))
    if variant.options or variant.precision or variant.switches:
        return
    job = {"batch": variant.batch, "checkpointing": variant.checkpointing, "steps": variant.steps}
    emit("step", variant=variant.name, **peer.ask("train", **job))
    # As in diffusers' own script: the images are encoded in every step, in float32.
    if variant.batch == 1:
        emit("step", variant=variant.name, **peer.ask("train", encodes=True, **job))
