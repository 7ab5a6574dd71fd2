"""From new lines in raw to facts in ops: the second kind of input, laid on edges as the vendor drew it.

Each line is a trace of its own without fixes, closed from the start. One time is all that is known of it, so its
passes begin and end at that time. A line whose facts stand under the present matcher and network is left alone, so a
run without news writes nothing and a killed run is completed by the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from geo.crs import to_plane
from geo.db import Database, Role, Row, read_sql
from geo.fix import TREATMENTS, Fixes
from geo.matching.candidates import GridIndex
from geo.matching.matcher import MATCHER_VERSION, lay_line
from geo.matching.result import MATCHED, BreakReason
from geo.network import Network
from geo.passes import BASIS_CONFIDENCE_MAX, Passes
from geo.store.bulk import constant, digests, fixed, spans, write_columns
from geo.store.fixes import Batches, Vehicle, read_batches, read_vehicles, source_work
from geo.store.passes import Written, touch, write_passes
from geo.store.traces import KEY_BYTES
from geo.timeline import to_us
from geo.work import BASIS_UNKNOWN, DECLARED, SourceWork, WorkStates, work_of
from geo.worked_lines import LINES_VERSION, Worked, lay_worked

type Progress = Callable[[int, int], None]
type Ints = NDArray[np.int64]

STAGE = "match_lines"
#: Lines of one transaction.
CHUNK_LINES = 1_000
#: What stands in the facts: the rules of this file besides the matcher that lays the lines.
VERSION = f"{MATCHER_VERSION} line {LINES_VERSION}"


@dataclass(slots=True)
class LinesReport:
    """What one run did.

    n_lines   new ones that were looked at; n_kept of them whose facts stood already
    n_passes  written; n_passes_superseded
    length_m  of the lines laid, without jumps; missing_m of it that no edge carries
    n_jumps   jumps between vertices, where nothing was laid
    """

    n_lines: int = 0
    n_kept: int = 0
    n_passes: int = 0
    n_passes_superseded: int = 0
    length_m: float = 0.0
    missing_m: float = 0.0
    n_jumps: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A row of raw.line; flags -1 unknown, treatment a position in TREATMENTS or -1."""

    vehicle_id: int
    at: datetime
    content_key: int
    flags: tuple[int, int, int]
    treatment: int
    lonlat: NDArray[np.float64]


def match_new_lines(
    database: Database,
    network: Network,
    index: GridIndex,
    progress: Progress = lambda done, total: None,
    *,
    late: timedelta,
    most: int = 10**15,
) -> LinesReport:
    """Lay the lines that came in since the last run, as yuki_engine; safe to run again at any time.

    late  facts that ended so long ago were told already
    most  batches are taken until they hold so many lines; the next run goes on from there
    """
    report = LinesReport()
    with database.connect(Role.ENGINE) as connection:
        row = connection.execute(read_sql("geo", "queries/read_watermark"), {"stage": STAGE}).fetchone()
        news = read_batches(connection, int(row[0]) if row else 0, "lines", most)
    if news is None:
        return report
    for lines in _chunks(database, news):
        with database.connect(Role.ENGINE) as connection:
            connection.execute(read_sql("geo", "queries/lock_stage"), {"stage": STAGE})
            touch(connection, _lay(connection, lines, network, index, report), late)
        progress(report.n_lines, report.n_lines)
    with database.connect(Role.ENGINE) as connection:
        connection.execute(read_sql("geo", "queries/write_watermark"), {"stage": STAGE, "position": news.position})
    return report


def _chunks(database: Database, news: Batches) -> Iterator[list[Line]]:
    """The lines of the batches by vehicle, time and content, CHUNK_LINES at once."""
    after: dict[str, Any] = {"after_vehicle_id": -1, "after_at": "-infinity", "after_key": 0}
    while True:
        named = after | {"batch_ids": news.batch_ids, "n": CHUNK_LINES}
        with database.connect(Role.ENGINE) as connection:
            rows = connection.execute(read_sql("geo", "queries/read_new_lines"), named).fetchall()
        if not rows:
            return
        yield [line_of(row) for row in rows]
        last = rows[-1]
        after = {"after_vehicle_id": last[0], "after_at": last[1], "after_key": last[2]}


def line_of(row: Row) -> Line:
    """A row of read_new_lines.sql or read_lines_in.sql."""
    blade, spreader, work = (-1 if flag is None else int(flag) for flag in row[3:6])
    treatment = -1 if row[6] is None else [str(word) for word in TREATMENTS].index(row[6])
    return Line(
        row[0], row[1], row[2], (blade, spreader, work), treatment, shapely.get_coordinates(shapely.from_wkb(row[7]))
    )


