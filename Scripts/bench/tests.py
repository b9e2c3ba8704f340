"""Tests of what turns measured figures into pages. They measure nothing."""

import unittest

import fits
import machine
import markdown
import page
import readme
import turns
from measured import Usage, figures
from rows import ROWS


class Names(unittest.TestCase):
    """The name of a machine's file has the processor's model, the cores and PyTorch's release."""

    def test_processors(self):
        for processor, cores, expected in (
            ("AMD EPYC", 2, "cpu-amd-epyc-2-cores-torch2.13"),
            ("AMD EPYC 7B13 64-Core Processor", 64, "cpu-amd-epyc-7b13-64-cores-torch2.13"),
            ("Intel(R) Xeon(R) CPU @ 2.20GHz", 1, "cpu-intel-xeon-1-core-torch2.13"),
            ("Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz", 8, "cpu-intel-core-i7-8550u-8-cores-torch2.13"),
            ("AMD Ryzen 5 5600G with Radeon Graphics", 6, "cpu-amd-ryzen-5-5600g-6-cores-torch2.13"),
            ("unknown", 4, "cpu-unknown-4-cores-torch2.13"),
        ):
            self.assertEqual(machine.file_name(processor, cores, "2.13.0+cpu"), expected)


class Fits(unittest.TestCase):
    """A line is the least-squares fit, and its deviation the largest relative distance of a point."""

    def test_points_on_a_line(self):
        line = fits.fit([1, 2, 4], [5, 7, 11])
        self.assertAlmostEqual(line.intercept, 3)
        self.assertAlmostEqual(line.slope, 2)
        self.assertAlmostEqual(line.deviation, 0)
        self.assertAlmostEqual(line.at(10), 23)

    def test_points_beside_a_line(self):
        line = fits.fit([0, 1, 2], [1, 4, 1])
        self.assertAlmostEqual(line.intercept, 2)
        self.assertAlmostEqual(line.slope, 0)
        self.assertAlmostEqual(line.deviation, 1)


class Turns(unittest.TestCase):
    """Sides take turns, in the opposite order in every other round, and ratios are those of each round."""

    def test_order(self):
        taken = []
        sides = {name: lambda name=name: taken.append(name) for name in "abc"}
        rounds = turns.take_turns(sides, 3, "test")
        self.assertEqual("".join(taken), "abccbaabc")
        self.assertEqual([set(one) for one in rounds], [set("abc")] * 3)

    def test_medians(self):
        rounds = [{"a": {"s": a}, "b": {"s": b}} for a, b in ((1, 2), (6, 4), (3, 3))]
        self.assertEqual(turns.median(rounds, "a", "s"), 3)
        self.assertEqual(turns.ratio(rounds, "a", "b", "s"), turns.Ratio(1, 0.5, 1.5))

    def test_share(self):
        rounds = [{"a": {"seconds_per_step": 2}, "product": {"flop_per_second": 100}}]
        self.assertEqual(turns.share(rounds, "a", 50), 0.25)

    def test_first_two_steps_do_not_count(self):
        found = figures([9, 8, 1, 2, 3], Usage(30, 30, 100))
        self.assertEqual(found["seconds_per_step"], 2)
        self.assertEqual(found["fastest_step"], 1)
        self.assertEqual(figures([9], Usage(30, 30, 100))["seconds_per_step"], 9)


