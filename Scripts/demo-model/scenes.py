"""Captioned scenes for pretraining: one shape, thing or character on a coloured background.

A cap, a helmet or a bat, and a yellow character with blue trimmings, are never drawn: they belong
to the subjects that an adapter has to learn.
"""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from drawing import COLORS, DARK, OVERSAMPLING, PALETTE, SIZE, WHITE, Pen, background, finish, shade

SHAPES = ["ball", "square", "triangle", "star", "heart", "ring", "diamond", "cross"]
THINGS = ["house", "tree", "flower", "mushroom", "fish", "car"]
BODIES = ["round", "square", "tall", "pointed"]
EARS = ["cat ears", "rabbit ears", "antennae", "horns", "bear ears", "no ears"]
EYES = {1: "one eye", 2: "two eyes", 3: "three eyes"}
RADII = {"small": (10, 13), "medium": (14.5, 18), "large": (20, 24)}
CENTER_X = {"left": (17, 23), "center": (29, 35), "right": (41, 47)}
CENTER_Y = {"top": (20, 25), "middle": (30, 34), "bottom": (38, 43)}
# Words without a meaning, so that an unknown word in a prompt does no harm.
UNKNOWN_WORDS = ["zxk", "qov", "wug", "brf", "dax", "tuv", "blik", "mip"]


@dataclass
class Character:
    """What a character looks like: its colour and shape, and the parts a caption can name."""

    color: str
    trim: str
    body: str
    ears: str
    eyes: int
    belly: bool


@dataclass
class Scene:
    """The plan of a picture: everything that a caption can describe."""

    kind: str
    background: str
    color: str
    size: str
    horizontal: str
    vertical: str
    character: Character | None = None
    picture: np.ndarray | None = field(default=None, repr=False)
    caption: str = ""


def draw_shape(pen, kind, color):
    """One plain shape with a darker rim or a highlight."""
    dark = shade(color, 0.72)
    if kind == "ball":
        pen.ellipse(0, 0, 1, 1, dark)
        pen.ellipse(-0.06, -0.06, 0.92, 0.92, color)
        pen.ellipse(-0.35, -0.38, 0.28, 0.24, tuple(min(255, value + 70) for value in color))
    elif kind == "square":
        pen.rectangle(-0.86, -0.86, 0.86, 0.86, dark)
        pen.rectangle(-0.86, -0.86, 0.7, 0.7, color)
    elif kind == "triangle":
        pen.polygon([(0, -1), (1, 0.85), (-1, 0.85)], dark)
        pen.polygon([(0, -0.95), (0.72, 0.7), (-0.85, 0.7)], color)
    elif kind == "star":
        pen.polygon(star_outline(1.08), dark)
        pen.polygon(star_outline(0.88), color)
    elif kind == "heart":
        pen.polygon(heart_outline(1.05), dark)
        pen.polygon(heart_outline(0.88), color)
    elif kind == "diamond":
        pen.polygon([(0, -1.05), (0.8, 0), (0, 1.05), (-0.8, 0)], dark)
        pen.polygon([(0, -1.05), (0, 1.05), (-0.8, 0)], color)
    elif kind == "cross":
        pen.rectangle(-0.32, -1, 0.32, 1, color)
        pen.rectangle(-1, -0.32, 1, 0.32, color)


def star_outline(scale):
    radii = [scale if i % 2 == 0 else 0.45 * scale for i in range(10)]
    return [
        (radius * np.sin(i * np.pi / 5), -radius * np.cos(i * np.pi / 5))
        for i, radius in enumerate(radii)
    ]


def heart_outline(scale):
    t = np.linspace(0, 2 * np.pi, 48)
    x = np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16
    return list(zip(scale * x, scale * y))


def draw_ring(image, x, y, radius, color):
    """A ring; its hole shows the background."""
    mask = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(mask)
    x, y, radius = x * OVERSAMPLING, y * OVERSAMPLING, radius * OVERSAMPLING
    for r, value in ((radius, 255), (0.52 * radius, 0)):
        draw.ellipse([x - r, y - r, x + r, y + r], fill=value)
    image.paste(Image.new("RGB", image.size, color), (0, 0), mask)


