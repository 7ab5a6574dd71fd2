"""Settings of snow: how weather is read, and how a clearing ages by it."""

from __future__ import annotations

from pydantic import Field, field_validator

from geo.settings_base import Part
from geo.vocabulary import RoadClass

#: Centimetres since a clearing from which it no longer holds, where config.yml says nothing: main roads, the others.
#: Road managers call ploughs out at falls of 5 to 20 cm (docs/snow.md); each sets its own.
LIMIT_MAIN_CM, LIMIT_CM = 10.0, 15.0
_MAIN = frozenset({RoadClass.EXPRESSWAY, RoadClass.NATIONAL})


def _limit_cm(road_class: RoadClass) -> float:
    return LIMIT_MAIN_CM if road_class in _MAIN else LIMIT_CM


class SnowSettings(Part):
    """How snow is interpolated, and from how many centimetres on a clearing no longer holds (docs/snow.md)."""

    limit_cm: dict[RoadClass, float] = Field(default_factory=lambda: {word: _limit_cm(word) for word in RoadClass})
    #: stations beyond this say nothing of a cell, kilometres
    reach_km: float = Field(30, gt=0, le=200)
    #: of the stations in reach, at most so many, the nearest
    stations_max: int = Field(6, ge=1, le=50)
    #: a station counts by its distance to the power of minus this
    power: float = Field(2, ge=0, le=6)
    #: length of a step of the series, minutes
    step_min: int = Field(10, ge=1, le=60)
    #: two observations further apart than this, minutes, leave what fell between them missing
    gap_max_min: float = Field(90, ge=60)
    #: a station that reported less than this ago, minutes, is waited for; its silence is not yet missing
    awaited_min: float = Field(75, ge=0)
    #: a change of depth, or a fall, faster than this is an error of the station, centimetres an hour
    fastest_cm_per_h: float = Field(30, gt=0)
    #: before so many hours ago the steps of the series are hours
    fine_h: float = Field(168, gt=0)
    #: the series reaches back this far at most, hours; what fell earlier is missing
    window_h: float = Field(1440, gt=0)

    @field_validator("limit_cm")
    @classmethod
    def _above_nothing(cls, limits: dict[RoadClass, float]) -> dict[RoadClass, float]:
        for word, value in limits.items():
            if not value > 0:
                raise ValueError(f"the limit of {word} has to be more than 0 cm")
        return limits

    def limit_cm_of(self, road_class: RoadClass) -> float:
        """Centimetres of snow since a clearing of this class from which on it no longer holds."""
        return self.limit_cm.get(road_class, _limit_cm(road_class))
