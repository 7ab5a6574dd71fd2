"""指示: an order of a road manager as a request, a command or a file says it, checked before anything is asked of the
database. What can be wrong is told by the name of its field, in the order in which a person fills it in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from geo.errors import InputError
from geo.timeline import parse
from geo.vocabulary import Manager, OrderKind, Restriction, State, Term
from ingest.order_shapes import on_earth, read_shape

#: Fields of a request beside those of the place.
FIELDS = (
    "client_id", "kind", "restriction", "state", "direction", "begins_at", "ends_at", "reason", "is_reason_public",
)  # fmt: skip
#: Ways to name a place, and the fields that each has.
PLACES: dict[str, tuple[str, ...]] = {
    "edges": (),
    "between": (),
    "geometry": (),
    "route_id": (),
    "section_id": (),
    "route": ("from_km", "to_km"),
    "manager": (),
    "everywhere": (),
}
#: Of a publication stop alone: they name no road.
UNLAID = ("manager", "everywhere")
REASON_MAX = 500
NAME_MAX = 100
EDGES_MAX = 5_000
#: Orders are for the days ahead; a winter closure is set in autumn and ends in spring.
BEGINS_WITHIN = timedelta(days=366)
#: No road is longer.
KM_MAX = 5_000.0
EDGE_ID_MAX = 2**62


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order, checked. The shape, where the place has one, is in degrees; place then says how it was given."""

    kind: OrderKind
    restriction: Restriction | None
    state: State | None
    direction: str
    begins_at: datetime
    ends_at: datetime | None
    place: dict[str, Any]
    shape: Any
    reason: str
    is_reason_public: bool
    client_id: str | None = None


def read_order(given: Mapping[str, Any], now: datetime, zone: str, *, may_be_over: bool = False) -> NewOrder:
    """The order that an object says. Raises InputError naming the field.

    now          from which it holds where no begins_at is given
    zone         of times without an offset
    may_be_over  an order that has ended already is taken: a file of closures tells the past too
    """
    known = {*FIELDS, *PLACES, *(name for names in PLACES.values() for name in names)}
    for name in given:
        if name not in known:
            raise InputError(
                f"{str(name)[:60]!r} is no field of an order.", hint=f"Fields: {', '.join(sorted(known))}."
            )
    kind = _word(given, "kind", OrderKind)
    restriction = _word(given, "restriction", Restriction) if kind is OrderKind.RESTRICTION else None
    state = _word(given, "state", State) if kind is OrderKind.CORRECTION else None
    for name, wanted in (("restriction", OrderKind.RESTRICTION), ("state", OrderKind.CORRECTION)):
        if given.get(name) is not None and kind is not wanted:
            raise InputError(f"{name}: a {kind} has none.", hint=f"Leave it out, or make the kind {wanted}.")
    direction = given.get("direction") or "both"
    if direction not in ("both", "drawn"):
        raise InputError(f"direction: {str(direction)[:60]!r} is neither both nor drawn.")
    begins_at, ends_at = read_span(given, now, zone, may_be_over=may_be_over)
    place, shape = read_place(given, kind)
    return NewOrder(
        kind, restriction, state, direction, begins_at, ends_at, place, shape, read_reason(given),
        _flag(given, "is_reason_public"), read_name(given, "client_id"),
    )  # fmt: skip


def _word[T: Term](given: Mapping[str, Any], name: str, words: type[T]) -> T:
    value = given.get(name)
    for word in words:
        if value in (word.value, word.ja):
            return word
    said = "missing" if value is None else f"{str(value)[:60]!r} is none"
    raise InputError(f"{name}: {said}.", hint=f"One of {', '.join(words)}.")


def _flag(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise InputError(f"{name}: {str(value)[:60]!r} is neither true nor false.")
    return value


def _is_text(value: str) -> bool:
    """Whether a text can be stored: no zero byte, no half of a pair of surrogates."""
    return "\0" not in value and value.encode("utf-8", "replace").decode() == value


def read_name(given: Mapping[str, Any], name: str) -> str | None:
    """A short text, or None. Raises InputError."""
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value.strip()) <= NAME_MAX or not _is_text(value):
        raise InputError(f"{name}: expected a text of 1 to {NAME_MAX} characters.")
    return value.strip()


def read_reason(given: Mapping[str, Any]) -> str:
    """Why; nothing is ordered without. Raises InputError."""
    value = given.get("reason")
    if not isinstance(value, str) or not value.strip() or not _is_text(value):
        raise InputError("reason: missing.", hint="Say in a few words why; it stays with the order for good.")
    if len(value.strip()) > REASON_MAX:
        raise InputError(f"reason: {len(value.strip())} characters; {REASON_MAX} are taken.", hint="Say it shorter.")
    return value.strip()


def _moment(given: Mapping[str, Any], name: str, zone: str) -> datetime | None:
    value = given.get(name)
    if value is None:
        return None
    try:
        if not isinstance(value, str):
            raise ValueError(value)
        found = parse(value, zone)
        found + timedelta(days=1)  # a moment of the last day of time has no other zone
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{name}: {str(value)[:60]!r} is no time.", hint="ISO 8601, for example 2026-01-18T06:10+09:00."
        ) from error
    return found


