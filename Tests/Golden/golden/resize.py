"""An image scaled by Pillow, with the bicubic filter of image editors and other trainers."""

import PIL
import torch
from PIL import Image

from .fixture import generator, write

WIDTH, HEIGHT = 45, 31
SIZES = {"smaller": (25, 17), "larger": (64, 44)}


def make(output, options):
    """Writes resize/: waves with some noise, away from black and white."""
    folder = output / "resize"
    rng = generator("resize/picture")
    x, y = torch.arange(WIDTH).view(1, -1, 1), torch.arange(HEIGHT).view(-1, 1, 1)
    waves = torch.sin(x / 5 + torch.arange(3)) * torch.cos(y / 4)
    noise = torch.rand((HEIGHT, WIDTH, 3), generator=rng) - 0.5
    pixels = (128 + 60 * waves + 40 * noise).round().to(torch.uint8)
    image = Image.fromarray(pixels.numpy())
    tensors = {"in.pixels": pixels}
    for name, size in SIZES.items():
        resized = image.resize(size, Image.Resampling.BICUBIC)
        values = torch.frombuffer(bytearray(resized.tobytes()), dtype=torch.uint8)
        tensors[f"out.{name}"] = values.view(size[1], size[0], 3)
    write(folder / "picture", tensors, f"PIL.Image.resize of Pillow {PIL.__version__}", {})
