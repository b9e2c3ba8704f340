"""Aspect buckets and crops in exact fractions, found by trying every rectangle."""

import json
from fractions import Fraction
from math import floor

STEP = 64
RESOLUTIONS = (512, 768, 1024)
SIZES = [
    # The documented examples.
    (1920, 1080), (3000, 2000), (1080, 1350), (4000, 3000), (1050, 1080), (3000, 4500),
    # Cameras, phones, screens and scans, both ways up.
    (6000, 4000), (4000, 6000), (8256, 5504), (5472, 3648), (4032, 3024), (3024, 4032),
    (4624, 3468), (3840, 2160), (2160, 3840), (1170, 2532), (2796, 1290), (1080, 1920),
    (1280, 720), (720, 1280), (2480, 3508), (2550, 3300), (5000, 2500), (2500, 5000),
    # Sizes of a bucket, sizes a pixel off, and squares.
    (1024, 1024), (1216, 832), (1215, 833), (831, 1217), (3000, 3000), (1023, 1025), (1000, 1000),
    # Long, small and tiny.
    (10000, 500), (300, 9000), (5000, 1000), (640, 480), (480, 640), (500, 500), (333, 777),
    (200, 1500), (1300, 800), (990, 1060), (130, 64), (70, 63), (63, 900), (900, 63), (1, 1),
]


def rectangles(resolution):
    """All rectangles that a bucket may have."""
    sides = range(4 * STEP, 2 * resolution + 1, STEP)
    return {(w, h) for w in sides for h in sides if w * h <= resolution**2}


def buckets(resolution):
    """The rectangles that cannot grow in both directions, and the square."""
    allowed = rectangles(resolution)
    grown = {(w, h) for w, h in allowed if (w, h + STEP) in allowed and (w + STEP, h) in allowed}
    found = (allowed - grown) | {(resolution, resolution)}
    return sorted(found, key=lambda size: (Fraction(*size), size[0] * size[1]))


def distance(size, bucket):
    """exp |log(aspect / aspect)|: 1 for equal aspects."""
    ratio = Fraction(*size) / Fraction(*bucket)
    return max(ratio, 1 / ratio)


def nearest(size, resolution):
    """The nearest bucket. Ties go to the larger area, then to the squarer bucket."""
    return min(
        buckets(resolution), key=lambda b: (distance(size, b), -b[0] * b[1], max(b)))


def not_enlarged(size, resolution):
    """The nearest bucket if the image covers it, else the largest rectangle inside the image."""
    bucket = nearest(size, resolution)
    if bucket[0] <= size[0] and bucket[1] <= size[1]:
        return bucket
    widths, heights = (
        range(STEP, min(2 * resolution, max(STEP, side)) + 1, STEP) for side in size)
    inside = [(w, h) for w in widths for h in heights if w * h <= resolution**2]
    return min(inside, key=lambda b: (-b[0] * b[1], distance(size, b), max(b)))


def crop(size, target):
    """The scaled size, and the top and left of a crop around its centre."""
    scale = max(Fraction(t, s) for t, s in zip(target, size))
    resized = [floor(s * scale + Fraction(1, 2)) for s in size]
    left, top = (floor(Fraction(r - t, 2)) for r, t in zip(resized, target))
    return resized, (top, left)


def make(output, options):
    """Writes buckets.json."""
    images = []
    for resolution in RESOLUTIONS:
        for size in SIZES:
            bucket = nearest(size, resolution)
            resized, offset = crop(size, bucket)
            images.append({
                "resolution": resolution, "size": size, "bucket": bucket, "resized": resized,
                "crop": offset, "not_enlarged": not_enlarged(size, resolution),
            })
    lists = {str(resolution): buckets(resolution) for resolution in RESOLUTIONS}
    lines = ",\n".join(json.dumps(image, separators=(",", ":")) for image in images)
    text = f'{{"lists":{json.dumps(lists, separators=(",", ":"))},\n"images":[\n{lines}]}}\n'
    (output / "buckets.json").write_text(text)
