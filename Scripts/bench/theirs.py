"""The peers' trainings, each in its own process."""

import dataclasses
import json
import sys

from dreambooth import ScriptTraining
from kohya import KohyaTraining
from lean import LeanTraining
from lycoris_loop import LycorisTraining
from measured import Job, call, figures

TRAININGS = {"lean": LeanTraining, "script": ScriptTraining, "kohya": KohyaTraining,
             "lycoris": LycorisTraining}


def train(peer, job):
    """Trains in a new process and returns its figures."""
    question = {"peer": peer, "job": dataclasses.asdict(job)}
    return figures(*call("theirs.py", question, job.threads))


def main(peer, job):
    """Trains in this process and prints the seconds of each step."""
    print(json.dumps(TRAININGS[peer](job).steps(job.steps)))


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    main(asked["peer"], Job(**asked["job"]))
