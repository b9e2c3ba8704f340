#!/usr/bin/env python3
"""Measures how well the pictures of a micro model match their prompts.

200 prompts for shapes (background, colour, place, shape) and 100 for characters (ears, eyes,
belly), each with its own seed. With --adapter, the 48 prompts of the drift measure are drawn with
and without it; with --refiner, everything is drawn by the base alone and by base and refiner.
--calibrate judges drawn scenes instead: what the judges themselves get right.
"""

import argparse
import json
import pathlib

import numpy as np
import torch
from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLPipeline

import judging
from drawing import sheet
from prompts import accuracies, attribute_accuracy, character_plans, shape_plans
from scenes import draw


@torch.no_grad()
def sample(pipeline, plans, options, refiner=None, batch=20):
    """A picture for each plan, [64, 64, 3] bytes; picture i has the options' seed + i."""
    pictures = []
    for start in range(0, len(plans), batch):
        part = plans[start : start + batch]
        seeds = range(options.seed + start, options.seed + start + len(part))
        settings = dict(
            prompt=[plan.caption for plan in part],
            num_inference_steps=options.steps,
            guidance_scale=options.guidance,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds],
            output_type="np",
        )
        if refiner:
            settings["output_type"] = "latent"
            latents = pipeline(**settings, denoising_end=options.split).images
            settings["output_type"] = "np"
            pictures += list(
                refiner(**settings, image=latents, denoising_start=options.split).images
            )
        else:
            pictures += list(pipeline(**settings).images)
    return [(picture * 255).round().astype(np.uint8) for picture in pictures]


def load(kind, folder):
    pipeline = kind.from_pretrained(folder, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def report(label, plans, pictures, sheets):
    """Prints the accuracies and keeps the pictures."""
    for name, drawn in pictures.items():
        print(label, name, json.dumps(accuracies(plans[name], drawn)), flush=True)
        if sheets:
            sheets.mkdir(parents=True, exist_ok=True)
            sheet(drawn, 12).save(sheets / f"{label}-{name}.png")
    everything = [attribute_accuracy(plans[name], drawn) for name, drawn in pictures.items()]
    edges = np.mean([judging.edge_steepness(picture) for picture in pictures["shapes"]])
    print(f"{label} all attributes: {np.mean(everything):.3f}, edges of shapes: {edges:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--adapter", type=pathlib.Path, help="a LoRA file: measure its drift")
    parser.add_argument("--refiner", type=pathlib.Path, help="a refiner's folder: compare with it")
    parser.add_argument("--split", type=float, default=0.8, help="where the refiner takes over")
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--shapes", type=int, default=200)
    parser.add_argument("--characters", type=int, default=100)
    parser.add_argument("--sheets", type=pathlib.Path, help="folder for the pictures")
    parser.add_argument("--calibrate", action="store_true", help="judge drawn scenes")
    options = parser.parse_args()

    if options.adapter:
        options.shapes, options.characters = 24, 24
    groups = {
        "shapes": shape_plans(options.shapes, options.seed),
        "characters": character_plans(options.characters, options.seed + 1),
    }
    if options.calibrate:
        rng = np.random.default_rng(options.seed)
        drawn = {name: [draw(plan, rng) for plan in plans] for name, plans in groups.items()}
        return report("drawn", groups, drawn, options.sheets)

    def run(label, refiner=None):
        drawn = {n: sample(pipeline, plans, options, refiner) for n, plans in groups.items()}
        report(label, groups, drawn, options.sheets)

    pipeline = load(StableDiffusionXLPipeline, options.model)
    run("base")
    if options.refiner:
        run("refined", load(StableDiffusionXLImg2ImgPipeline, options.refiner))
    if options.adapter:
        pipeline.load_lora_weights(options.adapter.parent, weight_name=options.adapter.name)
        run("adapted")


if __name__ == "__main__":
    main()
