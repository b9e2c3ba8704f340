"""The configs of an SDXL model folder at three sizes, and the files besides its weights."""

import json
from dataclasses import dataclass

CLASSES = {
    "unet": ("diffusers", "UNet2DConditionModel"),
    "vae": ("diffusers", "AutoencoderKL"),
    "text_encoder": ("transformers", "CLIPTextModel"),
    "text_encoder_2": ("transformers", "CLIPTextModelWithProjection"),
    "scheduler": ("diffusers", "EulerDiscreteScheduler"),
    "tokenizer": ("transformers", "CLIPTokenizer"),
    "tokenizer_2": ("transformers", "CLIPTokenizer"),
}

CLIP_VOCABULARY = 49408

# As in the scheduler_config.json of stabilityai/stable-diffusion-xl-base-1.0.
SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler",
    "_diffusers_version": "0.19.0.dev0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "interpolation_type": "linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "sample_max_value": 1.0,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "trained_betas": None,
    "use_karras_sigmas": False,
}


@dataclass(frozen=True)
class TextEncoder:
    """Sizes of one CLIP text encoder."""

    hidden: int
    layers: int
    heads: int
    activation: str
    projection: int


@dataclass(frozen=True)
class Shape:
    """Sizes of a whole SDXL model."""

    channels: tuple
    unet_layers: int
    depths: tuple
    heads: tuple
    unet_groups: int
    time_dim: int
    text: TextEncoder
    text_2: TextEncoder
    vae_channels: tuple
    vae_layers: int
    vae_groups: int
    sample_size: int


SHAPES = {
    "tiny": Shape(
        channels=(16, 24, 32), unet_layers=2, depths=(1, 1, 2), heads=(2, 3, 4), unet_groups=8,
        time_dim=8,
        text=TextEncoder(24, 3, 3, "quick_gelu", 24),
        text_2=TextEncoder(40, 3, 5, "gelu", 32),
        vae_channels=(8, 8, 16, 16), vae_layers=2, vae_groups=4, sample_size=16,
    ),
    "200m": Shape(
        channels=(128, 256, 512), unet_layers=2, depths=(1, 2, 4), heads=(2, 4, 8),
        unet_groups=32, time_dim=64,
        text=TextEncoder(192, 6, 3, "quick_gelu", 192),
        text_2=TextEncoder(320, 12, 5, "gelu", 320),
        vae_channels=(64, 128, 256, 256), vae_layers=2, vae_groups=32, sample_size=32,
    ),
    "full": Shape(
        channels=(320, 640, 1280), unet_layers=2, depths=(1, 2, 10), heads=(5, 10, 20),
        unet_groups=32, time_dim=256,
        text=TextEncoder(768, 12, 12, "quick_gelu", 768),
        text_2=TextEncoder(1280, 32, 20, "gelu", 1280),
        vae_channels=(128, 256, 512, 512), vae_layers=2, vae_groups=32, sample_size=128,
    ),
}


def unet_config(shape):
    """UNet2DConditionModel; SDXL's `attention_head_dim` holds the number of heads."""
    return {
        "_class_name": "UNet2DConditionModel",
        "_diffusers_version": "0.19.0.dev0",
        "act_fn": "silu",
        "addition_embed_type": "text_time",
        "addition_embed_type_num_heads": 64,
        "addition_time_embed_dim": shape.time_dim,
        "attention_head_dim": list(shape.heads),
        "block_out_channels": list(shape.channels),
        "center_input_sample": False,
        "class_embed_type": None,
        "class_embeddings_concat": False,
        "conv_in_kernel": 3,
        "conv_out_kernel": 3,
        "cross_attention_dim": shape.text.hidden + shape.text_2.hidden,
        "cross_attention_norm": None,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "downsample_padding": 1,
        "dual_cross_attention": False,
        "encoder_hid_dim": None,
        "encoder_hid_dim_type": None,
        "flip_sin_to_cos": True,
        "freq_shift": 0,
        "in_channels": 4,
        "layers_per_block": shape.unet_layers,
        "mid_block_only_cross_attention": None,
        "mid_block_scale_factor": 1,
        "mid_block_type": "UNetMidBlock2DCrossAttn",
        "norm_eps": 1e-05,
        "norm_num_groups": shape.unet_groups,
        "num_attention_heads": None,
        "num_class_embeds": None,
        "only_cross_attention": False,
        "out_channels": 4,
        "projection_class_embeddings_input_dim": shape.text_2.projection + 6 * shape.time_dim,
        "resnet_out_scale_factor": 1.0,
        "resnet_skip_time_act": False,
        "resnet_time_scale_shift": "default",
        "sample_size": shape.sample_size,
        "time_cond_proj_dim": None,
        "time_embedding_act_fn": None,
        "time_embedding_dim": None,
        "time_embedding_type": "positional",
        "timestep_post_act": None,
        "transformer_layers_per_block": list(shape.depths),
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        "upcast_attention": None,
        "use_linear_projection": True,
    }


