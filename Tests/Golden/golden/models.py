"""The whole networks of tiny-sdxl. The weights are in tiny-sdxl/ and not in the fixtures."""

import torch
from diffusers import StableDiffusionXLPipeline

from .fixture import generator, record, write
from .sdxl import checkpoint_key

PROMPTS = ["a photo of sks dog", "", "Two cats, one hat; the sea at night!", "dog " * 100]
LONG_CAPTION = ", ".join(
    f"{number} photos of sks dog at the {place}!" for number, place in enumerate(
        "beach,old harbour,station,market,window,lake,river,bridge,tower,garden,museum".split(","), 1)
)
TEXT_KEYS = [
    "embeddings.position_embedding.weight",
    "encoder.layers.0.layer_norm1.weight",
    "encoder.layers.0.self_attn.q_proj.weight",
    "encoder.layers.0.self_attn.k_proj.weight",
    "encoder.layers.0.self_attn.v_proj.bias",
    "encoder.layers.0.self_attn.out_proj.weight",
    "encoder.layers.0.mlp.fc1.weight",
    "encoder.layers.1.layer_norm2.bias",
    "encoder.layers.1.self_attn.out_proj.bias",
    "encoder.layers.1.mlp.fc1.bias",
    "encoder.layers.1.mlp.fc2.weight",
]
UNET_KEYS = [
    "conv_in.weight",
    "time_embedding.linear_1.weight",
    "add_embedding.linear_2.bias",
    "down_blocks.0.resnets.1.norm1.weight",
    "down_blocks.0.downsamplers.0.conv.weight",
    "down_blocks.1.attentions.0.proj_in.weight",
    "down_blocks.1.attentions.1.transformer_blocks.0.attn1.to_q.weight",
    "down_blocks.2.attentions.0.transformer_blocks.1.attn2.to_k.weight",
    "down_blocks.2.resnets.0.conv_shortcut.weight",
    "mid_block.resnets.0.time_emb_proj.weight",
    "mid_block.attentions.0.transformer_blocks.1.ff.net.0.proj.weight",
    "up_blocks.0.attentions.2.transformer_blocks.0.attn1.to_out.0.bias",
    "up_blocks.0.upsamplers.0.conv.bias",
    "up_blocks.1.resnets.2.conv2.weight",
    "up_blocks.2.resnets.0.norm2.bias",
    "conv_norm_out.weight",
    "conv_out.weight",
]
ENCODER_KEYS = [
    "encoder.conv_in.weight",
    "encoder.down_blocks.0.resnets.0.conv1.weight",
    "encoder.down_blocks.1.downsamplers.0.conv.weight",
    "encoder.down_blocks.2.resnets.0.norm1.bias",
    "encoder.mid_block.attentions.0.to_q.weight",
    "encoder.mid_block.attentions.0.group_norm.weight",
    "encoder.conv_norm_out.bias",
    "encoder.conv_out.weight",
    "quant_conv.weight",
]
DECODER_KEYS = [
    "post_quant_conv.weight",
    "decoder.conv_in.weight",
    "decoder.mid_block.resnets.1.conv2.weight",
    "decoder.mid_block.attentions.0.to_out.0.weight",
    "decoder.up_blocks.0.upsamplers.0.conv.weight",
    "decoder.up_blocks.2.resnets.0.conv_shortcut.weight",
    "decoder.conv_norm_out.weight",
    "decoder.conv_out.bias",
]


