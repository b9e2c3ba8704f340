"""The file of all runs."""

import fcntl
import json
from datetime import date

import machine
from catalogue import STEPS
from files import write_json
from training import CACHE, LORA_TRAIN, PROJECT

# What makes two runs the same one.
KEY = ("method", "rate", "subject", "seed")


class Records:
    """The file has the machine, the base model's figure, and runs. Several comparisons may write it."""

    def __init__(self, file, forget):
        """With `forget`, the runs in the file count as not measured, and new ones replace them."""
        self.file = file
        self.old = [] if forget else self.content["runs"]

    @property
    def content(self):
        """What the file has now."""
        if not self.file.exists():
            return {"machine": machine.facts(), "runs": []}
        return json.loads(self.file.read_text(encoding="utf-8"))

    def find(self, method, rate, subject, seed, flags, limit):
        """The record of a run with these settings, if it has reached the score or was given as long."""
        for run in self.old:
            same = key(run) == (method, rate, subject, seed) and run["flags"] == flags
            if same and (run["steps"] or run["limit"] >= limit):
                return run
        return None

    def add(self, record):
        """Adds a record, in place of one of the same run."""
        measured = {
            "date": date.today().isoformat(), "commit": machine.commit(PROJECT),
            "lora-train": machine.text([LORA_TRAIN, "--version"], PROJECT)}

        def added(content):
            others = [run for run in content["runs"] if key(run) != key(record)]
            return content | {"runs": [*others, record | {"measured": measured}]}

        self._change(added)

    def set(self, name, value):
        """Adds an entry beside the runs."""
        self._change(lambda content: content | {name: value})

    def _change(self, change):
        with open(CACHE / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            write_json(self.file, change(self.content))


def key(run):
    """What identifies a run."""
    return tuple(run[part] for part in KEY)


def chosen(content, method, subjects, seeds):
    """The runs of a method with its present options at its chosen rate, by subject and seed."""
    return {(run["subject"], run["seed"]): run for run in content["runs"]
            if run["method"] == method.name and run["flags"] == flags(method, method.rate, run["seed"])
            and run["subject"] in subjects and run["seed"] in seeds
            and (run["steps"] or run["limit"] >= STEPS)}


def tried(content, method, rate, subject, seed):
    """The run of a rate that was tried, or None."""
    return next((run for run in content["runs"] if key(run) == (method.name, rate, subject, seed)
                 and run["flags"] == flags(method, rate, seed)), None)


def flags(method, rate, seed):
    """The options of a run."""
    return ["--seed", str(seed), *method.flags(rate)]
