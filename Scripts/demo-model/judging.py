"""Recognises what a 64-pixel picture shows: background, colour, shape, place, and a character's parts.

The same drawings that the model learned from serve as templates: a picture is what it looks like
most. Each judge's accuracy on drawn scenes is measured by `evaluate --calibrate`.
"""

import functools
import itertools

import numpy as np
from PIL import Image

from drawing import COLORS, OVERSAMPLING, PALETTE, SIZE, Pen, finish
from scenes import BODIES, EARS, SHAPES, Character, draw_character, draw_ring, draw_shape

PALETTE_VALUES = np.array([PALETTE[name] for name in COLORS], np.float32)
GRID = 32


def border_color(picture):
    """The median colour of the picture's border: its background."""
    parts = (picture[:5], picture[-3:], picture[:, :4], picture[:, -4:])
    return np.median(np.concatenate([part.reshape(-1, 3) for part in parts]), 0)


def color_name(color):
    """The palette colour nearest to a value."""
    return COLORS[int(np.square(PALETTE_VALUES - color).sum(1).argmin())]


def foreground(picture, threshold=40):
    """Where the picture differs from its background, [SIZE, SIZE]."""
    return np.abs(picture.astype(np.float32) - border_color(picture)).max(-1) > threshold


def cropped(values, mask):
    """What lies in the mask's bounding box, stretched to GRID x GRID."""
    rows, columns = np.where(mask)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    image = Image.fromarray(values).crop(box).resize((GRID, GRID), Image.BILINEAR)
    return np.asarray(image).astype(np.float32)


def canvas(color=(0, 0, 0)):
    return Image.new("RGB", (SIZE * OVERSAMPLING,) * 2, color)


@functools.cache
def shape_templates():
    """Every shape's mask, upright and a little tilted: [(shape, [GRID, GRID])]."""
    templates = []
    for shape, tilt in itertools.product(SHAPES, (-0.1, 0, 0.1)):
        image = canvas()
        if shape == "ring":
            draw_ring(image, 32, 32, 22, (255, 255, 255))
        else:
            draw_shape(Pen(image, 32, 32, 22, tilt), shape, (255, 255, 255))
        mask = finish(image).max(-1) > 90
        templates.append((shape, cropped(mask.astype(np.uint8) * 255, mask)))
    return templates


def shape_name(picture):
    """The shape that the foreground's outline looks like most; None: there is nothing."""
    mask = foreground(picture)
    if mask.sum() < 25:
        return None
    outline = cropped(mask.astype(np.uint8) * 255, mask)
    return min(shape_templates(), key=lambda t: np.abs(t[1] - outline).mean())[0]


def edge_steepness(picture):
    """How crisp the outline is: along it, the largest step between neighbouring pixels as a share of
    the contrast between object and background. Drawn shapes have 0.78, and 0.71 after the VAE."""
    mask = foreground(picture)
    if mask.sum() < 25:
        return 0.0
    values = picture.astype(np.float32)
    contrast = np.abs(np.median(values[mask], 0) - border_color(picture)).max()
    steps, outline = np.zeros(mask.shape, np.float32), np.zeros_like(mask)
    steps[:, :-1] = np.abs(values[:, 1:] - values[:, :-1]).max(-1)
    steps[:-1] = np.maximum(steps[:-1], np.abs(values[1:] - values[:-1]).max(-1))
    outline[:, 1:] |= mask[:, 1:] != mask[:, :-1]
    outline[1:] |= mask[1:] != mask[:-1]
    near = np.lib.stride_tricks.sliding_window_view(np.pad(steps, 1), (3, 3)).max((2, 3))
    return float(near[outline].mean() / max(contrast, 1))


def object_color(picture):
    """The palette colour nearest to the foreground's median; None: there is nothing."""
    mask = foreground(picture)
    return color_name(np.median(picture[mask], 0)) if mask.sum() >= 25 else None


def horizontal_place(picture):
    """left, center or right, by the foreground's middle; None: there is nothing."""
    mask = foreground(picture)
    if mask.sum() < 25:
        return None
    middle = np.where(mask)[1].mean()
    return "left" if middle < 26 else "right" if middle > 38 else "center"


@functools.lru_cache(maxsize=512)
def character_templates(color, trim, background):
    """Every body, ears, eyes and belly in these colours: [(parts, [GRID, GRID, 3])]."""
    templates = []
    for body, ears, eyes, belly in itertools.product(BODIES, EARS, (1, 2, 3), (True, False)):
        parts = Character(color, trim, body, ears, eyes, belly)
        for tilt in (-0.08, 0.08):
            image = canvas(PALETTE[background])
            draw_character(Pen(image, 32, 33, 22, tilt), parts)
            picture = finish(image)
            templates.append((parts, cropped(picture, foreground(picture))))
    return templates


def character_parts(picture, color, trim, background):
    """The parts of the character in these colours that the picture looks like most, or None."""
    mask = foreground(picture)
    if mask.sum() < 60:
        return None
    view = cropped(picture, mask)
    templates = character_templates(color, trim, background)
    errors = [np.square(template - view).mean() for _, template in templates]
    return templates[int(np.argmin(errors))][0]
