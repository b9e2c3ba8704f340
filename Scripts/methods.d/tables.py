"""The tables in Documentation/methods.md and in the README."""

import math
from statistics import median
from textwrap import wrap

from catalogue import AVERAGE, ENOUGH, METHODS, OPTIONS, REFERENCE, SEEDS, STEPS, SUBJECTS
from markdown import percent, replace_block, table
from records import chosen, tried
from scores import PICTURES
from training import PROJECT

MARK = "figures of Scripts/methods"
NEVER = math.inf
WIDTH = 140  # of the lines of pages


def write_tables(content):
    """Replaces the marked lines of both pages."""
    for page, lines in (("Documentation/methods.md", full(content)), ("README.md", short(content))):
        file = PROJECT / page
        text = replace_block(file.read_text(encoding="utf-8"), MARK, lines)
        file.write_text(text, encoding="utf-8")


def full(content):
    """All figures of all methods, and the rates that were tried."""
    heads = ["method", "rate", "runs", *SUBJECTS, "steps to AdamW's", "CPU seconds in 100 steps",
             "CPU seconds to AdamW's", "file, KiB", "memory, MiB", "other attributes right"]  # fmt: skip
    rows = []
    for method, runs in measured(content):
        steps, seconds = ratios(content, runs, "steps"), ratios(content, runs, "cpu_seconds")
        cost, file, memory, kept = figures(runs)
        rows.append([method.title, rate(method), str(len(runs)), *subjects(runs), steps, cost, seconds, file,
                     memory, kept])  # fmt: skip
    base = percent(content["base"]["attributes_right"]) if "base" in content else "–"
    note = f"{explanation()} The base model alone gets {base} of the other attributes right."
    return [*table(heads, rows), "", *wrap(note, WIDTH), "",
            *table(["method", "steps of each rate that was tried, with the rocket and seed 1"], rates(content))]


def short(content):
    """The optimizers and kinds of adapters."""
    heads = ["method", *(f"{subject}, steps" for subject in SUBJECTS), "steps to AdamW's",
             "CPU seconds", "file, KiB", "memory, MiB", "other attributes right"]
    rows = [[method.title, *subjects(runs), ratios(content, runs, "steps"),
             spread([value(run, "cpu_seconds") for run in runs.values()], "{:.0f}"), *figures(runs)[1:]]
            for method, runs in measured(content) if method not in OPTIONS]
    note = f"{explanation()} CPU seconds are those until the subject is recognised."
    return [*table(heads, rows), "", *wrap(note, WIDTH)]


def explanation():
    """What the tables have."""
    usual = ENOUGH[SUBJECTS[0]]
    others = "".join(f" ({name}: {enough})" for name, enough in ENOUGH.items() if enough != usual)
    average = "\N{NO-BREAK SPACE}".join(AVERAGE)
    text = (f"Steps of each seed, until a subject is recognised in {usual} of {PICTURES} pictures{others}. All methods "
            f"but `adamw-schedule-free` have `{average}`, unless a row says otherwise. 20/{PICTURES} means that {STEPS} "
            "steps were not enough, and that the subject is then recognised in 20 pictures. A dash: not measured. Ratios "
            "are those of runs of one subject and seed: the median, with the lowest and the highest.")
    return text


def measured(content):
    """The methods that have runs, with these."""
    found = [(method, chosen(content, method, SUBJECTS, SEEDS)) for method in METHODS.values()]
    return [(method, runs) for method, runs in found if runs]


def rate(method):
    return "its own" if method.finds_rate else f"{method.rate:.1e}"


def subjects(runs):
    """For each subject, the steps of each seed, or in how many pictures it is recognised in the end."""
    return [", ".join(str(run["steps"]) if run["steps"] else f"{run['recognised']}/{PICTURES}"
                      for place, run in sorted(runs.items()) if place[0] == subject) or "–"
            for subject in SUBJECTS]


def ratios(content, runs, figure):
    """The ratio to the reference, where both have reached the score or only one has."""
    reference = chosen(content, METHODS[REFERENCE], SUBJECTS, SEEDS)
    return spread([value(run, figure) / value(reference[place], figure) for place, run in runs.items()
                   if place in reference and reference[place]["steps"]], "{:.2f}")


def value(run, figure):
    return run[figure] if run["steps"] else NEVER


def spread(values, form):
    """The median, and the lowest and the highest in brackets."""
    if not values:
        return "–"
    low, middle, high = (form.format(x) if x < NEVER else f"not in {STEPS}"
                         for x in (min(values), median(values), max(values)))
    return middle if low == high else f"{middle} ({low} to {high})"


def figures(runs):
    """Processor seconds of 100 steps, size of the file, peak memory, and attributes of other prompts that are
    right."""
    done = [run for run in runs.values() if run["steps"]]
    memory = f"{median(run['peak_memory_bytes'] for run in runs.values()) / 2**20:.0f}"
    if not done:
        return ["–", "–", memory, "–"]
    cost = f"{median(100 * run['cpu_seconds'] / run['steps'] for run in done):.1f}"
    file = f"{median(run['adapter_bytes'] for run in done) / 1024:.0f}"
    return [cost, file, memory, spread([100 * run["attributes_right"] for run in done], "{:.0f} %")]


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
