#!/usr/bin/env python3
"""Checks that LoRA files and pictures agree with diffusers and peft, in both directions.

LORA_TRAIN is the path of the lora-train binary. Run it with the Python of Scripts/python-environment.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy
import torch
from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
from diffusers.training_utils import _collate_lora_metadata
from diffusers.utils.state_dict_utils import convert_state_dict_to_kohya
from peft import LoraConfig, PeftModel, get_peft_model
from peft.utils import get_peft_model_state_dict
from PIL import Image
from safetensors.torch import load_file, save_file

from support import ROOT, Failure, lora_train, program, require_program, run, run_checks

sys.path.insert(0, str(ROOT / "Tests" / "Golden"))
from golden.single_file import check, layout, tensor  # noqa: E402

SIZE, STEPS, SEED, GUIDANCE = 128, 5, 11, 5.0
PROMPT, NEGATIVE = "a photo of sks dog on the beach", "blurry, low quality"
DEMO_PROMPT = "a photo of dhoni character on a pink background"
TOLERANCE = 2
# The least change of a pixel, of 255, by which a LoRA or a negative prompt counts as visible.
VISIBLE = 10


def load_pipeline(model):
    pipe = StableDiffusionXLPipeline.from_pretrained(model, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def make_dataset(folder):
    """Writes four images of several shapes, two with captions."""
    folder.mkdir()
    sizes = ((160, 128), (128, 200), (131, 137), (300, 150))
    for number, (width, height) in enumerate(sizes):
        y, x = numpy.mgrid[0:height, 0:width]
        waves = [numpy.sin(x / (9 + number) + c) * numpy.cos(y / (7 + c)) for c in range(3)]
        pixels = (numpy.stack(waves, axis=-1) * 120 + 128).astype(numpy.uint8)
        Image.fromarray(pixels).save(folder / f"image-{number}.png")
    for number in (0, 2):
        (folder / f"image-{number}.txt").write_text(f"a photo of sks dog, pose {number}\n")


def randomize(unet):
    """Gives the matrices of a LoRA random values."""
    rng = torch.Generator("cpu").manual_seed(0)
    with torch.no_grad():
        for key, parameter in unet.named_parameters():
            if "lora_" in key:
                parameter.copy_(torch.randn(parameter.shape, generator=rng) * 0.15)


def save_peft_lora(model, folder):
    """Saves a LoRA with two random matrices and an alpha other than the rank with diffusers."""
    unet = UNet2DConditionModel.from_pretrained(model / "unet")
    unet.add_adapter(
        LoraConfig(r=4, lora_alpha=6, target_modules=["to_q", "to_k", "to_v", "to_out.0"])
    )
    randomize(unet)
    StableDiffusionXLPipeline.save_lora_weights(
        folder,
        unet_lora_layers=get_peft_model_state_dict(unet),
        **_collate_lora_metadata({"unet": unet}),
    )
    return folder / "pytorch_lora_weights.safetensors"


class Fixture:
    """A random model, a dataset, a LoRA and pictures drawn by both programs."""

    def __init__(self, folder):
        self.folder = folder
        self.model, self.dataset, self.root = folder / "model", folder / "dog", folder / "root"
        script = ROOT / "Scripts" / "random-model"
        run(sys.executable, script, "--shape", "tiny", "--output", self.model)
        make_dataset(self.dataset)
        self.lora = save_peft_lora(self.model, folder / "peft")
        self.pipe = load_pipeline(self.model)

    def theirs(self, lora=None, scale=1.0, negative=None, pipe=None, prompt=PROMPT, size=SIZE):
        """The picture of diffusers."""
        pipe = pipe or self.pipe
        if lora is not None:
            pipe.load_lora_weights(lora.parent, weight_name=lora.name, adapter_name="lora")
            pipe.set_adapters(["lora"], [scale])
        picture = pipe(
            prompt, negative_prompt=negative, width=size, height=size, num_inference_steps=STEPS,
            guidance_scale=GUIDANCE, generator=torch.Generator("cpu").manual_seed(SEED),
        ).images[0]
        pipe.unload_lora_weights()
        return picture

    def ours(self, *arguments, prompt=PROMPT, size=SIZE):
        """The picture of `lora-train generate`."""
        path = self.folder / "ours.png"
        path.unlink(missing_ok=True)
        lora_train(
            "generate", "--root", self.root, "--prompt", prompt, "--width", size, "--height", size,
            "--steps", STEPS, "--guidance", GUIDANCE, "--seed", SEED, "--output", path, *arguments,
        )
        if not path.exists():
            raise Failure(f"generate succeeded but wrote no {path.name}")
        return Image.open(path)


def largest_difference(one, other):
    """The largest difference of 255, over all pixels and channels."""
    one, other = (numpy.asarray(picture.convert("RGB"), dtype=int) for picture in (one, other))
    if one.shape != other.shape:
        raise Failure(f"the pictures have shapes {one.shape} and {other.shape}")
    return int(abs(one - other).max())


def expect_same(ours, theirs, plain=None):
    """Fails unless the pictures agree and, if `plain` is given, differ visibly from it."""
    difference = largest_difference(ours, theirs)
    if difference > TOLERANCE:
        raise Failure(f"the pictures differ by {difference} of 255, more than {TOLERANCE}")
    if plain is not None and largest_difference(theirs, plain) < VISIBLE:
        raise Failure("the picture does not differ visibly from the plain one")
    return f"within {difference} of 255"


def base_picture(fixture):
    """the base model draws the same picture"""
    return expect_same(fixture.ours("--model", fixture.model), fixture.theirs())


def negative_prompt(fixture):
    """a negative prompt gives the same picture"""
    ours = fixture.ours("--model", fixture.model, "--negative", NEGATIVE)
    return expect_same(ours, fixture.theirs(negative=NEGATIVE), fixture.theirs())


def trained_adapter(fixture):
    """adapter.safetensors of a run loads in diffusers and draws the run's picture"""
    # The high learning rate makes the adapter visible after four steps.
    lora_train(
        "--root", fixture.root, "--subject", "dog", "--dataset", fixture.dataset,
        "--model", fixture.model, "--steps", 4, "--resolution", SIZE, "--rank", 4,
        "--alpha", 6, "--learning-rate", 0.05, "--sample-steps", 2, "--seed", 3, "--ema", 0.9,
    )
    found = sorted(fixture.root.glob("dog/run-*/step-000004/adapter.safetensors"))
    if len(found) != 1:
        raise Failure(f"expected one adapter of step 4 under {fixture.root}, found {len(found)}")
    return expect_same(fixture.ours("--run", "latest"), fixture.theirs(found[0]), fixture.theirs())


