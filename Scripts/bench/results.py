"""The file of a machine: JSON, and the pages made from it."""

import json

import machine
import page
import readme
from files import write_json
from markdown import replace_block

FIGURES = "figures of make bench"
MACHINES = "machines of make bench"


def load(file):
    """A machine's results; empty if there are none."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"rows": {}}


def add(file, order, name, entry):
    """Adds a row to a machine's results, in place of the one of that name. `order` has the names of all
    rows."""
    rows = load(file)["rows"] | {name: entry}
    kept = {known: rows[known] for known in order if known in rows}
    write_json(file, {"machine": machine.facts(), "rows": kept})


def write_pages(folder):
    """Writes the page of each machine."""
    for file, results in machines(folder).items():
        file.with_suffix(".md").write_text(page.page_of(results), encoding="utf-8")


def write_readmes(folder, readme_file):
    """Writes the newest machine's figures into the README, and all machines into that of the folder."""
    found = machines(folder)
    if found:
        newest = max(found, key=lambda file: date(found[file]))
        write_block(readme_file, FIGURES, readme.block(newest.stem, found[newest]))
        links = [f"- [{page.title(one['machine'])}]({file.stem}.md), {date(one)}"
                 for file, one in found.items()]
        write_block(folder / "README.md", MACHINES, links)


def machines(folder):
    """{JSON file: results} of all machines."""
    return {file: load(file) for file in sorted(folder.glob("cpu-*.json"))}


def write_block(file, mark, lines):
    """Replaces the marked lines of a page."""
    text = replace_block(file.read_text(encoding="utf-8"), mark, lines)
    file.write_text(text, encoding="utf-8")


def date(results):
    """The day on which a machine's newest row was measured."""
    return max(entry["measured"]["date"] for entry in results["rows"].values())
