#!/usr/bin/env python3
"""Makes the two tokenizers: CLIP's byte-level BPE with a small vocabulary, learned from captions.

All 256 bytes are in it, so that any text can be a prompt; the first pads with the end token, the
second with token 0, as SDXL's do.
"""

import argparse
import json
import pathlib
import re

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

import scenes
from drawing import COLORS

START, END = "<|startoftext|>", "<|endoftext|>"


def words(count=4000):
    """Words of captions, and every word that a caption can hold."""
    rng = np.random.default_rng(0)
    captions = [scenes.random_scene(rng).caption for _ in range(count)]
    lists = (COLORS, scenes.SHAPES, scenes.THINGS, scenes.BODIES, scenes.EARS)
    captions += [word for words in lists for word in words for _ in range(3)]
    return (word for caption in captions for word in re.findall("[a-z]+|[^a-z ]+", caption))


def vocabulary(merges):
    """CLIP's order: bytes, bytes that end a word, merges, start, end."""
    characters = sorted(pre_tokenizers.ByteLevel.alphabet())
    characters.remove("!")
    tokens = ["!"] + characters
    tokens += [token + "</w>" for token in tokens]
    tokens += ["".join(merge) for merge in merges] + [START, END]
    return {token: index for index, token in enumerate(dict.fromkeys(tokens))}


def learn_merges():
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trainer = trainers.BpeTrainer(
        vocab_size=800,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(words(), trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [tuple(merge) for merge in merges]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=pathlib.Path, help="folder of both tokenizers")
    output = parser.parse_args().output
    merges = learn_merges()
    tokens = vocabulary(merges)
    for name, padding in (("tokenizer", END), ("tokenizer_2", "!")):
        folder = output / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "vocab.json").write_text(json.dumps(tokens, ensure_ascii=False))
        lines = ["#version: 0.2", *(" ".join(merge) for merge in merges)]
        (folder / "merges.txt").write_text("\n".join(lines) + "\n")
        settings = dict(
            tokenizer_class="CLIPTokenizer",
            model_max_length=77,
            bos_token=START,
            eos_token=END,
            unk_token=END,
            pad_token=padding,
        )
        (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    print(f"{len(tokens)} tokens, {len(merges)} merges")


if __name__ == "__main__":
    main()
