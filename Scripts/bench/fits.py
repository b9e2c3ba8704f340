"""Straight lines through measured points."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """y = intercept + slope * x, by least squares."""

    intercept: float
    slope: float
    deviation: float  # the largest distance of a point from the line, as a part of the point

    def at(self, x):
        """The y of the line."""
        return self.intercept + self.slope * x


def fit(xs, ys):
    """The line through points whose y is not 0."""
    slope, intercept = statistics.linear_regression(xs, ys)
    deviation = max(abs(intercept + slope * x - y) / abs(y) for x, y in zip(xs, ys))
    return Line(intercept, slope, deviation)
