"""Compares seconds per sampler step and peak memory of lora-train generate and diffusers' pipeline.

Both sides draw one picture with the same random model of SDXL's structure, in processes that take turns,
once with few steps and once with more. The difference gives the time of a step without loading. Guidance
is on, so each step predicts a batch of two.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from bench import random_model
from measured import run
from ours import BINARY

FEW = 2


def ours(model, steps, chosen, folder):
    """Wall seconds and peak bytes of lora-train generate."""
    command = [
        BINARY, "generate", "--model", model, "--prompt", "a photo of a dog", "--seed", "7",
        "--steps", str(steps), "--guidance", "5", "--width", str(chosen.resolution), "--height",
        str(chosen.resolution), "--precision", chosen.precision, "--device", chosen.device,
        "--output", folder / "ours.png", "--overwrite",
    ]
    _, wall, peak = run(command, {"OMP_NUM_THREADS": str(chosen.threads)})
    return wall, peak


def theirs(model, steps, chosen, folder):
    """Wall seconds and peak bytes of diffusers' pipeline."""
    job = {"model": str(model), "steps": steps, "resolution": chosen.resolution,
           "precision": chosen.precision, "device": chosen.device, "threads": chosen.threads,
           "output": str(folder / "theirs.png")}
    _, wall, peak = run(
        [sys.executable, __file__, json.dumps(job)], {"OMP_NUM_THREADS": str(chosen.threads)})
    return wall, peak


def draw(job):
    """Draws with diffusers, in this process."""
    import torch
    from diffusers import StableDiffusionXLPipeline

    torch.set_num_threads(job["threads"])
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[job["precision"]]
    pipeline = StableDiffusionXLPipeline.from_pretrained(job["model"], torch_dtype=dtype)
    pipeline = pipeline.to(job["device"])
    pipeline.set_progress_bar_config(disable=True)
    picture = pipeline(
        "a photo of a dog", num_inference_steps=job["steps"], guidance_scale=5.0,
        width=job["resolution"], height=job["resolution"],
        generator=torch.Generator("cpu").manual_seed(7),
    ).images[0]
    picture.save(job["output"])


def main():
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=["tiny", "200m", "full"], default="200m")
    parser.add_argument("--model", type=Path, help="an existing random model; default: a new one")
    parser.add_argument("--steps", type=int, default=10, help="number of measured steps")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each side")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--device", default="cpu")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lora-train-bench-") as name:
        folder = Path(name)
        model = chosen.model or random_model(folder / "model", chosen.shape, chosen.precision)
        seconds = {ours: [], theirs: []}
        peaks = {ours: [], theirs: []}
        for _ in range(chosen.rounds):
            for side in (ours, theirs):
                few, _ = side(model, FEW, chosen, folder)
                more, peak = side(model, FEW + chosen.steps, chosen, folder)
                seconds[side].append((more - few) / chosen.steps)
                peaks[side].append(peak / 2**20)
    print(f"{chosen.shape}, {chosen.resolution} px, {chosen.precision}, {chosen.threads} threads, "
          f"{chosen.device}, guidance on; medians of {chosen.rounds}")
    for title, figures, form in (
        ("seconds per step", seconds, ".3f"), ("peak memory, MiB", peaks, ".0f"),
    ):
        mine, other = (statistics.median(figures[side]) for side in (ours, theirs))
        print(f"{title:<20}{mine:>12{form}}{other:>16{form}}{mine / other:>9.3f}")


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].startswith("{"):
        draw(json.loads(sys.argv[1]))
    else:
        main()
