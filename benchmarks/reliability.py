"""Reliability of confidence as a table of bins and as an SVG diagram, text in, text out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Most traversals are surer than 0.9, so the bins that are shown are narrower there than the ten of the error.
EDGES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.94, 0.96, 0.98, 0.99, 0.995, 1.0)
#: A bin with fewer has no share worth showing.
FEWEST = 30
#: 95 % of a normal distribution lie within so many standard deviations.
Z = 1.96
#: Ticks of both axes, and the ends of the axes; distances are those of log-odds.
TICKS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
LOW, HIGH = 0.45, 0.9995
#: Pixels: the side of the square, and its left and upper margin.
SIDE, LEFT, TOP = 300, 52, 12
#: Colours that differ for colour-blind readers too (Okabe and Ito 2008), and the mark of each line.
STYLES = (("#0072b2", "circle"), ("#d55e00", "square"), ("#009e73", "diamond"))


@dataclass(frozen=True, slots=True)
class Bin:
    """Traversals between two confidences: number, mean confidence, share that is right, and its 95 % interval."""

    low: float
    high: float
    n: int
    km: float
    confidence: float
    right: float
    right_low: float
    right_high: float


def wilson(right: float, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    centre, spread = right + Z**2 / (2 * n), Z * math.sqrt(right * (1 - right) / n + Z**2 / (4 * n**2))
    return (centre - spread) / (1 + Z**2 / n), (centre + spread) / (1 + Z**2 / n)


def bins(rows: pd.DataFrame) -> list[Bin]:
    """The bins of EDGES that hold anything; rows have confidence, right and metres."""
    slot = np.clip(np.searchsorted(EDGES, rows["confidence"], side="right") - 1, 0, len(EDGES) - 2)
    out = []
    for k, part in rows.groupby(slot):
        right = float(part["right"].mean())
        low, high = wilson(right, len(part))
        km = float(part["metres"].sum()) / 1000
        out.append(Bin(EDGES[k], EDGES[k + 1], len(part), km, float(part["confidence"].mean()), right, low, high))
    return out


def table(shown: list[Bin]) -> list[str]:
    """Lines of a Markdown table."""
    lines = ["| confidence | traversals | km | mean confidence | right |", "| --- | --- | --- | --- | --- |"]
    for b in shown:
        few = f" ({round(b.right * b.n)} of {b.n})" if b.n < FEWEST else ""
        lines.append(
            f"| {b.low:g} to {b.high:g} | {b.n:,} | {b.km:,.0f} | {100 * b.confidence:.1f} % "
            f"| {100 * b.right:.1f} %{few} |"
        )
    return lines


def _at(share: float) -> float:
    """Pixels from the low end of an axis."""
    low, high = (math.log(p / (1 - p)) for p in (LOW, HIGH))
    p = min(max(share, LOW), HIGH)
    return SIDE * (math.log(p / (1 - p)) - low) / (high - low)


def _mark(shape: str, x: float, y: float, colour: str) -> str:
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
    turned = f' transform="rotate(45 {x:.1f} {y:.1f})"' if shape == "diamond" else ""
    return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"{turned}/>'


def _grid() -> list[str]:
    bottom = TOP + SIDE
    lines = []
    for tick in TICKS:
        x, y, word = LEFT + _at(tick), bottom - _at(tick), f"{100 * tick:g}"
        lines += [
            f'<path d="M{x:.1f} {TOP}V{bottom}M{LEFT} {y:.1f}H{LEFT + SIDE}" stroke="#dddddd"/>',
            f'<text x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{word}</text>',
            f'<text x="{LEFT - 5}" y="{y + 3.5:.1f}" text-anchor="end">{word}</text>',
        ]
    middle = TOP + SIDE / 2
    return [
        *lines,
        f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#888888"/>',
        f'<path d="M{LEFT} {bottom}L{LEFT + SIDE} {TOP}" stroke="#888888" stroke-dasharray="4 4"/>',
        f'<text x="{LEFT + SIDE / 2}" y="{bottom + 32}" text-anchor="middle">confidence 確からしさ %</text>',
        f'<text x="13" y="{middle}" text-anchor="middle" transform="rotate(-90 13 {middle})">right 正解の割合 %</text>',
    ]


def _line(shown: list[Bin], colour: str, shape: str) -> list[str]:
    """Marks with their intervals, joined; bins with few traversals or below the axis are left out."""
    kept = [b for b in shown if b.n >= FEWEST and b.confidence >= LOW]
    bottom = TOP + SIDE
    xy = [(LEFT + _at(b.confidence), bottom - _at(b.right)) for b in kept]
    bars = "".join(
        f"M{x:.1f} {bottom - _at(b.right_low):.1f}V{bottom - _at(b.right_high):.1f}"
        for b, (x, _) in zip(kept, xy, strict=True)
    )
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in xy)
    return [
        f'<path d="{bars}" stroke="{colour}" stroke-opacity="0.45" stroke-width="2"/>',
        f'<path d="M{path}" stroke="{colour}" fill="none" stroke-width="1.5"/>',
        *[_mark(shape, x, y, colour) for x, y in xy],
    ]


def diagram(rows: Mapping[str, pd.DataFrame]) -> str:
    """SVG of at most three lines, each with the name it is given."""
    body = _grid()
    for k, (name, part) in enumerate(rows.items()):
        colour, shape = STYLES[k]
        y = TOP + SIDE + 54 + 17 * k
        body += _line(bins(part), colour, shape)
        body += [_mark(shape, LEFT + 6, y - 4, colour), f'<text x="{LEFT + 18}" y="{y}">{name}</text>']
    width, height = LEFT + SIDE + 18, TOP + SIDE + 62 + 17 * (len(rows) - 1)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" font-family="sans-serif" font-size="11" fill="#333333">'
    )
    title = "<title>Share of traversals that are right, by confidence 確からしさごとの正解の割合</title>"
    return "\n".join([head, title, '<rect width="100%" height="100%" fill="#ffffff"/>', *body, "</svg>"]) + "\n"
