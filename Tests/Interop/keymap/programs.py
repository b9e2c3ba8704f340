"""How each program reads a LoRA file: which layer a tensor goes to, and with which strength.

Strength is the factor on up @ down. A file without alpha has strength 1 everywhere (alpha = rank).
"""

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field

from .files import PARTS
from .model import ATTENTION

# The endings of the down and the up matrix.
KOHYA = (".lora_down.weight", ".lora_up.weight")
PEFT = (".lora_A.weight", ".lora_B.weight")
OLD_ATTENTION = ("_lora.down.weight", "_lora.up.weight")
OLD = (".lora.down.weight", ".lora.up.weight")
OLD_TEXT = (".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight")


@dataclass
class Update:
    """What a program adds to a layer: strength * up @ down."""

    down: str
    up: str
    strength: float


@dataclass
class Loaded:
    """What a program takes of a file."""

    layers: dict = field(default_factory=lambda: defaultdict(list))
    taken: set = field(default_factory=set)
    # Why the program refuses the whole file.
    refusal: str | None = None

    def left(self, file):
        """The tensors that the program does not take."""
        return sorted(file.tensors.keys() - self.taken)


def flat(path):
    return path.replace(".", "_")


def load(file, names, endings, strength=None):
    """Reads the modules whose names are known. `names` has the layer of each module's name."""
    loaded = Loaded()
    for name, layer in names.items():
        for down, up in endings:
            down, up = name + down, name + up
            if down not in file.tensors or up not in file.tensors:
                continue
            alpha, rank = f"{name}.alpha", file.tensors[down].shape[0]
            if strength is not None:
                factor = strength(layer, rank)
            elif alpha in file.tensors:
                factor = file.tensors[alpha].item() / rank
                loaded.taken.add(alpha)
            else:
                factor = 1.0
            loaded.layers[layer].append(Update(down, up, factor))
            loaded.taken |= {down, up}
    return loaded


def comfyui(layers, file):
    """ComfyUI, and Forge, which has the same loader: comfy/lora.py makes names out of the keys of
    the model's weights (sgm) and out of their diffusers names."""
    names = {}
    for layer in layers:
        if layer.part == "unet":
            names[f"lora_unet_{flat(layer.sgm)}"] = layer
            names[f"diffusion_model.{layer.sgm}"] = layer
            names[f"lora_unet_{flat(layer.diffusers)}"] = layer
            names[f"lycoris_{flat(layer.diffusers)}"] = layer
            # Attention layers have the names of diffusers' former attention processors.
            path = layer.diffusers.replace(".to_", ".processor.to_").removesuffix(".0") \
                if layer.kind == ATTENTION else layer.diffusers
            names[path] = names[f"unet.{path}"] = layer
        else:
            # In the model's state, both encoders have the names of transformers.
            names[f"lora_{layer.part}_{flat(layer.sgm)}"] = layer
            names[f"{PARTS[layer.part]}.{layer.sgm}"] = layer
            if layer.part == "te1":
                names[f"lora_te_{flat(layer.sgm)}"] = layer
    return load(file, names, [KOHYA, OLD_ATTENTION, PEFT, OLD, OLD_TEXT])


def a1111(layers, file):
    """AUTOMATIC1111's web UI (extensions-builtin/Lora/networks.py): the names of the modules of
    Stability AI's implementation. The second text encoder is OpenCLIP's, whose q, k and v are one
    module. Diffusers' names are computed for blocks of two layers, whatever the model has."""
    modules = {a1111_module(layer): layer for layer in layers}
    names = {}
    for name in {key.partition(".")[0] for key in file.tensors}:
        layer = modules.get(a1111_name(name)) or modules.get(
            name.replace("lora_unet", "diffusion_model")
            .replace("lora_te1_text_model", "0_transformer_text_model"))
        if layer:
            names[name] = layer
    return load(file, names, [KOHYA, PEFT])


OPENCLIP = {"self_attn": "attn", "mlp_fc1": "mlp_c_fc", "mlp_fc2": "mlp_c_proj"}


def openclip(name):
    for ours, theirs in OPENCLIP.items():
        name = name.replace(ours, theirs)
    return name


def a1111_module(layer):
    if layer.part == "unet":
        return f"diffusion_model_{flat(layer.sgm)}"
    if layer.part == "te1":
        return f"0_transformer_{flat(layer.sgm)}"
    number, name = re.fullmatch(r"encoder\.layers\.(\d+)\.(.+)", layer.diffusers).groups()
    return f"1_model_transformer_resblocks_{number}_{openclip(flat(name))}"


A1111_RESNET = {
    "conv1": "in_layers_2", "conv2": "out_layers_3", "time_emb_proj": "emb_layers_1",
    "conv_shortcut": "skip_connection",
}


