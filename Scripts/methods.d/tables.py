"""The tables in Documentation/methods.md and in the README."""

import math
from statistics import median

from catalogue import METHODS, OPTIONS, REFERENCE, SEEDS, SUBJECTS
from markdown import percent, replace_block, table
from records import chosen, tried
from training import PROJECT

MARK = "figures of Scripts/methods"
NEVER = math.inf


def write_tables(content):
    """Replaces the marked lines of both pages."""
    for page, lines in (("Documentation/methods.md", full(content)), ("README.md", short(content))):
        file = PROJECT / page
        text = replace_block(file.read_text(encoding="utf-8"), MARK, lines)
        file.write_text(text, encoding="utf-8")


def full(content):
    """All figures of all methods, and the rates that were tried."""
    heads = ["method", "rate", "runs", "steps", "to AdamW's", "CPU seconds", "to AdamW's", "file, KiB",
             "memory, MiB", "other attributes right"]
    rows = [[f"{name(method, runs)}", rate(method), str(len(runs)), *speed(content, runs), *size(runs)]
            for method, runs in measured(content)]
    base = percent(content["base"]["attributes_right"]) if "base" in content else "–"
    return [*table(heads, rows), "", f"The base model alone gets {base} of the other attributes right.", "",
            *table(["method", "steps of each rate that was tried, with dhoni and seed 1"], rates(content))]


def short(content):
    """Steps and time of the methods, without the options."""
    heads = ["method", "steps", "to AdamW's", "CPU seconds", "to AdamW's", "file, KiB", "other attributes right"]
    rows = []
    for method, runs in measured(content):
        if method not in OPTIONS:
            sizes = size(runs)
            rows.append([method.title, *speed(content, runs), sizes[0], sizes[2]])
    return table(heads, rows)


def measured(content):
    """The methods that have runs, with these."""
    found = [(method, chosen(content, method, SUBJECTS, SEEDS)) for method in METHODS.values()]
    return [(method, runs) for method, runs in found if runs]


def name(method, runs):
    """The title, with the number of runs that did not reach the score."""
    missed = sum(run["steps"] is None for run in runs.values())
    return method.title + (f" ({missed} of {len(runs)} not in 1000 steps)" if missed else "")


def rate(method):
    return "its own" if method.finds_rate else f"{method.rate:.1e}"


def speed(content, runs):
    """Steps and processor seconds: each the median with the range, and the ratio to the reference."""
    reference = chosen(content, METHODS[REFERENCE], SUBJECTS, SEEDS)
    cells = []
    for figure, form in (("steps", "{:.0f}"), ("cpu_seconds", "{:.0f}")):
        values = [value(run, figure) for run in runs.values()]
        ratios = [value(run, figure) / value(reference[place], figure)
                  for place, run in runs.items() if place in reference and reference[place]["steps"]]
        cells += [spread(values, form), spread(ratios, "{:.2f}")]
    return cells


def value(run, figure):
    return run[figure] if run["steps"] else NEVER


def spread(values, form):
    """The median, and the lowest and the highest in brackets."""
    if not values:
        return "–"
    low, middle, high = (form.format(x) if x < NEVER else "–"
                         for x in (min(values), median(values), max(values)))
    return middle if low == high else f"{middle} ({low} to {high})"


def size(runs):
    """Size of the file, peak memory, and attributes of other prompts that are right."""
    done = [run for run in runs.values() if run["steps"]]
    files = f"{median(run['adapter_bytes'] for run in done) / 1024:.0f}" if done else "–"
    memory = f"{median(run['peak_memory_bytes'] for run in runs.values()) / 2**20:.0f}"
    kept = "–"
    if done:
        shares = [run["attributes_right"] for run in done]
        kept = f"{percent(median(shares))} ({percent(min(shares))} to {percent(max(shares))})"
    return [files, memory, kept]


def rates(content):
    """A row for each method whose rates were tried."""
    rows = []
    for method in METHODS.values():
        runs = [(rate, tried(content, method, rate, SUBJECTS[0], SEEDS[0])) for rate in sorted(method.tried)]
        if any(run for _, run in runs):
            rows.append([method.title, ", ".join(attempt(method, *one) for one in runs if one[1])])
    return rows


def attempt(method, rate, run):
    """`2.5e-03: 350`, in bold if it was chosen."""
    steps = str(run["steps"]) if run["steps"] else f"more than {run['limit']}"
    words = f"{rate:.1e}: {steps}"
    return f"**{words}**" if rate == method.rate else words
