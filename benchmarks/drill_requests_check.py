"""What the answers of the drill have to be, beside what was published when."""

from __future__ import annotations

import bisect
import hashlib
import json
import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.drill_requests_client import Answer

#: Changed states are in every answer that was asked for so long after their publication.
LATE_S = 2.0
#: The server notices that the database has gone within this, whatever it waited for then included.
NOTICE_S = 2.0
#: What is not in memory while the database is away is refused within this.
QUICK_S = 1.0
#: So long after the database is back everything is answered again.
RECOVERY_S = 6.0
#: Answers that are looked into: every so manieth tile with states.
LOOK_EVERY = 5
#: Share of requests that may be told to come back in a second: caches are empty at first.
OVERLOADED_MAX = 0.02
HELD = ("cleared", "clearing")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def _fields(data: bytes) -> list[tuple[int, Any]]:
    found: list[tuple[int, Any]] = []
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
            found.append((key >> 3, value))
        else:
            size, at = ({1: 8, 5: 4}[key & 7], at) if key & 7 in (1, 5) else _varint(data, at)
            found.append((key >> 3, data[at : at + size]))
            at += size
    return found


def _value(data: bytes) -> Any:
    kind, value = _fields(data)[0]
    if kind == 1:
        return value.decode()
    if kind in (2, 3):
        return struct.unpack("<f" if kind == 2 else "<d", value)[0]
    return (value >> 1) ^ -(value & 1) if kind == 6 else value


def rows_of(tile: bytes) -> list[tuple[int, dict[str, Any]]]:
    """(id, properties) of the features of a vector tile (Mapbox specification 2.1)."""
    found = []
    for number, data in _fields(tile):
        layer = _fields(data) if number == 3 else []
        keys = [value.decode() for field_number, value in layer if field_number == 3]
        values = [_value(value) for field_number, value in layer if field_number == 4]
        for feature in (_fields(value) for field_number, value in layer if field_number == 2):
            parts = dict(feature)
            tags, at = [], 0
            while at < len(parts.get(2, b"")):
                tag, at = _varint(parts[2], at)
                tags.append(tag)
            pairs = zip(tags[::2], tags[1::2], strict=True)
            found.append((int(parts.get(1, 0)), {keys[key]: values[value] for key, value in pairs}))
    return found


@dataclass
class Published:
    """What was published when: versions with the moments of their commits, and of edges that were cleared meanwhile.

    cleared  edge to (moment of the commit, epoch second from which on it counts as cleared)
    """

    versions: list[int] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    cleared: dict[int, tuple[float, int]] = field(default_factory=dict)

    def add(self, version: int, at: float, edge_ids: list[int], cleared_s: int) -> None:
        """A publication that cleared edges."""
        self.versions.append(version)
        self.at.append(at)
        self.cleared.update(dict.fromkeys(edge_ids, (at, cleared_s)))

    def version_at(self, moment: float) -> int:
        """The newest version that was committed by a moment."""
        at = bisect.bisect_right(self.at, moment)
        return self.versions[at - 1] if at else 0