class Pages(unittest.TestCase):
    """Pages and the README's lines are made of the rows that there are."""

    def results(self, *names):
        """Results in which a step of each side takes one second more than that of the side before."""
        found = {"machine": {"processor": "P", "cores": 2, "memory_gib": 8.0}, "rows": {}}
        for name in names:
            row = ROWS[name]
            sides = ["lora_train", "diffusers"]
            if row.kind != "drawing":
                sides = ["lora_train", "lean", "script", "lora_train_linear", "kohya"]
            if row.memory:
                sides.append("lora_train_small")
            taken = {side: figures([number], Usage(number, number, 2**20 * number))
                     for number, side in enumerate(sides, 1)}
            found["rows"][name] = {
                "row": vars(row), "rounds": [taken | {"product": {"flop_per_second": 1e11}}],
                "cold": figures([1], Usage(7, 7, 2**20)), "weight_bytes": 3 * 2**20,
                "flop": {"attention": 5e10, "linear": 5e10, "prediction": 5e10},
                "measured": {"date": "2000-01-01", "torch": "2.13.0+cpu", "diffusers": "0.42.1",
                             "peft": "0.21.2"},
            }
        return found

    def test_page(self):
        text = page.page_of(self.results("200m-fp32", "start", "drawing-bf16"))
        self.assertIn("| lora-train | 1 | 1 | 1 | 50 % |  |  |  |", text)
        self.assertIn("| diffusers' script | 3 | 3 | 3 | 17 % | 0.33 | 0.33 – 0.33 | 0.33 |", text)
        self.assertIn("| kohya's settings | 5 | 5 | 5 | 10 % | 0.80 | 0.80 – 0.80 | 0.80 |", text)
        self.assertIn("| lora-train, less memory | 6 | 6 | 6 | 8 % |  |  |  |", text)
        self.assertIn("3.00 times the lean loop's time and 3.00 times its memory", text)
        self.assertIn("## Drawing, 200 M parameter UNet, bf16, 1 thread", text)

    def test_growth(self):
        found = self.results("growth")
        entry = found["rows"]["growth"]
        points = {f"{axis} {number}": figures([number], Usage(1, 1, 2**20 * number))
                  for axis, numbers in (("batch", (1, 2, 4)), ("side", (100, 200)), ("images", (4, 64)))
                  for number in numbers}
        entry["rounds"], entry["cold"] = [points], points
        self.assertIn("s + 1 s for each image in a batch, within 0 %", page.page_of(found))

    def test_ladder(self):
        found = self.results("ladder")
        entry = found["rows"]["ladder"]
        entry["rounds"] = [{"all": figures([2], Usage(1, 1, 2**20 * 10)),
                            "less": figures([3], Usage(1, 1, 2**20 * 4))}]
        entry["estimates"] = {"all": 2**20 * 9, "less": 2**20 * 5}
        text = page.page_of(found)
        self.assertIn("| all | 9 | 10 | 0.90 | 2 | 1.00 |", text)
        self.assertIn("| less | 5 | 4 | 1.25 | 3 | 1.50 |", text)

    def test_adapter(self):
        found = self.results("loha")
        entry = found["rows"]["loha"]
        entry["rounds"] = [{
            "lora_train": figures([2], Usage(1, 1, 2**20 * 10)) | {"cpu_seconds_per_step": 2},
            "lycoris": figures([9], Usage(1, 1, 2**20 * 20)) | {"cpu_seconds_per_step": 4}}]
        entry["estimates"] = {"lora_train": 2**20 * 9}
        text = page.page_of(found)
        self.assertIn("| lora-train | 2 | 2 | 2 | 10 | 0.90 |  |  |  |", text)
        self.assertIn("| diffusers + lycoris-lora, lean loop | 9 | 9 | 4 | 20 |  | 0.50 | 0.50 – 0.50 | 0.50 |",
                      text)

    def test_readme(self):
        lines = readme.block("cpu-p", self.results("200m-fp32", "start", "drawing-bf16"))
        self.assertIn("| 200 M parameter UNet, fp32, 1 thread: seconds per step | 1 | 2 | 0.50 (0.50–0.50) "
                      "| 0.33 (0.33–0.33) | 0.80 (0.80–0.80) |", lines)
        self.assertIn("| drawing, 200 M parameter UNet, bf16, 1 thread: seconds per step | 1 | 2 "
                      "| 0.50 (0.50–0.50) | – | – |", lines)

    def test_block_is_replaced(self):
        text = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n"
        once = markdown.replace_block(text, "x", ["new \\1"])
        self.assertEqual(once, "a\n<!-- x -->\nnew \\1\n<!-- end of x -->\nb\n")
        with self.assertRaises(SystemExit):
            markdown.replace_block("no marks", "x", [])


if __name__ == "__main__":
    unittest.main()
