"""Runs of several sides in turns, and what follows from them: medians, and ratios of neighbours."""

import statistics
import sys
from dataclasses import dataclass


def take_turns(sides, count, name):
    """Measures all sides in `count` rounds, {side: a function that returns its figures}. Every other round
    is in the opposite order, so that a machine that becomes slower does so for both sides of a ratio.
    Returns {side: figures} of each round."""
    rounds = []
    for number in range(count):
        order = list(sides) if number % 2 == 0 else list(reversed(sides))
        rounds.append({side: sides[side]() for side in order})
        print(f"bench: {name}, round {number + 1} of {count}", file=sys.stderr, flush=True)
    return rounds


def values(rounds, side, figure):
    """A figure of a side in each round."""
    return [taken[side][figure] for taken in rounds]


def median(rounds, side, figure):
    """The median of a figure over the rounds."""
    return statistics.median(values(rounds, side, figure))


@dataclass(frozen=True)
class Ratio:
    """The ratios of two sides in all rounds."""

    median: float
    lowest: float
    highest: float


def ratio(rounds, side, other, figure):
    """A side's figure divided by that of another side, in each round."""
    found = [taken[side][figure] / taken[other][figure] for taken in rounds]
    return Ratio(statistics.median(found), min(found), max(found))


def share(rounds, side, flop):
    """The part of the machine's peak that a side reaches: its FLOP/s in a step, divided by those of a
    large matrix product of the same round. The median over the rounds."""
    return statistics.median(
        flop / taken[side]["seconds_per_step"] / taken["product"]["flop_per_second"]
        for taken in rounds)
