"""The Swift tests for a GPU."""

import os
import re
import subprocess
from pathlib import Path

from settings import ROOT

# Deterministic kernels stay chosen to the end of a process, and after a failed recording libtorch keeps its
# memory. So both are tested in processes of their own.
RUNS = {"tests": ["--skip", "CUDATests/Determinism", "--skip", "CUDATests/FailedRecordings"],
        "deterministic": [], "failed recordings": []}
FILTERS = {"tests": "CUDA", "deterministic": "CUDATests/Determinism",
           "failed recordings": "CUDATests/FailedRecordings"}


def main(settings, emit):
    failed = []
    for name, skipped in RUNS.items():
        code, text = run(settings, FILTERS[name], skipped, Path(settings.output) / f"{name}.log")
        counts = re.findall(r"Test run with (\d+) tests?.* (passed|failed) after ([\d.]+)", text)
        total, result, seconds = counts[-1] if counts else (0, "did not end", 0)
        problems = [line for line in text.splitlines() if "recorded an issue" in line]
        skips = sum(" skipped" in line for line in text.splitlines())
        emit(name, tests=int(total), result=result, skipped=skips, seconds=float(seconds), code=code,
             problems=[shortened(line) for line in problems[:40]])
        if code != 0 or int(total) == 0 or result != "passed":
            failed.append(name)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


def run(settings, pattern, more, log):
    """Runs the tests that match a pattern. Returns the exit code and the output, which is also in a
    file, so that it survives a test that does not end."""
    command = [settings.tests, "--testing-library", "swift-testing", "--no-parallel", "--filter",
               pattern, *more]
    environment = os.environ | {
        "LORA_TRAIN_REPOSITORY": str(ROOT), "OMP_NUM_THREADS": settings.pick("8", "1"),
        "TMPDIR": settings.scratch,
        # Both are read when CUDA starts. The references were computed in full float32.
        "NVIDIA_TF32_OVERRIDE": "0", "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }
    if settings.device == "cpu":
        environment["LORA_TRAIN_TEST_DEVICE"] = "cpu"
    with log.open("w", encoding="utf-8") as output:
        finished = subprocess.run(
            command, env=environment, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)
    return finished.returncode, log.read_text(encoding="utf-8", errors="replace")


def shortened(line):
    """An issue without its symbol, at most 300 characters."""
    return re.sub(r"^\W+", "", line)[:300]
