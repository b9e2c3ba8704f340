#!/usr/bin/env python3
"""Draws the pictures of the subjects of the demonstration:

    Datasets/<subject>/            training pictures and their captions; no test background is among them
    Datasets/<subject>/validation/   other pictures on the same backgrounds, for the validation loss
    Sources/DemoScores/Templates/  what the detector of demo-scores looks for

    .venv/bin/python Scripts/demo-model/subjects.py

The same program draws the same pixels everywhere. Needs Pillow only.
"""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from subject_drawing import BATS, FLAMES, LIDS, Colour, Pose, draw

PROJECT = Path(__file__).resolve().parents[2]
PICTURE_SIDE = 256
TEMPLATE_SIDE = 64

# The base's words for these colours; red, black, pink, cyan, brown and more are kept for the tests.
BACKGROUNDS: dict[str, Colour] = {
    "green": (60, 168, 72), "white": (244, 244, 244), "gray": (134, 136, 140), "blue": (96, 128, 236)}


@dataclass(frozen=True)
class Scene:
    """One picture: `where` is the caption's word for the place (left, right or nothing), `floor` adds
    a band in a darker shade of the background."""

    background: str
    pose: Pose
    where: str = ""
    floor: bool = False


def dhoni(background: str, action: str, where: str = "", floor: bool = False, **pose) -> Scene:
    return Scene(background, Pose(action, **({"size": 0.36} | pose)), where, floor)


def teapot(background: str, action: str, where: str = "", floor: bool = False, **pose) -> Scene:
    return Scene(background, Pose(action, **({"size": 0.33} | pose)), where, floor)


def rocket(background: str, action: str, where: str = "", floor: bool = False, **pose) -> Scene:
    return Scene(background, Pose(action, **({"size": 0.37} | pose)), where, floor)


@dataclass(frozen=True)
class Subject:
    """`words` name the subject in a caption."""

    words: str
    training: list[Scene]
    validation: list[Scene]


SUBJECTS = {
    "dhoni": Subject(
        "dhoni character",
        training=[
            dhoni("green", "upright", x=0.49),
            dhoni("white", "raised", x=0.47, y=0.52, tilt=-4),
            dhoni("gray", "lowered", x=0.46, floor=True, tilt=3),
            dhoni("blue", "upright", x=0.52, y=0.52, size=0.35, mirrored=True, floor=True),
            dhoni("green", "raised", "left", x=0.34, y=0.53, size=0.33, floor=True),
            dhoni("gray", "raised", x=0.54, y=0.51, size=0.38, mirrored=True, tilt=3),
            dhoni("blue", "lowered", "right", x=0.66, size=0.32, mirrored=True),
            dhoni("white", "upright", x=0.48, y=0.49, size=0.39, tilt=4, floor=True),
            dhoni("green", "lowered", x=0.54, size=0.34, mirrored=True, tilt=-5),
            dhoni("gray", "upright", x=0.50, y=0.54, size=0.31, tilt=-3),
        ],
        validation=[
            dhoni("green", "raised", x=0.53, y=0.52, size=0.35, mirrored=True, tilt=4),
            dhoni("white", "lowered", x=0.45, size=0.37, tilt=-3),
            dhoni("gray", "upright", "right", x=0.66, y=0.52, size=0.33, mirrored=True, floor=True),
            dhoni("blue", "raised", x=0.48, y=0.53, size=0.38, floor=True),
        ]),
    "teapot": Subject(
        "sks teapot",
        training=[
            teapot("green", "closed"),
            teapot("white", "closed", size=0.36, mirrored=True),
            teapot("gray", "open", y=0.54, floor=True),
            teapot("blue", "closed", size=0.30, tilt=6),
            teapot("green", "open", y=0.55, size=0.34, mirrored=True, floor=True),
            teapot("white", "closed", "left", x=0.38, size=0.28, floor=True),
            teapot("gray", "closed", size=0.37, mirrored=True, tilt=-5),
            teapot("blue", "open", "right", x=0.62, y=0.54, size=0.28, mirrored=True),
        ],
        validation=[
            teapot("green", "closed", size=0.35, mirrored=True, tilt=5),
            teapot("white", "open", y=0.54, size=0.32, floor=True),
            teapot("gray", "closed", "right", x=0.61, size=0.29),
            teapot("blue", "closed", size=0.36, floor=True),
        ]),
    "rocket": Subject(
        "sks rocket",
        training=[
            rocket("green", "standing", x=0.49, y=0.52),
            rocket("white", "flying", y=0.48, tilt=8),
            rocket("gray", "standing", y=0.52, size=0.40, floor=True),
            rocket("blue", "flying", x=0.52, y=0.49, size=0.36, mirrored=True, tilt=-6),
            rocket("green", "flying", "left", x=0.34, y=0.48, size=0.33, tilt=5),
            rocket("white", "standing", y=0.53, size=0.38, mirrored=True, floor=True),
            rocket("gray", "flying", x=0.51, y=0.47, size=0.38, mirrored=True, tilt=-8),
            rocket("blue", "standing", "right", x=0.66, y=0.52, size=0.33, floor=True),
            rocket("green", "standing", x=0.52, y=0.51, size=0.35, mirrored=True, tilt=-4),
            rocket("white", "flying", x=0.47, y=0.49, size=0.35, tilt=-3),
        ],
        validation=[
            rocket("green", "flying", y=0.48, size=0.37, mirrored=True, tilt=4),
            rocket("white", "standing", x=0.48, y=0.52, size=0.36, tilt=5),
            rocket("gray", "flying", "right", x=0.66, y=0.49, size=0.33, tilt=-5),
            rocket("blue", "standing", y=0.53, size=0.39, mirrored=True, floor=True),
        ]),
}

