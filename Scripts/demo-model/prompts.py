"""Prompts whose pictures can be judged: scenes as they are asked for, and which of their attributes a
picture shows."""

import numpy as np

import judging
from drawing import COLORS
from scenes import EARS, EYES, SHAPES, Character, Scene, article


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
