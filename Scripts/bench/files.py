"""Writes files of results."""

import json


def write_json(path, value):
    """Replaces a file at once, so that a reader never sees half of it."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)