def a1111_name(name):
    """The module of a name in kohya's form, with the blocks of sgm or of diffusers."""
    if found := re.fullmatch(r"lora_te2_text_model_encoder_layers_(\d+)_(.+)", name):
        return f"1_model_transformer_resblocks_{found[1]}_{openclip(found[2])}"
    if found := re.fullmatch(r"lora_unet_down_blocks_(\d+)_downsamplers_0_conv", name):
        return f"diffusion_model_input_blocks_{3 + 3 * int(found[1])}_0_op"
    if found := re.fullmatch(r"lora_unet_up_blocks_(\d+)_upsamplers_0_conv", name):
        place = int(found[1])
        return f"diffusion_model_output_blocks_{2 + 3 * place}_{2 if place else 1}_conv"
    pattern = r"lora_unet_(down|mid|up)_blocks?_(?:(\d+)_)?(attentions|resnets)_(\d+)_(.+)"
    if found := re.fullmatch(pattern, name):
        side, level, kind, index, rest = found.groups()
        attention = kind == "attentions"
        rest = rest if attention else A1111_RESNET.get(rest, rest)
        if side == "mid":
            return f"diffusion_model_middle_block_{1 if attention else 2 * int(index)}_{rest}"
        number = 3 * int(level) + int(index) + (side == "down")
        blocks = "input" if side == "down" else "output"
        return f"diffusion_model_{blocks}_blocks_{number}_{int(attention)}_{rest}"
    return name


def sd_scripts(layers, file):
    """sd-scripts, which continues from such a file by `--network_weights` (networks/lora.py): only
    the names that it saves, and only layers that it adapts."""
    names = {
        f"lora_{layer.part}_{flat(layer.sgm)}": layer for layer in layers
        if adapted_by_sd_scripts(layer)
    }
    return load(file, names, [KOHYA])


def adapted_by_sd_scripts(layer):
    outside = ("time_embed", "label_emb", "input_blocks.0.", "out.")
    return not layer.sgm.startswith(outside)


def diffusers(layers, file):
    """diffusers' `load_lora_weights`: its own form, and kohya's with either naming of blocks. It
    takes kohya's form only if every tensor has it, and refuses alphas beside its own metadata."""
    prefixes = ("lora_unet_", "lora_te_", "lora_te1_", "lora_te2_")
    settings = json.loads(file.metadata.get("lora_adapter_metadata", "null"))
    if all(key.startswith(prefixes) for key in file.tensors):
        if settings is not None and any(key.endswith(".alpha") for key in file.tensors):
            return Loaded(refusal="it has alphas and lora_adapter_metadata")
        names = {}
        # Of a file with both namings of blocks, those of sgm are dropped.
        keys = " ".join(file.tensors)
        blocks = [name for name in ("input_blocks", "down_blocks") if name in keys]
        for layer in layers:
            if layer.part != "unet" or len(blocks) < 2:
                names[f"lora_{layer.part}_{flat(layer.sgm)}"] = layer
            if layer.part == "unet":
                names[f"lora_unet_{flat(layer.diffusers)}"] = layer
            elif layer.part == "te1":
                names[f"lora_te_{flat(layer.sgm)}"] = layer
        return load(file, names, [KOHYA])
    names = {}
    for layer in layers:
        names[f"{PARTS[layer.part]}.{layer.diffusers}"] = layer
        if layer.part != "unet":
            names[f"{PARTS[layer.part]}.{layer.sgm}"] = layer

    def strength(layer, rank):
        return alpha_of(layer, settings or {}, rank, f"{PARTS[layer.part]}.") / rank

    return load(file, names, [PEFT, OLD, OLD_TEXT], strength)


def peft(layers, file):
    """PEFT's `PeftModel.from_pretrained` of one part of the model. Alpha is in adapter_config.json
    beside the file."""
    if file.config is None:
        return Loaded(refusal="adapter_config.json is missing")
    names = {}
    for layer in layers:
        if layer.part == file.part:
            names[f"base_model.model.{layer.diffusers}"] = layer
            names[f"base_model.model.{layer.sgm}"] = layer

    def strength(layer, rank):
        scale = rank ** 0.5 if file.config.get("use_rslora") else rank
        return alpha_of(layer, file.config, rank) / scale

    return load(file, names, [PEFT], strength)


def alpha_of(layer, settings, rank, prefix=""):
    """Alpha by PEFT's settings: a pattern for the layer, else the common alpha, else the rank."""
    patterns = settings.get(f"{prefix}alpha_pattern") or {}
    for path in (layer.diffusers, layer.sgm):
        for pattern, alpha in patterns.items():
            if path == pattern or path.endswith(f".{pattern}"):
                return alpha
    return settings.get(f"{prefix}lora_alpha", rank)


PROGRAMS = {
    "ComfyUI": comfyui, "A1111": a1111, "sd-scripts": sd_scripts, "diffusers": diffusers,
    "PEFT": peft,
}
# The programs that read a file of this form as it is.
READERS = {
    "kohya": ["ComfyUI", "A1111", "sd-scripts", "diffusers"], "diffusers": ["diffusers"],
    "peft": ["PEFT"],
}
