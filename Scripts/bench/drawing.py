"""Seconds of a sampler step and peak memory of lora-train generate and of diffusers' pipeline.

Each draws one picture, once with few steps and once with more. The difference is the time of the steps,
without loading and decoding. Guidance is on, so each step predicts a batch of two.
"""

import json
import sys
from functools import partial

import flops
import ours
import product
from measured import call
from turns import take_turns

FEW = 2


def measure(row, model, folder, name):
    """Figures of both sides."""
    job = {"model": str(model), "prompt": "a photo of a dog", "resolution": row.resolution,
           "precision": row.precision, "threads": row.threads}
    sides = {
        "product": partial(product.measure, row.precision, row.threads),
        "lora_train": partial(figures, row.steps, partial(draw_ours, job, folder / "ours.png")),
        "diffusers": partial(figures, row.steps, partial(draw_theirs, job, folder / "theirs.png")),
    }
    return {
        "rounds": take_turns(sides, row.rounds, name),
        "flop": {"prediction": flops.of_prediction(str(model), 2, row.resolution)},
    }


def figures(steps, draw):
    """Draws twice and compares."""
    few, _ = draw(FEW)
    more, peak = draw(FEW + steps)
    step = (more - few) / steps
    return {"seconds_per_step": step, "fastest_step": step, "peak_memory_bytes": peak,
            "wall_seconds": more}


def draw_ours(job, output, steps):
    """Wall seconds and peak bytes of lora-train."""
    return ours.draw(job | {"steps": steps}, output)


def draw_theirs(job, output, steps):
    """Wall seconds and peak bytes of diffusers."""
    _, usage = call("drawing.py", job | {"steps": steps, "output": str(output)}, job["threads"])
    return usage.wall_seconds, usage.peak_memory_bytes


def main(model, prompt, resolution, precision, threads, steps, output):
    """Draws with diffusers, in this process."""
    import torch
    from diffusers import StableDiffusionXLPipeline

    from lean import DTYPES

    torch.set_num_threads(threads)
    pipeline = StableDiffusionXLPipeline.from_pretrained(
        model, dtype=getattr(torch, DTYPES[precision]))
    pipeline.set_progress_bar_config(disable=True)
    picture = pipeline(
        prompt, num_inference_steps=steps, guidance_scale=5.0, width=resolution, height=resolution,
        generator=torch.Generator("cpu").manual_seed(7),
    ).images[0]
    picture.save(output)
    print("null")


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
