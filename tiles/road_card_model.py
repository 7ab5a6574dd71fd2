"""What /status/road/{piece_id} answers, as models that its documentation is made from."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from geo.vocabulary import InLine, NotYet, ServiceState

#: A sentence or a name by language; `lang` leaves one of them.
type Words = Annotated[dict[str, str], Field(examples=[{"ja": "除雪完了", "en": "Cleared"}])]


class Contact(BaseModel):
    """An office that answers for the road; never a person."""

    name: Words
    phone: str | None
    link: str | None


class RoadManager(BaseModel):
    """Who is responsible for the road."""

    code: str
    words: Words
    contact: Contact | None = Field(description="null: no office is known")


class RoadPlan(BaseModel):
    """The plough route, or else the work section, that holds most of the road."""

    kind: str = Field(description="route or section")
    id: str
    name: str
    route_class: str | None
    target_time: str | None = Field(description="local time by which the route is to be open; null: none is set")
    callout_depth_cm: float | None


class Snow(BaseModel):
    """Snow since the clearing. cm null: nobody observed it, which is not zero."""

    cm: float | None
    basis: str
    words: Words


class Target(BaseModel):
    """Where the direction stands against its target (docs/service-level.md). state null: not worked out."""

    state: ServiceState | None
    target_at: datetime | None
    late_min: int | None = Field(description="minutes after the target, of state late")
    due: Words = Field(description="class and time of the target")
    words: Words


class Why(BaseModel):
    """A published fact that stands beside a direction that is not cleared."""

    code: NotYet
    words: Words


class Next(BaseModel):
    """Where the direction lies from a plough at work on its route. No promise, and no time of arrival."""

    code: InLine
    distance_m: int | None = Field(description="of ahead: metres, rounded up to hundreds")
    worked_at: datetime | None = Field(description="of ahead and not_yet: when work was seen, down to 5 minutes")
    words: Words


class Visit(BaseModel):
    """A pass or another traversal; begin and end in steps of 5 minutes. Never which machine."""

    began_at: datetime
    ended_at: datetime
    kind: str
    treatment: str | None = Field(description="null: not named")
    work_basis: str
    metres: int
    words: Words


class Direction(BaseModel):
    """One direction of the road."""

    edge_id: int
    direction: str
    heading: Words = Field(description="towards a place on numbered roads, else by the compass")
    state: str
    state_words: Words
    reason: str
    reason_words: Words | None = Field(description="why the state is unknown; null: it is known")
    cleared_at: datetime | None
    valid_until: datetime | None
    observed_at: datetime | None
    covered_fraction: float
    passed_fraction: float
    passes_needed: int
    treatment: str | None
    treatment_words: Words | None
    work_basis: str
    work_basis_words: Words
    confidence: float
    confidence_words: Words | None = Field(description="null: no work is known")
    snow: Snow | None = Field(description="null: there is no clearing to count from")
    spread_at: datetime | None
    sidewalk_at: datetime | None
    restriction: str | None
    restriction_words: Words | None
    is_corrected: bool
    source_kind: str = Field(description="ploughs, manager or none")
    source_words: Words
    target: Target
    why_not_yet: list[Why] | None = Field(description="empty: it is cleared or being cleared; null: a past moment")
    next: Next | None = Field(description="null: a past moment")
    visits: list[Visit] | None = Field(description="the newest first; null: not told, and `visits_note` says why")


class Event(BaseModel):
    """What states are relative to."""

    event_id: int
    kind: str
    name: str
    reference_at: datetime


class PastSpan(BaseModel):
    """What an answer about the past rests on, as in the snapshot of the past."""

    at: datetime
    from_at: datetime
    to_at: datetime | None
    known_at: datetime | None
    is_settled: bool


class RoadCard(BaseModel):
    """All that the card of a road shows. Absolute times alone: ages are the client's, and so is `valid_until`."""

    piece_id: int
    name: str | None
    route: str | None
    road_class: str
    road_class_words: Words
    municipality: str | None
    length_m: float
    line: list[tuple[float, float]] = Field(description="positions along digitising, degrees")
    manager: RoadManager
    plan: RoadPlan | None = Field(description="null: on nobody's plan")
    is_one_side_only: bool = Field(description="of two directions one alone is cleared")
    directions: list[Direction]
    visits_note: Words
    has_more_visits: bool
    event: Event
    as_of: datetime
    past: PastSpan | None = Field(description="null: this is now")
    network_version: int
    synthetic: bool
