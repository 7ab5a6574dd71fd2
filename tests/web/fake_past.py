"""The past of the stand-in: a storm that goes on, one of some days ago, and nothing but moments between them.

What a piece showed when is a story of (hours before the stand-in was started, piece, states of both directions). A
clearing holds for VALID_H, so that it runs out inside a replay although no frame says so.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import numpy as np

from tiles.packed import pack_states
from tiles.replay import Changes, pack_replay
from tiles.states import NO_MOMENT, POSITION_OF_REASON, STATES, STEP_S, Records

HOUR = 3600
VALID_H = 3
WORDS = dict(zip("cgu?", STATES, strict=True))
#: event: name, from and to in hours before the start (to 0: it goes on), whether it was worked out from the facts
EVENTS: dict[int, tuple[str, float, float, bool]] = {1: ("試験の大雪", 9, 0, False), 7: ("先日の雪", 72, 60, True)}
STORY: dict[int, list[tuple[float, int, str]]] = {
    1: [(9, piece, "uu") for piece in (11, 13, 14, 16)]
    + [(8, 11, "cc"), (7.5, 13, "gg"), (4, 14, "cu"), (2, 11, "uu"), (1, 14, "cc"), (1, 16, "??")],
    7: [(72, piece, "uu") for piece in (11, 12, 13)] + [(70, 12, "cc"), (66, 11, "gg"), (65, 11, "cc")],
}
#: Before so many hours ago no moment can be asked for; storms are told whole all the same.
FIRST_H = 20


def iso(at_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


def _records(rows: list[tuple[str, float]]) -> Records:
    """What is told of edges from (character, since when)."""
    state = np.array([STATES.index(WORDS[char]) for char, _ in rows], np.int16)
    reason = np.array([POSITION_OF_REASON["silent" if char == "?" else "none"] for char, _ in rows], np.int16)
    since = np.array([at for _, at in rows], np.int64) // STEP_S * STEP_S
    is_cleared = np.array([char == "c" for char, _ in rows], np.bool_)
    cleared = np.where(is_cleared, since, NO_MOMENT)
    valid = np.where(is_cleared, since + VALID_H * HOUR, NO_MOMENT)
    return Records(state, reason, cleared, valid, since, np.where(is_cleared, 100, 0).astype(np.int16))


class FakePast:
    """Answers about the past of a world; `head` gives what every answer begins with, `edges` the index."""

    def __init__(self, world: Any) -> None:
        self.world = world

    def span(self, event: int) -> tuple[float, float]:
        _, from_h, to_h, _ = EVENTS[event]
        now = self.world.now() // 60 * 60
        return (
            self.world.started_at // 60 * 60 - from_h * HOUR,
            now if to_h == 0 else self.world.started_at - to_h * HOUR,
        )

    def head(self, event: int) -> dict[str, Any]:
        name, _, _, is_worked_out = EVENTS[event]
        from_s, to_s = self.span(event)
        told = {key: value for key, value in self.world.head().items() if key not in ("status_version", "stream_id")}
        past = {"from_at": iso(from_s), "to_at": None, "is_settled": False, "known_at": None, "step_s": None}
        if is_worked_out:
            past |= {"to_at": iso(to_s), "is_settled": True, "known_at": iso(to_s + 2 * HOUR), "step_s": STEP_S}
        reference = {"event_id": event, "kind": "storm", "name": name, "reference_at": iso(from_s)}
        return told | {"event": reference, "past": past, "from_at": iso(from_s), "to_at": iso(to_s)}

    def events(self) -> dict[str, Any]:
        return {"events": [self.head(event) | {"replay": f"status/history/{event}"} for event in sorted(EVENTS)]}

    def told(self, event: int) -> list[tuple[float, int, str]]:
        """(moment, position in the index, character), in order of time and position."""
        place = {edge: i for i, edge in enumerate(self.world.edges())}
        rows = [
            (self.world.started_at // 60 * 60 - hours * HOUR, place[2 * piece + side], states[side])
            for hours, piece, states in STORY[event]
            for side in (0, 1)
            if 2 * piece + side in place
        ]
        return sorted(rows)

    def replay(self, event: int, from_at: str | None) -> bytes:
        """The packed replay, from a moment on: what held then comes first."""
        begin = self.span(event)[0] if from_at is None else seconds(from_at)
        latest: dict[int, tuple[float, int, str]] = {}
        later = []
        for row in self.told(event):
            if row[0] <= begin:
                latest[row[1]] = row
            else:
                later.append(row)
        rows = [latest[place] for place in sorted(latest)] + later
        at_s = np.array([max(begin, at) for at, _, _ in rows], np.int64)
        records = _records([(char, at) for at, _, char in rows])
        changes = Changes(at_s, np.array([place for _, place, _ in rows], np.int64), records)
        return pack_replay(self.head(event), len(self.world.edges()), changes, int(begin))

    def moment(self, at: str) -> bytes | None:
        """The packed snapshot of a moment of the storms, or of between them; None: nothing was published."""
        at_s = seconds(at)
        if at_s < self.world.started_at - FIRST_H * HOUR:
            return None
        rows: dict[int, tuple[str, float]] = {}
        head = self.head(1)
        for event in EVENTS:
            if self.span(event)[0] <= at_s <= self.span(event)[1]:
                head = self.head(event)
                rows |= {place: (char, since) for since, place, char in self.told(event) if since <= at_s}
        edges = len(self.world.edges())
        unknown = Records.unknown(edges, "not_on_plan" if rows else "no_event")
        places = np.array(sorted(rows), np.int64)
        records = unknown.put(places, _records([rows[place] for place in places.tolist()])) if rows else unknown
        return pack_states({"as_of": at, **head, "default_reason": "not_on_plan" if rows else "no_event"}, records)


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def answer(world: Any, path: str, query: dict[str, list[str]]) -> Any:
    """The answer of status/history… or of status/snapshot with `at`; None where nothing is known."""
    past, event = FakePast(world), path.rpartition("/")[2]
    if path == "status/history":
        return past.events()
    if path == "status/snapshot":
        return past.moment(query["at"][0])
    return past.replay(int(event), query.get("from", [None])[0]) if event in map(str, EVENTS) else None