def average(fixture):
    """ema.safetensors of that run loads in diffusers and draws the picture of --ema"""
    adapter = fixture.root / "dog" / "run-1" / "step-000004" / "ema.safetensors"
    trained = fixture.ours("--run", "latest")
    if largest_difference(fixture.ours("--run", "latest", "--ema"), trained) == 0:
        raise Failure("the average draws the picture of the adapter")
    return expect_same(
        fixture.ours("--run", "latest", "--ema"), fixture.theirs(adapter), fixture.theirs())


def set_end(encoder, token):
    """Makes a text encoder pool at a token."""
    for module in encoder.modules():
        if hasattr(module, "eos_token_id"):
            module.eos_token_id = token


def trained_word(fixture):
    """embedding.safetensors of a run loads in both encoders of diffusers and draws the picture of --embedding"""
    dataset, root, word = fixture.folder / "toy", fixture.folder / "word", "sks-toy"
    shutil.copytree(fixture.dataset, dataset)
    (dataset / "subject.yaml").write_text(f"trigger: {word}\n")
    for caption in dataset.glob("*.txt"):
        caption.write_text(caption.read_text().replace("sks dog", word))
    lora_train(
        "--root", root, "--subject", "toy", "--dataset", dataset, "--model", fixture.model,
        "--steps", 4, "--resolution", SIZE, "--learning-rate", 0.05, "--seed", 3, "--sample-every", 0,
        "--embedding-tokens", 2, "--no-train-unet",
    )
    file = root / "toy" / "run-1" / "step-000004" / "embedding.safetensors"
    vectors = load_file(file)
    pipe = load_pipeline(fixture.model)
    for name, encoder, tokenizer in (
        ("clip_l", pipe.text_encoder, pipe.tokenizer), ("clip_g", pipe.text_encoder_2, pipe.tokenizer_2),
    ):
        pipe.load_textual_inversion(vectors[name], token=word, text_encoder=encoder, tokenizer=tokenizer)
    # With SDXL's eos_token_id of 2, transformers pools at the largest id, which is now one of the word's.
    set_end(pipe.text_encoder_2, pipe.tokenizer_2.eos_token_id)
    prompt = f"a photo of {word} on the beach"
    return expect_same(
        fixture.ours("--model", fixture.model, "--embedding", f"{file}:{word}", prompt=prompt),
        fixture.theirs(pipe=pipe, prompt=prompt), fixture.theirs(prompt=prompt))


def exports(fixture):
    """the exports of that run in every form draw the run's picture in diffusers"""
    ours = fixture.ours("--run", "latest")
    found = []
    for form, name in (("kohya", "k.safetensors"), ("diffusers", "d.safetensors"), ("peft", "p")):
        output = fixture.folder / name
        run(
            program(), "export", "latest", "--root", fixture.root,
            "--format", form, "--output", output,
        )
        if form == "peft":
            pipe = load_pipeline(fixture.model)
            pipe.unet = PeftModel.from_pretrained(pipe.unet, output).merge_and_unload()
            theirs = fixture.theirs(pipe=pipe)
        else:
            theirs = fixture.theirs(output)
        found.append(f"{form} {expect_same(ours, theirs, fixture.theirs())}")
    return ", ".join(found)