def draw_thing(pen, kind, color, name):
    """One everyday thing of the palette colour called `name`."""
    dark = shade(color, 0.72)
    if kind == "house":
        pen.rectangle(-0.75, -0.15, 0.75, 0.95, color)
        pen.polygon([(-1, -0.1), (0, -1), (1, -0.1)], dark)
        pen.rectangle(-0.18, 0.35, 0.2, 0.95, DARK)
        pen.rectangle(0.32, 0.1, 0.6, 0.38, (250, 240, 170))
    elif kind == "tree":
        pen.rectangle(-0.16, 0.3, 0.16, 1, PALETTE["brown"])
        pen.ellipse(0, -0.25, 0.8, 0.75, color)
        pen.ellipse(-0.2, -0.4, 0.35, 0.3, shade(color, 1.2))
    elif kind == "flower":
        green = (50, 130, 60)
        pen.line(0, 0.1, 0, 1, 0.14, green)
        pen.ellipse(0.3, 0.65, 0.28, 0.12, green)
        for angle in np.arange(6) * np.pi / 3:
            pen.ellipse(0.45 * np.cos(angle), -0.35 + 0.45 * np.sin(angle), 0.3, 0.3, color)
        pen.ellipse(0, -0.35, 0.26, 0.26, PALETTE["brown"] if name == "yellow" else (250, 220, 80))
    elif kind == "mushroom":
        pen.rounded(-0.3, 0, 0.3, 0.95, 0.15, (240, 230, 210))
        t = np.linspace(0, np.pi, 24)
        pen.polygon(list(zip(np.cos(t), -0.9 * np.sin(t) + 0.1)), color)
        for x, y, radius in ((-0.5, -0.2, 0.14), (0, -0.5, 0.18), (0.5, -0.2, 0.14)):
            pen.ellipse(x, y, radius, radius, PALETTE["red"] if name == "white" else WHITE)
    elif kind == "fish":
        pen.polygon([(0.5, 0), (1.05, -0.5), (1.05, 0.5)], dark)
        pen.ellipse(-0.15, 0, 0.85, 0.55, color)
        pen.ellipse(-0.55, -0.1, 0.16, 0.16, WHITE)
        pen.ellipse(-0.58, -0.1, 0.08, 0.08, DARK)
        pen.polygon([(-0.2, -0.5), (0.3, -0.85), (0.3, -0.4)], dark)
    elif kind == "car":
        pen.rounded(-1, -0.05, 1, 0.55, 0.18, color)
        pen.polygon([(-0.6, 0), (-0.35, -0.5), (0.4, -0.5), (0.65, 0)], dark)
        for x in (-0.3, 0.08):
            pen.rectangle(x, -0.4, x + 0.3, -0.05, (190, 225, 240))
        for x in (-0.5, 0.5):
            pen.ellipse(x, 0.55, 0.26, 0.26, DARK)
            pen.ellipse(x, 0.55, 0.12, 0.12, PALETTE["gray"])


def draw_ears(pen, ears, top, x, color, trim):
    dark = shade(color, 0.75)
    for side in (-1, 1):
        if ears == "cat ears":
            outer = ((x - 0.24, top + 0.18), (x + 0.24, top + 0.34), (x + 0.16, top - 0.34))
            inner = ((x - 0.08, top + 0.12), (x + 0.14, top + 0.2), (x + 0.11, top - 0.14))
            pen.polygon([(side * px, py) for px, py in outer], color)
            pen.polygon([(side * px, py) for px, py in inner], trim)
        elif ears == "rabbit ears":
            pen.ellipse(side * (x - 0.06), top - 0.2, 0.17, 0.44, color)
            pen.ellipse(side * (x - 0.06), top - 0.18, 0.08, 0.31, trim)
        elif ears == "antennae":
            pen.line(side * 0.14, top + 0.15, side * 0.38, top - 0.26, 0.1, dark)
            pen.ellipse(side * 0.39, top - 0.29, 0.17, 0.17, trim)
        elif ears == "horns":
            horn = ((x - 0.2, top + 0.2), (x + 0.18, top + 0.3), (x + 0.36, top - 0.36))
            pen.polygon([(side * px, py) for px, py in horn], trim)
        elif ears == "bear ears":
            pen.ellipse(side * (x + 0.12), top + 0.06, 0.27, 0.27, color)
            pen.ellipse(side * (x + 0.12), top + 0.06, 0.13, 0.13, trim)


def draw_character(pen, character):
    """A creature: feet, ears, arms, body, belly and eyes, in that order."""
    color, trim = PALETTE[character.color], PALETTE[character.trim]
    dark, body = shade(color, 0.75), character.body
    for x in (-0.34, 0.34):
        pen.ellipse(x * (0.8 if body == "tall" else 1), 0.92, 0.24, 0.14, trim)
    top = -0.8 if body == "tall" else -0.62
    draw_ears(pen, character.ears, top, 0.26 if body == "tall" else 0.38, color, trim)
    for side in (-1, 1):
        pen.ellipse(side * (0.8 if body in ("round", "square") else 0.58), 0.3, 0.16, 0.26, dark)
    if body == "round":
        pen.ellipse(0, 0.12, 0.8, 0.78, color)
    elif body == "square":
        pen.rounded(-0.74, -0.64, 0.74, 0.88, 0.16, color)
    elif body == "tall":
        pen.rounded(-0.5, -0.82, 0.5, 0.9, 0.46, color)
    elif body == "pointed":
        pen.polygon([(-0.22, -0.66), (0.22, -0.66), (0.84, 0.88), (-0.84, 0.88)], color)
        pen.ellipse(0, -0.55, 0.3, 0.24, color)
    if character.belly:
        pen.ellipse(0, 0.5, 0.32 if body == "tall" else 0.42, 0.34, trim)
    draw_eyes(pen, character.eyes, body)


