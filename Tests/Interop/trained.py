#!/usr/bin/env python3
"""Checks that checkpoints of trainings of every kind load in lycoris-lora with no tensor left over, and in
diffusers where that has the kind, and draw there what lora-train draws.

LORA_TRAIN is the path of the lora-train binary. Run it with the Python of Scripts/python-environment.
"""

import sys
import tempfile
from pathlib import Path

import torch
from lycoris.modules import get_module, make_module
from safetensors.torch import load_file

from interop import Fixture, expect_same, load_pipeline
from support import ROOT, Failure, lora_train, program, require_program, run, run_checks

sys.path.insert(0, str(ROOT / "Tests" / "Golden"))
from golden.single_file import unet_names  # noqa: E402

# The options of each training, beside those of all. interop.py trains a plain LoRA.
METHODS = {
    "pissa": ("--adapter-initialization", "pissa"), "rslora": ("--adapter", "rslora"),
    "dora": ("--adapter", "dora"), "loha": ("--adapter", "loha"),
    "lokr": ("--adapter", "lokr", "--lokr-factor", "4", "--lokr-decompose-both"),
}
# In the form of a checkpoint, and of an export. diffusers ignores the magnitudes of a DoRA in kohya's form.
DIFFUSERS = {"pissa": "kohya", "rslora": "kohya", "dora": "diffusers"}
SIZE = 64


class Trainings(Fixture):
    """Checkpoints of two steps with adapters in all layers of the UNet and in both text encoders."""

    def adapter(self, name):
        """The file of a method, trained when it is first asked for."""
        root = self.folder / name
        file = root / "dog" / "run-1" / "step-000002" / "adapter.safetensors"
        if not file.exists():
            lora_train(
                "train", "--subject", "dog", "--dataset", self.dataset, "--model", self.model, "--root", root,
                "--resolution", SIZE, "--steps", "2", "--sample-every", "0", "--rank", "4", "--alpha", "2",
                "--learning-rate", "0.02", "--targets", "full", "--train-text-encoders", "both",
                *METHODS[name])
        return file

    def picture(self, name):
        return self.ours("--model", self.model, "--lora", self.adapter(name), size=SIZE)

    def converted(self, name, form):
        """The file in a form."""
        if form == "kohya":
            return self.adapter(name)
        output = self.folder / f"{name}-{form}.safetensors"
        run(program(), "lora", "convert", self.adapter(name), "--model", self.model, "--format", form,
            "--output", output)
        return output


def layers(pipe):
    """{name in a file of kohya: layer} of the UNet and both text encoders."""
    unet = dict(pipe.unet.named_modules())
    names = unet_names([name for name in unet if name], len(pipe.unet.config.block_out_channels) - 1)
    found = {f"lora_unet_{names[path].replace('.', '_')}": unet[path] for path in names}
    for number, encoder in ((1, pipe.text_encoder), (2, pipe.text_encoder_2)):
        for path, layer in encoder.named_modules():
            found[f"lora_te{number}_text_model_{path.removeprefix('text_model.').replace('.', '_')}"] = layer
    return found


@torch.no_grad()
def lycoris(fixture):
    """trained files of every kind load in lycoris-lora with no tensor left over and draw the same there"""
    count = 0
    for name in METHODS:
        file = load_file(fixture.adapter(name))
        pipe = load_pipeline(fixture.model)
        known, taken = layers(pipe), set()
        for key in sorted({key.split(".", 1)[0] for key in file}):
            if key not in known:
                raise Failure(f"{name}: {key} belongs to no layer")
            adapter = make_module(*get_module(file, key), key, known[key])
            taken |= {f"{key}.{part}" for part in adapter.state_dict()}
            known[key].forward = adapter.eval().forward
        if taken ^ set(file):
            raise Failure(f"{name}: lycoris-lora and the file differ by {sorted(taken ^ set(file))[:4]}")
        expect_same(fixture.picture(name), fixture.theirs(pipe=pipe, size=SIZE), fixture.theirs(size=SIZE))
        count += len(file)
    return f"{len(METHODS)} files, {count} tensors"


def diffusers(fixture):
    """trained LoRAs and rsLoRAs, and DoRAs in the form of diffusers, load in diffusers and draw the same there"""
    for name, form in DIFFUSERS.items():
        theirs = fixture.theirs(fixture.converted(name, form), size=SIZE)
        expect_same(fixture.picture(name), theirs, fixture.theirs(size=SIZE))
    return f"{len(DIFFUSERS)} files"


def main():
    require_program("trained.py")
    with tempfile.TemporaryDirectory() as folder:
        run_checks([lycoris, diffusers], Trainings(Path(folder)))


if __name__ == "__main__":
    main()
