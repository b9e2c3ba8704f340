"""What an adapter does: in how many pictures its subject is recognised, and what the model still draws."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from training import LORA_TRAIN, MODEL, PROJECT

sys.path.insert(0, str(PROJECT / "Scripts/demo-model"))
from prompts import attribute_accuracy, character_plans, shape_plans  # noqa: E402

DEMO_SCORES = os.environ.get("DEMO_SCORES", str(PROJECT / ".build/release/demo-scores"))
PICTURES = 24
PROMPT_SEED, PICTURE_SEED = 1000, 1000
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def recognised(subject, adapter, at_least=0):
    """In how many of PICTURES pictures the subject is recognised. Drawing stops when `at_least` is out of
    reach, and only those that were drawn count."""
    report = output([DEMO_SCORES, "--subject", subject, "--adapter", str(adapter), "--model", str(MODEL),
                     "--count", str(PICTURES), "--at-least", str(at_least), "--no-base", "--json"])
    return json.loads(report)["score"]["recognised"]


def attributes_right(adapter=None):
    """The share of the attributes of prompts without a subject that pictures show, with an adapter or with
    the base model alone."""
    plans = [*shape_plans(12, PROMPT_SEED), *character_plans(12, PROMPT_SEED + 1)]
    names = [f"{number:02}" for number in range(len(plans))]
    template = {
        "prompt": "{plan}", "seeds": [PICTURE_SEED], "steps": 20, "guidance": 4,
        "plan": [{"text": plan.caption, "name": name} for name, plan in zip(names, plans)],
    }
    with tempfile.TemporaryDirectory() as folder:
        file, pictures = Path(folder) / "prompts.yaml", Path(folder) / "pictures"
        file.write_text(json.dumps(template), encoding="utf-8")
        output([LORA_TRAIN, "generate", "--prompts", str(file), "--model", str(MODEL), "--device", "cpu",
                "--threads", "1", "--output", str(pictures),
                *(["--lora", str(adapter)] if adapter else [])])
        drawn = [np.asarray(Image.open(pictures / f"{name}_seed-{PICTURE_SEED}.png")) for name in names]
    return attribute_accuracy(plans, drawn)


def output(command):
    """What a command prints."""
    finished = subprocess.run(command, env=ONE_THREAD, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise SystemExit(f"methods: {' '.join(command)}\n{finished.stderr}")
    return finished.stdout
