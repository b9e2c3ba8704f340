"""The results of a check as JSON and as a page of tables."""

import time

import markdown
from files import write_json

# Records with other fields, or more text, than a table can show.
LISTS = {"kinds", "longest", "problems"}


def write(output, device, start, reports):
    """Writes gpu-check.json and gpu-check.md."""
    spent = round(time.monotonic() - start, 1)
    write_json(output / "gpu-check.json", {"device": device, "seconds": spent, "parts": reports})
    page = page_of(device, spent, reports)
    (output / "gpu-check.md").write_text(page, encoding="utf-8")


def page_of(device, seconds, reports):
    """All records, one table for those with the same fields."""
    failed = [part["part"] for part in reports if "problem" in part]
    lines = [f"# Check of lora-train on {device}: {seconds:.0f} s, "
             + (f"failed: {', '.join(failed)}" if failed else "every part passed")]
    for part in reports:
        lines += ["", f"## {part['part']}, {part.get('seconds', 0):.0f} s"]
        if "problem" in part:
            lines += ["", f"**{part['problem']}**", "", "```", *part.get("log", "").splitlines()[-15:],
                      "```"]
        for group in groups(part["records"]):
            lines += ["", *table(group)]
        for record in part["records"]:
            lines += details(record)
    return "\n".join(lines) + "\n"


def groups(records):
    """The records with the same fields, in the order in which these first occur."""
    found = {}
    for record in records:
        found.setdefault(frozenset(record), []).append(record)
    return found.values()


def table(records):
    """Records with the same fields as lines of a Markdown table."""
    names = [name for name in records[0] if name not in LISTS]
    return markdown.table(names, [[cell(record[name]) for name in names] for record in records])


def details(record):
    """The lists of a record: problems of tests, kernels by kind."""
    lines = [f"- {problem}" for problem in record.get("problems", [])]
    if record.get("kinds"):
        lines += ["", f"{record['side']}, {record['row']}, by kind:", "", *table(record["kinds"])]
    return lines


def cell(value):
    """A value in a table."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return " ".join(str(value).split()).replace("|", "/")[:300]
