#!/usr/bin/env python3
"""Checks that TensorBoard reads the event files of a training, also of one that was resumed.

LORA_TRAIN is the path of the lora-train binary. Run it with the Python of Scripts/python-environment.
"""

import io
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.plugins.text.text_plugin import text_array_to_html
from tensorboard.util import tensor_util

from support import ROOT, Failure, lora_train, program, require_program, run, run_checks

STEPS = 6
CURVES = {
    "loss/train": "loss", "loss/instance": "instance_loss", "loss/prior": "prior_loss",
    "learning_rate/unet": "learning_rate", "gradient_norm": "grad_norm", "seconds_per_step": "seconds",
}


class Fixture:
    """A training that lost its last checkpoint and was resumed from the one before."""

    def __init__(self, folder):
        self.root, self.logs = folder / "project", folder / "logs"
        lora_train(
            "--root", self.root, "--subject", "dhoni", "--dataset", ROOT / "Datasets" / "dhoni",
            "--model", ROOT / "Checkpoints" / "base" / "demo", "--steps", STEPS,
            "--learning-rate-warmup-steps", 0, "--prior-images", 4, "--checkpoint-every", 2,
            "--sample-every", 2, "--sample-steps", 1, "--validate-every", 3,
            "--tensorboard", self.logs)
        for step in (4, 6):
            shutil.rmtree(self.run / f"step-{step:06}")
        run(program(), "resume", "1", "--root", self.root)
        self.events = EventAccumulator(str(self.logs / "dhoni" / "run-1"))
        self.events.Reload()
        shown = subprocess.run(
            [program(), "show", "latest", "--json", "--root", self.root],
            capture_output=True, text=True, check=True)
        self.shown = json.loads(shown.stdout)

    @property
    def run(self):
        return self.root / "dhoni" / "run-1"

    def values(self, tag):
        """The steps and values of a tag, as TensorBoard has them."""
        tensors = self.events.Tensors(tag)
        return [(e.step, tensor_util.make_ndarray(e.tensor_proto)) for e in tensors]


def expect(found, expected, what):
    if found != expected:
        raise Failure(f"{what}: {found} instead of {expected}")


def curves(fixture):
    """the curves of a resumed run have each step once, with the recorded values"""
    for tag, key in CURVES.items():
        points = fixture.values(tag)
        expect([step for step, _ in points], list(range(1, STEPS + 1)), tag)
        for (step, value), record in zip(points, fixture.shown["losses"], strict=True):
            if abs(float(value) - record[key]) > 1e-6 * abs(record[key]):
                raise Failure(f"{tag} at {step}: {value} instead of {record[key]}")
    return f"{len(CURVES)} curves of {STEPS} steps"


def validation(fixture):
    """the validation losses are curves, too"""
    for tag, key in (("loss/validation", "loss"), ("loss/training_images", "training_loss")):
        points = fixture.values(tag)
        recorded = fixture.shown["validation"]
        expect([step for step, _ in points], [record["step"] for record in recorded], tag)
        for (step, value), record in zip(points, recorded, strict=True):
            if abs(float(value) - record[key]) > 1e-6 * record[key]:
                raise Failure(f"{tag} at {step}: {value} instead of {record[key]}")
    return f"{len(recorded)} validations"


def samples(fixture):
    """the sample grids are pictures"""
    grids = fixture.values("samples")
    expect([step for step, _ in grids], [0, 2, 4, 6], "samples")
    for step, value in grids:
        width, height, png = value[0], value[1], value[2]
        picture = Image.open(io.BytesIO(png))
        expect(picture.size, (int(width), int(height)), f"the size of step {step}")
        file = (fixture.run / "samples" / f"step-{step:06}.png").read_bytes()
        expect(png == file, True, f"the bytes of step {step}")
    metadata = fixture.events.SummaryMetadata("samples")
    expect(metadata.plugin_data.plugin_name, "images", "the plugin of samples")
    return f"{len(grids)} grids"


def settings(fixture):
    """the settings are a table of the text plugin"""
    texts = fixture.values("settings")
    expect([step for step, _ in texts], [0, 3], "settings")
    metadata = fixture.events.SummaryMetadata("settings")
    expect(metadata.plugin_data.plugin_name, "text", "the plugin of settings")
    html = text_array_to_html(texts[-1][1], enable_markdown=True)
    for part in ("<table>", "<td>steps</td>", f"<code>{STEPS}</code>"):
        expect(part in html, True, part)
    return f"{html.count('<tr>') - 1} options"


def main():
    require_program("curves.py")
    with tempfile.TemporaryDirectory() as folder:
        run_checks([curves, validation, samples, settings], Fixture(Path(folder)))


if __name__ == "__main__":
    main()