def load(output):
    """tiny-sdxl, loaded by diffusers."""
    pipe = StableDiffusionXLPipeline.from_pretrained(output / "tiny-sdxl", dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    for model in (pipe.unet, pipe.vae, pipe.text_encoder, pipe.text_encoder_2):
        model.eval().requires_grad_(True)
    return pipe


def tokens(tokenizer, prompts):
    """Padded and truncated token ids [B, 77]."""
    settings = dict(padding="max_length", max_length=77, truncation=True, return_tensors="pt")
    return tokenizer(prompts, **settings).input_ids


def text_encoders(folder, pipe):
    """Penultimate hidden states, and the pooled projection at the first end token."""
    ids, ids_2 = tokens(pipe.tokenizer, PROMPTS), tokens(pipe.tokenizer_2, PROMPTS)
    # Several end tokens with padding (id 0) between them: the first one counts.
    several = ids_2[:2].clone()
    several[0, 20] = several[1, 5] = several[1, 76] = pipe.tokenizer_2.eos_token_id
    for component, name, ids in (
        ("text_encoder", "text-encoder", ids),
        ("text_encoder_2", "text-encoder-2", ids_2),
        ("text_encoder_2", "text-encoder-2-several-ends", several),
    ):
        model = getattr(pipe, component)
        second = component == "text_encoder_2"

        def call(input_ids):
            out = model(input_ids, output_hidden_states=True)
            outputs = {"hidden_states": out.hidden_states[-2]}
            return outputs | ({"text_embeds": out.text_embeds} if second else {})

        keys = [f"text_model.{key}" if second else key for key in TEXT_KEYS]
        if second:
            keys += ["text_model.final_layer_norm.weight", "text_projection.weight"]
        record(
            folder / name, source=f"transformers {type(model).__name__}, hidden_states[-2]",
            config={"prompts": PROMPTS[: len(ids)], "model": f"tiny-sdxl/{component}"},
            module=model, inputs={"input_ids": ids}, call=call, weights="none", gradients=keys,
            rename=lambda key: checkpoint_key(component, key),
        )


def chunks(tokenizer, text):
    """All tokens in chunks of 75, each as BOS, tokens, EOS and padding: [n, 77]."""
    ids = tokenizer(text, add_special_tokens=False).input_ids
    parts = [ids[start : start + 75] for start in range(0, max(len(ids), 1), 75)]
    bos, eos, pad = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
    return torch.tensor([[bos, *part, eos] + [pad] * (75 - len(part)) for part in parts])


WEIGHTED = r"a (red:1.3) cat, ((sks dog)) on [grass] \(not\) a (very (blue:0.5) hat)"
# Its pieces and weights, written by hand.
PIECES = [
    ("a ", 1.0), ("red", 1.3), (" cat, ", 1.0), ("sks dog", 1.1 * 1.1), (" on ", 1.0),
    ("grass", 1 / 1.1), (" (not) a ", 1.0), ("very ", 1.1), ("blue", 0.5 * 1.1), (" hat", 1.1),
]


@torch.no_grad()
def weighted_prompt(folder, pipe):
    """Hidden states moved away from those of the empty text, or towards them: e + w (z - e)."""
    states = []
    tensors = {}
    for tokenizer, encoder, name in (
        (pipe.tokenizer, pipe.text_encoder, "input_ids"),
        (pipe.tokenizer_2, pipe.text_encoder_2, "input_ids_2"),
    ):
        ids, weights = [tokenizer.bos_token_id], [1.0]
        for text, weight in PIECES:
            part = tokenizer(text, add_special_tokens=False).input_ids
            ids += part
            weights += [weight] * len(part)
        ids += [tokenizer.eos_token_id]
        ids += [tokenizer.pad_token_id] * (77 - len(ids))
        weights = torch.tensor(weights + [1.0] * (77 - len(weights)), dtype=torch.float64)
        text = encoder(torch.tensor([ids]), output_hidden_states=True)
        empty = encoder(tokens(tokenizer, [""]), output_hidden_states=True).hidden_states[-2]
        moved = empty + weights[None, :, None] * (text.hidden_states[-2].double() - empty)
        states.append(moved.float())
        tensors[f"in.{name}"] = torch.tensor([ids])
    tensors |= {"out.embeds": torch.cat(states, dim=-1), "out.pooled": text.text_embeds}
    source = "transformers, empty + weight * (hidden_states[-2] - empty)"
    write(folder / "weighted-prompt", tensors, source, {"prompt": WEIGHTED})


@torch.no_grad()
def long_caption(folder, pipe):
    """Both encoders' hidden states for a caption of three chunks, the last one not full."""
    ids, ids_2 = (chunks(each, LONG_CAPTION) for each in (pipe.tokenizer, pipe.tokenizer_2))
    first = pipe.text_encoder(ids, output_hidden_states=True)
    second = pipe.text_encoder_2(ids_2, output_hidden_states=True)
    states = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
    tensors = {
        "in.input_ids": ids, "in.input_ids_2": ids_2,
        "out.embeds": states.reshape(1, -1, states.shape[-1]), "out.pooled": second.text_embeds[:1],
    }
    write(
        folder / "long-caption", tensors, "transformers, hidden_states[-2] of chunks of 75 tokens",
        {"caption": LONG_CAPTION},
    )


def unet(folder, pipe):
    """One noise prediction each for square and wide latents."""
    config = pipe.unet.config
    pooled = pipe.text_encoder_2.config.projection_dim
    for name, (height, width) in (("unet", (16, 16)), ("unet-wide", (8, 20))):
        rng = generator(f"models/{name}")
        context = (2, 77, config.cross_attention_dim)
        inputs = {
            "sample": torch.randn((2, 4, height, width), generator=rng),
            "timestep": torch.tensor([261, 998]),
            "encoder_hidden_states": torch.randn(context, generator=rng),
            "text_embeds": torch.randn((2, pooled), generator=rng),
            "time_ids": torch.tensor([[1080, 1350, 13, 0, 128, 128], [640, 480, 0, 80, 64, 160]]),
        }

        def call(sample, timestep, encoder_hidden_states, text_embeds, time_ids):
            conditions = {"text_embeds": text_embeds, "time_ids": time_ids.float()}
            out = pipe.unet(sample, timestep, encoder_hidden_states, added_cond_kwargs=conditions)
            return {"sample": out.sample}

        record(
            folder / name, source="diffusers UNet2DConditionModel.forward",
            config={"model": "tiny-sdxl/unet"}, module=pipe.unet, inputs=inputs, call=call,
            weights="none", gradients=UNET_KEYS,
        )


def vae(folder, pipe):
    """Moments of the posterior of an image in -1...1, and the picture of a latent."""
    settings = dict(config={"model": "tiny-sdxl/vae"}, module=pipe.vae, weights="none")

    def encode(sample):
        posterior = pipe.vae.encode(sample).latent_dist
        return {"mean": posterior.mean, "logvar": posterior.logvar}

    def decode(sample):
        return {"sample": pipe.vae.decode(sample).sample}

    for suffix, (height, width) in (("", (32, 32)), ("-wide", (24, 48))):
        rng = generator(f"models/vae{suffix}")
        record(
            folder / f"vae-encode{suffix}", source="diffusers AutoencoderKL.encode(x).latent_dist",
            inputs={"sample": torch.rand((2, 3, height, width), generator=rng) * 2 - 1},
            call=encode, gradients=ENCODER_KEYS, **settings,
        )
        record(
            folder / f"vae-decode{suffix}", source="diffusers AutoencoderKL.decode(z).sample",
            inputs={"sample": torch.randn((2, 4, height // 8, width // 8), generator=rng) * 7},
            call=decode, gradients=DECODER_KEYS, **settings,
        )


def vae_tiles(folder, pipe):
    """Moments of an image of 3 x 4 tiles, the last ones 8 pixels high and wide."""
    rng = generator("models/vae-encode-tiled")
    # The image is the sum of both, so that the fixture is small.
    rows = torch.rand((1, 3, 104, 1), generator=rng) - 0.5
    columns = torch.rand((1, 3, 1, 152), generator=rng) - 0.5
    vae, tile = pipe.vae, 64
    before = vae.tile_sample_min_size, vae.tile_latent_min_size
    vae.tile_sample_min_size, vae.tile_latent_min_size = tile, tile // 8
    with torch.no_grad():
        posterior = vae.tiled_encode(rows + columns).latent_dist
    vae.tile_sample_min_size, vae.tile_latent_min_size = before
    tensors = {"in.rows": rows, "in.columns": columns}
    tensors |= {"out.mean": posterior.mean, "out.logvar": posterior.logvar}
    config = {"model": "tiny-sdxl/vae", "tile_size": tile}
    write(folder / "vae-encode-tiled", tensors, "diffusers AutoencoderKL.tiled_encode", config)


def vae_decode_tiles(folder, pipe):
    """The picture of 3 x 4 tiles of latents, the last ones 1 latent high and wide."""
    rng = generator("models/vae-decode-tiled")
    latents = torch.randn((1, 4, 7, 10), generator=rng) * 7
    vae, tile = pipe.vae, 32
    before = vae.tile_sample_min_size, vae.tile_latent_min_size
    vae.tile_sample_min_size, vae.tile_latent_min_size = tile, tile // 8
    with torch.no_grad():
        picture = vae.tiled_decode(latents).sample
    vae.tile_sample_min_size, vae.tile_latent_min_size = before
    tensors = {"in.sample": latents, "out.sample": picture}
    config = {"model": "tiny-sdxl/vae", "tile_size": tile}
    write(folder / "vae-decode-tiled", tensors, "diffusers AutoencoderKL.tiled_decode", config)


def make(output, options):
    """Writes models/."""
    pipe = load(output)
    groups = (
        text_encoders, weighted_prompt, long_caption, unet, vae, vae_tiles, vae_decode_tiles,
    )
    for group in groups:
        group(output / "models", pipe)
