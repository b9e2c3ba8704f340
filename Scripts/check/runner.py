"""Runs the parts of a check, each in its own process with its own time limit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PARTS_SCRIPT = Path(__file__).with_name("parts.py")


def run_part(name, settings, limit, folder):
    """Runs a part and returns its report: the records that it printed, one JSON object a line, also those
    from before a failure. At its limit, it is ended with everything that it has started."""
    records, log = folder / f"{name}.records", folder / f"{name}.log"
    start = time.monotonic()
    with open(records, "w") as output, open(log, "w") as messages:
        process = subprocess.Popen(
            [sys.executable, PARTS_SCRIPT, name, settings.text()], stdin=subprocess.DEVNULL,
            stdout=output, stderr=messages, start_new_session=True,
        )
        try:
            code = process.wait(limit)
            problem = None if code == 0 else f"exit {code}"
        except subprocess.TimeoutExpired:
            problem = f"not done after {limit:.0f} s"
        finally:
            end_group(process)
    report = {"part": name, "seconds": round(time.monotonic() - start, 1), "limit": round(limit)}
    if problem:
        report["problem"] = problem
        report["log"] = log.read_text(errors="replace")[-4000:]
    return report | {"records": read_records(records)}


def end_group(process):
    """Kills what is left of a process's group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def read_records(file):
    """The complete lines of a file of JSON objects."""
    lines = file.read_text(errors="replace").splitlines()
    records = []
    for line in lines:
        try:
            records.append(json.loads(line))
        except ValueError:
            records.append({"row": "unreadable", "text": line[:200]})
    return records


def run_parts(parts, settings, deadline, folder, written):
    """Runs parts, {name: limit in seconds}, until the deadline. A failure does not stop the next part.
    `written` gets all reports after each part."""
    reports = []
    for name, limit in parts.items():
        left = deadline - time.monotonic()
        if left < 5:
            reports.append({"part": name, "problem": "no time was left", "records": []})
        else:
            print(f"gpu-check: {name}", file=sys.stderr, flush=True)
            reports.append(run_part(name, settings, min(limit, left), folder))
            if "problem" in reports[-1]:
                print(f"gpu-check: {name}: {reports[-1]['problem']}", file=sys.stderr, flush=True)
        written(reports)
    return reports
