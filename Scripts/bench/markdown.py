"""Parts of Markdown pages."""

import re


def table(names, rows):
    """The lines of a table of texts."""
    lines = [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def replace_block(page, mark, lines):
    """The page with these lines between `<!-- mark -->` and `<!-- end of mark -->`."""
    start, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    if page.count(start) != 1 or page.count(end) != 1:
        raise SystemExit(f"bench: the page has not one {start} and one {end}")
    body = "\n".join([start, *lines, end])
    return re.sub(re.escape(start) + ".*" + re.escape(end), lambda _: body, page, flags=re.DOTALL)


def seconds(value):
    """Seconds, with three digits."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def mebibytes(value):
    """Bytes in MiB."""
    return f"{value / 2**20:.0f}"


def percent(value):
    """A part of 1."""
    return f"{100 * value:.0f} %"
