#!/usr/bin/env python3
"""Checks that torchrun starts ranks that train together, and starts them again after one was killed.

LORA_TRAIN is the path of the lora-train binary. Run it with the Python of Scripts/python-environment.
"""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support import ROOT, Failure, program, require_program, run_checks

RANKS = 2
STEPS = 120
# A killed rank is noticed within this time, in seconds.
SILENCE = 3
LIMIT = 300


class Fixture:
    """A training by two ranks that nobody has disturbed."""

    def __init__(self, folder):
        self.folder = folder
        self.hash = adapter(finish(start(folder / "whole")), folder / "whole")


def start(root):
    """Starts the training of a project folder by torchrun."""
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--no-python", "--nproc-per-node", RANKS,
        "--max-restarts", 2, program(), "train", "--root", root, "--subject", "dhoni", "--dataset",
        ROOT / "Datasets" / "dhoni", "--model", ROOT / "Checkpoints" / "base" / "demo", "--steps", STEPS,
        "--batch-size", 4, "--threads", 1, "--sample-every", 0, "--validate-every", 0, "--checkpoint-every", 10,
        "--device", "cpu", "--rank-timeout", SILENCE,
    ]
    return subprocess.Popen(
        [str(argument) for argument in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process):
    """Waits for a training and returns its output. Raises if it fails."""
    output = process.communicate(timeout=LIMIT)[0]
    if process.returncode != 0:
        raise Failure(f"exit code {process.returncode}\n{output}")
    return output


def adapter(output, root):
    """The hash of the adapter that a training has written."""
    file = root / "dhoni" / "run-1" / f"step-{STEPS:06}" / "adapter.safetensors"
    if not file.exists():
        raise Failure(f"there is no {file}\n{output}")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def rank_process(root, rank):
    """The process of a rank of a project folder."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        is_program = arguments[0] == program().encode() and str(root).encode() in arguments
        if is_program and f"RANK={rank}".encode() in variables:
            return int(folder.name)
    raise Failure(f"rank {rank} does not run")


def check_restart(fixture):
    """A rank is killed, torchrun starts all again, and the adapter has the same bytes"""
    for rank in range(RANKS):
        root = fixture.folder / f"killed-{rank}"
        process = start(root)
        begun = time.monotonic()
        while not (root / "dhoni" / "run-1" / "step-000030").exists():
            if process.poll() is not None or time.monotonic() - begun > LIMIT:
                raise Failure(f"no checkpoint came\n{process.communicate()[0]}")
            time.sleep(0.02)
        os.kill(rank_process(root, rank), signal.SIGKILL)
        output = finish(process)
        if "Resuming run 1 from step" not in output:
            raise Failure(f"the run was not resumed\n{output}")
        if adapter(output, root) != fixture.hash:
            raise Failure("the adapter has other bytes")
    return f"{RANKS} trainings"


if __name__ == "__main__":
    require_program("ranks.py")
    with tempfile.TemporaryDirectory() as folder:
        run_checks([check_restart], Fixture(Path(folder)))
