"""The page of a machine, made from its JSON."""

from fits import fit
from markdown import mebibytes, percent, seconds, table
from rows import Row
from turns import median, ratio, share

NAMES = {
    "lora_train": "lora-train",
    "lora_train_small": "lora-train, less memory",
    "lean": "diffusers + peft, lean loop",
    "script": "diffusers' script",
    "lora_train_blocks": "lora-train, blocks recomputed",
    "lora_train_linear": "lora-train, all linear layers",
    "kohya": "kohya's settings",
    "diffusers": "diffusers",
    "peft": "diffusers + peft, lean loop",
    "lycoris": "diffusers + lycoris-lora, lean loop",
}
# The side of lora-train that each peer is compared with: the one that does the same work.
OPPOSITE = {"lean": "lora_train", "script": "lora_train", "kohya": "lora_train_linear",
            "diffusers": "lora_train", "peft": "lora_train", "lycoris": "lora_train"}
# The axes of the growth: heading, unit of the slope, and the x of a point.
AXES = {
    "batch": ("batch size", "image in a batch", float),
    "side": ("side, px", "million pixels", lambda side: side * side / 1e6),
    "images": ("images", "image of the dataset", float),
}


def page_of(results):
    """The page: a section for each row, then the versions that each was measured with."""
    machine, entries = results["machine"], results["rows"]
    lines = [
        f"# lora-train on {title(machine)}", "",
        f"{machine['memory_gib']} GiB of memory. [Benchmarks](README.md#cpus) says what the sides and the "
        "figures are.",
    ]
    for entry in entries.values():
        row = Row(**entry["row"])
        heading = row.title[0].upper() + row.title[1:]
        lines += ["", f"## {heading}", "", *SECTIONS[row.kind](row, entry)]
    keys = list({key: None for entry in entries.values() for key in entry["measured"]})
    versions = [[name, *(entry["measured"].get(key, "") for key in keys)]
                for name, entry in entries.items()]
    return "\n".join([*lines, "", "## Versions", "", *table(["row", *keys], versions), ""])


def title(machine):
    """A machine in words."""
    return f"{machine['processor']}, {many(machine['cores'], 'core')}"