def work_of_lines(lines: Sequence[Line], vehicles: dict[int, Vehicle]) -> tuple[WorkStates, SourceWork]:
    """The work of each line, and what counts as said by its source.

    To deliver a line with a treatment or a work flag is to declare the work, whatever the source is set to; a blade or
    a spreader is sensed.
    """
    vehicle = np.array([line.vehicle_id for line in lines], np.int64)
    source = source_work(vehicle, vehicles)
    says = np.array([line.treatment >= 0 or line.flags[2] >= 0 for line in lines], np.bool_)
    basis = np.where(says & (source.basis == BASIS_UNKNOWN), DECLARED, source.basis).astype(np.int8)
    source = replace(source, basis=basis)
    flags = np.array([line.flags for line in lines], np.int8).reshape(-1, 3)
    ends = np.array([line.lonlat[-1] for line in lines]).reshape(-1, 2)
    fixes = Fixes.from_arrays(
        vehicle, [to_us(line.at) for line in lines], ends[:, 0], ends[:, 1], blade=flags[:, 0], spreader=flags[:, 1],
        work=flags[:, 2], treatment=[line.treatment for line in lines],
    )  # fmt: skip
    return work_of(fixes, source), source


def _key(line: Line, source: SourceWork, i: int) -> bytes:
    """What a trace of a line rests on: the line, in the first half, and what its source says of work."""
    said = f"{LINES_VERSION} {source.basis[i]} {source.treatment[i]}".encode()
    rest = hashlib.blake2b(said, digest_size=KEY_BYTES - 8).digest()
    return line.content_key.to_bytes(8, "big", signed=True) + rest


def _lay(
    connection: psycopg.Connection[Row], lines: list[Line], network: Network, index: GridIndex, report: LinesReport
) -> Written:
    """Bring the facts of some lines up to date, in the transaction of the connection."""
    vehicles = read_vehicles(connection, sorted({line.vehicle_id for line in lines}))
    work, source = work_of_lines(lines, vehicles)
    keys = [_key(line, source, i) for i, line in enumerate(lines)]
    held = _held(connection, lines)
    old = [held.get((line.vehicle_id, line.at, key[:8])) for line, key in zip(lines, keys, strict=True)]
    stands = [
        one is not None and one[1:] == (key, VERSION, network.version) for one, key in zip(old, keys, strict=True)
    ]
    todo = [i for i, one in enumerate(stands) if not one]
    report.n_lines += len(lines)
    report.n_kept += len(lines) - len(todo)
    if not todo:
        return Written.nothing()
    lay = partial(lay_line, network, index)
    laid = [lay_worked(to_plane(lines[i].lonlat[:, 0], lines[i].lonlat[:, 1], network.crs_epsg), lay) for i in todo]
    trace_id = _ids(connection, [one[0] if (one := old[i]) is not None else -1 for i in todo])
    chosen = [lines[i] for i in todo]
    _write_traces(connection, chosen, laid, trace_id, [keys[i] for i in todo], vehicles, network)
    _write_lost(connection, chosen, laid, trace_id)
    per_trace = {
        "trace_id": trace_id,
        "vehicle_id": np.array([line.vehicle_id for line in chosen], np.int64),
        "provisional": np.zeros(len(todo), np.bool_),
        "synthetic": np.array([vehicles[line.vehicle_id].is_synthetic for line in chosen], np.bool_),
    }
    at = np.array(todo, np.int64)
    states = WorkStates(work.kind[at], work.treatment[at], work.basis[at])
    passes = passes_of(laid, states, np.array([to_us(line.at) for line in chosen], np.int64))
    written = write_passes(connection, passes, network, VERSION, per_trace, [])
    _count(report, laid, written)
    return written


def _held(
    connection: psycopg.Connection[Row], lines: Sequence[Line]
) -> dict[tuple[int, datetime, bytes], tuple[int, bytes, str, int]]:
    """Traces of these lines that hold now: id, key, matcher and network version, by vehicle, time and content."""
    named = {"vehicle_ids": [line.vehicle_id for line in lines], "ats": [line.at for line in lines]}
    rows = connection.execute(read_sql("geo", "queries/read_line_traces"), named).fetchall()
    return {(row[1], row[2], bytes(row[3])[:8]): (row[0], bytes(row[3]), row[4], row[5]) for row in rows}


