"""The layers of an SDXL model that a LoRA can adapt, with their two names and their shapes."""

import json
from dataclasses import dataclass
from pathlib import Path

# The kinds of layers: of attention, others of a transformer, time and label embeddings, and of text
# encoders.
ATTENTION, TRANSFORMER, CONVOLUTION, EMBEDDING, TEXT = range(5)


@dataclass(frozen=True)
class Layer:
    """A linear layer or a convolution of one part of the model: unet, te1 or te2."""

    part: str
    # The path in Stability AI's original implementation (sgm). Text encoders: as in transformers.
    sgm: str
    # The path in diffusers and transformers, without `text_model.`.
    diffusers: str
    # Of the weight: [out, in] or [out, in, height, width].
    shape: tuple[int, ...]
    kind: str

    def matrices(self, rank):
        """The shapes of the down and the up matrix of a LoRA."""
        out, into, *kernel = self.shape
        if not kernel:
            return (rank, into), (out, rank)
        return (rank, into, *kernel), (out, rank, *[1 for _ in kernel])


@dataclass(frozen=True)
class TextEncoderShape:
    layers: int
    width: int
    intermediate: int


@dataclass(frozen=True)
class ModelShape:
    """What the names and shapes of the layers depend on. The standard values are SDXL's."""

    widths: tuple[int, ...] = (320, 640, 1280)
    # Transformer blocks of each level. 0: the level has no attention.
    depths: tuple[int, ...] = (0, 2, 10)
    layers_per_block: int = 2
    context: int = 2048
    embedding: int = 2816
    latent: int = 4
    te1: TextEncoderShape = TextEncoderShape(12, 768, 3072)
    te2: TextEncoderShape = TextEncoderShape(32, 1280, 5120)

    @staticmethod
    def of(folder: Path):
        """The shape of a model in diffusers' layout."""
        unet, te1, te2 = (
            json.loads((folder / part / "config.json").read_text())
            for part in ("unet", "text_encoder", "text_encoder_2")
        )
        depths = zip(unet["down_block_types"], unet["transformer_layers_per_block"])
        encoders = (
            TextEncoderShape(c["num_hidden_layers"], c["hidden_size"], c["intermediate_size"])
            for c in (te1, te2)
        )
        return ModelShape(
            tuple(unet["block_out_channels"]),
            tuple(depth if "CrossAttn" in block else 0 for block, depth in depths),
            unet["layers_per_block"], unet["cross_attention_dim"],
            unet["projection_class_embeddings_input_dim"], unet["in_channels"], *encoders,
        )


SDXL = ModelShape()


def layers(shape):
    """All layers that a LoRA can adapt."""
    return unet_layers(shape) + text_layers("te1", shape.te1) + text_layers("te2", shape.te2)


def unet_layers(shape):
    """The layers of the UNet. The original counts the blocks through all levels: 0 is conv_in,
    then come a level's resnets, each with its transformer, and its downsampler."""
    widths, first, time = shape.widths, shape.widths[0], 4 * shape.widths[0]
    found = [
        embedding("time_embed.0", "time_embedding.linear_1", first, time),
        embedding("time_embed.2", "time_embedding.linear_2", time, time),
        embedding("label_emb.0.0", "add_embedding.linear_1", shape.embedding, time),
        embedding("label_emb.0.2", "add_embedding.linear_2", time, time),
        conv("input_blocks.0.0", "conv_in", shape.latent, first),
    ]
    levels = range(len(widths))
    number, width, skips = 1, first, [first]
    for level in levels:
        for index in range(shape.layers_per_block):
            names = f"input_blocks.{number}", f"down_blocks.{level}"
            found += block(shape, level, index, width, *names)
            width = widths[level]
            skips.append(width)
            number += 1
        if level != levels[-1]:
            there = f"down_blocks.{level}.downsamplers.0.conv"
            found.append(conv(f"input_blocks.{number}.0.op", there, width, width))
            skips.append(width)
            number += 1

    found += resnet("middle_block.0", "mid_block.resnets.0", width, width, time)
    found += transformer(
        "middle_block.1", "mid_block.attentions.0", width, shape.depths[-1], shape.context)
    found += resnet("middle_block.2", "mid_block.resnets.1", width, width, time)

    number = 0
    for place, level in enumerate(reversed(levels)):
        for index in range(shape.layers_per_block + 1):
            names = f"output_blocks.{number}", f"up_blocks.{place}"
            found += block(shape, level, index, width + skips.pop(), *names)
            width = widths[level]
            number += 1
        if level:
            after = 2 if shape.depths[level] else 1
            there = f"up_blocks.{place}.upsamplers.0.conv"
            found.append(conv(f"output_blocks.{number - 1}.{after}.conv", there, width, width))
    return found + [conv("out.2", "conv_out", first, shape.latent)]


def embedding(sgm, diffusers, into, out):
    return Layer("unet", sgm, diffusers, (out, into), EMBEDDING)


def conv(sgm, diffusers, into, out, size=3):
    return Layer("unet", sgm, diffusers, (out, into, size, size), CONVOLUTION)


def block(shape, level, index, into, sgm, diffusers):
    """A resnet, and the transformer behind it if the level has attention."""
    width, depth = shape.widths[level], shape.depths[level]
    time = 4 * shape.widths[0]
    found = resnet(f"{sgm}.0", f"{diffusers}.resnets.{index}", into, width, time)
    if depth:
        there = f"{diffusers}.attentions.{index}"
        found += transformer(f"{sgm}.1", there, width, depth, shape.context)
    return found


def resnet(sgm, diffusers, into, out, time):
    found = [
        conv(f"{sgm}.in_layers.2", f"{diffusers}.conv1", into, out),
        embedding(f"{sgm}.emb_layers.1", f"{diffusers}.time_emb_proj", time, out),
        conv(f"{sgm}.out_layers.3", f"{diffusers}.conv2", out, out),
    ]
    if into != out:
        names = f"{sgm}.skip_connection", f"{diffusers}.conv_shortcut"
        found.append(conv(*names, into, out, size=1))
    return found


def transformer(sgm, diffusers, width, depth, context):
    """A spatial transformer. Inside it the two namings agree."""
    inner = [("proj_in", (width, width), TRANSFORMER)]
    for number in range(depth):
        path = f"transformer_blocks.{number}"
        for attention, source in (("attn1", width), ("attn2", context)):
            inputs = {"to_q": width, "to_k": source, "to_v": source, "to_out.0": width}
            for name, into in inputs.items():
                inner.append((f"{path}.{attention}.{name}", (width, into), ATTENTION))
        # The first layer makes value and gate of GEGLU.
        inner.append((f"{path}.ff.net.0.proj", (8 * width, width), TRANSFORMER))
        inner.append((f"{path}.ff.net.2", (width, 4 * width), TRANSFORMER))
    inner.append(("proj_out", (width, width), TRANSFORMER))
    return [
        Layer("unet", f"{sgm}.{name}", f"{diffusers}.{name}", size, kind)
        for name, size, kind in inner
    ]


def text_layers(part, shape):
    """The layers of CLIP's text model that sd-scripts adapts."""
    square, wide = (shape.width, shape.width), (shape.intermediate, shape.width)
    names = {f"self_attn.{name}_proj": square for name in ("q", "k", "v", "out")}
    names |= {"mlp.fc1": wide, "mlp.fc2": wide[::-1]}
    paths = {
        f"encoder.layers.{number}.{name}": size
        for number in range(shape.layers) for name, size in names.items()
    }
    return [Layer(part, f"text_model.{path}", path, size, TEXT) for path, size in paths.items()]