def read_span(
    given: Mapping[str, Any], now: datetime, zone: str, *, may_be_over: bool
) -> tuple[datetime, datetime | None]:
    """From when, and until when (None: until further notice). Raises InputError."""
    begins_at = _moment(given, "begins_at", zone) or now
    ends_at = _moment(given, "ends_at", zone)
    if ends_at is not None and ends_at <= begins_at:
        raise InputError(
            f"ends_at: {ends_at.isoformat()} is not after the begin, {begins_at.isoformat()}.",
            hint="Leave ends_at out for 'until further notice'.",
        )
    if begins_at > now + BEGINS_WITHIN:
        raise InputError(f"begins_at: {begins_at.isoformat()} is more than a year ahead.", hint="Is the year right?")
    if ends_at is not None and ends_at <= now and not may_be_over:
        raise InputError(
            f"ends_at: {ends_at.isoformat()} is past, so this order holds no more.",
            hint="Past closures are taken from a file: yukimichi ingest closures.",
        )
    return begins_at, ends_at


def read_place(given: Mapping[str, Any], kind: OrderKind) -> tuple[dict[str, Any], Any]:
    """Where: (what is stored of it, its shape or None). Raises InputError."""
    ways = [name for name in PLACES if given.get(name) is not None]
    if len(ways) != 1:
        said = f"{', '.join(ways)} are given" if ways else "missing"
        raise InputError(f"Place: {said}.", hint=f"Give one of {', '.join(PLACES)}.")
    way = ways[0]
    for other, names in PLACES.items():
        if other != way and any(given.get(name) is not None for name in names):
            raise InputError(f"Place: {', '.join(names)} stand without {other}.")
    if way in UNLAID and kind is not OrderKind.PUBLICATION_STOP:
        raise InputError(f"{way}: a {kind} needs roads.", hint="Draw a line, or name edges, a route or a section.")
    if way == "geometry":
        shape = read_shape(given[way])
        return {"geometry": str(shape.geom_type)}, shape
    readers = {"edges": _edges, "between": _between, "route": _posts, "manager": _manager, "everywhere": _everywhere}
    reader = readers.get(way)
    return ({way: read_name(given, way)} if reader is None else reader(given)), None


def _everywhere(given: Mapping[str, Any]) -> dict[str, Any]:
    if given["everywhere"] is not True:
        raise InputError("everywhere: only true means something.", hint="Leave it out to name a place.")
    return {"everywhere": True}


def _manager(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"manager": _word(given, "manager", Manager).value}


def _number(value: Any, name: str, least: float, most: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not least <= value <= most:
        raise InputError(f"{name}: expected a number from {least:g} to {most:g}, got {str(value)[:60]!r}.")
    return float(value)


def _posts(given: Mapping[str, Any]) -> dict[str, Any]:
    km = {name: _number(given.get(name), name, -KM_MAX, KM_MAX) for name in PLACES["route"]}
    if km["from_km"] == km["to_km"]:
        raise InputError("to_km: the same as from_km.", hint="A stretch has two ends.")
    return {"route": read_name(given, "route")} | km


def _edges(given: Mapping[str, Any]) -> dict[str, Any]:
    named = given["edges"]
    if not isinstance(named, list) or not 0 < len(named) <= EDGES_MAX:
        raise InputError(f"edges: expected a list of 1 to {EDGES_MAX} edges.")
    found = []
    for number, one in enumerate(named):
        row = {"edge_id": one} if isinstance(one, int) else one
        where = f"edges[{number}]"
        if not isinstance(row, dict) or not set(row) <= {"edge_id", "from_m", "to_m"}:
            raise InputError(f"{where}: expected an edge_id, or an object of edge_id, from_m and to_m.")
        edge_id = row.get("edge_id")
        if not isinstance(edge_id, int) or isinstance(edge_id, bool) or not 0 <= edge_id <= EDGE_ID_MAX:
            raise InputError(f"{where}: {str(edge_id)[:60]!r} is no edge_id.")
        metres = {
            name: _number(row[name], f"{where}.{name}", 0, 1e6)
            for name in ("from_m", "to_m")
            if row.get(name) is not None
        }
        if "to_m" in metres and metres["to_m"] <= metres.get("from_m", 0.0):
            raise InputError(f"{where}: to_m is not after from_m.")
        found.append({"edge_id": edge_id} | metres)
    return {"edges": found}


def _between(given: Mapping[str, Any]) -> dict[str, Any]:
    places = given["between"]
    if not isinstance(places, list) or len(places) != 2:
        raise InputError("between: expected two places, each [longitude, latitude].")
    for number, place in enumerate(places):
        if not isinstance(place, list) or len(place) != 2:
            raise InputError(f"between[{number}]: expected [longitude, latitude].")
        on_earth(place[0], place[1], f"between[{number}]")
    if places[0] == places[1]:
        raise InputError("between: both places are the same.", hint="Tap the two ends of the stretch.")
    return {"between": [[float(lon), float(lat)] for lon, lat in places]}
