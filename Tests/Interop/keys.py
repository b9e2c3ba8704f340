#!/usr/bin/env python3
"""Checks the names, shapes and strengths in LoRA files by the documented names of other programs.

LORA_TRAIN is the path of the lora-train binary. Run it with the Python of
Scripts/python-environment. The folder keymap has the names. The first checks are of the key map
itself and need no binary.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import safe_open

from keymap.checks import changes, findings, largest_difference
from keymap.files import PARTS, LoRAFile, named_as_diffusers, named_as_sd_scripts
from keymap.model import ATTENTION, SDXL, TEXT, TRANSFORMER, ModelShape, layers
from keymap.programs import PROGRAMS, READERS, adapted_by_sd_scripts
from support import ROOT, Failure, program, require_program, run, run_checks

DEMO = ROOT / "Checkpoints" / "base" / "demo"
LAYERS = layers(SDXL)
KOHYA = READERS["kohya"]
# The largest relative difference of a layer's update after a conversion, in each precision.
ROUNDING = {"fp32": 1e-5, "fp16": 2e-3, "bf16": 2e-2}
DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def select(*kinds, of=LAYERS):
    return [layer for layer in of if layer.kind in kinds]


def expect(found, *texts):
    """Fails unless the findings name each of these texts."""
    for text in texts:
        if not any(text in finding for finding in found):
            raise Failure(f"nothing found about \"{text}\"; found: {found or 'nothing'}")


def expect_right(file, of, programs, what="the file"):
    """Fails with the findings about a file, at most five."""
    if found := findings(file, of, programs):
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise Failure(f"{what}: " + "; ".join(found[:5]) + more)


def expect_taken(file, of, **counts):
    """Fails unless a program takes so many tensors of a file."""
    for name, count in counts.items():
        taken = len(PROGRAMS[name.replace("_", "-")](of, file).taken)
        if taken != count:
            raise Failure(f"{name} takes {taken} of {len(file.tensors)} tensors, not {count}")


# Checks of the key map itself


def counts(_):
    """SDXL has the layers that sd-scripts counts"""
    unet = [layer for layer in LAYERS if layer.part == "unet"]
    found = {
        "attention": len(select(ATTENTION)), "transformers": len(select(ATTENTION, TRANSFORMER)),
        "linear": sum(len(layer.shape) == 2 for layer in unet),
        "with convolutions": sum(map(adapted_by_sd_scripts, unet)),
        "te1": sum(layer.part == "te1" for layer in LAYERS),
        "te2": sum(layer.part == "te2" for layer in LAYERS),
        "values at rank 16": sum(
            16 * (layer.shape[0] + layer.shape[1]) for layer in select(ATTENTION, TRANSFORMER)),
    }
    expected = {
        "attention": 560, "transformers": 722, "linear": 743, "with convolutions": 788,
        "te1": 72, "te2": 192, "values at rank 16": 42_557_440,
    }
    if found != expected:
        raise Failure(f"found {found}, expected {expected}")
    return ", ".join(f"{name} {count}" for name, count in found.items())


def demo_shapes(_):
    """the demo model's weights have these names and shapes"""
    expected = {
        f"{PARTS[layer.part]}.{layer.diffusers}": layer.shape
        for layer in layers(ModelShape.of(DEMO))
    }
    found = {}
    for part in PARTS.values():
        path = next((DEMO / part).glob("*.safetensors"))
        with safe_open(path, framework="pt") as file:
            for key in file.keys():
                shape = tuple(file.get_slice(key).get_shape())
                name = key.removesuffix(".weight").removeprefix("text_model.")
                inner = part == "unet" or name.startswith("encoder.")
                if key.endswith(".weight") and len(shape) in (2, 4) and inner:
                    found[f"{part}.{name}"] = shape
    if found != expected:
        names = sorted(found.items() ^ expected.items())[:4]
        raise Failure(f"the weights and the key map differ: {names}")
    return f"{len(found)} layers"


def own_form(_):
    """every program takes sd-scripts' own names"""
    file = named_as_sd_scripts(LAYERS, rank=4, alpha=1)
    programs = [name for name in KOHYA if name != "sd-scripts"]
    expect_right(file, LAYERS, programs)
    adapted = [layer for layer in LAYERS if adapted_by_sd_scripts(layer)]
    expect_right(named_as_sd_scripts(adapted, rank=4, alpha=1), LAYERS, KOHYA)
    return f"{len(file.tensors)} tensors"


def diffusers_blocks(_):
    """a file in kohya's form with diffusers' blocks is taken by all but sd-scripts"""
    of = select(ATTENTION, TRANSFORMER)
    file = named_as_sd_scripts([replace(layer, sgm=layer.diffusers) for layer in of], rank=4)
    expect_taken(file, LAYERS, ComfyUI=2166, A1111=2166, diffusers=2166, sd_scripts=0)
    expect(findings(file, LAYERS, KOHYA), "sd-scripts does not take 2166 of 2166")
    return "sd-scripts takes 0 of 2166 tensors"


