"""Settings of the level of service and of the yearly targets."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from geo.settings_base import Part


def _clock(value: object) -> object:
    # YAML reads 10:30 without quotes as the number 630
    if not isinstance(value, time) and not (isinstance(value, str) and re.fullmatch(r"\d{1,2}:\d{2}", value)):
        raise ValueError(f"{value!r} is no clock time; write it in quotes, like '07:00'")
    if isinstance(value, time):
        return value
    hour, minute = value.split(":")
    return time(int(hour), int(minute))


type ClockTime = Annotated[time, BeforeValidator(_clock)]


class ServiceClass(Part):
    """Target of a route class: open by a local clock time, or so many hours after the callout."""

    #: snow since the begin of the event that calls out, cm; None: the begin of the event itself does
    callout_cm: float | None = Field(None, gt=0)
    #: the first of these clock times after the callout
    deadline: ClockTime | None = None
    hours: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _one_target(self) -> ServiceClass:
        if (self.deadline is None) == (self.hours is None):
            raise ValueError("a class needs either a deadline or hours")
        return self


class ServiceSettings(Part):
    """Targets per route class (docs/service-level.md) and of the visualisation rate (docs/kpi.md)."""

    #: by the class of the plan, e.g. 第1種; a route's own target_time and callout_depth_cm win
    classes: dict[str, ServiceClass] = Field(default_factory=dict)
    #: of roads that a work section holds and no route; None: no target
    sections: ServiceClass | None = None
    #: progress is what was newly covered in so many minutes
    progress_min: float = Field(60, gt=0)
    #: without any progress, less time than this before the deadline is a risk, minutes
    margin_min: float = Field(60, ge=0)
    #: a planned pass is done from this share of its metres on, and not done up to the other one
    done_share_min: float = Field(0.95, gt=0, le=1)
    not_done_share_max: float = Field(0.05, ge=0, lt=1)
    #: worked out anew so often while the service runs, minutes
    refresh_min: float = Field(5, gt=0)
    #: fiscal year (April to March) → percent of the length of plough routes that is to be observed
    visualisation_targets: dict[int, Annotated[float, Field(gt=0, le=100)]] = Field(
        default_factory=lambda: {2026: 10.0, 2027: 50.0, 2028: 90.0}
    )
    #: a tracked machine is healthy in an event when at least this share of its fixes there lies on roads
    healthy_share_min: float = Field(0.5, ge=0, le=1)
