"""Settings of daily reports and pay sheets."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from geo.holidays import DayKind
from geo.settings_base import Part
from geo.vocabulary import PassKind, Treatment

MINUTES_OF_A_DAY = 24 * 60


def _clock_time(text: object) -> object:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", text.strip()) if isinstance(text, str) else None
    # YAML reads 17:00 without quotes as the number of minutes
    minute = int(found[1]) * 60 + int(found[2]) if found else text
    if not isinstance(minute, int) or not 0 <= minute < MINUTES_OF_A_DAY or (found and int(found[2]) > 59):
        raise ValueError(f"{text!r} is no time of the day; write it like 05:00")
    return f"{minute // 60:02}:{minute % 60:02}"


def _paid_work(text: str) -> str:
    words = {str(word): str(word) for word in Treatment} | {word.ja: str(word) for word in Treatment}
    words |= {str(PassKind.DEADHEAD): str(PassKind.DEADHEAD), PassKind.DEADHEAD.ja: str(PassKind.DEADHEAD)}
    if text.strip() not in words:
        raise ValueError(f"{text!r} is neither a treatment nor deadhead 回送; known: {', '.join(words)}")
    return words[text.strip()]


def _kind_of_day(text: str) -> DayKind:
    words = {str(word): word for word in DayKind} | {word.ja: word for word in DayKind}
    if text.strip() not in words:
        raise ValueError(f"{text!r} is no kind of day; known: {', '.join(words)}")
    return words[text.strip()]


type ClockTime = Annotated[str, BeforeValidator(_clock_time)]
type PaidWork = Annotated[str, AfterValidator(_paid_work)]
type DayKindName = Annotated[DayKind, BeforeValidator(_kind_of_day)]


class PriceRow(Part):
    """A line of a price table 単価表; what is left out means any.

    yen_per_hour  of a machine with its crew, without tax as the contract says
    valid_from, valid_to  first and last local day, both inclusive
    """

    contractor: str | None = Field(None, min_length=1)
    machine_class: str | None = Field(None, min_length=1)
    treatment: PaidWork | None = None
    band: str | None = Field(None, min_length=1)
    day_kind: DayKindName | None = None
    yen_per_hour: Decimal = Field(ge=0, max_digits=12, decimal_places=4)
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _span(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError(f"valid_from {self.valid_from} lies after valid_to {self.valid_to}")
        return self


class ReportSettings(Part):
    """How work becomes a daily report and a pay sheet (docs/reports.md)."""

    #: local clock times at which hour bands begin; the last band goes on over midnight to the first
    bands: tuple[ClockTime, ...] = ("05:00", "08:00", "17:00", "22:00")
    #: work that is less sure is flagged, and summed apart
    confidence_min: float = Field(0.9, ge=0, le=1)
    #: whose national holidays count; `none`: only those listed here, and Sundays
    calendar: Literal["japan", "none"] = "japan"
    #: holidays of the region, such as 2026-12-29
    holidays: tuple[date, ...] = ()
    #: which kinds of driving are paid by the hour
    paid: tuple[Literal["pass", "deadhead"], ...] = ("pass", "deadhead")
    #: a price table of one's own; lines of `yukimichi ingest prices` stand beside it
    prices: tuple[PriceRow, ...] = ()
    #: so many local days are published for managers and contractors
    days: int = Field(60, ge=1, le=366)
    #: minutes between two rounds that bring them up to date while the service runs
    refresh_min: float = Field(10, gt=0)

    @model_validator(mode="after")
    def _bands(self) -> Self:
        if not self.bands or list(self.bands) != sorted(set(self.bands)):
            raise ValueError("bands have to be different clock times in the order of the day")
        for row in self.prices:
            if row.band is not None and row.band not in self.band_names:
                raise ValueError(f"a price names the band {row.band!r}; there are {', '.join(self.band_names)}")
        return self

    @property
    def starts_min(self) -> tuple[int, ...]:
        """Minutes after midnight at which each band begins, ascending."""
        return tuple(int(text[:2]) * 60 + int(text[3:]) for text in self.bands)

    @property
    def band_names(self) -> tuple[str, ...]:
        """Names of the bands, such as 22-05; minutes stand only where they are not 00."""
        short = [text.removesuffix(":00") for text in self.bands]
        return tuple(f"{start}-{end}" for start, end in zip(short, [*short[1:], short[0]], strict=True))
