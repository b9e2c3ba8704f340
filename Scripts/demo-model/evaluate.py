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
from drawing import COLORS, sheet
from scenes import EARS, EYES, SHAPES, Character, Scene, article, draw


def shape_plans(count, seed):
    """Scenes with one shape each; every shape and place equally often."""
    rng = np.random.default_rng(seed)
    plans = []
    for index in range(count):
        color, background = (str(name) for name in rng.choice(COLORS, 2, replace=False))
        place = ("left", "center", "right")[index % 3]
        plan = Scene(SHAPES[index % 8], background, color, "medium", place, "middle")
        words = article(f"{color} {plan.kind}")
        plan.caption = f"a photo of {words} on {article(background)} background"
        plan.caption += "" if place == "center" else f", {place}"
        plans.append(plan)
    return plans


def character_plans(count, seed):
    """Scenes with one character, all of whose parts are in the prompt."""
    rng = np.random.default_rng(seed)
    plans = []
    for index in range(count):
        while True:
            color, trim, background = (str(c) for c in rng.choice(COLORS, 3, replace=False))
            if {color, trim} != {"yellow", "blue"}:
                break
        body = ("round", "square", "tall", "pointed")[index % 4]
        ears, eyes = EARS[index % 5], 1 + (index // 5) % 3
        character = Character(color, trim, body, ears, eyes, belly=bool(rng.random() < 0.5))
        parts = [ears, EYES[eyes]] + ([f"a {trim} belly"] if character.belly else [])
        plan = Scene("character", background, color, "large", "center", "middle", character)
        plan.caption = (
            f"a photo of {article(f'{color} {body} character')} with {' and '.join(parts)}"
            f" on {article(background)} background"
        )
        plans.append(plan)
    return plans


def judge(plan, picture):
    """Which attributes of the plan the picture shows: {attribute: right or wrong}."""
    asked = {"background": judging.color_name(judging.border_color(picture)) == plan.background}
    if plan.character is None:
        asked["color"] = judging.object_color(picture) == plan.color
        asked["place"] = judging.horizontal_place(picture) == plan.horizontal
        asked["shape"] = judging.shape_name(picture) == plan.kind
        return asked
    want = plan.character
    seen = judging.character_parts(picture, want.color, want.trim, plan.background)
    for part in ("body", "ears", "eyes", "belly"):
        asked[part] = seen is not None and getattr(seen, part) == getattr(want, part)
    return asked


def accuracies(plans, pictures):
    """The share of pictures that show an attribute, for each attribute of the prompts."""
    verdicts = [judge(plan, picture) for plan, picture in zip(plans, pictures)]
    names = dict.fromkeys(name for verdict in verdicts for name in verdict)
    return {n: round(float(np.mean([v[n] for v in verdicts if n in v])), 3) for n in names}


def attribute_accuracy(plans, pictures):
    """The share of all attributes of all prompts that the pictures show."""
    return float(np.mean([v for p, q in zip(plans, pictures) for v in judge(p, q).values()]))


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
