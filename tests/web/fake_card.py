"""What the stand-in knows of a road's card: rows as the database gives them, made into the answer by the real rules."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from geo.settings_card import CardSettings
from tiles.past import Span
from tiles.road_card_compose import Facts, Tongue, compose
from tiles.road_card_heading import Place
from tiles.road_card_line import Line, Stretch

#: A former piece that became piece 11, and one of which nothing is known.
FORMER, HEIR = 911, 11
CONTACT = {
    "contact_name": "試験土木事務所", "contact_name_en": "Test Works Office", "phone": "0000-00-0001",
    "link": "https://works.example/",
}  # fmt: skip
STATES = {"c": "cleared", "g": "clearing", "u": "uncleared", "?": "unknown"}


def moment(at_s: float) -> datetime:
    return datetime.fromtimestamp(int(at_s), UTC)


def road(world: Any, name: str, road_class: str, line: list[tuple[float, float]], edge_id: int) -> dict[str, Any]:
    """A row of road_card.sql; piece 14 is on a plough route that is late, 15 on a section, 21 on nothing."""
    piece, reference_at = edge_id >> 1, moment(world.started_at - 9 * 3600)
    is_route, is_section = piece not in (15, 21), piece == 15
    return {
        "edge_id": edge_id, "is_reversed": edge_id % 2 == 1, "name": name, "route": "8" if piece == 11 else None,
        "manager": "prefecture", "road_class": road_class, "municipality": "試験市", "length_m": 2140.0,
        "is_oneway": False, "network_version": 3, "route_id": "R1" if is_route else None,
        "section_id": "S1" if is_section else None,
        "plan_name": "試験線" if is_route else "試験工区" if is_section else None, "plan_manager": "prefecture",
        "route_class": "第2種" if is_route else None, "target_time": time(7) if is_route else None,
        "callout_depth_cm": 10.0 if is_route else None, "service_state": "missed" if is_route else None,
        "callout_at": reference_at, "target_at": moment(world.started_at - 1200) if is_route else None,
        "at_risk_fraction": 0.0, "service_as_of": moment(world.started_at), **CONTACT,
        "event_id": 1, "event_kind": "storm", "event_name": "試験の大雪", "reference_at": reference_at,
        "as_of": moment(world.now() - world.lag_s), "status_version": world.version, "synthetic": True, "line": line,
    }  # fmt: skip


def state(world: Any, side: tuple[str, int, int, int, int], reasons: list[str], edge_id: int) -> dict[str, Any]:
    """A row of road_card_now.sql. Piece 12 needs two passes and has only a lower bound of snow; 13 is given by hand."""
    char, reason, *seconds = side
    cleared, valid, observed = (None if s < 0 else moment(world.base_at + s) for s in seconds)
    is_worked, piece = char in "cg", edge_id >> 1
    return {
        "edge_id": edge_id, "state": STATES[char], "reason": reasons[reason], "cleared_at": cleared,
        "valid_until": valid, "observed_at": observed, "covered_fraction": 1.0 if char == "c" else 0.0,
        "passed_fraction": 1.0 if is_worked else 0.0, "passes_needed": 2 if piece == 12 else 1,
        "treatment": "fresh_snow_plowing" if is_worked else None, "spread_at": cleared if piece == 12 else None,
        "sidewalk_at": None, "restriction": "chains" if piece == 12 else None, "is_corrected": piece == 13,
        "work_basis": "sensed" if is_worked else "unknown", "confidence": 0.97 if is_worked else 0.0, "source": "fake",
        "synthetic": True, "snow_since_cm": 4.2 if char == "c" else None,
        "snow_basis": None if char != "c" else "partial" if piece == 12 else "observed", "first_cleared_at": cleared,
    }  # fmt: skip


def route(world: Any) -> Line:
    """Roads 13 and 14 as one way: 13 was worked on five minutes ago, 14 comes behind it in its forward direction."""
    worked_at = moment(world.now() - 300)
    return Line((Stretch(26, 640.0, 1, 2, worked_at), Stretch(28, 700.0, 2, 3, None), Stretch(29, 700.0, 3, 2, None)))


def visits(sides: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """One visit of ten minutes for each direction that was cleared."""
    done = [side for side in sides if side["cleared_at"] is not None]
    return tuple(
        {
            "edge_id": side["edge_id"], "started_at": side["cleared_at"] - timedelta(minutes=9),
            "ended_at": side["cleared_at"], "kind": "pass", "treatment": "fresh_snow_plowing", "work_basis": "sensed",
            "metres": 2140.0,
        }
        for side in done
    )  # fmt: skip


def card(world: Any, piece: int, roads: dict[int, Any], line: list[tuple[float, float]], reasons: list[str],
         at: str | None) -> bytes | None:  # fmt: skip
    """The answer to /status/road/{piece}; None: no such piece. Of the past every direction was uncleared."""
    if piece not in roads:
        return None
    name, road_class, oneway, *_ = roads[piece]
    past = None
    sides: list[dict[str, Any]] = []
    for index in (0, 1):
        if (oneway == 1 and index == 1) or (oneway == -1 and index == 0):
            continue
        side = (
            ("u", 0, -1, -1, -1) if at else world.side(piece, index) if len(roads[piece]) > 3 else ("?", 3, -1, -1, -1)
        )
        edge_id = 2 * piece + index
        sides.append(road(world, name, road_class, line, edge_id) | state(world, side, reasons, edge_id))
    if at:
        began = moment(world.started_at - 9 * 3600)
        past = Span(1, "storm", "試験の大雪", began, began, None, None, 300, False, 1, True)
    told = Facts(
        piece, tuple(sides), None if at else route(world), None if at else visits(sides),
        (Place("試験町", "Testtown", 3, 136.75, 36.56),), past,
    )  # fmt: skip
    say = Tongue(("ja", "en"), "Asia/Tokyo", CardSettings(), 0.94)
    then = datetime.fromisoformat(at) if at else moment(world.now())
    return compose(told, then, say).model_dump_json().encode()
