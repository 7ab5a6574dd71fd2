"""What the crash drill compares: all that was stored and worked out, with what an uninterrupted run makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, LiteralString

import psycopg

from geo.db import Database, Role
from geo.matching.candidates import build_index
from geo.store.facts import match_new_fixes
from geo.store.live import LiveFacts
from geo.store.status import refresh_status
from geo.timeline import now
from ingest.fix_batch import FixBatch
from ingest.load import load_fixes
from yukimichi.context import Context, secret
from yukimichi.pipeline import current_network, publish_all

#: What has to be the same in both databases; ids that depend on the order of arrival stand as names.
TABLES: dict[str, LiteralString] = {
    "fixes": (
        "SELECT v.external_id, f.at, f.lon, f.lat, f.heading_deg, f.speed_mps, f.accuracy_m, f.blade, f.spreader, "
        "f.work, f.treatment, f.content_key FROM raw.fix AS f JOIN raw.vehicle AS v USING (vehicle_id) ORDER BY 1, 2"
    ),
    "traces": (
        "SELECT v.external_id, t.during, t.n_fixes, t.n_dropped, t.n_unmatched, t.n_breaks, t.matcher_version, "
        "t.network_version, t.is_provisional FROM ops.trace AS t JOIN raw.vehicle AS v USING (vehicle_id) "
        "WHERE t.superseded_at IS NULL ORDER BY 1, lower(t.during)"
    ),
    "facts": (
        "SELECT v.external_id, lower(t.during), p.seq, p.during, p.edge_id, p.from_m, p.to_m, p.kind, p.status, "
        "p.treatment, p.work_basis, p.confidence, p.n_fixes, p.first_fix_at, p.last_fix_at, p.is_provisional, "
        "p.matcher_version, p.network_version "
        "FROM ops.pass AS p JOIN raw.vehicle AS v USING (vehicle_id) LEFT JOIN ops.trace AS t "
        "ON t.trace_id = p.trace_id AND t.superseded_at IS NULL "
        "WHERE p.superseded_at IS NULL ORDER BY 1, 2, 3"
    ),
    "unmatched stretches": (
        "SELECT v.external_id, u.during, u.n_fixes, u.reason, ST_AsText(u.geom) "
        "FROM ops.unmatched AS u JOIN raw.vehicle AS v USING (vehicle_id) "
        "WHERE u.superseded_at IS NULL ORDER BY 1, lower(u.during), 4"
    ),
    "last positions": (
        "SELECT v.external_id, s.last_fix_at, s.lon, s.lat, s.heading_deg, s.is_working, s.treatment, s.edge_id "
        "FROM ops.vehicle_state AS s JOIN raw.vehicle AS v USING (vehicle_id) ORDER BY 1"
    ),
    "states": (
        "SELECT edge_id, event_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction, treatment, "
        "work_basis, confidence, source, network_version FROM ops.edge_status WHERE superseded_at IS NULL ORDER BY 1"
    ),
    "coverage": (
        "SELECT edge_id, event_id, covered::text, covered_fraction FROM ops.coverage "
        "WHERE superseded_at IS NULL ORDER BY 1"
    ),
}
#: What must not be: queries whose count has to be 0.
NEVER: dict[str, LiteralString] = {
    "provisional facts": "SELECT count(*) FROM ops.pass WHERE superseded_at IS NULL AND is_provisional",
    "open traces": "SELECT count(*) FROM ops.trace WHERE superseded_at IS NULL AND is_provisional",
    "facts without their trace": (
        "SELECT count(*) FROM ops.pass AS p WHERE p.superseded_at IS NULL AND NOT EXISTS ("
        "SELECT FROM ops.trace AS t WHERE t.trace_id = p.trace_id AND t.superseded_at IS NULL)"
    ),
}
#: How far the worker has come, the last batch, and what waits for states.
PROGRESS: LiteralString = (
    "SELECT (SELECT coalesce(max(position), 0) FROM ops.watermark WHERE stage = 'match'), "
    "(SELECT coalesce(max(position), 0) FROM raw.batch WHERE kind = 'fixes'), (SELECT count(*) FROM ops.touch)"
)


def read_mark_and_news(database: Database) -> tuple[int, int, int]:
    """How far the worker has come, the last batch, and what waits for states. Raises while the database is away."""
    with database.connect(Role.ENGINE) as connection:
        row = connection.execute(PROGRESS).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def unpublished(context: Context) -> list[str]:
    """What a whole publication, made after the worker has ended, still finds to write."""
    found = publish_all(context.database, context.settings, secret(context.settings), now())
    counts = {
        "roads": found.n_roads, "states": found.n_status_changed, "passes": found.n_passes,
        "ended passes": found.n_passes_dropped,
    }  # fmt: skip
    return [f"{n} {name} were not published" for name, n in counts.items() if n]


def finish(context: Context, ordered: Context, source: str, batch: FixBatch, at: datetime) -> None:
    """Close the traces of the drill as the worker does; load and match the ordered upload; states of both."""
    network = current_network(context.database, context.settings)
    index = build_index(network)
    live = LiveFacts(network, index, context.settings)
    with _engine(context.database) as connection:
        live.turn(connection, at)
        live.close_quiet(connection, at)
    while live.n_waiting:
        with _engine(context.database) as connection:
            live.whole_turn(connection, at, 0.0)
    with psycopg.connect(ordered.database.conninfo_of(Role.INGEST)) as connection:
        row = connection.execute("SELECT source_id FROM raw.source WHERE name = %s", (source,)).fetchone()
        assert row is not None
        connection.commit()
        load_fixes(connection, batch, int(row[0]))
    match_new_fixes(ordered.database, network, index, ordered.settings, at=at)
    for one in (context, ordered):
        refresh_status(one.database, network, one.settings.states, at)


@contextmanager
def _engine(database: Database) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with database.connect(Role.ENGINE) as connection:
        yield connection


def differences(drilled: Database, ordered: Database, n_fixes: int) -> tuple[list[str], int]:
    """What differs between the two databases, and the number of facts that the ordered one holds."""
    found, counts = [], {}
    with drilled.connect(Role.OWNER) as one, ordered.connect(Role.OWNER) as other:
        for name, query in NEVER.items():
            row = one.execute(query).fetchone()
            if row != (0,):
                found.append(f"{row and row[0]} {name}")
        for name, query in TABLES.items():
            a, b = one.execute(query).fetchall(), other.execute(query).fetchall()
            counts[name] = len(b)
            if a != b:
                found.append(_told(name, a, b))
    if counts["fixes"] != n_fixes:
        found.append(f"{n_fixes} fixes were sent, {counts['fixes']} are in the ordered upload")
    return found, counts["facts"]


def _told(name: str, a: list[tuple[Any, ...]], b: list[tuple[Any, ...]]) -> str:
    """The rows of one side alone, by number, with the first few."""
    lost, more = [row for row in b if row not in a], [row for row in a if row not in b]
    few = "".join(f"\n    - {row}" for row in lost[:3]) + "".join(f"\n    + {row}" for row in more[:3])
    return f"{name}: {len(a)} rows, ordered {len(b)}; {len(lost)} lost, {len(more)} that should not be{few}"
