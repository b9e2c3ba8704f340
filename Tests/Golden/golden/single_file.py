"""The layout of SDXL's weights in one file: each tensor's name and the weights that it holds.

The layout follows the original implementation and is checked with diffusers' own converters, which
must restore the models.
"""

import json

import torch
from diffusers.loaders import single_file_utils as reference
from safetensors.torch import load_file

from . import sdxl
from .random_weights import build

UNET, VAE = "model.diffusion_model.", "first_stage_model."
TEXT = "conditioner.embedders.0.transformer."
TEXT_2 = "conditioner.embedders.1.model."
REFINER_TEXT_2 = "conditioner.embedders.0.model."
UNET_OUTSIDE = {
    "conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2", "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2", "conv_norm_out": "out.0", "conv_out": "out.2",
}
RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
OPEN_CLIP = {
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.final_layer_norm.weight": "ln_final.weight",
    "text_model.final_layer_norm.bias": "ln_final.bias",
    "text_projection.weight": "text_projection",
}
BLOCK = {
    "layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
EXTRAS = {
    TEXT + "text_model.embeddings.position_ids": (torch.int64, (1, 77)),
    TEXT_2 + "logit_scale": (torch.float32, ()),
    "alphas_cumprod": (torch.float32, (1000,)),
    "denoiser.sigmas": (torch.float32, (1000,)),
}


def replace(name, table):
    """The name with its beginning replaced from the table."""
    for old, new in table.items():
        if name == old or name.startswith(old + "."):
            return new + name[len(old):]
    return name


def unet_name(key, layers):
    """The original name of a diffusers UNet's weight or layer. The names of whole blocks stay."""
    parts = key.split(".")
    step = layers + 1
    if parts[0] in ("down_blocks", "up_blocks", "mid_block") and len(parts) < 5 - (parts[0] == "mid_block"):
        return key
    if parts[0] == "mid_block":
        place = 1 if parts[1] == "attentions" else 2 * int(parts[2])
        return f"middle_block.{place}." + replace(".".join(parts[3:]), RESNET)
    if parts[0] in ("down_blocks", "up_blocks"):
        level, kind, index, rest = int(parts[1]), parts[2], int(parts[3]), ".".join(parts[4:])
        inner = rest if kind == "attentions" else replace(rest, RESNET)
        slot = 1 if kind == "attentions" else 0
        if parts[0] == "down_blocks":
            if kind == "downsamplers":
                return f"input_blocks.{step * (level + 1)}.0." + replace(rest, {"conv": "op"})
            return f"input_blocks.{step * level + index + 1}.{slot}.{inner}"
        if kind == "upsamplers":
            return f"output_blocks.{step * level + layers}.{{upsampler}}.{rest}"
        return f"output_blocks.{step * level + index}.{slot}.{inner}"
    return replace(key, UNET_OUTSIDE)


def unet_names(keys, layers):
    """{key: original name} for a whole UNet, in which an upsampler follows the attention, if any."""
    with_attention = {
        key.split(".")[1] for key in keys if key.startswith("up_blocks.") and ".attentions." in key
    }

    def name(key):
        level = (key.split(".") + [""])[1]
        return unet_name(key, layers).format(upsampler=2 if level in with_attention else 1)

    return {key: name(key) for key in keys}


def vae_name(key, levels):
    """The original name of a diffusers VAE's weight."""
    parts = key.split(".")
    if len(parts) < 4:
        return key.replace("conv_norm_out", "norm_out")
    shortcut = {"conv_shortcut": "nin_shortcut"}
    if parts[1] == "mid_block":
        rest = ".".join(parts[4:])
        if parts[2] == "attentions":
            return f"{parts[0]}.mid.attn_1." + replace(rest, ATTENTION)
        return f"{parts[0]}.mid.block_{int(parts[3]) + 1}." + replace(rest, shortcut)
    down = parts[1] == "down_blocks"
    level = int(parts[2]) if down else levels - 1 - int(parts[2])
    place = f"{parts[0]}.{'down' if down else 'up'}.{level}"
    if parts[3] == "resnets":
        return f"{place}.block.{parts[4]}." + replace(".".join(parts[5:]), shortcut)
    return f"{place}.{'downsample' if down else 'upsample'}." + ".".join(parts[5:])


def text_2_name(key):
    """open_clip's name of a transformers text encoder's weight; q, k and v share one in_proj."""
    if key in OPEN_CLIP:
        return OPEN_CLIP[key]
    layer, rest = key.removeprefix("text_model.encoder.layers.").split(".", 1)
    place = f"transformer.resblocks.{layer}."
    for projection in "qkv":
        rest = rest.replace(f"self_attn.{projection}_proj.", "attn.in_proj_")
    return place + replace(rest, BLOCK)


def layout(shapes, layers, levels, refiner=False):
    """{original name: (component, [its weights], form)} of models with these {key: shape}."""
    result = {}
    for key, name in unet_names(shapes["unet"], layers).items():
        result[UNET + name] = ("unet", [key], "whole")
    for key, shape in shapes["vae"].items():
        conv = "attentions" in key and len(shape) == 2
        result[VAE + vae_name(key, levels)] = ("vae", [key], "unsqueezed" if conv else "whole")
    for key in shapes.get("text_encoder", {}):
        result[TEXT + key] = ("text_encoder", [key], "whole")
    prefix = REFINER_TEXT_2 if refiner else TEXT_2
    order = {"q_proj": 0, "k_proj": 1, "v_proj": 2}
    for key in sorted(shapes["text_encoder_2"], key=lambda k: order.get(k.split(".")[-2], 0)):
        how = "transposed" if key == "text_projection.weight" else "whole"
        name = prefix + text_2_name(key)
        if name in result:
            result[name][1].append(key)
        else:
            result[name] = ("text_encoder_2", [key], how)
    return result


def tensor(models, component, keys, how):
    """A tensor of the file, from its weights in `models`."""
    value = torch.cat([models[component][key] for key in keys])
    if how == "transposed":
        return value.T.contiguous()
    return value[..., None, None] if how == "unsqueezed" else value


def check(file, models, configs):
    """Raises unless diffusers' converters restore the models."""
    class TextModel:
        config = type("Config", (), {"hidden_size": configs["text_encoder_2"]["hidden_size"]})

    converted = {
        "unet": reference.convert_ldm_unet_checkpoint(dict(file), configs["unet"]),
        "vae": reference.convert_ldm_vae_checkpoint(dict(file), configs["vae"]),
        "text_encoder": reference.convert_ldm_clip_checkpoint(dict(file), remove_prefix=TEXT),
        "text_encoder_2": reference.convert_open_clip_checkpoint(TextModel, dict(file), prefix=TEXT_2),
    }
    for component, weights in models.items():
        found = converted[component]
        if set(found) != set(weights):
            raise ValueError(f"{component}: {sorted(set(found) ^ set(weights))[:5]}")
        for key, value in weights.items():
            if not torch.equal(found[key], value):
                raise ValueError(f"{component}: {key} has other values after conversion")


def tiny_models(output):
    """The weights and configs of tiny-sdxl."""
    models, configs = {}, {}
    for component in ("unet", "vae", "text_encoder", "text_encoder_2"):
        folder = output / "tiny-sdxl" / component
        models[component] = load_file(next(folder.glob("*.safetensors")))
        configs[component] = json.loads((folder / "config.json").read_text())
    return models, configs


def tiny_file(output):
    """The tensors of tiny-sdxl in one file, checked with diffusers' converters, and their layout."""
    models, configs = tiny_models(output)
    shapes = {name: {k: tuple(v.shape) for k, v in w.items()} for name, w in models.items()}
    places = layout(shapes, 2, len(configs["vae"]["block_out_channels"]))
    file = {name: tensor(models, *place) for name, place in places.items()}
    check(file, models, configs)
    return file, places


def refiner_unet_config():
    """The unet/config.json of stabilityai/stable-diffusion-xl-refiner-1.0."""
    return sdxl.unet_config(sdxl.SHAPES["full"]) | {
        "attention_head_dim": [6, 12, 24, 24],
        "block_out_channels": [384, 768, 1536, 1536],
        "cross_attention_dim": 1280,
        "down_block_types": [
            "DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D",
        ],
        "projection_class_embeddings_input_dim": 2560,
        "transformer_layers_per_block": 4,
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    }


def full_shapes(refiner):
    """{component: {key: shape}} of SDXL's base or refiner, without weights."""
    configs = sdxl.configs(sdxl.SHAPES["full"], sdxl.CLIP_VOCABULARY)
    if refiner:
        del configs["text_encoder"]
        configs["unet"] = refiner_unet_config()
    return {
        component: {
            sdxl.checkpoint_key(component, key): tuple(parameter.shape)
            for key, parameter in build(component, config).named_parameters()
        }
        for component, config in configs.items()
    }


def original_shape(shapes, component, keys, how):
    shape = list(shapes[component][keys[0]])
    shape[0] *= len(keys)
    if how == "transposed":
        return shape[::-1]
    return shape + [1, 1] if how == "unsqueezed" else shape


def make(output, options):
    """Writes single-file/: the layout of tiny-sdxl, and names and shapes of SDXL's two files."""
    folder = output / "single-file"
    folder.mkdir(exist_ok=True)
    _, places = tiny_file(output)
    lines = [f"{json.dumps(name)}: {json.dumps(place)}" for name, place in sorted(places.items())]
    (folder / "tiny-sdxl.layout.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    for name, refiner in (("sdxl", False), ("refiner", True)):
        shapes = full_shapes(refiner)
        places = layout(shapes, 2, 4, refiner)
        keys = {key: original_shape(shapes, *place) for key, place in places.items()}
        if not refiner:
            keys |= {key: list(shape) for key, (_, shape) in EXTRAS.items()}
        lines = [f"{json.dumps(key)}: {json.dumps(shape)}" for key, shape in sorted(keys.items())]
        (folder / f"{name}.keys.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    (folder / "refiner-unet.config.json").write_text(json.dumps(refiner_unet_config(), indent=2) + "\n")
