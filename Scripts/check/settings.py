"""What a check works with: programs, models, shapes and numbers of steps."""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What Scripts/bundle puts beside this copy of the repository.
BUNDLE = ROOT.parent


@dataclass(frozen=True)
class Settings:
    """Paths as strings, so that a part gets them as JSON in its own process."""

    device: str  # cpu or cuda
    program: str  # lora-train, or the bundle's script that starts it
    tests: str  # the program of the Swift tests, or the bundle's script that starts it
    scratch: str  # a folder for models and runs, removed at the end
    output: str  # the folder for results

    @property
    def is_full(self):
        """Whether the models have SDXL's size. On the CPU everything is tiny."""
        return self.device == "cuda"

    def pick(self, full, tiny):
        """A value for SDXL on a GPU, or for the dry run on the CPU."""
        return full if self.is_full else tiny

    @property
    def precision(self):
        """That of most trainings and pictures."""
        return self.pick("bf16", "fp32")

    @property
    def resolution(self):
        """The side of training images and pictures, in pixels."""
        return self.pick(1024, 64)

    @property
    def rank(self):
        return self.pick(16, 4)

    @property
    def model(self):
        """The folder of the random model."""
        return Path(self.scratch) / "model"

    def text(self):
        return json.dumps(asdict(self))


def find_program():
    """lora-train of the environment, of a bundle, or of this checkout."""
    places = [os.environ.get("LORA_TRAIN"), in_bundle("run"), ROOT / ".build/release/lora-train",
              ROOT / ".build/debug/lora-train"]
    return first(places, "lora-train is not built; run make build")


def find_tests():
    """The tests of a bundle or of this checkout."""
    places = [in_bundle("run-tests"), ROOT / ".build/debug/lora-trainPackageTests.xctest"]
    return first(places, "the tests are not built; run swift build --build-tests")


def in_bundle(name):
    """A file of the bundle that this copy of the repository is in; None in a checkout."""
    return BUNDLE / name if (BUNDLE / "TORCH_VERSION").is_file() else None


def first(places, problem):
    """The first of these files that exists."""
    for place in places:
        if place and Path(place).is_file():
            return str(Path(place).resolve())
    sys.exit(f"gpu-check: {problem}")
