"""支払明細: hours of work times a price table. Amounts are decimal; a line without a price says so and is never zero.

Rounding: each line is worked out exactly from its microseconds and rounded once, half up, to whole yen; totals are sums
of rounded lines, so that a person can add them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Literal

from geo.holidays import DayKind

HOUR_US = 3_600_000_000
#: Digits that no product of microseconds and a price can use up.
PRECISION = 60

type Note = Literal["", "no_price", "several_prices", "unknown_work", "no_time", "no_calendar"]
#: What stands beside a line that has no amount.
NOTES_JA: dict[str, str] = {
    "": "",
    "no_price": "単価なし",
    "several_prices": "該当する単価が複数",
    "unknown_work": "作業不明のため算定しない",
    "no_time": "時間が分からないため算定しない",
    "no_calendar": "この年の祝日が分からないため算定しない",
}


@dataclass(frozen=True, slots=True)
class Price:
    """A line of a price table; None: any. first_day, last_day: local, both inclusive; None: without that end."""

    yen_per_hour: Decimal
    contractor: str | None = None
    machine_class: str | None = None
    work: str | None = None
    band: str | None = None
    day_kind: DayKind | None = None
    first_day: date | None = None
    last_day: date | None = None

    @property
    def keys(self) -> tuple[str | None, ...]:
        """What it is asked by, the weightiest first."""
        return self.contractor, self.machine_class, self.work, self.band, self.day_kind

    def overlaps(self, other: Price) -> bool:
        """Whether both hold for the same work on some day."""
        begins = max(self.first_day or date.min, other.first_day or date.min)
        ends = min(self.last_day or date.max, other.last_day or date.max)
        return self.keys == other.keys and begins <= ends


@dataclass(frozen=True, slots=True)
class Asked:
    """What a price is asked for. work: a treatment, `deadhead`, or None where the treatment is not named."""

    contractor: str | None
    machine_class: str | None
    work: str | None
    band: str
    day_kind: DayKind
    day: date

    @property
    def keys(self) -> tuple[str | None, ...]:
        """In the order of Price.keys."""
        return self.contractor, self.machine_class, self.work, self.band, self.day_kind


@dataclass(slots=True)
class PriceTable:
    """Price lines. Of those that fit the one that names the contractor wins, then machine class, work, band, day."""

    prices: Sequence[Price] = ()
    _known: dict[Asked, tuple[Price | None, Note]] = field(default_factory=dict)

    def find(self, asked: Asked) -> tuple[Price | None, Note]:
        """The price, or None and why not: no_price, or several_prices where equal lines hold at once.

        A line for any work fits work, not deadhead: what is paid for driving without work has to be named.
        """
        if asked not in self._known:
            self._known[asked] = self._find(asked)
        return self._known[asked]

    def _find(self, asked: Asked) -> tuple[Price | None, Note]:
        fitting = [price for price in self.prices if _fits(price, asked)]
        if not fitting:
            return None, "no_price"
        rank = max(_rank(price) for price in fitting)
        best = {price.yen_per_hour: price for price in fitting if _rank(price) == rank}
        return (next(iter(best.values())), "") if len(best) == 1 else (None, "several_prices")


def _fits(price: Price, asked: Asked) -> bool:
    if not (price.first_day or date.min) <= asked.day <= (price.last_day or date.max):
        return False
    if asked.work == "deadhead" and price.work is None:
        return False
    return all(mine is None or mine == theirs for mine, theirs in zip(price.keys, asked.keys, strict=True))


def _rank(price: Price) -> tuple[bool, ...]:
    return tuple(key is not None for key in price.keys)


def clashes(prices: Sequence[Price]) -> list[tuple[int, int]]:
    """Positions of lines that name the same work for the same days, in pairs: nobody could tell which of them holds."""
    by_keys: dict[tuple[str | None, ...], list[int]] = {}
    for i, price in enumerate(prices):
        by_keys.setdefault(price.keys, []).append(i)
    return [
        (i, j) for same in by_keys.values() for n, i in enumerate(same) for j in same[n + 1 :]
        if prices[i].overlaps(prices[j])
    ]  # fmt: skip


def amount_yen(duration_us: int, yen_per_hour: Decimal) -> int:
    """Whole yen for a time, rounded once, half up."""
    with localcontext(prec=PRECISION):
        exact = Decimal(duration_us) * yen_per_hour / HOUR_US
        return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
