"""Settings of sources: who sends what, and how to read it."""

from __future__ import annotations

import difflib
import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from geo.settings_base import Part, ZoneName
from geo.settings_feeds import ArcgisSettings
from geo.vocabulary import Treatment


def _known_treatment(text: str) -> str:
    """The English word of a treatment that is named in English or in Japanese."""
    words = {str(word): str(word) for word in Treatment} | {word.ja: str(word) for word in Treatment}
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain not in words:
        near = difflib.get_close_matches(plain, list(words), 1, 0.4)
        also = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(map(str, Treatment))}"
        raise ValueError(f"{text!r} is no treatment; {also}")
    return words[plain]


def _readable_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


type TreatmentName = Annotated[str, AfterValidator(_known_treatment)]
type Pattern = Annotated[str, AfterValidator(_readable_pattern)]


class InputRule(Part):
    """One digital input of a device: its number from 1, and which level means yes."""

    digital: int = Field(ge=1, le=32)
    active: Literal["high", "low"] = "high"


class WorkInputs(Part):
    """Which digital input tells what; None: no input does."""

    blade: InputRule | None = None
    spreader: InputRule | None = None
    work: InputRule | None = None

    @property
    def wired(self) -> dict[str, InputRule]:
        """The inputs that tell something, by flag."""
        pairs = {"blade": self.blade, "spreader": self.spreader, "work": self.work}
        return {flag: rule for flag, rule in pairs.items() if rule is not None}


class TaskRule(Part):
    """What a free text about the task means. Exactly one of `contains` and `matches` is given.

    `contains` is plain text, compared after NFKC and without case; `matches` is a regular expression searched in the
    NFKC text without case. What is left out stays unknown; a rule that says nothing makes the text a known one.
    """

    contains: str | None = Field(None, min_length=1)
    matches: Pattern | None = None
    treatment: TreatmentName | None = None
    blade: bool | None = None
    spreader: bool | None = None
    work: bool | None = None

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if (self.contains is None) == (self.matches is None):
            raise ValueError("a rule for tasks needs either `contains` or `matches`")
        return self


class WorkRules(Part):
    """How inputs of a device and texts about its task become a work state (docs/sources.md)."""

    inputs: WorkInputs = WorkInputs()
    #: the first rule that fits a text decides
    tasks: tuple[TaskRule, ...] = ()
    #: a row of the field `task` that names no task at all is not at work
    no_task_is_idle: bool = False


class SourceSettings(Part):
    """How to read one source.

    `fields` maps our names to the source's columns, `values` maps its values to ours per field, for example
    `{"manager": {"国": "nation"}}`. `work_basis` says how work is known when a fix itself does not say.
    """

    synthetic: bool = False
    work_basis: Literal["declared", "assumed"] | None = None
    timezone: ZoneName | None = None
    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None
    join_policy: Literal["endpoints", "crossings"] | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    #: how inputs and task texts become blade, spreader, work and treatment
    rules: WorkRules = WorkRules()
    speed_unit: Literal["m/s", "km/h", "kn", "mph"] = "m/s"
    #: west, south, east, north in degrees; fixes outside are quarantined as outside_area
    area: tuple[float, float, float, float] | None = None
    #: treatment of a working fix that names none; None leaves it open
    treatment: TreatmentName | None = None
    #: how the time column is written, in the signs of strptime; None reads ISO 8601, its relatives and epoch numbers
    time_format: str | None = None
    #: fixes before this moment are quarantined as too_old; the default only catches clocks that were never set
    earliest_at: AwareDatetime = datetime(2000, 1, 1, tzinfo=UTC)
    #: a fix may be so far ahead of our clock before it is quarantined as future_time, seconds
    max_future_s: float = Field(300, ge=0)
    #: expected time between two fixes of a vehicle at work, seconds; None: learnt from what comes
    cadence_s: float | None = Field(None, gt=0)
    #: who works, and for whom; keys of a contractor or a manager see the sources that name them
    contractor: str | None = Field(None, min_length=1)
    manager: str | None = Field(None, min_length=1)
    #: registered: only vehicles of the source's register are taken (`yukimichi ingest vehicles`)
    vehicles: Literal["open", "registered"] = "open"
    #: a layer of a Feature Service to poll for this source (docs/feeds.md)
    arcgis: ArcgisSettings | None = None
