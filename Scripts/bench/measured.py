"""Runs one process of either side and measures it."""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass


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


@dataclass(frozen=True)
class Measured:
    """The results of one process."""

    seconds: list  # of each step
    peak_memory_bytes: int
    wall_seconds: float  # of the whole process
    details: dict

    def steady(self):
        """The step times without the first two steps, which allocate and compile."""
        return self.seconds[min(2, len(self.seconds) - 1):]


def run(command, environment=None):
    """Runs a command. Returns its standard output, wall seconds and peak resident bytes."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as messages:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=output, stderr=messages, text=True,
            env=os.environ | (environment or {}),
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        messages.seek(0)
        if process.returncode != 0:
            raise SystemExit(
                f"bench: exit {process.returncode} from {' '.join(map(str, command))}\n"
                + messages.read()
            )
        return output.read(), wall, usage.ru_maxrss * 1024
