#!/usr/bin/env python3
"""Makes the reference fixtures beside this file: `make.py [GROUP ...]`, all groups by default."""

import argparse
import importlib
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# In this order, because models, pictures, drawings, training, lora, single_file and adapters load the
# models that tiny_sdxl and tiny_refiner write.
GROUPS = [
    "blocks", "tiny_sdxl", "tiny_refiner", "models", "schedules", "optimizer", "pictures", "drawings",
    "embeddings", "training", "text_training", "objective", "keys", "lora", "tokens", "resize", "buckets",
    "masks", "single_file", "adapters", "tools", "events", "kinds", "dropout", "kind_pictures",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=" ".join(GROUPS))
    parser.add_argument("--output", type=Path, default=HERE)
    parser.add_argument("--clip-bpe", type=Path, 
                        default=HERE.parents[1] / "Sources" / "CLIPVocabulary" / "Vocabulary")
    options = parser.parse_args()
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")

    sys.path.insert(0, str(HERE))
    import torch

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    # Trainers that are not on PyPI are there only if their folders are named.
    named = "SD_SCRIPTS" in os.environ
    usual = [group for group in GROUPS if named or group not in ("objective", "dropout")]
    for group in options.groups or usual:
        print(f"make.py: {group}", file=sys.stderr)
        importlib.import_module(f"golden.{group}").make(options.output, options)


if __name__ == "__main__":
    main()
