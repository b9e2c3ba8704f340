"""A training in a process of its own, and its checkpoints as they appear."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LORA_TRAIN = os.environ.get("LORA_TRAIN", str(PROJECT / ".build/release/lora-train"))
MODEL = PROJECT / "Checkpoints/base/demo"
# Latents, embeddings and class images of all trainings.
CACHE = PROJECT / ".build/methods"
TICKS = os.sysconf("SC_CLK_TCK")
# Constant, so that the steps that a method needs do not depend on the number that was planned.
SETTINGS = ["--device", "cpu", "--threads", "1", "--learning-rate-schedule", "constant",
            "--sample-every", "0", "--validate-every", "0"]


class Training:
    """`seconds` has the processor seconds that the process had used when each checkpoint appeared, by its
    step."""

    def __init__(self, root, subject, flags, steps, every):
        """Starts the training in a root folder of its own, with the cache of all trainings."""
        root.mkdir(parents=True)
        (root / "cache").symlink_to(CACHE)
        self.folder = root / subject / "run-1"
        self.log = root / "log"
        self.seconds, self.usage, self.code = {}, None, None
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                command(root, subject, flags, steps, every), stdout=log, stderr=log, cwd=root)
        self.watcher = threading.Thread(target=self._watch)
        self.watcher.start()

    def wait_for(self, step):
        """Whether the checkpoint of a step has appeared: False once the training has ended without it."""
        while step not in self.seconds and self.watcher.is_alive():
            time.sleep(0.1)
        return step in self.seconds

    def stop(self):
        """Ends the training, as Ctrl-C does, also a paused one. Raises SystemExit with its messages if it
        failed."""
        self._signal(signal.SIGINT)
        self._signal(signal.SIGCONT)
        self.watcher.join()
        if self.code not in (0, 128 + signal.SIGINT, -signal.SIGINT):
            raise SystemExit(f"methods: {' '.join(self.process.args)}\n{self.log.read_text()}")

    @contextlib.contextmanager
    def paused(self):
        """Stops the training meanwhile, so that it does not go on in vain."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    @property
    def peak_memory(self):
        """The peak of the resident memory, in bytes, after the end."""
        return self.usage.ru_maxrss * 1024

    def checkpoint(self, step):
        """The folder of a checkpoint."""
        return self.folder / f"step-{step:06}"

    def _signal(self, number):
        # Not by Popen, which would take the usage of a process that has just ended from the watcher.
        with contextlib.suppress(ProcessLookupError):
            if self.watcher.is_alive():
                os.kill(self.process.pid, number)

    def _watch(self):
        while True:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            seconds = usage.ru_utime + usage.ru_stime if pid else processor_seconds(self.process.pid)
            # A checkpoint gets its name when it is complete.
            for folder in self.folder.glob("step-*"):
                self.seconds.setdefault(int(folder.name.removeprefix("step-")), seconds)
            if pid:
                self.usage, self.code = usage, os.waitstatus_to_exitcode(status)
                self.process.returncode = self.code
                return
            time.sleep(0.1)


def command(root, subject, flags, steps, every):
    """The settings of the subject's file but for the schedule, and a method's options."""
    return [
        LORA_TRAIN, "train", "--subject", subject, "--dataset", str(PROJECT / "Datasets" / subject),
        "--config", str(PROJECT / "Configs" / f"{subject}.yaml"), "--model", str(MODEL),
        "--root", str(root), "--steps", str(steps), "--checkpoint-every", str(every),
        *SETTINGS, *flags,
    ]  # fmt: skip


def processor_seconds(pid):
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
