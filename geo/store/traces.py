"""Traces: which ones are new, amended or gone, by content; and their rows in ops.

A trace that grows or is amended keeps its id. The same fixes under the same rules are not written again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.fix import Fixes
from geo.matching.result import BREAK_REASONS, UNMATCHED, Matched
from geo.store.bulk import constant, digests, fixed, spans, write_columns
from geo.store.fixes import Vehicle, Windows
from geo.timeline import from_us, to_us
from geo.trace import Traces
from geo.work import SourceWork

type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: Rises when the same fixes and the same match could give other passes: geo.work, geo.passes.
RULES_VERSION = 5
KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class LiveTrace:
    """A row of ops.trace that holds now."""

    trace_id: int
    vehicle_id: int
    from_at: datetime
    to_at: datetime
    content_key: bytes
    matcher_version: str
    network_version: int
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the traces of some windows.

    write      (W,) positions of the traces to match and write
    trace_id   (W,) the id that each keeps; -1 for a new one
    kept       live traces that stay as they are
    gone       ids of live traces that hold no longer, those whose id lives on in trace_id left out
    """

    write: Ints
    trace_id: Ints
    kept: int
    gone: list[int]


def read_live(connection: psycopg.Connection[Row], windows: Windows) -> list[LiveTrace]:
    """The traces that hold now in the windows."""
    rows = connection.execute(read_sql("geo", "queries/read_traces"), windows.params).fetchall()
    return [LiveTrace(*row) for row in rows]


def content_keys(traces: Traces, source: SourceWork) -> list[bytes]:
    """A digest of each trace: its kept fixes with every column, what their source says, and RULES_VERSION."""
    f = traces.fixes
    columns: list[NDArray[Any]] = [f.vehicle, f.at_us, f.lon, f.lat, f.heading_deg, f.speed_mps, f.accuracy_m]
    columns += [f.blade, f.spreader, f.work, f.treatment, source.basis, source.treatment]
    whole = np.zeros(len(f), np.dtype([(str(i), column.dtype) for i, column in enumerate(columns)]))
    for i, column in enumerate(columns):
        whole[str(i)] = column
    head = str(RULES_VERSION).encode()
    return [
        hashlib.blake2b(head + whole[a:b].tobytes(), digest_size=KEY_BYTES).digest()
        for a, b in zip(traces.start[:-1], traces.start[1:], strict=True)
    ]


def plan(
    traces: Traces,
    keys: list[bytes],
    provisional: Bools,
    live: list[LiveTrace],
    versions: tuple[str, int],
    is_context: Bools,
) -> Plan:
    """Compare new traces with live ones.

    Equal content, matcher, network and openness stay; for a context trace equal content is enough. The others take the
    id of the live trace of their vehicle with which they share the most time, if there is one. A trace of one fix
    drives nowhere and is not kept. versions: of the matcher and the network.
    """
    by_content: dict[tuple[int, bytes, bool], LiveTrace] = {
        (old.vehicle_id, old.content_key, old.is_provisional): old for old in live
    }
    left = {old.trace_id: old for old in live}
    write: list[int] = []
    for i in np.flatnonzero(np.diff(traces.start) > 1).tolist():
        old = by_content.get((int(traces.vehicle[i]), keys[i], bool(provisional[i])))
        if old and (is_context[i] or (old.matcher_version, old.network_version) == versions):
            left.pop(old.trace_id, None)
        else:
            write.append(i)
    kept = len(live) - len(left)
    ids = _inherit(traces, write, left)
    gone = [trace_id for trace_id in left if trace_id not in set(ids)]
    return Plan(np.array(write, np.int64), np.array(ids, np.int64), kept, gone)


def _inherit(traces: Traces, write: list[int], left: dict[int, LiveTrace]) -> list[int]:
    """The live trace whose id each trace takes, greatest overlap in time first; -1 for none."""
    of_vehicle: dict[int, list[LiveTrace]] = {}
    for old in left.values():
        of_vehicle.setdefault(old.vehicle_id, []).append(old)
    shared: list[tuple[int, int, int]] = []
    for slot, i in enumerate(write):
        began, ended = traces.fixes.at_us[traces.start[i]], traces.fixes.at_us[traces.start[i + 1] - 1]
        for old in of_vehicle.get(int(traces.vehicle[i]), []):
            overlap = min(int(ended), to_us(old.to_at)) - max(int(began), to_us(old.from_at))
            if overlap >= 0:
                shared.append((-overlap, slot, old.trace_id))
    ids = [-1] * len(write)
    taken: set[int] = set()
    for _, slot, trace_id in sorted(shared):
        if ids[slot] < 0 and trace_id not in taken:
            ids[slot] = trace_id
            taken.add(trace_id)
    return ids


