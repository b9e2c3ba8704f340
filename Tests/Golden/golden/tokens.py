"""Tokens of 5,000 strings from transformers' CLIPTokenizer, for each layout of its folder."""

import array
import json
import shutil
import sys
import tempfile
from pathlib import Path

from transformers import CLIPTokenizer

from . import sdxl
from .token_strings import strings

BOS, EOS = "<|startoftext|>", "<|endoftext|>"
SETTINGS = {
    "add_prefix_space": False, "do_lower_case": True, "errors": "replace",
    "model_max_length": 77, "tokenizer_class": "CLIPTokenizer",
}
TINY_MERGES, TINY_STRINGS = 500, 600
ENCODED = 40
LONG = 100_000


def added(content, **changes):
    """An added token in the form of the files."""
    flags = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    return {"content": content} | flags | changes


def roles(pad, entry=str):
    return {"bos_token": entry(BOS), "eos_token": entry(EOS), "pad_token": pad, "unk_token": entry(EOS)}


def layouts():
    """{layout: (the layout to compare its ids with, {configuration file: contents})}."""
    typed = lambda content: {"__type": "AddedToken"} | added(content)
    decoder = {
        "0": added("!", normalized=False, special=True),
        "49406": added(BOS, special=True),
        "49407": added(EOS, special=True),
        "49408": added("<my-subject>", special=False),
    }
    config, special = "tokenizer_config.json", "special_tokens_map.json"
    return {
        "objects": (None, {config: SETTINGS | roles(EOS, typed), special: roles(EOS, added)}),
        "names": ("objects", {config: SETTINGS | roles(EOS)}),
        "bare": ("names", {}),
        "objects-pad": (
            "objects", {config: SETTINGS | roles("!", typed), special: roles("!", added)},
        ),
        "map-only": (
            "objects-pad", {config: {"model_max_length": 77}, special: roles("!", added)},
        ),
        "decoder": (
            "objects-pad", {config: SETTINGS | roles("!") | {"added_tokens_decoder": decoder}},
        ),
        "added-tokens": (
            "decoder",
            {config: SETTINGS | roles("!"), "added_tokens.json": {"<my-subject>": 49408}},
        ),
    }


def encodings(tokenizer, texts, ids):
    """Padded and truncated as in diffusers' SDXL pipeline, with the text that it reports as cut."""
    length = tokenizer.model_max_length
    over = [i for i, tokens in enumerate(ids) if len(tokens) > length]
    result = {}
    for i in over[:ENCODED] + list(range(ENCODED // 2)):
        padded = tokenizer(
            texts[i], padding="max_length", max_length=length, truncation=True
        ).input_ids
        cut = tokenizer.decode(ids[i][length - 1 : -1]) if len(ids[i]) > length else None
        result[i] = {"ids": padded, "tokenCount": len(ids[i]) - 2, "truncatedText": cut}
    return result


def write_ids(path, ids):
    """Writes each list as its length and its ids, 16 bits each, little-endian."""
    words = array.array("H", [word for tokens in ids for word in (len(tokens), *tokens)])
    if sys.byteorder == "big":
        words.byteswap()
    path.write_bytes(words.tobytes())


def write_lines(path, items):
    """Writes a JSON array or object with a line for each item."""
    dump = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(items, dict):
        body, brackets = (f"{dump(str(k))}:{dump(v)}" for k, v in items.items()), "{}"
    else:
        body, brackets = map(dump, items), "[]"
    path.write_text(brackets[0] + "\n" + ",\n".join(body) + "\n" + brackets[1] + "\n", encoding="utf-8")


def make_tiny(folder, options, texts):
    """CLIP's first merges in the form of transformers 5: everything in tokenizer.json."""
    vocabulary, merges = sdxl.read_bpe(options.clip_bpe, TINY_MERGES)
    pairs = [tuple(merge.split(" ")) for merge in merges]
    tiny = CLIPTokenizer(vocab=vocabulary, merges=pairs, pad_token="!", model_max_length=77)
    with tempfile.TemporaryDirectory() as scratch:
        tiny.save_pretrained(scratch)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            contents = json.loads((Path(scratch) / name).read_text(encoding="utf-8"))
            sdxl.write_json(folder / "layouts" / "tiny" / name, contents)
    tiny = CLIPTokenizer.from_pretrained(folder / "layouts" / "tiny")
    write_ids(folder / "tiny.ids", tiny(texts[:TINY_STRINGS]).input_ids)


def long_texts(texts):
    """Texts of 100,000 characters: the joined strings, and one word of all their letters."""
    joined = " ".join(texts)
    letters = "".join(c for c in joined if c.isascii() and c.isalpha())
    return {"strings": joined[:LONG], "letters": letters[:LONG]}


def digests(tokenizer, texts):
    """The number of each text's tokens, and 64-bit FNV-1a of their ids, one step for each id."""
    result = {}
    for name, text in texts.items():
        ids = tokenizer(text, add_special_tokens=False).input_ids
        digest = 0xCBF29CE484222325
        for token in ids:
            digest = (digest ^ token) * 0x100000001B3 % 2**64
        result[name] = {"count": len(ids), "digest": f"{digest:016x}"}
    return result


def make(output, options):
    """Writes tokens/."""
    folder = output / "tokens"
    shutil.rmtree(folder, ignore_errors=True)
    texts = strings()
    folder.mkdir(parents=True)
    write_lines(folder / "strings.json", texts)
    make_tiny(folder, options, texts)

    ids, differences = {}, {}
    for name, (base, files) in layouts().items():
        layout = folder / "layouts" / name
        for file, contents in files.items():
            sdxl.write_json(layout / file, contents)
        with tempfile.TemporaryDirectory() as scratch:
            for source in filter(Path.is_dir, (layout, options.clip_bpe)):
                shutil.copytree(source, scratch, dirs_exist_ok=True)
            tokenizer = CLIPTokenizer.from_pretrained(scratch)
        ids[name] = tokenizer(texts).input_ids
        if base is None:
            write_ids(folder / "clip.ids", ids[name])
            write_lines(folder / "long.json", digests(tokenizer, long_texts(texts)))
        else:
            pairs = enumerate(zip(ids[base], ids[name]))
            changed = {i: ours for i, (theirs, ours) in pairs if theirs != ours}
            differences[name] = {"base": base, "ids": changed}
        if name.startswith("objects"):
            write_lines(folder / f"{name}.encodings.json", encodings(tokenizer, texts, ids[name]))
    write_lines(folder / "differences.json", differences)
