"""The drawn subjects of the demonstration: dhoni, a cartoon cricketer, a teapot and a rocket.

All are made of a few large flat areas, because the demonstration's model sees 64 x 64 pixels and its
adapter repaints no part smaller than about 8 of them. A figure is drawn in its own coordinates: the
origin is its middle, y points down, and it spans about [-1, 1] in height.
"""

import math
from dataclasses import dataclass

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]

SUPERSAMPLING = 4

HELMET, PEAK = (36, 76, 206), (20, 40, 124)
SKIN, EYE_WHITE, EYE = (198, 132, 84), (250, 250, 250), (28, 24, 28)
SHIRT, SLEEVE = (250, 208, 30), (226, 172, 16)
TROUSERS, PAD_EDGE, SHOE = (250, 250, 246), (196, 202, 214), (52, 56, 72)
BAT, GRIP = (232, 190, 122), (70, 50, 40)

POT, POT_LIGHT = (126, 48, 172), (168, 104, 208)
TRIM, TRIM_DARK = (246, 140, 30), (214, 106, 14)

HULL, HULL_LIGHT = (64, 200, 212), (150, 232, 238)
FIN, FIN_DARK = (214, 30, 48), (168, 16, 38)
RIM, WINDOW = (250, 250, 246), (36, 40, 66)
FLAME = (255, 236, 176)


@dataclass(frozen=True)
class Pose:
    """Where and how a figure stands: `x`, `y` and `size` (half its height) in parts of the picture's
    side, `tilt` in degrees clockwise, `action` one of the subject's own (ACTIONS)."""

    action: str
    x: float = 0.5
    y: float = 0.5
    size: float = 0.35
    tilt: float = 0.0
    mirrored: bool = False


class Figure:
    """Draws polygons of figure coordinates: their colours over black, and where they are."""

    def __init__(self, side: int, pose: Pose):
        self.side, self.pose = side, pose
        fine = (side * SUPERSAMPLING, side * SUPERSAMPLING)
        self.fine_colour, self.fine_mask = Image.new("RGB", fine), Image.new("L", fine)
        self.pens = ImageDraw.Draw(self.fine_colour), ImageDraw.Draw(self.fine_mask)
        self.cosine = math.cos(math.radians(pose.tilt))
        self.sine = math.sin(math.radians(pose.tilt))

    def polygon(self, points: list[Point], colour: Colour):
        placed = [self._place(x, y) for x, y in points]
        self.pens[0].polygon(placed, fill=colour)
        self.pens[1].polygon(placed, fill=255)

    def ellipse(self, x: float, y: float, a: float, b: float, colour: Colour,
                start: float = 0, end: float = 360):
        """The ellipse of half axes a and b, or its part from one angle to another (0 is right, 90 down)."""
        angles = [math.radians(start + (end - start) * i / 72) for i in range(73)]
        self.polygon([(x + a * math.cos(t), y + b * math.sin(t)) for t in angles], colour)

    def box(self, left: float, top: float, right: float, bottom: float, radius: float, colour: Colour):
        """A rectangle with round corners."""
        corners = [(right - radius, top + radius, -90), (right - radius, bottom - radius, 0),
                   (left + radius, bottom - radius, 90), (left + radius, top + radius, 180)]
        angles = [(x, y, math.radians(start + 10 * i)) for x, y, start in corners for i in range(10)]
        self.polygon([(x + radius * math.cos(t), y + radius * math.sin(t)) for x, y, t in angles], colour)

    def bar(self, start: Point, end: Point, width: float, colour: Colour, round_ends: bool = True):
        """A thick line."""
        (x0, y0), (x1, y1) = start, end
        length = math.hypot(x1 - x0, y1 - y0)
        u, v = (x1 - x0) / length * width / 2, (y1 - y0) / length * width / 2
        self.polygon([(x0 - v, y0 + u), (x1 - v, y1 + u), (x1 + v, y1 - u), (x0 + v, y0 - u)], colour)
        if round_ends:
            for x, y in (start, end):
                self.ellipse(x, y, width / 2, width / 2, colour)

    def hole(self, x: float, y: float, a: float, b: float):
        """An ellipse through which the background is seen."""
        angles = [math.radians(5 * i) for i in range(72)]
        placed = [self._place(x + a * math.cos(t), y + b * math.sin(t)) for t in angles]
        self.pens[0].polygon(placed, fill=0)
        self.pens[1].polygon(placed, fill=0)

    def matte(self) -> tuple[Image.Image, Image.Image]:
        """The colours over black, and the coverage (0 to 255), at the picture's own size."""
        return self.fine_colour.reduce(SUPERSAMPLING), self.fine_mask.reduce(SUPERSAMPLING)

    def over(self, background: Image.Image) -> Image.Image:
        """The figure on a background of the picture's own size."""
        fine = background.resize(self.fine_mask.size, Image.Resampling.NEAREST)
        return Image.composite(self.fine_colour, fine, self.fine_mask).reduce(SUPERSAMPLING)

    def _place(self, x: float, y: float) -> Point:
        pose, scale = self.pose, self.pose.size * self.fine_mask.width
        x = -x if pose.mirrored else x
        return (pose.x * self.fine_mask.width + scale * (x * self.cosine - y * self.sine),
                pose.y * self.fine_mask.width + scale * (x * self.sine + y * self.cosine))


