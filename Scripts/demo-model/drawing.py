"""Flat coloured shapes on a small canvas: polygons drawn large and averaged down."""

import math

import numpy as np
from PIL import Image, ImageDraw

SIZE = 64
OVERSAMPLING = 4

PALETTE = {
    "red": (214, 48, 42),
    "green": (60, 168, 72),
    "blue": (48, 92, 214),
    "yellow": (244, 212, 60),
    "orange": (240, 138, 40),
    "purple": (132, 62, 176),
    "pink": (244, 150, 190),
    "cyan": (70, 204, 214),
    "white": (244, 244, 244),
    "gray": (128, 130, 134),
    "brown": (134, 86, 50),
    "black": (34, 34, 38),
}
COLORS = list(PALETTE)
DARK = (26, 26, 30)
WHITE = (250, 250, 250)


def shade(color, factor):
    """A colour made lighter (factor above 1) or darker."""
    return tuple(int(max(0, min(255, value * factor))) for value in color)


class Pen:
    """Draws in an object's own coordinates: it spans about -1 to 1 both ways, y downwards."""

    def __init__(self, image, x, y, radius, tilt=0.0, mirrored=False):
        """x, y and radius in pixels of the finished picture, tilt in radians."""
        self.draw = ImageDraw.Draw(image)
        self.x, self.y = x * OVERSAMPLING, y * OVERSAMPLING
        self.radius = radius * OVERSAMPLING
        self.cos, self.sin = math.cos(tilt), math.sin(tilt)
        self.side = -1 if mirrored else 1

    def point(self, x, y):
        x *= self.side
        return (
            self.x + self.radius * (x * self.cos - y * self.sin),
            self.y + self.radius * (x * self.sin + y * self.cos),
        )

    def polygon(self, points, fill):
        self.draw.polygon([self.point(*point) for point in points], fill=fill)

    def ellipse(self, x, y, a, b, fill, corners=48):
        angles = [2 * math.pi * i / corners for i in range(corners)]
        self.polygon([(x + a * math.cos(t), y + b * math.sin(t)) for t in angles], fill)

    def rectangle(self, x0, y0, x1, y1, fill):
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], fill)

    def rounded(self, x0, y0, x1, y1, corner, fill):
        """A rectangle with round corners of that radius."""
        centers = (
            (x1 - corner, y0 + corner, -90),
            (x1 - corner, y1 - corner, 0),
            (x0 + corner, y1 - corner, 90),
            (x0 + corner, y0 + corner, 180),
        )
        points = []
        for x, y, start in centers:
            for step in range(9):
                angle = math.radians(start + step * 90 / 8)
                points.append((x + corner * math.cos(angle), y + corner * math.sin(angle)))
        self.polygon(points, fill)

    def line(self, x0, y0, x1, y1, width, fill):
        dx, dy = x1 - x0, y1 - y0
        length = math.hypot(dx, dy)
        nx, ny = -dy / length * width / 2, dx / length * width / 2
        self.polygon(
            [(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)], fill
        )


def background(color, rng):
    """A canvas of a palette colour, slightly off, with a faint gradient in a random direction."""
    strength, angle = rng.uniform(0, 0.12), rng.uniform(0, 2 * math.pi)
    y, x = np.mgrid[0:SIZE, 0:SIZE] / (SIZE - 1) - 0.5
    slope = 1 + strength * (x * math.cos(angle) + y * math.sin(angle)) * 1.6
    pixels = (np.array(PALETTE[color], np.float32) + rng.uniform(-8, 8, 3)) * slope[..., None]
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return image.resize((SIZE * OVERSAMPLING,) * 2, Image.BILINEAR)


def finish(image):
    """The canvas averaged down: [SIZE, SIZE, 3] bytes."""
    return np.asarray(image.reduce(OVERSAMPLING))


def sheet(pictures, columns, scale=2, gap=2):
    """Pictures side by side, for people to look at."""
    rows = -(-len(pictures) // columns)
    side = SIZE + gap
    canvas = np.full((rows * side + gap, columns * side + gap, 3), 255, np.uint8)
    for index, picture in enumerate(pictures):
        y, x = gap + index // columns * side, gap + index % columns * side
        canvas[y : y + SIZE, x : x + SIZE] = picture
    image = Image.fromarray(canvas)
    return image.resize((image.width * scale, image.height * scale), Image.NEAREST)
