"""Matches a file of fixes on a file of roads without a database, and writes traversals to a file.

Reading is that of `ingest roads` and `ingest fixes`; network building, cleaning and matching are those of the service.
"""

from __future__ import annotations

import json
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import plane_for, to_plane
from geo.errors import InputError
from geo.fix import Fixes
from geo.matching.candidates import GridIndex, build_index
from geo.matching.matcher import MATCHER_VERSION, match
from geo.matching.online_replay import replay
from geo.matching.result import STATUSES, UNMATCHED, Matched
from geo.matching.settings import MatchSettings
from geo.network import Network
from geo.roads import MANAGERS, road_table
from geo.settings import SourceSettings
from geo.topology import Topology, build_pieces, to_network
from geo.trace import Traces, TraceSettings, clean_and_split
from geo.vocabulary import ROAD_CLASSES
from ingest.fixes import FixesFile, read_fixes_file
from ingest.mapping import Unmapped
from ingest.quarantine import Rejects
from ingest.roads import read_roads

type Ints = NDArray[np.int64]
type Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MatchFilesWish:
    """What to match. every_s thins the fixes of each vehicle to one in so many seconds; 0 keeps all.

    online_lag replays the fixes through online matching instead, and writes what was known so many fixes later.
    """

    roads: Path
    fixes: Path
    out: Path
    out_fixes: Path | None = None
    stats: Path | None = None
    every_s: float = 0.0
    n_threads: int = 1
    policy: Literal["endpoints", "crossings"] = "endpoints"
    snap_m: float = 0.5
    online_lag: int | None = None


@dataclass(frozen=True, slots=True)
class RoadsRead:
    """The network of a file, its index, the road behind each piece, and the seconds from file arrays to the index."""

    network: Network
    index: GridIndex
    topology: Topology
    n_rejected: int
    prepare_s: float


