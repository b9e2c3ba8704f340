"""Functions and classes of trainers that are not on PyPI, run from a checkout of their repository.

Each program's folder is in an environment variable: SD_SCRIPTS (kohya-ss/sd-scripts, main at 48d368f) and
ONE_TRAINER (Nerogar/OneTrainer, main at 23df383). Only the named definitions are compiled, because their files import
packages that the fixtures do not need."""

import ast
import os
from pathlib import Path


def load(variable, path, names, scope):
    """The definitions `names` of a file below the folder in `variable`, in a namespace that has `scope` too."""
    folder = os.environ.get(variable)
    if not folder:
        raise SystemExit(f"set {variable} to a checkout of the program, see {Path(__file__).name}")
    tree = ast.parse((Path(folder) / path).read_text())
    tree.body = [node for node in tree.body if getattr(node, "name", None) in names]
    missing = set(names) - {node.name for node in tree.body}
    if missing:
        raise SystemExit(f"{path} of {variable} has no {', '.join(sorted(missing))}")
    scope = dict(scope)
    # Annotations name types of other files.
    exec(compile(tree, path, "exec", flags=annotations_flag(), dont_inherit=True), scope)
    return scope


def annotations_flag():
    """Annotations are not evaluated."""
    import __future__

    return __future__.annotations.compiler_flag