# The hand that holds the bat, and the bat's far end.
BATS = {
    "raised": ((0.66, 0.26), (0.90, -0.86)),
    "upright": ((0.70, 0.08), (0.80, 1.00)),
    "lowered": ((0.60, 0.16), (1.10, 0.98)),
}


def draw_dhoni(figure: Figure):
    """Blue helmet around a face, yellow shirt, white trousers and a broad wooden bat."""
    hand, tip = BATS[figure.pose.action]
    for side in (-1, 1):
        figure.box(side * 0.28 - 0.29, 0.50, side * 0.28 + 0.29, 0.96, 0.10, PAD_EDGE)
        figure.box(side * 0.28 - 0.22, 0.50, side * 0.28 + 0.22, 0.90, 0.08, TROUSERS)
        figure.box(side * 0.30 - 0.29, 0.86, side * 0.30 + 0.29, 1.00, 0.07, SHOE)
    figure.bar((-0.42, 0.10), (-0.64, 0.40), 0.26, SLEEVE)
    figure.ellipse(-0.67, 0.46, 0.14, 0.14, SKIN)
    figure.box(-0.56, -0.10, 0.56, 0.62, 0.20, SHIRT)

    blade = tuple(h + 0.16 * (t - h) for h, t in zip(hand, tip))
    figure.bar(hand, blade, 0.16, GRIP)
    figure.bar(blade, tip, 0.40, BAT, round_ends=False)
    figure.bar((0.42, 0.10), hand, 0.26, SLEEVE)
    figure.ellipse(*hand, 0.14, 0.14, SKIN)

    figure.ellipse(0, -0.42, 0.60, 0.42, HELMET)
    figure.ellipse(0.06, -0.34, 0.45, 0.36, SKIN)
    for side in (-1, 1):
        figure.ellipse(side * 0.18 + 0.10, -0.26, 0.13, 0.15, EYE_WHITE)
        figure.ellipse(side * 0.18 + 0.13, -0.25, 0.08, 0.11, EYE)
    figure.ellipse(0, -0.46, 0.60, 0.56, HELMET, start=180, end=360)
    figure.box(-0.60, -0.54, 0.80, -0.40, 0.07, PEAK)


# How far the lid is above the pot.
LIDS = {"closed": 0.0, "open": 0.22}


def draw_teapot(figure: Figure):
    """A round purple pot with an orange lid, handle, spout and foot."""
    lift = LIDS[figure.pose.action]
    figure.box(-0.50, 0.76, 0.50, 1.00, 0.10, TRIM_DARK)
    figure.ellipse(-0.74, 0.16, 0.46, 0.46, TRIM)
    figure.hole(-0.74, 0.16, 0.22, 0.22)
    figure.polygon([(0.50, 0.10), (0.60, 0.66), (1.06, -0.02), (1.24, -0.30), (0.86, -0.34)], TRIM)
    figure.ellipse(0, 0.24, 0.80, 0.64, POT)
    figure.ellipse(-0.26, 0.02, 0.30, 0.20, POT_LIGHT)
    figure.ellipse(0, -0.30 - lift, 0.56, 0.40, TRIM, start=180, end=360)
    figure.box(-0.60, -0.36 - lift, 0.60, -0.22 - lift, 0.07, TRIM_DARK)
    figure.ellipse(0, -0.76 - lift, 0.18, 0.18, TRIM_DARK)


# How far the flame reaches below the engine.
FLAMES = {"standing": 0.0, "flying": 0.40}


def draw_rocket(figure: Figure):
    """A cyan rocket with a red nose and red fins, a dark window and, when it flies, a pale flame."""
    flame = FLAMES[figure.pose.action]
    if flame:
        figure.polygon([(-0.30, 0.80), (-0.16, 0.84 + 0.6 * flame), (0, 0.84 + flame),
                        (0.16, 0.84 + 0.6 * flame), (0.30, 0.80)], FLAME)
    for side in (-1, 1):
        figure.polygon([(side * 0.34, 0.10), (side * 0.90, 0.52), (side * 0.90, 1.00),
                        (side * 0.30, 0.74)], FIN)
    figure.box(-0.32, 0.70, 0.32, 0.90, 0.06, FIN_DARK)
    figure.box(-0.46, -0.52, 0.46, 0.78, 0.14, HULL)
    figure.box(-0.36, -0.36, -0.18, 0.62, 0.08, HULL_LIGHT)
    figure.polygon([(-0.50, -0.34), (-0.42, -0.66), (-0.22, -0.94), (0, -1.10), (0.22, -0.94),
                    (0.42, -0.66), (0.50, -0.34)], FIN)
    figure.ellipse(0.06, 0.12, 0.27, 0.27, RIM)
    figure.ellipse(0.06, 0.12, 0.18, 0.18, WINDOW)


SUBJECTS = {"dhoni": draw_dhoni, "teapot": draw_teapot, "rocket": draw_rocket}


def draw(subject: str, side: int, pose: Pose) -> Figure:
    """The subject in a square picture of `side` pixels."""
    figure = Figure(side, pose)
    SUBJECTS[subject](figure)
    return figure
