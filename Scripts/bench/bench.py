"""Compares seconds per training step and peak memory of lora-train and diffusers + peft.

Both sides train the same random model of SDXL's structure, in processes that take turns, so that a busy
machine slows both equally.
"""

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import ours
import reference
from measured import Job
from pictures import write_images

# The default options for each shape.
DEFAULTS = {
    "tiny": {"steps": 10, "rounds": 3, "threads": 1, "precision": "fp32", "checkpointing": False},
    "200m": {"steps": 10, "rounds": 3, "threads": 1, "precision": "fp32", "checkpointing": False},
    "full": {"steps": 3, "rounds": 1, "threads": 2, "precision": "bf16", "checkpointing": True},
}


def options():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=DEFAULTS, default="200m")
    parser.add_argument("--model", type=Path, help="an existing random model; default: a new one")
    parser.add_argument("--steps", type=int, help="steps of each process")
    parser.add_argument("--rounds", type=int, help="processes of each side")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--precision", choices=["fp32", "bf16", "fp16"])
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--checkpointing", action=argparse.BooleanOptionalAction)
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    chosen = parser.parse_args()
    for name, value in DEFAULTS[chosen.shape].items():
        if getattr(chosen, name) is None:
            setattr(chosen, name, value)
    return chosen


def random_model(folder, shape, precision):
    """Writes a random model and returns its folder."""
    script = Path(__file__).resolve().parents[1] / "random-model"
    command = [sys.executable, script, "--shape", shape, "--output", folder, "--dtype", precision]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return folder


def measure(job, rounds, folder):
    """Measures both sides in turns. Returns a run of ours with cold caches, and the pairs."""
    dataset = folder / "images"
    write_images(dataset, job.resolution)
    cold = ours.train(dataclasses.replace(job, steps=1), dataset, folder / "root")
    pairs = []
    for number in range(rounds):
        pairs.append((ours.train(job, dataset, folder / "root"), reference.train(job)))
        print(f"bench: round {number + 1} of {rounds}", file=sys.stderr)
    return cold, pairs


def startup(folder, threads, device):
    """Wall seconds of one-step trainings of the tiny model, an upper bound of their start-up time."""
    model = random_model(folder / "model", "tiny", "fp32")
    job = Job(str(model), 1, 64, 4, threads, "fp32", device, False)
    cold, pairs = measure(job, 3, folder)
    return {
        "lora_train_cold_caches": cold.wall_seconds,
        "lora_train": statistics.median(pair[0].wall_seconds for pair in pairs),
        "diffusers_peft": statistics.median(pair[1].wall_seconds for pair in pairs),
    }


def summary(cold, pairs):
    """The results of a comparison: medians of the processes, and of the ratios of the pairs."""
    medians = [[statistics.median(side.steady()) for side in pair] for pair in pairs]
    peaks = [[side.peak_memory_bytes for side in pair] for pair in pairs]
    sides = {}
    for index, name in enumerate(("lora_train", "diffusers_peft")):
        sides[name] = {
            "seconds_per_step": statistics.median(pair[index] for pair in medians),
            "fastest_step": min(min(pair[index].steady()) for pair in pairs),
            "peak_memory_bytes": max(pair[index] for pair in peaks),
            "processes": [dataclasses.asdict(pair[index]) for pair in pairs],
        }
    ratios = {
        "seconds_per_step": statistics.median(ours / theirs for ours, theirs in medians),
        "peak_memory_bytes": statistics.median(ours / theirs for ours, theirs in peaks),
    }
    first = sides["lora_train"]["fastest_step"] / sides["diffusers_peft"]["fastest_step"]
    return {
        **sides, "ratio": {**ratios, "fastest_step": first},
        "lora_train_peak_with_cold_caches": cold.peak_memory_bytes,
    }


def table(report):
    """The results as a table."""
    mebibyte = 1 << 20
    ours_side, theirs, ratio = report["lora_train"], report["diffusers_peft"], report["ratio"]
    rows = [("", "lora-train", "diffusers+peft", "ratio")]
    for title, key, unit, form in (
        ("seconds per step", "seconds_per_step", 1, ".3f"),
        ("fastest step, s", "fastest_step", 1, ".3f"),
        ("peak memory, MiB", "peak_memory_bytes", mebibyte, ".0f"),
    ):
        values = [format(side[key] / unit, form) for side in (ours_side, theirs)]
        rows.append((title, *values, f"{ratio[key]:.3f}"))
    start = report["startup_seconds"]
    values = [start["lora_train"], start["diffusers_peft"]]
    rows.append(("start-up (tiny), s", *(f"{value:.2f}" for value in values),
                 f"{values[0] / values[1]:.3f}"))
    mapped = theirs["processes"][0]["details"]["mapped_weight_bytes"] / mebibyte
    lines = ["{:<20}{:>12}{:>16}{:>9}".format(*row) for row in rows]
    cold = report["lora_train_peak_with_cold_caches"] / mebibyte
    lines.append(f"With cold caches, lora-train peaks at {cold:.0f} MiB, and the start-up of the "
                 f"tiny model takes {start['lora_train_cold_caches']:.2f} s.")
    lines.append(f"{mapped:.0f} MiB of the reference's memory are mapped weights and libraries.")
    return "\n".join(lines)


def main():
    """Measures both sides, prints the table and writes the JSON file."""
    chosen = options()
    with tempfile.TemporaryDirectory(prefix="lora-train-bench-") as name:
        scratch = Path(name)
        model = chosen.model or random_model(scratch / "model", chosen.shape, chosen.precision)
        job = Job(
            str(model.resolve()), chosen.steps, chosen.resolution, chosen.rank, chosen.threads,
            chosen.precision, chosen.device, chosen.checkpointing,
        )
        cold, pairs = measure(job, chosen.rounds, scratch / "runs")
        (scratch / "tiny").mkdir()
        report = {"shape": chosen.shape, "job": dataclasses.asdict(job), **summary(cold, pairs)}
        report["startup_seconds"] = startup(scratch / "tiny", chosen.threads, chosen.device)
    print(f"{chosen.shape}, {chosen.resolution} px, rank {chosen.rank}, {chosen.precision}, "
          f"{chosen.threads} threads, {chosen.device}, gradient checkpointing "
          f"{'on' if chosen.checkpointing else 'off'}; medians of {chosen.rounds} processes")
    print(table(report))
    if chosen.json:
        chosen.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
