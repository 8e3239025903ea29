"""Figures: what a benchmark returns, with the machine's noise, and how they are printed."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes:
        value: in `unit`; the median where several samples were taken.
        low, high: the quartiles around it, the machine's noise; None for what is not sampled.
        target: the most that it may be; None for a number that only explains another.
        least: what it must be at least.
        detail: what it is made of.
    """

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    target: float | None = None
    detail: str = ""
    least: float | None = None

    @property
    def met(self) -> bool:
        """Whether the target, if there is one, is met."""
        within = self.target is None or self.value <= self.target
        return within and (self.least is None or self.value >= self.least)


Benchmark = Callable[[], Iterable[Figure]]


def interleaved(one: Callable[[], float], other: Callable[[], float], samples: int) -> "Pair":
    """Sample two measurements in turn, so that a machine that slows down slows both.

    Returns:
        The samples in the unit that the measurements return.
    """
    ones: list[float] = []
    others: list[float] = []
    for _ in range(samples):
        ones.append(one())
        others.append(other())
    return Pair(tuple(ones), tuple(others))


@dataclass(frozen=True, slots=True)
class Pair:
    """Samples of a thing and of what it is compared with, taken in turn."""

    ours: Sequence[float]
    theirs: Sequence[float]

    def ratio(self, name: str, target: float, unit: str) -> Figure:
        """Return how many times `theirs` ours is: the median ratio of neighbouring samples."""
        ratios = [one / other for one, other in zip(self.ours, self.theirs, strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        ours = statistics.median(self.ours)
        theirs = statistics.median(self.theirs)
        detail = f"{ours:.1f} {unit} against {theirs:.1f} {unit}"
        return Figure(name, middle, "x", low, high, target, detail)


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as a table for a terminal."""
    rows: list[tuple[str, ...]] = [("figure", "value", "quartiles", "target", "", "detail")]
    rows += [_row(figure) for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(figure: Figure) -> tuple[str, ...]:
    noise = "" if figure.low is None else f"{figure.low:.2f} .. {figure.high:.2f}"
    target = "" if figure.target is None else f"<= {figure.target:g} {figure.unit}"
    if figure.least is not None:
        target = f">= {figure.least:g} {figure.unit}"
    met = "" if not target else ("ok" if figure.met else "MISSED")
    value = f"{figure.value:.2f} {figure.unit}"
    return (figure.name, value, noise, target, met, figure.detail)
