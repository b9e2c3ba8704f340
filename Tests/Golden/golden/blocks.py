"""Single layers and blocks of the UNet and the VAE."""

import torch
from diffusers.models import attention, attention_processor, downsampling, embeddings
from diffusers.models import resnet, upsampling
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from diffusers.models.unets import unet_2d_blocks
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

from .fixture import generator, randomise, record

TEMB, CONTEXT, HEADS = 20, 12, 2


def case(folder, name, cls, config, shapes, call=None, extra=None):
    """Builds cls(**config), draws weights and inputs of the given shapes, and records the outputs."""
    rng = generator(f"blocks/{name}")
    module = randomise(cls(**config), rng)
    inputs = {key: torch.randn(shape, generator=rng) for key, shape in shapes.items()}
    call = call or (lambda module, **inputs: {"sample": module(*inputs.values())})
    record(
        folder / name,
        source=f"{cls.__module__}.{cls.__name__}(**config)",
        config=config | (extra or {}),
        module=module,
        inputs=inputs,
        call=lambda **inputs: call(module, **inputs),
    )


def layers(folder):
    """Resnets, re-samplers and feed-forward."""
    cls = resnet.ResnetBlock2D
    norm = dict(groups=4, eps=1e-5)
    temb = {"sample": (2, 16, 6, 5), "temb": (2, TEMB)}
    config = dict(in_channels=16, temb_channels=TEMB, **norm)
    case(folder, "resnet", cls, config | dict(out_channels=16), temb)
    case(folder, "resnet-shortcut", cls, config | dict(out_channels=24), temb)
    config = dict(in_channels=16, temb_channels=None, groups=4, eps=1e-6)
    vae = lambda module, sample: {"sample": module(sample, None)}
    sample = {"sample": (2, 16, 5, 6)}
    case(folder, "resnet-vae", cls, config | dict(out_channels=16), sample, vae)
    case(folder, "resnet-vae-shortcut", cls, config | dict(out_channels=8), sample, vae)

    resample = dict(channels=8, use_conv=True, out_channels=8)
    down, up = downsampling.Downsample2D, upsampling.Upsample2D
    case(folder, "downsample", down, resample | dict(padding=1), {"sample": (2, 8, 7, 6)})
    case(folder, "downsample-vae", down, resample | dict(padding=0), {"sample": (2, 8, 7, 6)})
    case(folder, "upsample", up, resample, {"sample": (2, 8, 3, 5)})
    case(
        folder, "upsample-size", up, resample, {"sample": (2, 8, 3, 5)},
        lambda module, sample: {"sample": module(sample, output_size=(7, 9))},
        extra={"output_size": [7, 9]},
    )
    config = dict(dim=16, activation_fn="geglu")
    case(folder, "feed-forward", attention.FeedForward, config, {"sample": (2, 7, 16)})


def attentions(folder):
    """Attention, transformer block and the spatial transformer in both projection styles."""
    cls = attention_processor.Attention
    config = dict(query_dim=16, heads=HEADS, dim_head=8)
    case(folder, "attention-self", cls, config, {"sample": (2, 9, 16)})
    case(
        folder, "attention-cross", cls, config | dict(cross_attention_dim=CONTEXT),
        {"sample": (2, 9, 16), "context": (2, 7, CONTEXT)},
    )
    vae = dict(
        query_dim=16, heads=1, dim_head=16, norm_num_groups=4, eps=1e-6, bias=True,
        residual_connection=True, upcast_softmax=True, _from_deprecated_attn_block=True,
    )
    case(folder, "attention-vae", cls, vae, {"sample": (2, 16, 3, 4)})

    both = {"sample": (2, 9, 16), "context": (2, 7, CONTEXT)}
    config = dict(
        dim=16, num_attention_heads=HEADS, attention_head_dim=8, cross_attention_dim=CONTEXT,
        activation_fn="geglu",
    )

    def block(module, sample, context):
        return {"sample": module(sample, encoder_hidden_states=context)}

    case(folder, "transformer-block", attention.BasicTransformerBlock, config, both, block)

    both = {"sample": (2, 16, 4, 3), "context": (2, 7, CONTEXT)}

    def whole(module, sample, context):
        return {"sample": module(sample, context, return_dict=False)[0]}

    for name, linear in (("transformer-linear", True), ("transformer-conv", False)):
        config = dict(
            num_attention_heads=HEADS, attention_head_dim=8, in_channels=16, num_layers=2,
            cross_attention_dim=CONTEXT, norm_num_groups=4, use_linear_projection=linear,
        )
        case(folder, name, Transformer2DModel, config, both, whole)


