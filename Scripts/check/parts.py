"""The parts of a check. As a program it runs one of them: parts.py NAME SETTINGS."""

import importlib
import json
import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "bench"))

from settings import Settings  # noqa: E402

# In the order in which they run, with the module of each, its limit in seconds on a GPU, and on the CPU.
# Their sum is more than the 8 minutes of a whole check, which ends at its deadline.
PARTS = {
    "facts": ("facts", 30, 20),
    "tests": ("selftest", 70, 90),
    "model": ("random_model", 30, 20),
    "cold": ("cold", 40, 20),
    "training": ("training", 140, 60),
    "exactness": ("exactness", 50, 30),
    "drawing": ("drawings", 90, 40),
    "kernels": ("micro", 40, 20),
    "profile": ("profiles", 70, 40),
    "demo": ("demo", 45, 40),
    "drift": ("drift", 20, 20),
}


def emit(row, **values):
    """Prints a record of the part that runs."""
    print(json.dumps({"row": row, **values}), flush=True)


def main(name, settings):
    """Runs a part."""
    importlib.import_module(PARTS[name][0]).main(Settings(**json.loads(settings)), emit)


if __name__ == "__main__":
    main(*sys.argv[1:])
