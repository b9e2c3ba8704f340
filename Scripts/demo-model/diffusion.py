"""Code of the base and refiner trainings: the models' shapes, captions, latents and the loss."""

import pathlib

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from drawing import SIZE
from train_vae import images

MIN_SNR_GAMMA = 5.0

SCHEDULE = dict(
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    num_train_timesteps=1000,
)


def new_text_encoder(tokenizer, width, activation, projection=None):
    """CLIP's text model with three layers, of which two are used: SDXL takes the output of the layer
    before the last."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=3,
        num_attention_heads=width // 32,
        max_position_embeddings=77,
        hidden_act=activation,
        projection_dim=projection or width,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModelWithProjection(config) if projection else CLIPTextModel(config)


def new_base_unet():
    """SDXL's UNet: no attention in the first level, two text encoders, six time ids."""
    return UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(64, 96, 128),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        transformer_layers_per_block=(1, 1, 2),
        attention_head_dim=(2, 3, 4),
        cross_attention_dim=160,
        use_linear_projection=True,
        norm_num_groups=16,
        addition_embed_type="text_time",
        addition_time_embed_dim=32,
        projection_class_embeddings_input_dim=96 + 6 * 32,
    )


def new_refiner_unet():
    """The refiner's UNet: four levels, attention in the two middle ones, the second text encoder
    only, and an aesthetic score in place of the target size."""
    return UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(64, 96, 128, 128),
        down_block_types=(
            "DownBlock2D",
            "CrossAttnDownBlock2D",
            "CrossAttnDownBlock2D",
            "DownBlock2D",
        ),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        transformer_layers_per_block=(1, 1, 2, 2),
        attention_head_dim=(2, 3, 4, 4),
        cross_attention_dim=96,
        use_linear_projection=True,
        norm_num_groups=16,
        addition_embed_type="text_time",
        addition_time_embed_dim=32,
        projection_class_embeddings_input_dim=96 + 5 * 32,
    )


def refiner_from_base(base):
    """A refiner whose weights are the base's wherever the two have the same place: all but the
    innermost level and the aesthetic score."""
    refiner, source = new_refiner_unet(), base.state_dict()
    weights = refiner.state_dict()
    for key, weight in weights.items():
        block, _, rest = key.partition(".")
        number, _, rest = rest.partition(".")
        if block == "up_blocks":
            # One level more: the base's first is the refiner's second.
            key = f"up_blocks.{int(number) - 1}.{rest}"
        found = source.get(key)
        if found is None:
            continue
        if found.shape == weight.shape:
            weight.copy_(found)
        elif "attn2" in key:
            # The second encoder's part of both encoders' states.
            weight.copy_(found[:, -weight.shape[1] :])
        elif "add_embedding" in key:
            # The pooled text and four of the sizes. The score starts with zero weights.
            known = 96 + 4 * 32
            weight[:, :known] = found[:, :known]
            weight[:, known:] = 0
    refiner.load_state_dict(weights)
    return refiner


class TextSide:
    """The tokenizers and text encoders of a model folder, or new ones beside its tokenizers."""

    def __init__(self, folder, new=False):
        self.folder = folder = pathlib.Path(folder)
        self.tokenizers = [
            CLIPTokenizer.from_pretrained(folder / name) for name in ("tokenizer", "tokenizer_2")
        ]
        if new:
            first = new_text_encoder(self.tokenizers[0], 64, "quick_gelu")
            second = new_text_encoder(self.tokenizers[1], 96, "gelu", projection=96)
        else:
            first = CLIPTextModel.from_pretrained(folder / "text_encoder")
            second = CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder_2")
        self.encoders = [first.float(), second.float()]

    def tokens(self, captions):
        """Both tokenizers' ids of the captions, each [N, 77]."""
        return [
            tokenizer(
                captions, padding="max_length", max_length=77, truncation=True, return_tensors="pt"
            ).input_ids
            for tokenizer in self.tokenizers
        ]

    def encode(self, tokens):
        """The layers before the last, [N, 77, 64 + 96], and the pooled vector, [N, 96]."""
        first = self.encoders[0](tokens[0], output_hidden_states=True).hidden_states[-2]
        second = self.encoders[1](tokens[1], output_hidden_states=True)
        return torch.cat([first, second.hidden_states[-2]], -1), second.text_embeds


@torch.no_grad()
def encode_pictures(vae_folder, pictures):
    """Latents of bytes [N, 64, 64, 3]: [N, 4, 16, 16], scaled to deviation 1."""
    vae = AutoencoderKL.from_pretrained(vae_folder).float()
    parts = (pictures[i : i + 64] for i in range(0, len(pictures), 64))
    means = [vae.encode(images(part)).latent_dist.mean for part in parts]
    return torch.cat(means) * vae.config.scaling_factor


@torch.no_grad()
def encode_captions(text, tokens):
    """All captions' states [N, 77, 160] and pooled vectors [N, 96], in fp16."""
    states, pooled = [], []
    for start in range(0, len(tokens[0]), 64):
        part = text.encode([ids[start : start + 64] for ids in tokens])
        states.append(part[0].half())
        pooled.append(part[1].half())
    return torch.cat(states), torch.cat(pooled)


def random_sizes(count, draw):
    """Original sizes, [N, 2]: mostly the model's own, in a quarter of the cases any other, so that
    a real picture's size does no harm."""
    own = torch.full((count, 2), float(SIZE))
    other = torch.randint(32, 513, (count, 1), generator=draw).float().expand(-1, 2)
    return torch.where(torch.rand(count, 1, generator=draw) < 0.25, other, own)


class Denoising:
    """The noise schedule and the loss, min-SNR weighted (Hang et al. 2023)."""

    def __init__(self):
        self.schedule = DDPMScheduler(**SCHEDULE)

    def batch(self, latents, timesteps, draw):
        """Noisy latents and their noise."""
        noise = torch.randn(latents.shape, generator=draw)
        noisy = self.schedule.add_noise(latents, noise, timesteps)
        return noisy.contiguous(memory_format=torch.channels_last), noise

    def losses(self, prediction, noise, timesteps):
        """The weighted loss to train on and the plain mean squared error to report."""
        errors = (prediction.float() - noise).square().mean((1, 2, 3))
        alphas = self.schedule.alphas_cumprod[timesteps]
        snr = alphas / (1 - alphas)
        return (errors * (snr.clamp(max=MIN_SNR_GAMMA) / snr)).mean(), errors.mean().item()


def stratified_timesteps(count, draw, below=1000):
    """One timestep out of each of `count` equal ranges."""
    uniform = (torch.arange(count) + torch.rand(count, generator=draw)) / count
    return (uniform * below).long().clamp(max=below - 1)
