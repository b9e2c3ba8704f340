"""LoRA files in all namings, with convolutions and text encoders, and the pictures drawn with them."""

import json

import torch
from diffusers import StableDiffusionXLPipeline
from diffusers.training_utils import _collate_lora_metadata
from diffusers.utils.state_dict_utils import convert_state_dict_to_kohya
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict

from .fixture import generator
from .models import load
from .pictures import BASE
from .safetensors_file import write_tensors
from .single_file import unet_names

CONFIG = BASE | {"negative_prompt": "blurry", "width": 64, "height": 64, "steps": 4}
ATTENTION = r"(down_blocks\.1|up_blocks\.1|mid_block)\.attentions\.0\..*"
LINEAR = rf"{ATTENTION}(to_q|to_k|to_v|to_out\.0|ff\.net\.0\.proj|ff\.net\.2|proj_in|proj_out)"
CONVOLUTIONS = (
    r"(down_blocks\.0\.resnets\.1\.conv1|down_blocks\.1\.resnets\.0\.(conv2|conv_shortcut)"
    r"|mid_block\.resnets\.1\.conv1|up_blocks\.2\.resnets\.2\.conv2"
    r"|down_blocks\.0\.downsamplers\.0\.conv|up_blocks\.0\.upsamplers\.0\.conv)"
)
TEXT = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
PARTS = ("unet", "text_encoder", "text_encoder_2")
# The strength of each file.
CASES = {
    "kohya-1": {"kohya": 1.0},
    "kohya-0.7": {"kohya": 0.7},
    "kohya-minus-0.5": {"kohya": -0.5},
    "kohya-0": {"kohya": 0.0},
    "kohya-diffusers-blocks": {"kohya-diffusers-blocks": 1.0},
    "diffusers": {"diffusers": 1.0},
    "diffusers-processors": {"diffusers-processors": 1.0},
    "two": {"kohya": 0.8, "diffusers": -0.3},
}


def adapted(pipe, name, convolutions, alpha, rank=2):
    """Adds a random adapter to all parts; returns {part: PEFT's state dict}."""
    rng = generator(f"adapters/{name}")
    states = {}
    for part in PARTS:
        model = getattr(pipe, part)
        unet = f"{LINEAR}|{CONVOLUTIONS}" if convolutions else LINEAR
        targets = unet if part == "unet" else TEXT
        model.add_adapter(LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets))
        for key, parameter in model.named_parameters():
            if "lora_" in key:
                gain = 0.25 if part == "unet" else 0.15
                parameter.copy_(torch.randn(parameter.shape, generator=rng) * gain)
        states[part] = get_peft_model_state_dict(model)
    return states


def text_path(key):
    """Adds the first encoder's prefix, which transformers 5 omits and files have."""
    return key if key.startswith("text_") else f"text_model.{key}"


def kohya_sgm(states, unet, layers=2):
    """kohya's own naming in fp16: original block names, another alpha on convolutions."""
    tensors = {}
    originals = unet_names([name for name, _ in unet.named_modules() if name], layers)
    for part, prefix in zip(PARTS, ("lora_unet_", "lora_te1_", "lora_te2_"), strict=True):
        for key, value in states[part].items():
            layer, kind = key.removesuffix(".weight").rsplit(".lora_", 1)
            name = originals[layer] if part == "unet" else text_path(layer)
            name = prefix + name.replace(".", "_")
            tensors[f"{name}.lora_{'down' if kind == 'A' else 'up'}.weight"] = value.half()
            tensors[f"{name}.alpha"] = torch.tensor(1.5 if value.ndim == 2 else 1.0).half()
    return tensors


def kohya_diffusers(states):
    """diffusers' conversion to kohya's naming, in bf16, without alpha, which then equals the rank."""
    named = {f"{part}.{text_path(key) if part != 'unet' else key}": value
             for part, state in states.items() for key, value in state.items()}
    converted = convert_state_dict_to_kohya(named).items()
    return {key: value.bfloat16() for key, value in converted if not key.endswith("alpha")}


def processors(states):
    """The UNet's attention in the naming of diffusers 0.12."""
    tensors = {}
    for key, value in states["unet"].items():
        layer, kind = key.removesuffix(".weight").rsplit(".lora_", 1)
        if ".attn" not in layer:
            continue
        block, projection = layer.removesuffix(".0").rsplit(".", 1)
        kind = "down" if kind == "A" else "up"
        tensors[f"unet.{block}.processor.{projection}_lora.{kind}.weight"] = value
    return tensors


def draw(pipe):
    """The picture as bytes [H, W, 3]."""
    picture = pipe(
        CONFIG["prompt"], negative_prompt=CONFIG["negative_prompt"], width=CONFIG["width"],
        height=CONFIG["height"], num_inference_steps=CONFIG["steps"],
        guidance_scale=CONFIG["guidance"], output_type="pt",
        generator=torch.Generator("cpu").manual_seed(CONFIG["seed"]),
    ).images[0]
    return (picture.permute(1, 2, 0) * 255).round().to(torch.uint8)


@torch.no_grad()
def make(output, options):
    """Writes adapters/."""
    folder = output / "adapters"
    folder.mkdir(exist_ok=True)
    path = {name: folder / f"{name}.safetensors" for case in CASES.values() for name in case}
    unet = load(output).unet
    with_convolutions = adapted(load(output), "kohya", True, 2)
    write_tensors(path["kohya"], kohya_sgm(with_convolutions, unet), {"ss_network_dim": "2"})

    pipe = load(output)
    states = adapted(pipe, "diffusers", False, 3)
    for part in PARTS:
        # peft turns lists into sets, whose order differs between runs.
        config = getattr(pipe, part).peft_config["default"]
        config.target_modules = sorted(config.target_modules) if part != "unet" else LINEAR
    StableDiffusionXLPipeline.save_lora_weights(
        folder, weight_name="diffusers.safetensors", unet_lora_layers=states["unet"],
        text_encoder_lora_layers=states["text_encoder"],
        text_encoder_2_lora_layers=states["text_encoder_2"],
        **_collate_lora_metadata({part: getattr(pipe, part) for part in PARTS}),
    )
    path["diffusers"].chmod(0o644)
    write_tensors(path["kohya-diffusers-blocks"], kohya_diffusers(states), {})
    write_tensors(path["diffusers-processors"], processors(states), {})

    pictures = {}
    for name, strengths in CASES.items():
        pipe = load(output)
        for file in strengths:
            pipe.load_lora_weights(folder, weight_name=f"{file}.safetensors", adapter_name=file.replace("-", "_"))
        pipe.set_adapters([file.replace("-", "_") for file in strengths], list(strengths.values()))
        pictures[f"out.{name}"] = draw(pipe)
    config = CONFIG | {"cases": CASES}
    source = "diffusers load_lora_weights and set_adapters"
    write_tensors(
        folder / "pictures.safetensors", pictures,
        {"source": source, "config": json.dumps(config, sort_keys=True)},
    )
    base = pictures["out.kohya-0"].int()
    for name, picture in pictures.items():
        print(f"{name}: {(picture.int() - base).abs().max()} of 255 from the picture of the base")
