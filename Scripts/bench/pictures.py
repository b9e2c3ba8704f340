"""A dataset of noise images. Their content does not affect the speed of training."""

import numpy
from PIL import Image

CAPTIONS = ["a photo of sks noise", "sks noise on a table", "a close picture of sks noise",
            "sks noise from above"]


def write_images(folder, resolution, count=len(CAPTIONS)):
    """Writes square images of the given side in pixels, each with a caption of its own."""
    folder.mkdir(parents=True)
    rng = numpy.random.default_rng(0)
    for index in range(count):
        pixels = rng.integers(0, 256, (resolution, resolution, 3), dtype=numpy.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
        caption = f"{CAPTIONS[index % len(CAPTIONS)]}, number {index}"
        (folder / f"{index}.txt").write_text(caption + "\n", encoding="utf-8")