def embeddings_(folder):
    """Timestep sinusoid and MLP, and the text-and-size embedding of SDXL."""
    steps = torch.tensor([0.0, 1.0, 17.5, 261.0, 998.25, 999.0, 1365.0, 4096.0])
    for dim in (32, 320):
        config = dict(num_channels=dim, flip_sin_to_cos=True, downscale_freq_shift=0)
        module = embeddings.Timesteps(**config)
        record(
            folder / f"timesteps-{dim}",
            source="diffusers.models.embeddings.Timesteps(**config)",
            config=config,
            inputs={"timesteps": steps},
            call=lambda timesteps: {"sample": module(timesteps.detach())},
        )
    config = dict(in_channels=16, time_embed_dim=24)
    case(folder, "timestep-embedding", embeddings.TimestepEmbedding, config, {"sample": (3, 16)})

    # UNet2DConditionModel.get_aug_embed with addition_embed_type "text_time": sinusoid of the six
    # sizes, after the pooled vector, through add_embedding.
    class TextTimeEmbedding(torch.nn.Module):
        addition_embed_type = None

        def __init__(self, pooled, dim, time_embed_dim):
            super().__init__()
            self.config = type("Config", (), {"addition_embed_type": "text_time"})
            self.add_time_proj = embeddings.Timesteps(dim, True, 0)
            self.add_embedding = embeddings.TimestepEmbedding(pooled + 6 * dim, time_embed_dim)

        def forward(self, text_embeds, time_ids):
            conditions = {"text_embeds": text_embeds, "time_ids": time_ids}
            return UNet2DConditionModel.get_aug_embed(self, text_embeds, None, conditions)

    rng = generator("blocks/text-time-embedding")
    config = dict(pooled=10, dim=16, time_embed_dim=24)
    module = randomise(TextTimeEmbedding(**config), rng)
    ids = torch.tensor([[1080, 1350, 13, 0, 1152, 896], [640, 480, 0, 80, 512, 512]])
    record(
        folder / "text-time-embedding",
        source="diffusers UNet2DConditionModel.get_aug_embed, addition_embed_type text_time",
        config=config,
        module=module,
        inputs={"text_embeds": torch.randn((2, 10), generator=rng), "time_ids": ids},
        call=lambda text_embeds, time_ids: {"sample": module(text_embeds, time_ids.float())},
    )


def unet_blocks(folder):
    """The five UNet blocks of SDXL; the down blocks also return their skip connections."""
    norm = dict(temb_channels=TEMB, resnet_groups=4, resnet_eps=1e-5, resnet_act_fn="silu")
    cross = dict(
        transformer_layers_per_block=1, num_attention_heads=HEADS,
        cross_attention_dim=CONTEXT, use_linear_projection=True,
    )
    sample = {"sample": (2, 8, 6, 4), "temb": (2, TEMB)}
    context = {"context": (2, 7, CONTEXT)}

    def down(module, sample, temb, context=None):
        extra = {} if context is None else {"encoder_hidden_states": context}
        sample, skips = module(sample, temb, **extra)
        return {"sample": sample} | {f"skip.{i}": skip for i, skip in enumerate(skips)}

    def up(module, sample, temb, skip_0, skip_1, context=None):
        extra = {} if context is None else {"encoder_hidden_states": context}
        return {"sample": module(sample, (skip_0, skip_1), temb, **extra)}

    def mid(module, sample, temb, context):
        return {"sample": module(sample, temb, encoder_hidden_states=context)}

    blocks = unet_2d_blocks
    config = dict(in_channels=8, out_channels=16, num_layers=2, downsample_padding=1, **norm)
    case(folder, "down-block", blocks.DownBlock2D, config, sample, down)
    last = config | dict(add_downsample=False)
    case(folder, "down-block-last", blocks.DownBlock2D, last, sample, down)
    config = config | dict(out_channels=8) | cross
    both = sample | context
    case(folder, "cross-attention-down-block", blocks.CrossAttnDownBlock2D, config, both, down)
    config = dict(in_channels=8, **norm) | cross | dict(transformer_layers_per_block=2)
    case(folder, "mid-block", blocks.UNetMidBlock2DCrossAttn, config, both, mid)
    # The skips are in the order of the down path, and the last is used first. At resnet 0 the sample
    # has prev_output_channel channels, and the last resnet's skip has in_channels.
    config = dict(in_channels=4, out_channels=8, prev_output_channel=16, num_layers=2, **norm)
    skips = {"skip_0": (2, 4, 6, 4), "skip_1": (2, 8, 6, 4)}
    sample = sample | {"sample": (2, 16, 6, 4)} | skips
    both = sample | context
    case(folder, "up-block", blocks.UpBlock2D, config | dict(add_upsample=False), sample, up)
    case(folder, "up-block-upsample", blocks.UpBlock2D, config, sample, up)
    config = config | cross
    case(folder, "cross-attention-up-block", blocks.CrossAttnUpBlock2D, config, both, up)


def vae_blocks(folder):
    """Encoder, decoder and middle block of AutoencoderKL."""
    norm = dict(resnet_groups=4, resnet_eps=1e-6, resnet_act_fn="silu")
    plain = lambda module, sample: {"sample": module(sample)}
    blocks = unet_2d_blocks
    config = dict(in_channels=8, out_channels=16, num_layers=2, **norm)
    case(folder, "encoder-block", blocks.DownEncoderBlock2D, config | dict(downsample_padding=0),
         {"sample": (2, 8, 6, 8)}, plain)
    case(folder, "decoder-block", blocks.UpDecoderBlock2D, config, {"sample": (2, 8, 3, 4)}, plain)
    config = dict(in_channels=16, temb_channels=None, attention_head_dim=16, **norm)
    case(folder, "mid-block-vae", blocks.UNetMidBlock2D, config, {"sample": (2, 16, 3, 4)}, plain)


def make(output, options):
    """Writes blocks/."""
    folder = output / "blocks"
    for group in (layers, attentions, embeddings_, unet_blocks, vae_blocks):
        group(folder)