def peft_names(_):
    """a file with PEFT's names does not load in ComfyUI, A1111 and sd-scripts"""
    file = named_as_diffusers(select(ATTENTION), rank=4, alpha=4, fill=torch.zeros)
    expect_right(file, LAYERS, ["diffusers"])
    expect_taken(file, LAYERS, ComfyUI=0, A1111=0, sd_scripts=0, diffusers=1120)
    expect(findings(file, LAYERS, KOHYA), "ComfyUI does not take 1120 of 1120")
    return "ComfyUI takes 0 of 1120 tensors"


def lost_alpha(_):
    """alpha in the metadata only is found, four times too strong without it"""
    file = named_as_diffusers(select(ATTENTION), rank=4, alpha=1, fill=torch.zeros)
    expect(
        findings(file, LAYERS, ["diffusers"]), "strength 0.25 in diffusers, 1 in diffusers without")
    beside = named_as_sd_scripts(select(ATTENTION), rank=4)
    both = replace(beside, metadata=file.metadata)
    expect(findings(both, LAYERS, KOHYA), "diffusers refuses the file")
    return "found, and so are alphas beside it"


def faults(_):
    """a wrong name, shape, alpha or layer is found"""
    of = select(ATTENTION, TRANSFORMER)
    right = named_as_sd_scripts(of, rank=4, alpha=2)
    expect_right(right, LAYERS, KOHYA)
    rest = "transformer_blocks_9_attn2_to_k"
    name, twin = f"lora_unet_input_blocks_7_1_{rest}", f"lora_unet_down_blocks_2_attentions_0_{rest}"
    down, up = f"{name}.lora_down.weight", f"{name}.lora_up.weight"

    def changed(**tensors):
        return replace(right, tensors={**right.tensors, **tensors})

    exchanged = right.replacing("blocks_7", "blocks_0").replacing("blocks_4", "blocks_7")
    second = {f"{twin}.lora_down.weight": right.tensors[down]}
    second[f"{twin}.lora_up.weight"] = right.tensors[up]
    cases = [
        (right.replacing("blocks_9_attn2", "blocks_10_attn2"), "ComfyUI does not take"),
        (right.replacing("lora_unet_input_blocks_7", "lora_unet_input_blocks_3"), "blocks_3_1_"),
        (exchanged.replacing("blocks_0", "blocks_4"), "has shape (4, 640)"),
        (changed(**{down: right.tensors[down].T}), "(2048, 4)"),
        (changed(**{f"{name}.alpha": torch.ones(1)}), "a single number"),
        (right.without(up), "ComfyUI does not take 2 of 2165"),
        (changed(**second), "ComfyUI has several tensors for input_blocks.7.1"),
        (changed(**second), "gets nothing in diffusers"),
        (LoRAFile({}), "no layer"),
    ]
    for file, text in cases:
        expect(findings(file, LAYERS, KOHYA), text)
    one, other = (named_as_sd_scripts(of, 1, alpha, fill=torch.ones) for alpha in (1, 2))
    half = largest_difference(changes(one, of, "ComfyUI"), changes(other, of, "ComfyUI"))
    if abs(half - 0.5) > 1e-6:
        raise Failure(f"half the alpha changes the updates by {half}, not by a half")
    return f"{len(cases)} faults"


# Checks of a run on the demo model


class Fixture:
    """A folder, and in it the checkpoint of a tiny run on the demo model that adapts every linear
    layer of the transformers. Its alpha is a quarter of its rank."""

    TARGETS = [
        "to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out",
    ]
    RANK, ALPHA = 4, 1

    def __init__(self, folder):
        self.folder, self.root = folder, folder / "root"
        self.layers = layers(ModelShape.of(DEMO))
        self.adapted = select(ATTENTION, TRANSFORMER, of=self.layers)
        self.trained = None

    def adapter(self):
        """The checkpoint's file. The first call trains."""
        if self.trained is None:
            targets = [word for name in self.TARGETS for word in ("--lora-target", name)]
            run(
                program(), "train", "--root", self.root, "--subject", "keys", "--model", DEMO,
                "--dataset", ROOT / "Datasets" / "dhoni", "--steps", 2, "--rank", self.RANK,
                "--alpha", self.ALPHA, *targets, "--learning-rate", 0.01, "--prior-images", 0,
                "--sample-every", 0, "--validate-every", 0, "--device", "cpu",
            )
            found = sorted(self.root.glob("keys/run-*/step-000002/adapter.safetensors"))
            if len(found) != 1:
                raise Failure(f"expected one adapter under {self.root}, found {len(found)}")
            self.trained = LoRAFile.read(found[0])
        return self.trained

    def export(self, form):
        """The file that `export` writes, which must add the same to the model as the checkpoint."""
        adapter = self.adapter()
        output = self.folder / (form if form == "peft" else f"{form}.safetensors")
        run(
            program(), "export", "latest", "--root", self.root, "--format", form, "--output",
            output,
        )
        file, = read_all(output)
        expect_right(file, self.layers, READERS[form], f"the {form} export")
        ours = changes(file, self.layers, READERS[form][0])
        change = largest_difference(ours, changes(adapter, self.layers, "ComfyUI"))
        if not change <= ROUNDING["fp32"]:
            raise Failure(f"the {form} export changes an update by {change:.1e}")
        return f"{len(file.tensors)} tensors, updates within {change:.1e}"