def many(count, thing):
    """A number of things in words."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def training(row, entry):
    """All sides of a training, and what its figures rest on."""
    rounds, flop = entry["rounds"], entry["flop"]
    work = dict.fromkeys(("lora_train", "lora_train_small", "lean", "script"), flop["attention"])
    if not row.memory:
        del work["lora_train_small"]
    work |= dict.fromkeys(("lora_train_linear", "kohya"), flop["linear"])
    checkpointing = "with" if row.gradient_checkpointing else "without"
    return [
        *sides(rounds, work), "",
        f"{row.resolution} px, batch size 1, rank {row.rank}, {checkpointing} gradient checkpointing, "
        f"{many(row.rounds, 'round')} of {many(row.steps, 'step')}. A step has {giga(flop['attention'])} "
        f"GFLOP, and {giga(flop['linear'])} with adapters in all linear layers. {product(rounds)} The "
        f"UNet's weights are {mebibytes(entry['weight_bytes'])} MiB. A first run of lora-train, which fills "
        f"its caches, peaks at {mebibytes(entry['cold']['peak_memory_bytes'])} MiB.{less(row, rounds)}",
    ]


def less(row, rounds):
    """A sentence about the side with less memory."""
    if not row.memory:
        return ""
    time, memory = (ratio(rounds, "lora_train_small", "lean", figure).median
                    for figure in ("seconds_per_step", "peak_memory_bytes"))
    return (f" *Less memory* is `--memory {row.memory}`: {time:.2f} times the lean loop's time and "
            f"{memory:.2f} times its memory.")


def drawing(row, entry):
    """Both sides of a drawing."""
    rounds, flop = entry["rounds"], entry["flop"]["prediction"]
    return [
        *sides(rounds, dict.fromkeys(("lora_train", "diffusers"), flop)), "",
        f"{row.resolution} px with guidance, {many(row.rounds, 'round')}, {many(row.steps, 'step')}. A step "
        f"has {giga(flop)} GFLOP. {product(rounds)}",
    ]


def sides(rounds, work):
    """A table of sides, {side: FLOP of its step}."""
    heads = ["side", "seconds a step", "fastest step", "peak memory, MiB", "share of the peak",
             "lora-train's time ÷ this", "from – to", "lora-train's memory ÷ this"]
    lines = []
    for side, flop in work.items():
        lines.append([
            NAMES[side], seconds(median(rounds, side, "seconds_per_step")),
            seconds(min(taken[side]["fastest_step"] for taken in rounds)),
            mebibytes(median(rounds, side, "peak_memory_bytes")), percent(share(rounds, side, flop)),
            *comparison(rounds, side, "seconds_per_step"),
        ])
    return table(heads, lines)


def comparison(rounds, side, figure):
    """The cells of a peer: time of lora-train divided by its own, the range of this, and the same of
    memory. Those of lora-train are empty."""
    if side not in OPPOSITE:
        return ["", "", ""]
    time = ratio(rounds, OPPOSITE[side], side, figure)
    memory = ratio(rounds, OPPOSITE[side], side, "peak_memory_bytes")
    return [f"{time.median:.2f}", f"{time.lowest:.2f} – {time.highest:.2f}", f"{memory.median:.2f}"]


def start(row, entry):
    """The times of whole processes."""
    rounds = entry["rounds"]
    heads = ["side", "seconds", "peak memory, MiB", "lora-train's time ÷ this", "from – to",
             "lora-train's memory ÷ this"]
    lines = [[
        NAMES[side], seconds(median(rounds, side, "wall_seconds")),
        mebibytes(median(rounds, side, "peak_memory_bytes")),
        *comparison(rounds, side, "wall_seconds")] for side in NAMES if side in rounds[0]]
    return [
        *table(heads, lines), "",
        f"{many(row.rounds, 'round')}. A first run of lora-train, which fills its caches, takes "
        f"{seconds(entry['cold']['wall_seconds'])} s.",
    ]


def growth(row, entry):
    """The points of each axis beside the line through them."""
    lines = []
    for axis, (heading, unit, to_x) in AXES.items():
        points = [point for point in entry["rounds"][0] if point.startswith(f"{axis} ")]
        sizes = [int(point.split()[1]) for point in points]
        xs = [to_x(size) for size in sizes]
        times = [median(entry["rounds"], point, "seconds_per_step") for point in points]
        peaks = [median(entry["rounds"], point, "peak_memory_bytes") / 2**20 for point in points]
        cold = [mebibytes(entry["cold"][point]["peak_memory_bytes"]) for point in points]
        time, memory = fit(xs, times), fit(xs, peaks)
        cells = [
            [str(size), seconds(second), seconds(time.at(x)), f"{peak:.0f}", f"{memory.at(x):.0f}", first]
            for size, x, second, peak, first in zip(sizes, xs, times, peaks, cold)]
        lines += table(
            [heading, "seconds a step", "on the line", "peak memory, MiB", "on the line",
             "first run's peak, MiB"], cells)
        lines += ["", f"{line(time, 's', unit)}, {line(memory, 'MiB', unit)}.", ""]
    return [*lines, f"{many(row.rounds, 'round')} without gradient checkpointing. The line is the "
            "least-squares fit. The first run fills the caches."]


def ladder(row, entry):
    """The rungs, with the time relative to the first."""
    rounds, estimates = entry["rounds"], entry["estimates"]
    first = next(iter(estimates))
    cells = []
    for rung, expected in estimates.items():
        used = median(rounds, rung, "peak_memory_bytes")
        time = ratio(rounds, rung, first, "seconds_per_step").median
        cells.append([
            rung, mebibytes(expected), mebibytes(used), f"{expected / used:.2f}",
            seconds(median(rounds, rung, "seconds_per_step")), f"{time:.2f}"])
    heads = ["rung", "estimate, MiB", "peak memory, MiB", "estimate ÷ peak", "seconds a step",
             "time ÷ the first rung's"]
    return [
        *table(heads, cells), "",
        f"{row.resolution} px, batch size 1, rank {row.rank}, {many(row.rounds, 'round')} of "
        f"{many(row.steps, 'step')} without samples. [Memory](../Documentation/memory.md) explains the rungs."]


def line(fitted, quantity, unit):
    """A line in words."""
    sign = "−" if fitted.slope < 0 else "+"
    return (f"{number(fitted.intercept)} {quantity} {sign} {number(abs(fitted.slope))} {quantity} for each "
            f"{unit}, within {percent(fitted.deviation)}")


def number(value):
    """A number with three digits or more, or with six decimals if it is small."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.6f}"


def product(rounds):
    """The peak in words."""
    return (f"The peak is {giga(median(rounds, 'product', 'flop_per_second'))} GFLOP/s, the speed of a large "
            "matrix product in the same precision and threads.")


def giga(value):
    """A number of billions."""
    return f"{value / 1e9:.1f}" if value < 1e11 else f"{value / 1e9:.0f}"


def adapter(row, entry):
    """The sides of a kind of adapter, with the time of the processor and the memory that is expected."""
    rounds, estimates = entry["rounds"], entry["estimates"]
    heads = ["side", "seconds a step", "fastest step", "CPU seconds a step", "peak memory, MiB",
             "estimate ÷ peak", "lora-train's CPU time ÷ this", "from – to", "lora-train's memory ÷ this"]
    lines = []
    for side in rounds[0]:
        used = median(rounds, side, "peak_memory_bytes")
        lines.append([
            NAMES[side], seconds(median(rounds, side, "seconds_per_step")),
            seconds(min(taken[side]["fastest_step"] for taken in rounds)),
            seconds(median(rounds, side, "cpu_seconds_per_step")), mebibytes(used),
            f"{estimates[side] / used:.2f}" if side in estimates else "",
            *comparison(rounds, side, "cpu_seconds_per_step")])
    return [
        *table(heads, lines), "",
        f"{row.resolution} px, batch size 1, rank {row.rank}, adapters in the attention layers, without "
        f"gradient checkpointing but where it is named, {many(row.rounds, 'round')} of "
        f"{many(row.steps, 'step')}. The estimate is that of `doctor --plan`.",
    ]


SECTIONS = {"training": training, "start": start, "drawing": drawing, "growth": growth,
            "ladder": ladder, "adapter": adapter}
