"""The figures in the README, made from a machine's JSON."""

from textwrap import wrap

from markdown import mebibytes, seconds, table
from page import OPPOSITE, title
from rows import Row
from turns import median, ratio

WIDTH = 140  # of the README's lines
STEP = ("seconds per step", "seconds_per_step", seconds)
PEAK = ("peak memory, MiB", "peak_memory_bytes", mebibytes)
# The figures of each kind of row.
FIGURES = {"training": [STEP, PEAK], "drawing": [STEP, PEAK],
           "start": [("seconds", "wall_seconds", seconds)]}
# The peer of the headline: the first of these that a row has. The others have only a ratio.
HEADLINE = ("lean", "diffusers")
OTHERS = ("script", "kohya")


def block(name, results):
    """The lines between the README's marks."""
    entries = results["rows"]
    shown = [entry for entry in entries.values() if entry["row"]["kind"] in FIGURES]
    heads = ["on the CPU", "lora-train", "diffusers + peft", "ratio", "to diffusers' script",
             "to kohya's settings"]
    note = ("Figures and ratios are medians over runs in turn, with the lowest and the highest ratio in "
            f"brackets. {weights(entries)}[All figures](Benchmarks/{name}.md)")
    return [*paragraph(conditions(results)), "",
            *table(heads, [line for entry in shown for line in lines(entry)]), "", *paragraph(note)]


def paragraph(text):
    """The lines of a paragraph."""
    return wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def conditions(results):
    """What was measured, where, and with which releases."""
    measured = [entry["measured"] for entry in results["rows"].values()]
    newest = max(measured, key=lambda versions: versions["date"])
    return (f"Random weights, rank 16, 256 px, batch size 1, {title(results['machine'])}, PyTorch "
            f"{release(newest['torch'])}, diffusers {release(newest['diffusers'])}, peft "
            f"{release(newest['peft'])}.")


def lines(entry):
    """A row's lines, one for each figure. The second is a part of the first."""
    row, rounds = Row(**entry["row"]), entry["rounds"]
    peer = next(side for side in HEADLINE if side in rounds[0])
    found = []
    for index, (label, figure, form) in enumerate(FIGURES[row.kind]):
        shown = [form(median(rounds, side, figure)) for side in ("lora_train", peer)]
        ratios = [ratio_in_words(rounds, side, figure) for side in (peer, *OTHERS)]
        found.append([label if index else f"{row.title}: {label}", *shown, *ratios])
    return found


def ratio_in_words(rounds, side, figure):
    """lora-train's figure divided by a peer's; a dash if the row does not have the peer."""
    if side not in rounds[0]:
        return "–"
    found = ratio(rounds, OPPOSITE[side], side, figure)
    return f"{found.median:.2f} ({found.lowest:.2f}–{found.highest:.2f})"


def weights(entries):
    """How much of the peak of the full UNet its weights are."""
    if "full-bf16" not in entries:
        return ""
    size = mebibytes(entries["full-bf16"]["weight_bytes"])
    return f"Of the full UNet's peak, {size} MiB are its weights. "


def release(version):
    """The first two numbers of a version."""
    return ".".join(version.split("+")[0].split(".")[:2])
