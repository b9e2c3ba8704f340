"""The machine, the versions of the programs, and the name of a machine's file."""

import datetime
import json
import os
import platform
import re
import subprocess
from importlib import metadata

# Parts of a processor's name that say nothing more: marks, the clock, and the number of cores.
NOISE = r"\((r|tm)\)|\b(cpu|processor)\b|\b\d+-core\b|@.*|\bwith\b.*"


def processor():
    """The name of the CPU."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"


def cores():
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def memory_gib():
    """The memory of the machine."""
    return gibibytes(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def gibibytes(count):
    """Bytes in GiB, with one decimal."""
    return round(count / 2**30, 1)


def version(name):
    """The version of a Python package."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


def facts():
    """What a machine's file says about the machine."""
    return {"processor": processor(), "cores": cores(), "memory_gib": memory_gib()}


def file_name(processor_name, core_count, torch):
    """The name of a machine's file, without its ending: cpu-amd-epyc-2-cores-torch2.13."""
    model = re.sub(NOISE, " ", processor_name.lower())
    release = ".".join(torch.split(".")[:2])
    name = f"cpu-{model}-{core_count}-core{'' if core_count == 1 else 's'}-torch{release}"
    return re.sub(r"-+", "-", re.sub(r"[^a-z0-9.]+", "-", name))


def provenance(program, repository):
    """When a row was measured, and with which versions."""
    packages = ("torch", "diffusers", "transformers", "peft", "lycoris-lora")
    return {
        "date": datetime.date.today().isoformat(), "commit": commit(repository),
        "lora-train": text([program, "--version"], repository),
        "libtorch": libtorch(program, repository),
        **{name: version(name) for name in packages}, "python": platform.python_version(),
    }


def libtorch(program, repository):
    """The version of libtorch, as `lora-train doctor` finds it."""
    checks = json.loads(text([program, "doctor", "--json"], repository))
    findings = {check["subject"]: check["finding"] for check in checks}
    return findings["libtorch"].split(",")[0]


def commit(repository):
    """The commit of the sources, and whether they differ from it."""
    name = text(["git", "rev-parse", "--short", "HEAD"], repository)
    changes = text(["git", "status", "--porcelain", "--", "Sources", "Package.swift"], repository)
    return (name or "unknown") + (", changed" if changes else "")


def text(command, folder):
    """What a command prints. It may fail: doctor does without a base model."""
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return finished.stdout.strip()
