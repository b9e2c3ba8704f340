"""A model of SDXL's structure with random weights, made on the device in seconds."""

import json
import sys
import time
from pathlib import Path

import torch

from settings import ROOT

GOLDEN = ROOT / "Tests/Golden"
sys.path.insert(0, str(GOLDEN))

from golden import sdxl, values  # noqa: E402
from golden.safetensors_file import write_file  # noqa: E402

FILES = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model",
         "text_encoder": "model", "text_encoder_2": "model"}
VOCABULARY = ROOT / "Sources/CLIPVocabulary/Vocabulary"


def main(settings, emit):
    start = time.monotonic()
    form = "full" if settings.is_full else "tiny"
    shapes, configs, vocabulary, merges = full() if settings.is_full else tiny()
    sdxl.write_surroundings(settings.model, vocabulary, merges)
    count = 0
    for index, (component, tensors) in enumerate(shapes.items()):
        sdxl.write_json(settings.model / component / "config.json", configs[component])
        generator = torch.Generator(settings.device).manual_seed(index)
        write(settings.model / component / f"{FILES[component]}.safetensors", component, tensors,
              generator)
        count += sum(torch.Size(shape).numel() for shape in tensors.values())
    emit("model", shape=form, parameters=count, seconds=time.monotonic() - start)


def write(file, component, tensors, generator):
    """Draws and writes the tensors of a component in bfloat16."""
    def tensor(name):
        drawn = values.draw(name, torch.Size(tensors[name]), generator, torch.bfloat16)
        return values.with_gain(component, name, drawn).cpu()

    shapes = {name: (torch.bfloat16, shape) for name, shape in tensors.items()}
    write_file(file, shapes, tensor, {"format": "pt"})


def full():
    """The shapes and configurations of SDXL's published files, and CLIP's vocabulary."""
    folder = GOLDEN / "keys"
    shapes = {name: read(folder / f"sdxl-{name}.keys.json") for name in FILES}
    configs = {name: read(folder / name / "config.json") for name in FILES}
    return shapes, configs, *sdxl.read_bpe(VOCABULARY)


def tiny():
    """Those of the small model of the tests."""
    folder = GOLDEN / "tiny-sdxl"
    shapes, configs = {}, {}
    for name, stem in FILES.items():
        shapes[name] = header(folder / name / f"{stem}.safetensors")
        configs[name] = read(folder / name / "config.json")
    vocabulary = read(folder / "tokenizer/vocab.json")
    lines = (folder / "tokenizer/merges.txt").read_text(encoding="utf-8").splitlines()
    return shapes, configs, vocabulary, lines[1:]


def header(file):
    """The shapes of the tensors of a safetensors file."""
    with open(file, "rb") as data:
        length = int.from_bytes(data.read(8), "little")
        entries = json.loads(data.read(length))
    return {name: entry["shape"] for name, entry in entries.items() if name != "__metadata__"}


def read(file):
    return json.loads(Path(file).read_text(encoding="utf-8"))
