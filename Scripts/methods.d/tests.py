"""Tests of what turns runs into tables. They train nothing."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
import tables  # noqa: E402
from catalogue import METHODS, SUBJECTS  # noqa: E402
from records import chosen, flags  # noqa: E402


def run(method, subject, seed, steps, seconds=None, rate=None, limit=800):
    """A record; without steps it is one that did not reach the score."""
    done = {"cpu_seconds": seconds, "adapter_bytes": 2048, "attributes_right": 0.9} if steps else {
        "recognised": 17}
    rate = rate or METHODS[method].rate
    return {"method": method, "rate": rate, "subject": subject, "seed": seed,
            "flags": flags(METHODS[method], rate, seed), "steps": steps, "limit": limit,
            "peak_memory_bytes": 3 << 20, **done}


RUNS = {"runs": [
    run("adamw", "dhoni", 1, 200, 20), run("adamw", "teapot", 1, 400, 40), run("adamw", "rocket", 1, 300, 30),
    run("lion", "dhoni", 1, 100, 30), run("lion", "teapot", 1, None), run("lion", "rocket", 1, 300, 45),
    run("lion", "dhoni", 1, None, rate=7e-4, limit=100),
]}


class Tables(unittest.TestCase):
    """Medians and ratios of pairs, in which a run without the score counts as endless."""

    def test_runs_at_the_chosen_rate(self):
        found = chosen(RUNS, METHODS["lion"], ("dhoni", "teapot", "rocket"), (1, 2))
        self.assertEqual([run["steps"] for run in found.values()], [100, None, 300])

    def test_a_run_with_other_options_does_not_count(self):
        other = run("lion", "dhoni", 1, 100, 30) | {"flags": ["--seed", "1", "--optimizer", "lion"]}
        self.assertEqual(chosen({"runs": [other]}, METHODS["lion"], SUBJECTS, (1, 2)), {})

    def test_ratios(self):
        runs = chosen(RUNS, METHODS["lion"], ("dhoni", "teapot", "rocket"), (1,))
        self.assertEqual(tables.ratios(RUNS, runs, "steps"), "1.00 (0.50 to not in 800)")
        self.assertEqual(tables.ratios(RUNS, runs, "cpu_seconds"), "1.50 (1.50 to not in 800)")

    def test_the_reference_equals_itself(self):
        runs = chosen(RUNS, METHODS["adamw"], ("dhoni", "teapot", "rocket"), (1,))
        self.assertEqual(tables.ratios(RUNS, runs, "steps"), "1.00")

    def test_steps_by_subject(self):
        runs = chosen(RUNS, METHODS["lion"], ("dhoni", "teapot"), (1,))
        self.assertEqual(dict(zip(SUBJECTS, tables.subjects(runs))),
                         {"dhoni": "100", "teapot": "17/24", "rocket": "–"})

    def test_a_row_of_the_short_table(self):
        self.assertEqual(
            next(line for line in tables.short(RUNS) if line.startswith("| `lion`")),
            "| `lion` | 300 | 100 | 17/24 | 1.00 (0.50 to not in 800) | 45 (30 to not in 800) | 2 | 3 | 90 % |")

    def test_figures(self):
        runs = chosen(RUNS, METHODS["lion"], ("dhoni", "rocket"), (1,))
        self.assertEqual(tables.figures(runs), ["22.5", "2", "3", "90 %"])

    def test_rates_that_were_tried(self):
        self.assertEqual(tables.attempt(METHODS["lion"], 7e-4, RUNS["runs"][-1]), "7.0e-04: more than 100")
        self.assertEqual(tables.attempt(METHODS["lion"], METHODS["lion"].rate, RUNS["runs"][3]),
                         f"**{METHODS['lion'].rate:.1e}: 100**")


if __name__ == "__main__":
    unittest.main()
