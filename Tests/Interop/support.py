"""What the checks of this folder share: running the binary under test, and reporting."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class Failure(Exception):
    """A failed check, with the finding as its message."""


def run(*arguments):
    """Runs a command. Raises with its output if it fails."""
    command = [str(argument) for argument in arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        output = result.stdout + result.stderr
        raise Failure(f"exit code {result.returncode}: {' '.join(command)}\n{output}")


def program():
    """The binary under test: LORA_TRAIN."""
    return os.environ["LORA_TRAIN"]


def lora_train(*arguments):
    """Runs the binary under test on the CPU in fp32."""
    run(program(), *arguments, "--device", "cpu", "--precision", "fp32")


def run_checks(checks, fixture):
    """Runs every check, prints a line for each and exits with 1 if one has failed."""
    failed = 0
    for check in checks:
        try:
            print(f"ok     {check.__doc__}: {check(fixture)}", flush=True)
        except Failure as failure:
            failed += 1
            print(f"FAILED {check.__doc__}: {failure}", flush=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


def require_program(script):
    """Exits if LORA_TRAIN is not set."""
    if not os.environ.get("LORA_TRAIN"):
        sys.exit(f"{script}: LORA_TRAIN is not set; set it to the lora-train binary")