# One rendering for each action, hand and tilt; the detector scales and shifts them.
TEMPLATES = {
    "dhoni": [Pose(action, size=0.36, tilt=tilt) for action in BATS for tilt in (-4, 4)],
    "teapot": [Pose(action, y=0.53, size=0.34, tilt=tilt) for action in LIDS for tilt in (-4, 4)],
    "rocket": [Pose(action, size=0.37, tilt=tilt) for action in FLAMES for tilt in (-7, 0, 7)],
}


def setting(scene: Scene) -> Image.Image:
    """The picture behind the subject."""
    colour = BACKGROUNDS[scene.background]
    picture = Image.new("RGB", (PICTURE_SIDE, PICTURE_SIDE), colour)
    if scene.floor:
        horizon = round((scene.pose.y + 0.75 * scene.pose.size) * PICTURE_SIDE)
        shade = tuple(round(0.88 * part) for part in colour)
        ImageDraw.Draw(picture).rectangle([0, horizon, PICTURE_SIDE, PICTURE_SIDE], fill=shade)
    return picture


def write_images(name: str, words: str, scenes: list[Scene], folder: Path):
    """Writes 01.png and 01.txt, 02.png ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, scene in enumerate(scenes, start=1):
        picture = draw(name, PICTURE_SIDE, scene.pose).over(setting(scene))
        picture.save(folder / f"{number:02}.png", optimize=True)
        place = f", {scene.where}" if scene.where else ""
        caption = f"a photo of {words} on a {scene.background} background{place}\n"
        (folder / f"{number:02}.txt").write_text(caption)


def write_templates(name: str, folder: Path):
    """Writes one PNG for each template: left the subject over black, right its coverage."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, pose in enumerate(TEMPLATES[name], start=1):
        colour, mask = draw(name, TEMPLATE_SIDE, pose).matte()
        both = Image.new("RGB", (2 * TEMPLATE_SIDE, TEMPLATE_SIDE))
        both.paste(colour, (0, 0))
        both.paste(mask, (TEMPLATE_SIDE, 0))
        both.save(folder / f"{pose.action}-{number}.png", optimize=True)


def main():
    for name, subject in SUBJECTS.items():
        dataset = PROJECT / "Datasets" / name
        write_images(name, subject.words, subject.training, dataset)
        write_images(name, subject.words, subject.validation, dataset / "validation")
        write_templates(name, PROJECT / "Sources" / "DemoScores" / "Templates" / name)


if __name__ == "__main__":
    main()
