"""Compares speed and memory of lora-train with diffusers, peft and the settings of kohya's sd-scripts, on the
CPU. All sides use the same random model of SDXL's structure, in processes that take turns, so that a busy
machine slows all of them equally.

Writes Benchmarks/cpu-MACHINE.json and a page beside it after each row, and the newest figures into the
README. Rows that are not measured stay as they are.
"""

import argparse
import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import adapters
import drawing
import growth
import ladder
import machine
import results
import side_by_side
from ours import BINARY, REPOSITORY
from rows import ROWS, small

MEASURES = {"training": side_by_side.measure, "start": side_by_side.measure,
            "drawing": drawing.measure, "growth": growth.measure,
            "ladder": ladder.measure, "adapter": adapters.measure}


def options():
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="ROW,ROW", help=f"some of: {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, help="how often each side runs; default: that of the row")
    parser.add_argument("--models", type=Path, metavar="FOLDER",
                        help="keep the random models here, as SHAPE-PRECISION, and use those that it has")
    parser.add_argument("--tiny", action="store_true",
                        help="tiny shapes into .build/bench, as a test of these scripts; measures nothing")
    parser.add_argument("--pages", action="store_true",
                        help="measure nothing, only write the pages and the README from the JSON files")
    chosen = parser.parse_args()
    if chosen.rounds is not None and chosen.rounds < 1:
        parser.error("--rounds must be 1 or more")
    chosen.names = chosen.only.split(",") if chosen.only else list(ROWS)
    unknown = [name for name in chosen.names if name not in ROWS]
    if unknown:
        parser.error(f"--only {unknown[0]} is no row; the rows are {', '.join(ROWS)}")
    return chosen


def chosen_rows(chosen):
    """{name: row} with the number of rounds that was asked for."""
    rows = {name: small(ROWS[name]) if chosen.tiny else ROWS[name] for name in chosen.names}
    if chosen.rounds:
        rows = {name: dataclasses.replace(row, rounds=chosen.rounds) for name, row in rows.items()}
    return rows


def random_model(folder, shape, precision):
    """The folder of a random model, which is made if it is missing."""
    model = folder.resolve() / f"{shape}-{precision}"
    if not model.exists():
        partial = model.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        script = REPOSITORY / "Scripts/random-model"
        command = [sys.executable, script, "--shape", shape, "--output", partial, "--dtype", precision]
        subprocess.run(command, check=True)
        partial.rename(model)
    return model


def measure(name, row, models):
    """Measures a row. Returns its entry in the results."""
    start = time.monotonic()
    model = random_model(models, row.shape, row.precision)
    with tempfile.TemporaryDirectory(prefix="lora-train-bench-") as folder:
        measured = MEASURES[row.kind](row, model, Path(folder), name)
    weights = sum(file.stat().st_size for file in (model / "unet").glob("*.safetensors"))
    return {
        "row": dataclasses.asdict(row), "measured": machine.provenance(BINARY, REPOSITORY),
        "seconds": round(time.monotonic() - start), "weight_bytes": weights, **measured,
    }


def measure_rows(chosen, file, written):
    """Measures the chosen rows. Each is in the file, and `written` called, before the next begins."""
    with tempfile.TemporaryDirectory(prefix="lora-train-bench-models-") as scratch:
        for name, row in chosen_rows(chosen).items():
            entry = measure(name, row, chosen.models or Path(scratch))
            results.add(file, ROWS, name, entry)
            written()


def main():
    """Measures and writes, or only writes the pages."""
    chosen = options()
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    folder = REPOSITORY / (".build/bench" if chosen.tiny else "Benchmarks")
    folder.mkdir(parents=True, exist_ok=True)
    name = machine.file_name(machine.processor(), machine.cores(), machine.version("torch"))
    file = folder / f"{name}.json"

    def write_pages():
        results.write_pages(folder)
        if not chosen.tiny:
            results.write_readmes(folder, REPOSITORY / "README.md")

    if chosen.pages:
        write_pages()
    else:
        measure_rows(chosen, file, write_pages)
        print(file.with_suffix(".md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
