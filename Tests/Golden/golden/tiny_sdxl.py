"""tiny-sdxl/: a whole SDXL model folder in fp32, with random weights and CLIP's first 500 merges."""

import torch

from . import sdxl
from .random_weights import write_weights

MERGES = 500


def make(output, options):
    """Writes tiny-sdxl/."""
    folder = output / "tiny-sdxl"
    vocabulary, merges = sdxl.read_bpe(options.clip_bpe, MERGES)
    sdxl.write_surroundings(folder, vocabulary, merges)
    for component, config in sdxl.configs(sdxl.SHAPES["tiny"], len(vocabulary)).items():
        write_weights(folder, component, config, torch.float32)