def subset(traces: Traces, which: Ints) -> Traces:
    """The traces at these positions, ascending; outcome stays that of all input fixes."""
    counts = (traces.start[1:] - traces.start[:-1])[which]
    first = np.repeat(traces.start[which] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    at = first + np.arange(int(counts.sum()))
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Traces(traces.fixes.select(at), traces.xy[at], traces.kept[at], start, traces.vehicle[which], traces.outcome)


def dropped_per_trace(traces: Traces, given: Fixes) -> Ints:
    """(T,) input fixes left out by cleaning, each counted to the trace of its vehicle before it, else the first."""
    if len(traces) == 0:
        return np.zeros(0, np.int64)
    lost = np.flatnonzero(traces.outcome != 0)
    first = traces.kept[traces.start[:-1]]
    at = np.maximum(np.searchsorted(first, lost, side="right") - 1, 0)
    other = traces.vehicle[at] != given.vehicle[lost]
    at = np.where(other, np.minimum(at + 1, len(traces) - 1), at)
    same = traces.vehicle[at] == given.vehicle[lost]
    return np.bincount(at[same], minlength=len(traces)).astype(np.int64)


def write_traces(
    connection: psycopg.Connection[Row],
    traces: Traces,
    matched: Matched,
    columns: dict[str, Any],
    vehicles: dict[int, Vehicle],
) -> None:
    """Supersede and insert the rows of matched traces.

    columns: trace_id (W,), n_dropped (W,), key (W,) list of bytes, provisional (W,) bool.
    """
    n = len(traces)
    params = {"trace_ids": columns["trace_id"].tolist()}
    connection.execute(read_sql("geo", "queries/supersede_traces"), params)
    lost = matched.fixes.status == UNMATCHED
    n_unmatched = np.add.reduceat(np.append(lost, False).astype(np.int64), traces.start[:-1]) if n else np.zeros(0)
    rows = {
        "trace_id": fixed("int8", columns["trace_id"]),
        "vehicle_id": fixed("int4", traces.vehicle),
        "during": spans(traces.fixes.at_us[traces.start[:-1]], traces.fixes.at_us[traces.start[1:] - 1]),
        "n_fixes": fixed("int4", np.diff(traces.start)),
        "n_dropped": fixed("int4", columns["n_dropped"]),
        "n_unmatched": fixed("int4", n_unmatched),
        "n_breaks": fixed("int4", np.bincount(matched.breaks.trace, minlength=n)),
        "content_key": digests(np.array(columns["key"], f"V{KEY_BYTES}")),
        "matcher_version": constant(matched.matcher_version, n),
        "network_version": fixed("int4", np.full(n, matched.network_version)),
        "is_provisional": fixed("bool", columns["provisional"]),
        "is_synthetic": fixed("bool", np.array([vehicles[int(v)].is_synthetic for v in traces.vehicle], np.bool_)),
    }
    write_columns(connection, read_sql("geo", "queries/copy_traces_in"), rows)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Fixes that no edge explains, between two that one does; positions in Traces.fixes."""

    trace: int
    first: int
    last: int
    n_fixes: int
    reason: str


def stretches(traces: Traces, matched: Matched) -> list[Stretch]:
    """One stretch a break of a path: the unmatched fixes there, or its two ends where the path only tears."""
    b, found = matched.breaks, []
    for trace, after, before, reason in zip(b.trace, b.after_fix, b.before_fix, b.reason, strict=True):
        low = int(after) + 1 if after >= 0 else int(traces.start[trace])
        high = int(before) - 1 if before >= 0 else int(traces.start[trace + 1]) - 1
        n = max(high - low + 1, 0)
        if n == 0:
            low, high = int(after), int(before)
        if low >= 0 and high >= low:
            found.append(Stretch(int(trace), low, high, n, str(BREAK_REASONS[reason])))
    return found


def write_unmatched(connection: psycopg.Connection[Row], traces: Traces, matched: Matched, trace_id: Ints) -> int:
    """Bring the unmatched stretches of these traces up to date; those that did not change stay."""
    at, new = traces.fixes.at_us, stretches(traces, matched)
    wanted: dict[int, list[tuple[Any, ...]]] = {int(one): [] for one in trace_id}
    for s in new:
        what = (from_us(int(at[s.first])), from_us(int(at[s.last])), s.n_fixes, s.reason)
        wanted[int(trace_id[s.trace])].append(what)
    held: dict[int, list[tuple[Any, ...]]] = {int(one): [] for one in trace_id}
    ids = {"trace_ids": list(held)}
    for row in connection.execute(read_sql("geo", "queries/read_unmatched"), ids).fetchall():
        held[int(row[0])].append(tuple(row[1:]))
    changed = {one for one in wanted if sorted(wanted[one]) != sorted(held[one])}
    connection.execute(read_sql("geo", "queries/supersede_unmatched"), {"trace_ids": sorted(changed)})
    rows = [s for s in new if int(trace_id[s.trace]) in changed]
    with connection.cursor() as cursor:
        cursor.executemany(
            read_sql("geo", "queries/insert_unmatched"), [_row(s, traces, int(trace_id[s.trace])) for s in rows]
        )
    return len(rows)


def _row(s: Stretch, traces: Traces, trace_id: int) -> dict[str, Any]:
    f = traces.fixes
    points = np.column_stack([f.lon[s.first : s.last + 1], f.lat[s.first : s.last + 1]])
    return {
        "trace_id": trace_id,
        "vehicle_id": int(traces.vehicle[s.trace]),
        "from_at": from_us(int(f.at_us[s.first])),
        "to_at": from_us(int(f.at_us[s.last])),
        "n_fixes": s.n_fixes,
        "reason": s.reason,
        "wkb": shapely.to_wkb(shapely.multipoints(points)),
    }