def read_all(path):
    """The LoRA files at a path: the file, or those in the folder."""
    paths = sorted(path.rglob("*.safetensors")) if path.is_dir() else [path]
    if not paths or not paths[0].exists():
        raise Failure(f"there is no .safetensors file at {path.name}")
    return [LoRAFile.read(path) for path in paths]


def checkpoint(fixture):
    """adapter.safetensors of a run has sd-scripts' names, shapes and strengths"""
    file = fixture.adapter()
    expect_right(file, fixture.layers, KOHYA, "adapter.safetensors")
    expected = named_as_sd_scripts(fixture.adapted, fixture.RANK, fixture.ALPHA)
    expect_equal_sets(file, expected)
    update = PROGRAMS["ComfyUI"](fixture.layers, file).layers[fixture.adapted[0]][0]
    if update.strength != fixture.ALPHA / fixture.RANK:
        raise Failure(f"the strength is {update.strength}, not {fixture.ALPHA / fixture.RANK}")
    return f"{len(file.tensors)} tensors, strength {update.strength}"


def kohya_export(fixture):
    """the kohya export gives every program the same strengths"""
    return fixture.export("kohya")


def diffusers_export(fixture):
    """the diffusers export has the same strengths, also without its metadata"""
    return fixture.export("diffusers")


def peft_export(fixture):
    """the PEFT export has the same strengths"""
    return fixture.export("peft")


# Checks of conversions of a LoRA with SDXL's shape


def expect_equal_sets(file, expected):
    """Fails unless the files have the same tensors with the same shapes."""
    ours, theirs = file.shapes, expected.shapes
    missing, added = theirs.keys() - ours.keys(), ours.keys() - theirs.keys()
    for what, keys in (("lacks", missing), ("also has", added)):
        if keys:
            raise Failure(f"the file {what} {len(keys)} tensors, such as {sorted(keys)[0]}")
    for key, shape in theirs.items():
        if ours[key] != shape:
            raise Failure(f"{key} has shape {ours[key]}, and sd-scripts' has {shape}")


def convert(fixture, source, form, precision="fp32"):
    """The files that `lora convert` writes."""
    name = f"{source.stem}-{form}-{precision}"
    output = fixture.folder / (name if form == "peft" else f"{name}.safetensors")
    run(
        program(), "lora", "convert", source, "--format", form, "--precision", precision,
        "--output", output,
    )
    return output, read_all(output)


def conversions(fixture, of, precisions=("fp32",)):
    """Converts a LoRA of these layers from diffusers' form to kohya's, and on to the others."""
    torch.manual_seed(5)
    original = named_as_diffusers(of, rank=1, alpha=0.5)
    source = fixture.folder / f"sdxl-{len(of)}.safetensors"
    original.write(source)
    wanted, worst = changes(original, of, "diffusers"), 0.0

    def check(files, form, precision):
        nonlocal worst
        added = {}
        for file in files:
            expect_right(file, of, READERS[form], f"{form} in {precision}")
            found = {tensor.dtype for key, tensor in file.tensors.items() if "alpha" not in key}
            if found != {DTYPES[precision]}:
                raise Failure(f"{form} in {precision} has tensors of {found}")
            added |= changes(file, of, READERS[form][0])
        change = largest_difference(added, wanted)
        if not change <= ROUNDING[precision]:
            raise Failure(f"{form} in {precision} changes an update by {change:.1e}")
        worst = max(worst, change / ROUNDING[precision])

    for precision in precisions:
        kohya, files = convert(fixture, source, "kohya", precision)
        check(files, "kohya", precision)
        expect_equal_sets(files[0], named_as_sd_scripts(of, rank=1, alpha=0.5))
        for form in ("diffusers", "peft"):
            check(convert(fixture, kohya, form, precision)[1], form, precision)
    modules, tensors = len(of), len(files[0].tensors)
    return f"{modules} modules, {tensors} tensors, updates within {worst:.0%} of the tolerance"


def attention_set(fixture):
    """SDXL's attention layers convert to sd-scripts' names and back"""
    return conversions(fixture, select(ATTENTION))


def transformer_set(fixture):
    """so do its feed-forward and projection layers"""
    return conversions(fixture, select(ATTENTION, TRANSFORMER))


def full_set(fixture):
    """so do both text encoders, also in fp16 and bf16"""
    return conversions(fixture, select(ATTENTION, TRANSFORMER, TEXT), DTYPES)


CHECKS = [
    counts, demo_shapes, own_form, diffusers_blocks, peft_names, lost_alpha, faults, checkpoint,
    kohya_export, diffusers_export, peft_export, attention_set, transformer_set, full_set,
]


def main():
    require_program("keys.py")
    with tempfile.TemporaryDirectory() as folder:
        run_checks(CHECKS, Fixture(Path(folder)))


if __name__ == "__main__":
    main()