def saved_by_peft(fixture):
    """an adapter that peft saves, with ranks that differ between layers, draws the same picture"""
    folder = fixture.folder / "saved-by-peft"
    pipe = load_pipeline(fixture.model)
    config = LoraConfig(
        r=4, lora_alpha=6, target_modules=["to_q", "to_v", "proj_in"],
        rank_pattern={"to_v": 2}, alpha_pattern={"to_v": 5},
    )
    pipe.unet = get_peft_model(pipe.unet, config)
    randomize(pipe.unet)
    pipe.unet.save_pretrained(folder)
    pipe.unet = pipe.unet.merge_and_unload()
    ours = fixture.ours("--model", fixture.model, "--lora", folder)
    return expect_same(ours, fixture.theirs(pipe=pipe), fixture.theirs())


def peft_lora(fixture):
    """a LoRA saved by diffusers and peft draws the same picture here"""
    ours = fixture.ours("--model", fixture.model, "--lora", fixture.lora)
    return expect_same(ours, fixture.theirs(fixture.lora), fixture.theirs())


def scaled_lora(fixture):
    """that LoRA draws the same picture at half strength"""
    ours = fixture.ours("--model", fixture.model, "--lora", f"{fixture.lora}:0.5")
    return expect_same(ours, fixture.theirs(fixture.lora, scale=0.5), fixture.theirs(fixture.lora))


def kohya_lora(fixture):
    """a LoRA converted to kohya's names draws the same picture, at a negative strength"""
    folder = fixture.folder / "kohya"
    folder.mkdir()
    lora = folder / "kohya.safetensors"
    save_file(convert_state_dict_to_kohya(load_file(fixture.lora)), lora)
    ours = fixture.ours("--model", fixture.model, "--lora", f"{lora}:-0.5")
    return expect_same(ours, fixture.theirs(lora, scale=-0.5), fixture.theirs())


def single_file(fixture):
    """a model in one file, which diffusers' converters read too, draws the same picture"""
    shapes, models, configs = {}, {}, {}
    for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        models[part] = load_file(next((fixture.model / part).glob("*.safetensors")))
        configs[part] = json.loads((fixture.model / part / "config.json").read_text())
        shapes[part] = {key: tuple(value.shape) for key, value in models[part].items()}
    places = layout(shapes, 2, len(configs["vae"]["block_out_channels"]))
    tensors = {name: tensor(models, *where).contiguous() for name, where in places.items()}
    check(tensors, models, configs)
    file = fixture.folder / "one.safetensors"
    save_file(tensors, file)
    described = shutil.ignore_patterns("*.safetensors")
    shutil.copytree(fixture.model, fixture.folder / "one.config", ignore=described)
    ours = fixture.ours("--model", file)
    if largest_difference(ours, fixture.ours("--model", fixture.model)):
        raise Failure("file and folder draw different pictures")
    return expect_same(ours, fixture.theirs())


def demo_adapter(fixture):
    """an adapter of the demo model and subject, trained with class images, draws the same picture"""
    model, root = ROOT / "Checkpoints" / "base" / "demo", fixture.folder / "demo"
    lora_train(
        "--root", root, "--subject", "dhoni", "--dataset", ROOT / "Datasets" / "dhoni",
        "--config", ROOT / "Configs" / "dhoni.yaml", "--model", model, "--steps", 60,
        "--sample-every", 0, "--prior-images", 4,
    )
    adapter = root / "dhoni" / "run-1" / "step-000060" / "adapter.safetensors"
    shown = dict(prompt=DEMO_PROMPT, size=64)
    theirs = dict(shown, pipe=load_pipeline(model))
    ours = fixture.ours("--model", model, "--lora", adapter, **shown)
    return expect_same(ours, fixture.theirs(adapter, **theirs), fixture.theirs(**theirs))


def baked_folder(fixture):
    """a model with a LoRA baked into it, as a folder, draws the picture of the LoRA in diffusers"""
    baked = fixture.folder / "baked"
    bake(fixture, baked)
    theirs = fixture.theirs(pipe=load_pipeline(baked))
    expect_same(fixture.ours("--model", baked), theirs)
    return expect_same(theirs, fixture.theirs(fixture.lora, scale=0.7), fixture.theirs())


def baked_file(fixture):
    """the same as one file, which diffusers loads, draws the same picture"""
    baked = fixture.folder / "baked.safetensors"
    bake(fixture, baked)
    pipe = StableDiffusionXLPipeline.from_single_file(
        baked, config=str(fixture.model), dtype=torch.float32, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    expect_same(fixture.ours("--model", baked), fixture.theirs(pipe=pipe))
    return expect_same(
        fixture.theirs(pipe=pipe), fixture.theirs(fixture.lora, scale=0.7), fixture.theirs())


def bake(fixture, output):
    run(
        program(), "lora", "bake", f"{fixture.lora}:0.7", "--model", fixture.model,
        "--output", output,
    )


CHECKS = [
    base_picture, negative_prompt, trained_adapter, average, trained_word, exports, peft_lora, saved_by_peft,
    scaled_lora, kohya_lora, single_file, demo_adapter, baked_folder, baked_file,
]


def main():
    require_program("interop.py")
    with tempfile.TemporaryDirectory() as folder:
        run_checks(CHECKS, Fixture(Path(folder)))


if __name__ == "__main__":
    main()
