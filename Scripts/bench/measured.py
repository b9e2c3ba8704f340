"""Runs one process of either side and measures it."""

import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

# The layers of the UNet with adapters: those of its attention, or all linear layers of its transformers.
ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
LINEAR = (*ATTENTION, "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out")


@dataclass(frozen=True)
class Job:
    """A training to measure, the same for both sides."""

    model: str
    steps: int
    resolution: int
    rank: int
    threads: int
    precision: str
    device: str
    gradient_checkpointing: bool
    batch_size: int = 1
    targets: tuple = ATTENTION
    adapter: str = "lora"


@dataclass(frozen=True)
class Usage:
    """What a process has taken."""

    wall_seconds: float
    cpu_seconds: float  # of all its threads
    peak_memory_bytes: int  # resident


def figures(seconds, usage):
    """What is compared of a training: the median of its steps and the fastest one, without the first two,
    which allocate and compile; its peak memory; and the time of the whole process."""
    steady = seconds[min(2, len(seconds) - 1):]
    return {"seconds_per_step": statistics.median(steady), "fastest_step": min(steady),
            **dataclasses.asdict(usage)}


def call(script, job, threads):
    """Runs a Python script of this folder with a job as JSON. Returns its answer and its usage."""
    command = [sys.executable, Path(__file__).with_name(script), json.dumps(job)]
    printed, usage = run(command, {"OMP_NUM_THREADS": str(threads)})
    return json.loads(printed), usage


def run(command, environment=None):
    """Runs a command. Returns its standard output and its usage.

    Linux counts the memory of this process, when it starts the command, as memory of the command. So this
    process must stay small: it never imports torch.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as messages:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=output, stderr=messages, text=True,
            env=os.environ | (environment or {}),
        )
        _, status, taken = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        messages.seek(0)
        if process.returncode != 0:
            raise SystemExit(
                f"bench: exit {process.returncode} from {' '.join(map(str, command))}\n"
                + messages.read()
            )
        return output.read(), Usage(wall, taken.ru_utime + taken.ru_stime, taken.ru_maxrss * 1024)