def _ids(connection: psycopg.Connection[Row], known: list[int]) -> Ints:
    """The ids of the traces to write: those that live on, and new ones for -1."""
    ids = np.array(known, np.int64)
    new = ids < 0
    rows = connection.execute(read_sql("geo", "queries/take_trace_ids"), {"n": int(new.sum())}).fetchall()
    ids[new] = sorted(int(row[0]) for row in rows)
    return ids


def passes_of(laid: Sequence[Worked], work: WorkStates, at_us: Ints) -> Passes:
    """The passes of L lines: all of a line's stretches have its state of work and its time.

    work   states of (L,) lines
    at_us  (L,) their times
    Confidence is that of the part of the line, capped by what stands behind the word "work".
    """
    n = np.array([len(one.edge) for one in laid], np.int64)
    trace = np.repeat(np.arange(len(laid)), n)
    seq = np.concatenate([np.zeros(0, np.int64), *(np.arange(k) for k in n.tolist())])
    cap = np.array(BASIS_CONFIDENCE_MAX)[work.basis[trace]]
    confidence = np.concatenate([np.zeros(0), *(one.confidence for one in laid)])
    when = at_us[trace]
    return Passes(
        trace=trace, traversal=np.arange(len(trace)), seq=seq.astype(np.int32),
        edge=np.concatenate([np.zeros(0, np.int32), *(one.edge for one in laid)]).astype(np.int32),
        from_m=np.concatenate([np.zeros(0), *(one.from_m for one in laid)]),
        to_m=np.concatenate([np.zeros(0), *(one.to_m for one in laid)]),
        began_us=when, ended_us=when, kind=work.kind[trace], status=np.full(len(trace), MATCHED, np.int8),
        treatment=work.treatment[trace], work_basis=work.basis[trace],
        confidence=np.minimum(confidence, cap), n_fixes=np.zeros(len(trace), np.int32), first_fix_us=when,
        last_fix_us=when,
    )  # fmt: skip


def _write_traces(
    connection: psycopg.Connection[Row],
    lines: Sequence[Line],
    laid: Sequence[Worked],
    trace_id: Ints,
    keys: list[bytes],
    vehicles: dict[int, Vehicle],
    network: Network,
) -> None:
    named = {"trace_ids": trace_id.tolist()}
    connection.execute(read_sql("geo", "queries/supersede_traces"), named)
    connection.execute(read_sql("geo", "queries/supersede_unmatched"), named)
    n = len(lines)
    at_us = np.array([to_us(line.at) for line in lines], np.int64)
    none = np.zeros(n, np.int64)
    rows = {
        "trace_id": fixed("int8", trace_id),
        "vehicle_id": fixed("int4", np.array([line.vehicle_id for line in lines], np.int64)),
        "during": spans(at_us, at_us),
        "n_fixes": fixed("int4", none),
        "n_dropped": fixed("int4", none),
        "n_unmatched": fixed("int4", none),
        "n_breaks": fixed("int4", np.array([one.n_jumps for one in laid], np.int64)),
        "content_key": digests(np.array(keys, f"V{KEY_BYTES}")),
        "matcher_version": constant(VERSION, n),
        "network_version": fixed("int4", np.full(n, network.version)),
        "is_provisional": fixed("bool", np.zeros(n, np.bool_)),
        "is_synthetic": fixed("bool", np.array([vehicles[line.vehicle_id].is_synthetic for line in lines], np.bool_)),
    }
    write_columns(connection, read_sql("geo", "queries/copy_traces_in"), rows)


def _write_lost(
    connection: psycopg.Connection[Row], lines: Sequence[Line], laid: Sequence[Worked], trace_id: Ints
) -> None:
    """Where a line lies off the roads, so that 不明 can say `unmatched`."""
    rows = [
        {
            "trace_id": int(trace_id[i]),
            "vehicle_id": line.vehicle_id,
            "from_at": line.at,
            "to_at": line.at,
            "n_fixes": 0,
            "reason": str(BreakReason.NO_ROAD),
            "wkb": shapely.to_wkb(shapely.multipoints(line.lonlat[one.lost])),
        }
        for i, (line, one) in enumerate(zip(lines, laid, strict=True))
        if len(one.lost)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(read_sql("geo", "queries/insert_unmatched"), rows)


def _count(report: LinesReport, laid: Sequence[Worked], written: Written) -> None:
    report.n_passes += len(written.pass_ids)
    report.n_passes_superseded += len(written.ended_ids)
    report.length_m += sum(one.length_m for one in laid)
    report.missing_m += sum(one.missing_m for one in laid)
    report.n_jumps += sum(one.n_jumps for one in laid)
