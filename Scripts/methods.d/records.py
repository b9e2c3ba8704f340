"""The file of all runs."""

import json
import threading
from datetime import date

import machine
from files import write_json
from training import LORA_TRAIN, PROJECT

# What makes two runs the same one.
KEY = ("method", "rate", "subject", "seed")


class Records:
    """`content` is that of the file: machine, the base model's figure, and runs."""

    def __init__(self, file, forget):
        """Reads the file. With `forget`, its runs count as not measured, and new ones replace them."""
        self.file, self.lock = file, threading.Lock()
        self.content = {"machine": machine.facts(), "runs": []}
        if file.exists():
            self.content = json.loads(file.read_text(encoding="utf-8"))
        self.measured = {
            "date": date.today().isoformat(), "commit": machine.commit(PROJECT),
            "lora-train": machine.text([LORA_TRAIN, "--version"], PROJECT)}
        self.old = [] if forget else self.content["runs"]

    def find(self, method, rate, subject, seed, flags, limit):
        """The record of a run with these settings, if it has reached the score or was given as long."""
        for run in self.old:
            same = key(run) == (method, rate, subject, seed) and run["flags"] == flags
            if same and (run["steps"] or run["limit"] >= limit):
                return run
        return None

    def add(self, record):
        """Adds a record, in place of one of the same run."""
        with self.lock:
            others = [run for run in self.content["runs"] if key(run) != key(record)]
            self.content["runs"] = [*others, record | {"measured": self.measured}]
            write_json(self.file, self.content)

    def set(self, name, value):
        """Adds an entry beside the runs."""
        self.content[name] = value
        write_json(self.file, self.content)


def key(run):
    """What identifies a run."""
    return tuple(run[part] for part in KEY)


def chosen(content, method, subjects, seeds):
    """The runs of a method at its chosen rate, by subject and seed."""
    return {(run["subject"], run["seed"]): run for run in content["runs"]
            if run["method"] == method.name and run["rate"] == method.rate
            and run["subject"] in subjects and run["seed"] in seeds
            and (run["steps"] or run["limit"] >= 1000)}


def tried(content, method, rate, subject, seed):
    """The run of a rate that was tried, or None."""
    return next((run for run in content["runs"] if key(run) == (method.name, rate, subject, seed)), None)
