"""A storm in a database for bench_coverage.py: the first assessment, one without news, and one new pass at a time."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from geo.coverage import PassFacts
from geo.crs import to_lonlat
from geo.db import Database, Role
from geo.migrate import migrate
from geo.network import Network
from geo.settings import Settings
from geo.store.events import open_event
from geo.store.passes import insert_passes
from geo.store.status import read_status, refresh_status
from geo.store.status_live import LiveStatus
from geo.timeline import to_us
from geo.vocabulary import EventKind
from yukimichi.cluster import Cluster
from yukimichi.debian import find_or_install

T0 = datetime(2026, 1, 20, tzinfo=UTC)
HOURS = 6
#: Machines, and new passes that are timed one by one.
N_VEHICLES, N_NEW = 640, 200
#: A backend that ended is counted as soon as the server has noticed.
SETTLE_S = 0.2
#: The server of the cluster that was started.
SERVER: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock, and CPU seconds of this process and of the server, which other load changes little."""

    clock_s: float
    cpu_s: float
    server_s: float

    @staticmethod
    def of[T](work: Callable[[], T]) -> tuple[Took, T]:
        """How long some work took, and what it returned."""
        served = server_cpu_s()
        begun, spent = time.perf_counter(), time.process_time()
        found = work()
        clock_s, cpu_s = time.perf_counter() - begun, time.process_time() - spent
        time.sleep(SETTLE_S)
        return Took(clock_s, cpu_s, server_cpu_s() - served), found


def server_cpu_s() -> float:
    """CPU seconds of the server of the cluster, with its backends; see proc(5)."""
    ticks, server = 0, SERVER["pid"]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if stat.parent.name == server:
            ticks += sum(int(value) for value in fields[11:15])  # its own and those of children that ended
        elif fields[1] == server:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def in_database(network: Network, facts: PassFacts) -> dict[str, Took]:
    """How long each thing took, in the order in which it was done."""
    home = Path(tempfile.mkdtemp(prefix="yuki-bench-"))
    home.chmod(0o755)
    cluster = Cluster(home / ".yuki", find_or_install(print))
    cluster.start()
    SERVER["pid"] = next(home.rglob("postmaster.pid")).read_text().split()[0]
    try:
        database = cluster.database()
        migrate(database)
        _fill(database, network, facts)
        return _timed(database, network)
    finally:
        cluster.stop()


def _timed(database: Database, network: Network) -> dict[str, Took]:
    states, as_of, found = Settings().states, T0 + timedelta(hours=HOURS), {}
    with database.connect(Role.ENGINE) as connection:
        read_status(connection, network, states, as_of)  # compiles what is not compiled yet
        found["states read from passes"], _ = Took.of(lambda: read_status(connection, network, states, as_of))
    for name in ("states read and stored, all for the first time", "the same without news"):
        found[name], report = Took.of(lambda: refresh_status(database, network, states, as_of))
    print(f"{report.n_edges}", flush=True)
    with database.connect(Role.ENGINE) as connection:
        found["live states begun"], live = Took.of(lambda: LiveStatus.read(connection, network, states, as_of))
    took, rng = [], np.random.default_rng(2)
    for k in range(N_NEW):
        as_of += timedelta(seconds=1)
        edge = np.array([rng.integers(network.n_edges)])
        with database.connect(Role.ENGINE) as connection:
            rows = _rows(network, one_pass(network, edge, as_of, 10_000_000 + k))
            insert_passes(connection, rows, _versions(network))
            took.append(Took.of(lambda: (live.update(connection, edge, as_of), connection.commit()))[0])  # noqa: B023
    with database.connect(Role.ENGINE) as connection:
        found["a look at the clock"], _ = Took.of(lambda: live.look(connection, as_of))
    for name, share in (("median", 50), ("95 %", 95), ("slowest", 100)):
        seconds = ([getattr(one, kind) for one in took] for kind in ("clock_s", "cpu_s", "server_s"))
        found[f"one new pass, {name}"] = Took(*(float(np.percentile(values, share)) for values in seconds))
    # a pass takes less than a tick of the clock by which the server is measured
    means = (sum(getattr(one, kind) for one in took) / len(took) for kind in ("clock_s", "cpu_s", "server_s"))
    found["one new pass, mean"] = Took(*means)
    return found


def one_pass(network: Network, edge: Any, at: datetime, trace: int) -> PassFacts:
    """A pass over the whole of an edge."""
    one, ended = np.ones(1, np.int64), np.array([to_us(at)])
    return PassFacts(
        edge=edge, from_m=np.zeros(1), to_m=network.length_m[edge >> 1], began_us=ended - 10_000_000, ended_us=ended,
        kind=np.zeros(1, np.int8), treatment=np.zeros(1, np.int8), work_basis=np.zeros(1, np.int8),
        confidence=np.ones(1), source=one, synthetic=np.ones(1, np.bool_), trace=one * trace, seq=np.zeros(1, np.int64),
    )  # fmt: skip


def _versions(network: Network) -> dict[str, Any]:
    return {"matcher_version": "bench", "network_version": network.version}


