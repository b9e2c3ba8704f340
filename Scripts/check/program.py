"""Runs lora-train as on a terminal, so that the time of each of its messages is known."""

import os
import pty
import re
import selectors
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

BREAK = re.compile(r"[\r\n]+")
CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class Message:
    """A text on standard error, or a line on standard output."""

    seconds: float  # since the start of the process
    text: str


@dataclass(frozen=True)
class Finished:
    """A process that has ended."""

    code: int
    results: list
    messages: list
    seconds: float

    def steps(self):
        """The seconds from step to step, as the messages show them."""
        times = {}
        for message in self.messages:
            found = re.search(r"\bstep (\d+)[ /]", message.text)
            if found:
                times.setdefault(int(found[1]), message.seconds)
        return [times[step] - times[step - 1] for step in sorted(times) if step - 1 in times]


def run(settings, arguments, environment=None, interrupt_at=None):
    """Runs the program to its end. Raises RuntimeError with the last messages if it fails.

    interrupt_at: a pattern; the first message that contains it is answered with SIGINT.
    """
    command = [settings.program, *map(str, arguments)]
    terminal, other = pty.openpty()
    start = time.monotonic()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=other, cwd=settings.scratch,
        env=os.environ | (environment or {}))
    os.close(other)
    messages, results = [], []
    awaited = interrupt_at

    def received(text):
        nonlocal awaited
        messages.append(Message(time.monotonic() - start, text))
        if awaited and re.search(awaited, text):
            awaited = None  # a second signal would end the program before it has saved
            process.send_signal(signal.SIGINT)

    reader = threading.Thread(target=read, args=(terminal, received))
    reader.start()
    for line in process.stdout:
        results.append(Message(time.monotonic() - start, line.decode(errors="replace").strip()))
    code = process.wait()
    end = time.monotonic() - start
    reader.join()
    os.close(terminal)
    if code != 0 and not (interrupt_at and code == 130):
        last = "\n".join(message.text for message in messages[-8:])
        raise RuntimeError(f"exit {code} from {' '.join(command)}\n{last}")
    return Finished(code, results, messages, end)


def read(terminal, received):
    """Passes on each text on a terminal, until its other side is closed."""
    rest = ""
    with selectors.DefaultSelector() as selector:
        selector.register(terminal, selectors.EVENT_READ)
        while True:
            selector.select()
            try:
                data = os.read(terminal, 1 << 16)
            except OSError:  # the other side is closed
                data = b""
            *texts, rest = BREAK.split(rest + data.decode(errors="replace"))
            for text in [*texts, *([] if data else [rest])]:
                text = CONTROL.sub("", text).strip()
                if text:
                    received(text)
            if not data:
                return
            # A redrawn status line has no end until the next one begins.
            whole = CONTROL.sub("", rest).strip()
            if whole:
                received(whole)
                rest = ""
