"""Two embeddings (textual inversions) for tiny-sdxl, and what diffusers makes of prompts with them."""

import torch
from safetensors.torch import save_file

from .fixture import generator, write
from .models import chunks, load, tokens
from .pictures import draw

# The words, their numbers of vectors.
WORDS = {"zebra-toy": 3, "bad-look": 2}
PICTURE = {
    "prompt": "a photo of zebra-toy, on grass", "negative_prompt": "blurry bad-look", "steps": 5,
    "guidance": 5.0, "seed": 42, "width": 64, "height": 64,
}
# The first vector of the word ends the first chunk, and the others begin the second.
LONG = "a dog on the grass, " * 9 + "one a zebra-toy and a zebra-toy"
WEIGHTED = "a (zebra-toy:1.3) dog, [bad-look] grass"
# Its pieces and weights, written by hand.
PIECES = [
    ("a ", 1.0), ("zebra-toy", 1.3), (" dog, ", 1.0), ("bad-look", 1 / 1.1), (" grass", 1.0),
]


def save(folder):
    """Writes the files of the embeddings, in the form of diffusers' training script."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = generator("embeddings")
    for word, count in WORDS.items():
        vectors = {
            name: torch.randn((count, size), generator=rng) * 0.3
            for name, size in (("clip_l", 24), ("clip_g", 40))
        }
        save_file(vectors, folder / f"{word}.safetensors", metadata={"format": "pt"})
        yield word, vectors


def ids(pipe, tokenizer, text):
    """The chunks of a text whose words are replaced by their tokens, as diffusers does."""
    return chunks(tokenizer, pipe.maybe_convert_prompt(text, tokenizer))


def read(pipe, encode):
    """Both encoders' hidden states and the pooled vector; `encode` is called with each pair."""
    states, tensors, pooled = [], {}, None
    for tokenizer, encoder, name in (
        (pipe.tokenizer, pipe.text_encoder, "input_ids"),
        (pipe.tokenizer_2, pipe.text_encoder_2, "input_ids_2"),
    ):
        tensors[f"in.{name}"], state, pooled = encode(tokenizer, encoder)
        states.append(state)
    embeds = torch.cat([state.reshape(1, -1, state.shape[-1]) for state in states], dim=-1)
    return tensors | {"out.embeds": embeds, "out.pooled": pooled[:1]}


def long_prompt(pipe):
    """A prompt of several chunks."""
    def encode(tokenizer, encoder):
        text = ids(pipe, tokenizer, LONG)
        output = encoder(text, output_hidden_states=True)
        return text, output.hidden_states[-2], getattr(output, "text_embeds", None)

    return read(pipe, encode)


def weighted_prompt(pipe):
    """Weighted words: e + w (z - e), where e is the state of the empty text."""
    def encode(tokenizer, encoder):
        parts = [
            (tokenizer(pipe.maybe_convert_prompt(text, tokenizer), add_special_tokens=False), weight)
            for text, weight in PIECES
        ]
        text = [tokenizer.bos_token_id] + [token for part, _ in parts for token in part.input_ids]
        weights = [1.0] + [weight for part, weight in parts for _ in part.input_ids]
        text += [tokenizer.eos_token_id]
        text += [tokenizer.pad_token_id] * (77 - len(text))
        weights = torch.tensor(weights + [1.0] * (77 - len(weights)), dtype=torch.float64)
        text = torch.tensor([text])
        output = encoder(text, output_hidden_states=True)
        empty = encoder(tokens(tokenizer, [""]), output_hidden_states=True).hidden_states[-2]
        moved = empty + weights[None, :, None] * (output.hidden_states[-2].double() - empty)
        return text, moved.float(), getattr(output, "text_embeds", None)

    return read(pipe, encode)


@torch.no_grad()
def make(output, options):
    """Writes embeddings/."""
    folder = output / "embeddings"
    pipe = load(output)
    for word, vectors in save(folder):
        pipe.load_textual_inversion(
            vectors["clip_l"], token=word, text_encoder=pipe.text_encoder, tokenizer=pipe.tokenizer)
        pipe.load_textual_inversion(
            vectors["clip_g"], token=word, text_encoder=pipe.text_encoder_2,
            tokenizer=pipe.tokenizer_2)
    source = "diffusers load_textual_inversion"
    write(folder / "picture", draw(pipe, PICTURE), f"{source}, StableDiffusionXLPipeline", PICTURE)
    write(folder / "long-prompt", long_prompt(pipe), f"{source}, chunks of 75", {"prompt": LONG})
    write(folder / "weighted-prompt", weighted_prompt(pipe), f"{source}, weighted", {"prompt": WEIGHTED})