def vae_config(shape):
    """AutoencoderKL."""
    levels = len(shape.vae_channels)
    return {
        "_class_name": "AutoencoderKL",
        "_diffusers_version": "0.20.0.dev0",
        "act_fn": "silu",
        "block_out_channels": list(shape.vae_channels),
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "force_upcast": True,
        "in_channels": 3,
        "latent_channels": 4,
        "layers_per_block": shape.vae_layers,
        "norm_num_groups": shape.vae_groups,
        "out_channels": 3,
        "sample_size": shape.sample_size * 8,
        "scaling_factor": 0.13025,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
    }


def text_config(encoder, class_name, vocabulary, pad):
    """A CLIP text encoder; the last two ids of the vocabulary are begin and end of text.

    With CLIP's own vocabulary the three ids are those of the published configs. They are not the
    tokenizer's: an `eos_token_id` of 2 means the place of the largest token id.
    """
    published = vocabulary == CLIP_VOCABULARY
    begin, end, pad = (0, 2, 1) if published else (vocabulary - 2, vocabulary - 1, pad)
    return {
        "architectures": [class_name],
        "attention_dropout": 0.0,
        "bos_token_id": begin,
        "dropout": 0.0,
        "eos_token_id": end,
        "hidden_act": encoder.activation,
        "hidden_size": encoder.hidden,
        "initializer_factor": 1.0,
        "initializer_range": 0.02,
        "intermediate_size": 4 * encoder.hidden,
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": 77,
        "model_type": "clip_text_model",
        "num_attention_heads": encoder.heads,
        "num_hidden_layers": encoder.layers,
        "pad_token_id": pad,
        "projection_dim": encoder.projection,
        "torch_dtype": "float32",
        "vocab_size": vocabulary,
    }


def configs(shape, vocabulary):
    """The config of each component that has weights."""
    name, name_2 = CLASSES["text_encoder"][1], CLASSES["text_encoder_2"][1]
    return {
        "unet": unet_config(shape),
        "vae": vae_config(shape),
        "text_encoder": text_config(shape.text, name, vocabulary, vocabulary - 1),
        "text_encoder_2": text_config(shape.text_2, name_2, vocabulary, 0),
    }


def read_bpe(folder, merges=None):
    """CLIP's vocabulary and merge list; with `merges`, only its first `merges`, ids renumbered."""
    lines = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    if merges is None:
        return vocabulary, lines
    tokens = sorted(vocabulary, key=vocabulary.get)
    tokens = tokens[: 512 + merges] + tokens[-2:]
    return {token: i for i, token in enumerate(tokens)}, lines[:merges]


def write_json(path, value):
    """Writes a value as readable JSON, and creates its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_tokenizers(output, vocabulary, merges):
    """Writes tokenizer/, padded with the end token, and tokenizer_2/, padded with "!" (id 0)."""
    for name, pad in (("tokenizer", "<|endoftext|>"), ("tokenizer_2", "!")):
        special = {
            "bos_token": "<|startoftext|>",
            "eos_token": "<|endoftext|>",
            "pad_token": pad,
            "unk_token": "<|endoftext|>",
        }
        folder = output / name
        settings = {
            "add_prefix_space": False,
            "do_lower_case": True,
            "errors": "replace",
            "model_max_length": 77,
            "tokenizer_class": "CLIPTokenizer",
        }
        write_json(folder / "tokenizer_config.json", settings | special)
        write_json(folder / "special_tokens_map.json", special)
        (folder / "vocab.json").write_text(
            json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8"
        )
        text = "\n".join(["#version: 0.2", *merges]) + "\n"
        (folder / "merges.txt").write_text(text, encoding="utf-8")


def write_surroundings(output, vocabulary, merges):
    """Writes all files of the folder other than weights and their configs."""
    index = {"_class_name": "StableDiffusionXLPipeline", "_diffusers_version": "0.19.0.dev0"}
    index |= {name: list(value) for name, value in CLASSES.items()}
    write_json(output / "model_index.json", index | {"force_zeros_for_empty_prompt": True})
    write_json(output / "scheduler" / "scheduler_config.json", SCHEDULER)
    write_tokenizers(output, vocabulary, merges)


def checkpoint_key(component, key):
    """The key in the published files: transformers 5 drops CLIPTextModel's `text_model.` prefix."""
    return f"text_model.{key}" if component == "text_encoder" else key