def match_files(
    wish: MatchFilesWish,
    roads_source: SourceSettings | None = None,
    fixes_source: SourceSettings | None = None,
    trace_settings: TraceSettings | None = None,
    settings: MatchSettings | None = None,
) -> Table:
    """Does it, writes the files, and returns what goes to `stats`. Raises InputError for files that cannot be read."""
    for out in (wish.out, wish.out_fixes):
        if out is not None and out.suffix not in (".csv", ".parquet"):
            raise InputError(f"{out}: {out.suffix or 'no suffix'!r} is no format.", hint="Use .csv or .parquet.")
    roads = load_roads(wish, roads_source or SourceSettings())
    read = read_fixes_file(wish.fixes, fixes_source or SourceSettings())
    fixes = thinned(read.fixes, wish.every_s)
    traces = clean_and_split(fixes, to_plane(fixes.lon, fixes.lat, roads.network.crs_epsg), trace_settings)
    _compile(roads, traces, settings)
    wall, used = time.perf_counter(), time.process_time()
    if wish.online_lag is None:
        matched = match(roads.network, roads.index, traces, settings, wish.n_threads)
    else:
        matched = replay(roads.network, roads.index, traces, wish.online_lag, settings)
    match_s, match_cpu_s = time.perf_counter() - wall, time.process_time() - used
    _write(traversal_table(roads, read, traces, matched), wish.out)
    if wish.out_fixes is not None:
        _write(fix_table(roads, read, traces, matched), wish.out_fixes)
    stats = _stats(read, fixes, traces, matched, roads)
    stats |= {"prepare_s": roads.prepare_s, "match_s": match_s, "match_cpu_s": match_cpu_s}
    stats["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if wish.stats is not None:
        wish.stats.write_text(json.dumps(stats, indent=1) + "\n", encoding="utf-8")
    return stats


def load_roads(wish: MatchFilesWish, source: SourceSettings) -> RoadsRead:
    """Network and index of the roads file. Raises InputError where no road is left."""
    rejects, unmapped = Rejects(), Unmapped()
    rows, _ = read_roads(wish.roads, source, rejects, unmapped)
    if len(rows) == 0:
        raise InputError(f"{wish.roads} has no usable road.", hint=f"Rejected: {rejects.by_reason()}.")
    west, south, east, north = shapely.total_bounds(rows.geometry).tolist()
    epsg = plane_for("auto", (west, south, east, north))
    xy = shapely.get_coordinates(rows.geometry)
    geometry = shapely.set_coordinates(np.array(rows.geometry), to_plane(xy[:, 0], xy[:, 1], epsg))
    table = road_table(
        geometry,
        external_id=rows.external_id,
        manager=[[str(m) for m in MANAGERS].index(word) for word in rows.manager],
        road_class=[[str(c) for c in ROAD_CLASSES].index(word) for word in rows.road_class],
        oneway=rows.oneway,
        level=rows.level,
        speed_mps=np.array([np.nan if v is None else v for v in rows.speed_mps], np.float64),
        is_closed=rows.is_closed,
    )
    begun = time.perf_counter()
    topology = build_pieces(table, wish.policy, wish.snap_m)
    network = to_network(topology, epsg)
    prepared_s = time.perf_counter() - begun
    # the first call compiles
    build_index(network)
    begun = time.perf_counter()
    index = build_index(network)
    return RoadsRead(network, index, topology, len(rejects), prepared_s + time.perf_counter() - begun)


def thinned(fixes: Fixes, every_s: float) -> Fixes:
    """One fix in every_s seconds of each vehicle, the first one always."""
    if every_s <= 0:
        return fixes
    keep, vehicle, last_us = np.zeros(len(fixes), np.bool_), None, 0
    # half a second early is in time: devices do not tick on whole seconds
    step_us = int(every_s * 1_000_000) - 500_000
    for i, (v, at_us) in enumerate(zip(fixes.vehicle.tolist(), fixes.at_us.tolist(), strict=True)):
        if v != vehicle or at_us - last_us >= step_us:
            keep[i], vehicle, last_us = True, v, at_us
    return fixes.select(keep)


def _compile(roads: RoadsRead, traces: Traces, settings: MatchSettings | None) -> None:
    """Matches a few fixes once, so that no kernel is compiled while the time is taken."""
    few = traces.kept[:3]
    if len(few) and len(traces):
        start = np.array([0, min(3, traces.start[1])], np.int64)
        part = slice(0, int(start[1]))
        small = Traces(
            traces.fixes.select(part), traces.xy[part], traces.kept[part], start, traces.vehicle[:1], traces.outcome
        )
        match(roads.network, roads.index, small, settings)


def _stats(read: FixesFile, fixes: Fixes, traces: Traces, matched: Matched, roads: RoadsRead) -> Table:
    n_unmatched = int((matched.fixes.status == UNMATCHED).sum())
    return {
        "matcher_version": MATCHER_VERSION,
        "n_roads": len(roads.topology.roads),
        "n_roads_rejected": roads.n_rejected,
        "n_edges": roads.network.n_edges,
        "n_fixes_read": len(read.fixes),
        "n_fixes_rejected": len(read.rejects),
        "n_fixes_thinned_out": len(read.fixes) - len(fixes),
        "n_fixes": len(fixes),
        "n_fixes_by_outcome": traces.counts(),
        "n_fixes_matched": len(matched.fixes) - n_unmatched,
        "n_fixes_unmatched": n_unmatched,
        "n_traces": len(traces),
        "n_breaks": len(matched.breaks),
        "n_traversals": len(matched.traversals),
    }


def _road_of(roads: RoadsRead, edge: Ints) -> tuple[Ints, Ints]:
    """Row in the roads file table and position of the piece in the topology, of edge positions."""
    piece = roads.network.piece_id[edge >> 1]
    # to_network numbers pieces in the order of the topology, from its first id
    position = piece - roads.network.piece_id.min()
    return roads.topology.road[position], position


def _at(us: Ints) -> pd.Series[Any]:
    return pd.Series(pd.to_datetime(us, unit="us", utc=True))


def traversal_table(roads: RoadsRead, read: FixesFile, traces: Traces, matched: Matched) -> pd.DataFrame:
    """Rows of the traversals file; an unmatched stretch is a row without a road."""
    rows = matched.traversals
    edge = rows.edge.astype(np.int64)
    road, piece = _road_of(roads, edge)
    length_m = shapely.length(roads.topology.roads.geometry)[road]
    begin_m = roads.topology.from_m[piece]
    names = np.array([*read.names, ""], object)
    table = pd.DataFrame(
        {
            "vehicle": names[traces.vehicle[rows.trace]],
            "trace_id": rows.trace,
            "seq": rows.seq,
            "road_id": roads.topology.roads.external_id[road],
            "reversed": (edge & 1).astype(np.bool_),
            "from_fraction": np.clip((begin_m + rows.from_m) / length_m, 0.0, 1.0),
            "to_fraction": np.clip((begin_m + rows.to_m) / length_m, 0.0, 1.0),
            "entered_at": _at(rows.entered_us),
            "left_at": _at(rows.left_us),
            "status": [str(STATUSES[code]) for code in rows.status],
            "confidence": rows.confidence,
        }
    )
    whole = pd.concat([table, _unmatched(read, traces, matched)]) if len(matched.breaks) else table
    whole = whole.sort_values(["trace_id", "entered_at", "seq"], kind="stable", ignore_index=True)
    whole["seq"] = whole.groupby("trace_id").cumcount()
    return whole


def _unmatched(read: FixesFile, traces: Traces, matched: Matched) -> pd.DataFrame:
    """One row for each break: from the fix before it to the fix after it."""
    breaks = matched.breaks
    first, last = traces.start[:-1][breaks.trace], traces.start[1:][breaks.trace] - 1
    after = np.where(breaks.after_fix < 0, first, breaks.after_fix)
    before = np.where(breaks.before_fix < 0, last, breaks.before_fix)
    n = len(breaks)
    return pd.DataFrame(
        {
            "vehicle": np.array(read.names, object)[traces.vehicle[breaks.trace]],
            "trace_id": breaks.trace,
            "seq": np.full(n, np.iinfo(np.int32).max),
            "road_id": np.full(n, None, object),
            "reversed": np.zeros(n, np.bool_),
            "from_fraction": np.full(n, np.nan),
            "to_fraction": np.full(n, np.nan),
            "entered_at": _at(traces.fixes.at_us[after]),
            "left_at": _at(traces.fixes.at_us[before]),
            "status": np.full(n, str(STATUSES[UNMATCHED]), object),
            "confidence": np.zeros(n),
        }
    )


def fix_table(roads: RoadsRead, read: FixesFile, traces: Traces, matched: Matched) -> pd.DataFrame:
    """Rows of the fixes file: one for each fix that cleaning kept, offsets in metres along the road."""
    found = matched.fixes
    is_on = found.edge >= 0
    edge = np.where(is_on, found.edge, 0).astype(np.int64)
    road, piece = _road_of(roads, edge)
    road_id = roads.topology.roads.external_id[road]
    road_id[~is_on] = None
    return pd.DataFrame(
        {
            "vehicle": np.array([*read.names, ""], object)[traces.fixes.vehicle],
            "at": _at(traces.fixes.at_us),
            "road_id": road_id,
            "reversed": is_on & ((edge & 1) == 1),
            "offset_m": np.where(is_on, roads.topology.from_m[piece] + found.offset_m, np.nan),
            "distance_m": found.distance_m,
            "status": [str(STATUSES[code]) for code in found.status],
            "confidence": found.confidence,
        }
    )


def _write(table: pd.DataFrame, path: Path) -> None:
    """Parquet keeps times as they are; CSV gets ISO 8601 with milliseconds and Z."""
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
        return
    text = table.copy()
    for name in ("entered_at", "left_at", "at"):
        if name in text:
            text[name] = text[name].dt.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3] + "Z"
    text.to_csv(path, index=False)
