"""The parts of a check. As a program it runs one of them: parts.py NAME SETTINGS."""

import importlib
import json
import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "bench"))

from settings import Settings  # noqa: E402

# In the order in which they run, with the module of each and its limit in seconds on a GPU. Their sum is
# more than the 8 minutes of a whole check, which ends at its deadline.
PARTS = {
    "facts": ("facts", 30),
    "tests": ("selftest", 110),
    "model": ("random_model", 30),
    "cold": ("cold", 45),
    "training": ("training", 165),
    "exactness": ("exactness", 50),
    "drawing": ("drawings", 80),
    "kernels": ("micro", 40),
    "profile": ("profiles", 70),
    "demo": ("demo", 45),
    "drift": ("drift", 20),
}
# The limit of a part on the CPU, where the tiny shapes of all parts take less than 2 minutes.
CPU_LIMIT = 150


def emit(row, **values):
    """Prints a record of the part that runs."""
    print(json.dumps({"row": row, **values}), flush=True)


def main(name, settings):
    """Runs a part."""
    importlib.import_module(PARTS[name][0]).main(Settings(**json.loads(settings)), emit)


if __name__ == "__main__":
    main(*sys.argv[1:])