def draw_eyes(pen, count, body):
    y = {"round": -0.16, "square": -0.22, "tall": -0.36, "pointed": -0.26}[body]
    radius = {1: 0.31, 2: 0.21, 3: 0.17}[count]
    places = {1: (0,), 2: (-0.27, 0.27), 3: (-0.4, 0, 0.4)}[count]
    if body in ("tall", "pointed") and count > 1:
        places, radius = [x * 0.75 for x in places], radius * 0.85
    for x in places:
        pen.ellipse(x, y, radius, radius, WHITE)
        pen.ellipse(x + 0.02, y + 0.02, radius * 0.52, radius * 0.52, DARK)


def random_character(rng, background_color):
    """Any character whose colour differs from the background's and which is no subject's twin."""
    while True:
        color, trim = (str(name) for name in rng.choice(COLORS, 2, replace=False))
        if color != background_color and {color, trim} != {"yellow", "blue"}:
            break
    return Character(
        color=color,
        trim=trim,
        body=str(rng.choice(BODIES)),
        ears=str(rng.choice(EARS)),
        eyes=int(rng.choice([1, 2, 3], p=[0.3, 0.4, 0.3])),
        belly=bool(rng.random() < 0.6),
    )


def random_plan(rng, characters, things):
    """A scene's plan; `characters` and `things` are their shares of all scenes."""
    u = rng.random()
    background_color = str(rng.choice(COLORS))
    sizes = [0.0, 0.4, 0.6] if u < characters else [0.2, 0.45, 0.35]
    size = str(rng.choice(list(RADII), p=sizes))
    horizontal = str(rng.choice(list(CENTER_X), p=[0.25, 0.5, 0.25]))
    vertical = str(rng.choice(list(CENTER_Y), p=[0.15, 0.7, 0.15]))
    if size == "large":
        horizontal = "center" if rng.random() < 0.6 else horizontal
        vertical = "middle"
    scene = Scene("character", background_color, "", size, horizontal, vertical)
    if u < characters:
        scene.character = random_character(rng, background_color)
        scene.color = scene.character.color
    else:
        scene.kind = str(rng.choice(THINGS if u < characters + things else SHAPES))
        scene.color = str(rng.choice([name for name in COLORS if name != background_color]))
    return scene


def draw(scene, rng):
    """Draws the plan, with its place, size, tilt and colour varied a little."""
    x = rng.uniform(*CENTER_X[scene.horizontal])
    y = rng.uniform(*CENTER_Y[scene.vertical])
    radius = rng.uniform(*RADII[scene.size])
    # Whole on the picture, ears and all.
    x = min(max(x, 0.98 * radius), SIZE - 0.98 * radius)
    y = min(max(y, 1.08 * radius), SIZE - 1.04 * radius)
    image = background(scene.background, rng)
    pen = Pen(image, x, y, radius, rng.uniform(-0.12, 0.12), mirrored=rng.random() < 0.5)
    color = tuple(int(np.clip(v + rng.uniform(-10, 10), 0, 255)) for v in PALETTE[scene.color])
    if scene.character:
        draw_character(pen, scene.character)
    elif scene.kind == "ring":
        draw_ring(image, x, y, radius, color)
    elif scene.kind in SHAPES:
        draw_shape(pen, scene.kind, color)
    else:
        draw_thing(pen, scene.kind, color, scene.color)
    return finish(image)


def article(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


def describe_character(character, rng):
    """`blue square character with cat ears and two eyes`, with parts left out at random."""
    adjectives = [character.color] if rng.random() < 0.9 else []
    adjectives += [character.body] if rng.random() < 0.5 else []
    parts = []
    if character.ears != "no ears" and rng.random() < 0.85:
        parts.append(character.ears)
    if rng.random() < 0.8:
        parts.append(EYES[character.eyes])
    if character.belly and rng.random() < 0.8:
        belly = f"{character.trim} belly"
        parts.append(article(belly) if rng.random() < 0.5 else belly)
    words = " ".join(adjectives + ["character"])
    if rng.random() < 0.1:
        words = f"{rng.choice(UNKNOWN_WORDS)} {words}"
    return words + (" with " + " and ".join(parts) if parts else "")


def describe(scene, rng):
    """A caption in one of a few forms. Most name the background, and a place other than the middle."""
    if scene.character:
        words = describe_character(scene.character, rng)
    else:
        words = f"{scene.color} {scene.kind}" if rng.random() < 0.95 else scene.kind
    names_size = rng.random() < 0.2
    if names_size:
        words = f"{scene.size} {words}"
    caption = str(rng.choice(["a photo of ", "a photo of ", "a drawing of ", ""])) + article(words)
    if rng.random() < 0.95:
        caption += f" on {article(scene.background)} background"
    if not names_size and rng.random() < 0.3:
        caption += f", {scene.size}"
    for place, usual in ((scene.horizontal, "center"), (scene.vertical, "middle")):
        if rng.random() < (0.1 if place == usual else 0.75):
            caption += f", {place}"
    return caption


def random_scene(rng, characters=0.6, things=0.15):
    """A drawn and captioned scene."""
    scene = random_plan(rng, characters, things)
    scene.picture = draw(scene, rng)
    scene.caption = describe(scene, rng)
    return scene