@dataclass
class Judge:
    """Takes answers and notes what must not be.

    away_at, back_at  when the database was stopped, and when it answered again (epoch seconds); inf: not yet
    slack_s           what a proxy may add to the age of an answer about states
    """

    published: Published
    slack_s: float = 0.0
    away_at: float = float("inf")
    back_at: float = float("inf")
    statuses: dict[str, Counter[int]] = field(
        default_factory=lambda: {p: Counter() for p in ("before", "away", "after")}
    )
    problems: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    took: dict[str, list[float]] = field(default_factory=dict)
    marked: Counter[str] = field(default_factory=Counter)
    first_good: float = float("inf")
    n_looked_into: int = 0
    #: told to come back in a second, since too many tiles were being made
    overloaded: int = 0
    _hashes: dict[str, bytes] = field(default_factory=dict)

    def phase(self, moment: float) -> str:
        """before, away or after."""
        return "before" if moment < self.away_at else "away" if moment < self.back_at else "after"

    def take(self, answer: Answer) -> None:
        """Note one answer."""
        phase = self.phase(answer.at)
        self.statuses[phase][answer.status] += 1
        self.took.setdefault(f"{phase} {answer.status}", []).append(answer.seconds)
        if answer.status == 0:
            self._note("no answer at all", answer)
        elif answer.status >= 500:
            self._refused(answer)
        elif answer.status in (200, 204, 304):
            self._good(answer, phase)
        elif answer.status == 404 and "/tiles/" in answer.path:
            pass  # beyond the limits of the tileset, which the drill's small prefecture does not fill
        else:
            self._note(f"status {answer.status}", answer)

    def _note(self, what: str, answer: Answer) -> None:
        self.problems[what] += 1
        self.examples.setdefault(what, f"{answer.path} ({answer.at - self.away_at:+.1f} s of the stop)")

    def _refused(self, answer: Answer) -> None:
        is_away = self.away_at <= answer.at and answer.asked_at <= self.back_at + RECOVERY_S
        if answer.status == 503 and answer.headers.get("retry-after") == "1":
            self.overloaded += 1
        elif answer.status != 503 or not is_away:
            self._note(f"status {answer.status} while the database is there", answer)
        elif "retry-after" not in answer.headers:
            self._note("503 without Retry-After", answer)
        elif answer.seconds > QUICK_S and answer.asked_at > self.away_at + NOTICE_S:
            self._note(f"503 that took more than {QUICK_S:.0f} s", answer)

    def _good(self, answer: Answer, phase: str) -> None:
        if phase == "after" and "/items" in answer.path:
            self.first_good = min(self.first_good, answer.at)
        if answer.status == 200 and answer.path.startswith("/tiles/"):
            digest = hashlib.blake2b(answer.body, digest_size=8).digest()
            if self._hashes.setdefault(answer.path, digest) != digest:
                self._note("an immutable tile with other bytes", answer)
        if answer.path.startswith(("/status/", "/ogc/collections/road_status/tiles")):
            self._status(answer, phase)

    def _status(self, answer: Answer, phase: str) -> None:
        if phase == "away" and answer.asked_at > self.away_at + NOTICE_S + self.slack_s:
            is_marked = "stale" in answer.headers.get("cache-status", "")
            self.marked["marked" if is_marked else "unmarked"] += 1
            if not is_marked:
                self._note("an answer about states that is not marked as stale", answer)
        if answer.status != 200:
            return
        if "/tiles/" in answer.path:
            self.n_looked_into += 1
            if self.n_looked_into % LOOK_EVERY == 0:
                self._rows(answer)
        elif answer.headers.get("content-type", "").startswith("application/json"):
            self._version(answer, int(json.loads(answer.body)["status_version"]))

    def _version(self, answer: Answer, version: int) -> None:
        # what was published just before the stop may have been seen by nobody
        is_away = self.away_at <= answer.asked_at <= self.back_at + RECOVERY_S
        seen_at = min(answer.asked_at, self.away_at) if is_away else answer.asked_at
        wanted = self.published.version_at(seen_at - LATE_S - self.slack_s)
        if version < wanted and not self._in_recovery(answer):
            self._note("a status version that is more than 2 s old", answer)

    def _in_recovery(self, answer: Answer) -> bool:
        return self.back_at <= answer.asked_at <= self.back_at + RECOVERY_S

    def _rows(self, answer: Answer) -> None:
        for edge_id, row in rows_of(answer.body):
            held = row.get("state") in HELD
            # a tile is as old as it was sent: what ran out on its way is no lie
            if held and row.get("valid_until", 0) < int(answer.asked_at - self.slack_s):
                self._note("a tile that says cleared after valid_until", answer)
            at, cleared_s = self.published.cleared.get(edge_id, (float("inf"), 0))
            last_at = self.away_at if self.phase(answer.asked_at) == "away" else answer.asked_at
            is_due = at + LATE_S + self.slack_s < last_at and not self._in_recovery(answer)
            if is_due and row.get("cleared_at") != cleared_s:
                self._note("a tile without a state that was published more than 2 s ago", answer)

    def verdict(self) -> list[str]:
        """What must not be; empty in a good drill."""
        found = [f"{n} × {what}, e.g. {self.examples[what]}" for what, n in self.problems.most_common()]
        if self.first_good > self.back_at + RECOVERY_S:
            found.append(f"no feature was answered within {RECOVERY_S:.0f} s after the database was back")
        if self.overloaded > OVERLOADED_MAX * sum(sum(counts.values()) for counts in self.statuses.values()):
            found.append(f"{self.overloaded} × 503 since too many tiles were being made")
        if not self.statuses["away"][200]:
            found.append("nothing at all was answered while the database was away")
        return found

    def tell(self) -> None:
        """Print what happened."""
        for phase, counts in self.statuses.items():
            told = ", ".join(f"{n} × {status}" for status, n in sorted(counts.items()))
            print(f"  {phase:7} {told}")
        for name, took in sorted(self.took.items()):
            p50, p99 = np.quantile(took, [0.5, 0.99]) * 1000
            print(f"  {name:12} n {len(took):7}  p50 {p50:7.1f}  p99 {p99:7.1f}  max {max(took) * 1000:7.1f} ms")
        looked, again_s = self.n_looked_into // LOOK_EVERY, self.first_good - self.back_at
        print(f"  overloaded {self.overloaded}; states while away: {dict(self.marked)}; looked into {looked} tiles; "
              f"features again {again_s:.1f} s after the database was back")  # fmt: skip