def _rows(network: Network, facts: PassFacts) -> dict[str, Any]:
    n = len(facts)
    return {
        "edge_id": network.edge_id[facts.edge], "from_m": facts.from_m, "to_m": facts.to_m,
        "began_us": facts.began_us, "ended_us": facts.ended_us, "first_fix_us": facts.began_us,
        "last_fix_us": facts.ended_us, "kind": facts.kind, "status": np.zeros(n, np.int8), "treatment": facts.treatment,
        "work_basis": facts.work_basis, "confidence": facts.confidence, "n_fixes": np.ones(n, np.int32),
        "is_provisional": np.zeros(n, np.bool_), "synthetic": np.ones(n, np.bool_), "trace_id": facts.trace,
        "seq": facts.seq, "vehicle_id": facts.trace % N_VEHICLES + 1,
    }  # fmt: skip


def _pressed(facts: PassFacts) -> PassFacts:
    """The facts of a season in the hours of the storm, in the same order."""
    first, last = int(facts.began_us.min()), int(facts.ended_us.max())
    scale = (HOURS * 3_600_000_000) / (last - first)
    at = {
        name: to_us(T0) + ((getattr(facts, name) - first) * scale).astype(np.int64) for name in ("began_us", "ended_us")
    }
    fields = {name: getattr(facts, name) for name in PassFacts.__dataclass_fields__}
    return PassFacts(**fields | at)


def _fill(database: Database, network: Network, facts: PassFacts) -> None:
    """Roads, plans, machines, weather, an event and its facts."""
    lonlat = to_lonlat(network.node_xy, network.crs_epsg)
    with database.connect(Role.INGEST) as connection:
        connection.execute("INSERT INTO raw.source (name, kind, is_synthetic) VALUES ('bench', 'fixes', true)")
        connection.execute(
            "INSERT INTO raw.vehicle (source_id, external_id) SELECT 1, n FROM generate_series(1, %s) AS n",
            (N_VEHICLES,),
        )
        connection.execute(
            "INSERT INTO raw.weather_station (source_id, external_id, name, lon, lat, has_snow) "
            "SELECT 1, n, n, %s + n * 0.1, %s + 0.15, true FROM generate_series(1, 6) AS n",
            tuple(lonlat[0]),
        )
        connection.execute(
            "INSERT INTO raw.weather (station_id, at, quantity, span_min, value_cm, is_usable) "
            "SELECT s.station_id, %s + make_interval(mins => 10 * m), 'snow_depth', 0, m * 0.2, true "
            "FROM raw.weather_station AS s, generate_series(-6, 60) AS m WHERE m >= 0",
            (T0 - timedelta(hours=1),),
        )
    with database.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO net.version (content_sha256, crs_epsg, n_nodes, n_edges, artefact_sha256, is_synthetic) "
            "VALUES ('x', %s, %s, %s, 'x', true)",
            (network.crs_epsg, len(network.node_xy), network.n_edges),
        )
        copied = (
            "COPY net.piece (piece_id, first_version, from_node, to_node, source_id, external_id, external_from_m, "
            "external_to_m, manager, road_class, oneway, level, lanes, width_m, speed_mps, is_closed, length_m, "
            "content_key, geom) FROM STDIN"
        )
        with connection.cursor().copy(copied) as copy:
            for p, piece_id in enumerate(network.piece_id.tolist()):
                (x0, y0), (x1, y1) = lonlat[p].tolist(), lonlat[p + 1].tolist()
                line = f"SRID=4326;LINESTRING({x0} {y0},{x1} {y1})"
                # one road in ten is narrow, one in twenty wide
                lanes = 1 if p % 10 == 0 else 4 if p % 20 == 1 else 2
                copy.write_row((piece_id, 1, p, p + 1, 1, str(piece_id), 0, 1, "prefecture", "municipal", 0, 0, lanes,
                                None, 10, False, float(network.length_m[p]), b"x", line))  # fmt: skip
        connection.execute(
            "INSERT INTO net.plough_route (route_id, name, route_class, manager, planned_m, laid_m, is_synthetic) "
            "SELECT n, n, '1', 'prefecture', 1, 1, true FROM generate_series(1, %s) AS n",
            (N_VEHICLES,),
        )
        connection.execute(
            "INSERT INTO net.plan_edge (network_version, route_id, edge_id, from_m, to_m) "
            "SELECT 1, 1 + piece_id %% %s, 2 * piece_id + side, 0, length_m "
            "FROM net.piece, generate_series(0, 1) AS side WHERE piece_id %% 2 = 0",
            (N_VEHICLES,),
        )
        connection.execute(
            "INSERT INTO ops.assignment (route_id, contractor, machine, vehicle_id, during, is_synthetic) "
            "SELECT n, 'c', 'm', n, '[2026-01-19, 2026-01-23)', true FROM generate_series(1, %s) AS n",
            (N_VEHICLES,),
        )
        insert_passes(connection, _rows(network, _pressed(facts)), _versions(network))
    open_event(database, EventKind.STORM, "storm", T0, is_synthetic=True)
    with database.connect(Role.ENGINE) as connection:
        connection.execute("SELECT ops.refresh_statistics()")
