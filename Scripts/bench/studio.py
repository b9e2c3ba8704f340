"""Measures the studio: the first and the next picture, its pages with long runs and many pictures, and what
readers cost a training.

  .venv/bin/python Scripts/bench/studio.py [--program .build/release/lora-train]
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request

root = pathlib.Path(__file__).resolve().parents[2]


class Studio:
    """A project with the demo model, and a server for it."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        (folder / "Checkpoints").mkdir(parents=True)
        (folder / "Checkpoints/base").symlink_to(root / "Checkpoints/base")
        shutil.copytree(root / "Datasets/dhoni", folder / "Datasets/dhoni")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.server = None

    def start(self):
        self.server = subprocess.Popen(
            [self.program, "serve", "--port", str(self.port)], cwd=self.folder, stderr=subprocess.DEVNULL
        )
        while True:
            try:
                return self.get("/api/jobs")
            except OSError:
                time.sleep(0.02)

    def stop(self):
        self.server.terminate()
        self.server.wait()

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return answer.read()

    def post(self, path, fields):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=json.dumps(fields).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def draw(self, **fields):
        """Draws, and returns the seconds from the order to the finished job."""
        start = time.monotonic()
        job = self.post("/api/pictures", fields)["id"]
        while True:
            state = json.loads(self.get(f"/api/jobs/{job}"))
            if state["status"] not in ("waiting", "running"):
                assert state["status"] == "finished", state
                return time.monotonic() - start
            time.sleep(0.005)

    def train(self, steps, *more):
        return subprocess.Popen(
            [
                self.program, "train", "--subject", "dhoni", "--model", "demo", "--steps", str(steps), "--new",
                "--device", "cpu", "--resolution", "64", "--rank", "4", "--sample-every", "0", *more,
            ],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )


def lengthen(database, steps):
    """Gives the first run a record of many steps."""
    with sqlite3.connect(database) as db:
        db.execute("DELETE FROM step WHERE run = 1")
        db.executemany(
            "INSERT INTO step (run, step, loss, learning_rate, grad_norm, seconds) VALUES (1, ?, ?, 1e-4, 1, 0.1)",
            ((step, 0.1 + 0.05 * (step * 7919 % 100) / 100) for step in range(1, steps + 1)),
        )
        db.execute("UPDATE run SET step = ?, steps = ? WHERE id = 1", (steps, steps))


def pages(studio, count=21):
    """The median seconds of each page."""
    paths = [
        "/draw", "/draw?before=250", "/pictures/250", "/runs", "/runs/1", "/api/runs/1/pulse", "/api/pictures?limit=200",
        "/api/pictures/250/file", "/datasets", "/datasets/dhoni", "/datasets/dhoni/train", "/compare",
    ]
    result = {}
    for path in paths:
        studio.get(path)
        times = []
        for _ in range(count):
            start = time.monotonic()
            studio.get(path)
            times.append(time.monotonic() - start)
        result[path] = statistics.median(times)
    return result


def follow(studio, run, stopped):
    """Reads the events of a run until the end."""
    address = f"http://127.0.0.1:{studio.port}/api/runs/{run}/events"
    with urllib.request.urlopen(address, timeout=60) as events:
        while not stopped():
            if not events.readline():
                return


def readers(studio, count, steps, rounds):
    """The median seconds per step of trainings without and with readers, in turns."""
    found = {0: [], count: []}
    run = 1
    for _ in range(rounds):
        for number in found:
            run += 1
            training = studio.train(steps)
            while not any(r["id"] == run for r in json.loads(studio.get("/api/runs"))):
                time.sleep(0.05)
            with concurrent.futures.ThreadPoolExecutor(max(1, number)) as pool:
                for _ in range(number):
                    pool.submit(follow, studio, run, lambda: training.poll() is not None)
                training.wait()
            detail = json.loads(studio.get(f"/api/runs/{run}"))
            found[number].append(detail["seconds_per_step"])
    return {number: statistics.median(times) for number, times in found.items()}, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=root / ".build/release/lora-train")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=400)
    options = parser.parse_args()
    program = str(pathlib.Path(options.program).resolve())
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(program, pathlib.Path(folder))
        studio.train(20).wait()
        lengthen(studio.folder / "Checkpoints/runs.sqlite", 10_000)
        first, later = [], []
        for seed in range(5):
            studio.start()
            first.append(studio.draw(prompt="a photo of a red ball", seed=seed))
            later += [studio.draw(prompt=f"a photo of ball {n}", seed=n) for n in range(4)]
            studio.stop()
        print(f"first picture {statistics.median(first):.2f} s, next ones {statistics.median(later):.2f} s")
        studio.start()
        studio.draw(prompt="a photo of a red ball", seed=1, steps=1, count=480)
        for path, seconds in pages(studio).items():
            print(f"{path:28} {1000 * seconds:6.1f} ms")
        medians, all_times = readers(studio, 50, options.steps, options.rounds)
        ratio = medians[50] / medians[0]
        print(f"seconds per step: {medians[0]:.4f} alone, {medians[50]:.4f} with 50 readers, ratio {ratio:.3f}")
        print(f"each: {all_times}")
        studio.stop()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
