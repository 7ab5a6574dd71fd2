"""From the roads in raw to the current network version: read, build and compare, write.

`refresh_network` is the stage of the pipeline. `load_network` gives any process the arrays of a version.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.types.json import Jsonb
from pyproj import CRS

from geo import artefact
from geo.crs import plane_for, to_lonlat, to_plane
from geo.db import Database, Role, Row, read_sql
from geo.errors import NotFoundError
from geo.lineage import KnownPieces, VersionChange, assign_nodes, content_keys, diff_versions
from geo.network import Network
from geo.polyline import from_flat
from geo.settings import NetworkSettings
from geo.store.pieces import copy_lineage, copy_pieces, read_network, take_ids
from geo.store.roads import RoadFile, content_sha256, read_bounds, read_road_files, read_roads
from geo.topology import Topology, build_topology
from geo.topology_report import report

type Ints = NDArray[np.int64]
type Bounds = tuple[float, float, float, float]
type Progress = Callable[[int, int], None]

STEPS = 6


@dataclass(frozen=True, slots=True)
class NetworkChange:
    """What one refresh did.

    network  the current version
    is_new   a new version was made; else nothing in the roads differs from the current one
    n_kept, n_added, n_gone  pieces
    report   figures of the topology (geo.topology_report), with the counts above
    """

    network: Network
    is_new: bool
    n_kept: int
    n_added: int
    n_gone: int
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Version:
    """A row of net.version."""

    version: int
    content_sha256: bytes
    crs_epsg: int
    artefact_sha256: bytes
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Built:
    """A topology ready to be written, beside the version that it replaces."""

    files: list[RoadFile]
    sha256: bytes
    crs_epsg: int
    topology: Topology
    keys: NDArray[Any]
    pieces: KnownPieces
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Former:
    """The pieces of the version before, with the ids and the origin that net.piece has of them."""

    piece_id: Ints
    pieces: KnownPieces
    external_id: NDArray[Any]
    from_m: NDArray[np.float64]
    to_m: NDArray[np.float64]


def refresh_network(
    database: Database, artefact_dir: Path, settings: NetworkSettings, progress: Progress
) -> NetworkChange:
    """Bring net up to date with the road sets in raw; the same roads change nothing.

    Raises NotFoundError where no roads have been ingested.
    """
    with database.connect(Role.ENGINE) as connection:
        connection.execute(read_sql("geo", "queries/lock_network"))
        files = read_road_files(connection)
        bounds = read_bounds(connection, files)
        if bounds is None:
            raise NotFoundError("No roads have been ingested.", hint="Run `yukimichi ingest roads FILE`.")
        now = _version(connection, None)
        crs_epsg = _crs(settings, bounds, now)
        if now and now.content_sha256 == content_sha256(files, crs_epsg):
            network = _load(connection, artefact_dir, now)
            n_pieces = network.n_edges // 2
            return NetworkChange(network, False, n_pieces, 0, 0, now.report)
        return _rebuild(connection, artefact_dir, files, crs_epsg, now, progress)


def _crs(settings: NetworkSettings, bounds: Bounds, now: _Version | None) -> int:
    """The plane CRS; with "auto" the present one stays while its area of use holds the middle of the roads.

    Otherwise a few roads more could move the whole network to the next zone and give every edge a new id.
    """
    if settings.crs == "auto" and now is not None:
        area = CRS.from_epsg(now.crs_epsg).area_of_use
        lon, lat = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
        if area is not None and area.west <= lon <= area.east and area.south <= lat <= area.north:
            return now.crs_epsg
    return plane_for(settings.crs, bounds)


def load_network(database: Database, artefact_dir: Path, version: int | None = None) -> Network:
    """The arrays of a version, or of the newest; built again from net where the artefact is missing or damaged.

    Raises NotFoundError for a version that is not there.
    """
    with database.connect(Role.ENGINE) as connection:
        found = _version(connection, version)
        if found is None:
            what = "There is no network yet." if version is None else f"There is no network version {version}."
            raise NotFoundError(what, hint="Run `yukimichi ingest roads FILE`.")
        return _load(connection, artefact_dir, found)


def _version(connection: psycopg.Connection[Row], version: int | None) -> _Version | None:
    if version is None:
        row = connection.execute(read_sql("geo", "queries/newest_version")).fetchone()
    else:
        row = connection.execute(read_sql("geo", "queries/read_version"), {"network_version": version}).fetchone()
    return None if row is None else _Version(*row)


def _load(connection: psycopg.Connection[Row], artefact_dir: Path, found: _Version) -> Network:
    network = artefact.load(artefact_dir, found.version, found.artefact_sha256)
    return network or _store_artefact(connection, artefact_dir, found.version, found.crs_epsg, found.artefact_sha256)


def _store_artefact(
    connection: psycopg.Connection[Row], artefact_dir: Path, version: int, crs_epsg: int, known: bytes
) -> Network:
    """Build the arrays of a version from net and save them; the hash in net.version follows where it differs."""
    network = read_network(connection, version, crs_epsg)
    sha256 = artefact.save(network, artefact_dir)
    if sha256 != known:
        params = {"network_version": version, "artefact_sha256": sha256}
        connection.execute(read_sql("geo", "queries/set_artefact"), params)
    return network


def _rebuild(
    connection: psycopg.Connection[Row],
    artefact_dir: Path,
    files: list[RoadFile],
    crs_epsg: int,
    now: _Version | None,
    progress: Progress,
) -> NetworkChange:
    progress(0, STEPS)
    built = _build(connection, files, crs_epsg, progress)
    former = _former(connection, artefact_dir, now, crs_epsg)
    progress(3, STEPS)
    change = diff_versions(former.pieces, built.pieces)
    progress(4, STEPS)
    n_kept, n_added, n_gone = len(change.kept) - len(change.added), len(change.added), len(change.gone)
    figures = {**built.report, "n_kept": n_kept, "n_added": n_added, "n_gone": n_gone}
    _move(connection, former, built.topology, change)
    if now is not None and change.is_same:
        _set_content(connection, now, built, figures)
        network = _load(connection, artefact_dir, now)
    else:
        version = _write(connection, former, built, change, now, figures)
        progress(5, STEPS)
        network = _store_artefact(connection, artefact_dir, version, crs_epsg, b"")
    progress(STEPS, STEPS)
    return NetworkChange(network, not (now is not None and change.is_same), n_kept, n_added, n_gone, figures)


def _build(connection: psycopg.Connection[Row], files: list[RoadFile], crs_epsg: int, progress: Progress) -> _Built:
    roads, is_unsplit, snap_m = read_roads(connection, files, crs_epsg)
    progress(1, STEPS)
    topology = build_topology(roads, is_unsplit, snap_m)
    progress(2, STEPS)
    keys = content_keys(topology)
    pieces = KnownPieces(keys, topology.from_node, topology.to_node, roads.level[topology.road], topology.lines)
    figures = report(topology, snap_m).as_json()
    misses = figures["listed"]["near_misses"]
    if misses:
        places = to_lonlat(np.array([[miss.pop("x_m"), miss.pop("y_m")] for miss in misses]), crs_epsg)
        for miss, (lon, lat) in zip(misses, places.round(6).tolist(), strict=True):
            miss.update(lon=lon, lat=lat)
    return _Built(files, content_sha256(files, crs_epsg), crs_epsg, topology, keys, pieces, figures)


def _former(connection: psycopg.Connection[Row], artefact_dir: Path, now: _Version | None, crs_epsg: int) -> _Former:
    """The pieces of the newest version, in the plane CRS of the one to come."""
    rows = connection.execute(read_sql("geo", "queries/read_piece_keys")).fetchall() if now else []
    column: list[Any] = list(zip(*rows, strict=True)) if rows else [()] * 7
    start, xy, level = np.zeros(1, np.int64), np.empty((0, 2)), np.empty(0, np.int64)
    if now and rows:
        network = _load(connection, artefact_dir, now)
        start, xy, level = network.shape_start.astype(np.int64), network.shape_xy, network.level.astype(np.int64)
        if now.crs_epsg != crs_epsg:
            lonlat = to_lonlat(xy, now.crs_epsg)
            xy = to_plane(lonlat[:, 0], lonlat[:, 1], crs_epsg)
    keys = np.empty(len(rows), object)
    keys[:] = column[3]
    from_node, to_node = np.array(column[1], np.int64), np.array(column[2], np.int64)
    return _Former(
        np.array(column[0], np.int64),
        KnownPieces(keys, from_node, to_node, level, from_flat(start, xy)),
        np.array(column[4], object),
        np.array(column[5], np.float64),
        np.array(column[6], np.float64),
    )


def _move(connection: psycopg.Connection[Row], former: _Former, topology: Topology, change: VersionChange) -> None:
    """Tell anew where kept pieces lie on the delivered roads, where that has changed."""
    new = np.nonzero(change.kept >= 0)[0]
    old = change.kept[new]
    external_id = topology.roads.external_id[topology.road[new]]
    moved = (external_id != former.external_id[old]) | (np.abs(topology.from_m[new] - former.from_m[old]) > 1e-3)
    moved |= np.abs(topology.to_m[new] - former.to_m[old]) > 1e-3
    if moved.any():
        params = {
            "piece_ids": former.piece_id[old[moved]].tolist(),
            "external_ids": external_id[moved].tolist(),
            "from_m": topology.from_m[new[moved]].tolist(),
            "to_m": topology.to_m[new[moved]].tolist(),
        }
        connection.execute(read_sql("geo", "queries/move_pieces"), params)


def _set_content(connection: psycopg.Connection[Row], now: _Version, built: _Built, figures: dict[str, Any]) -> None:
    params = {
        "network_version": now.version,
        "content_sha256": built.sha256,
        "is_synthetic": any(file.is_synthetic for file in built.files),
        "report": Jsonb(figures),
    }
    connection.execute(read_sql("geo", "queries/set_version_content"), params)


def _write(
    connection: psycopg.Connection[Row],
    former: _Former,
    built: _Built,
    change: VersionChange,
    now: _Version | None,
    figures: dict[str, Any],
) -> int:
    """Write a new version with its pieces and lineage; its number."""
    topology = built.topology
    piece_id = np.full(topology.n_pieces, -1, np.int64)
    stays = change.kept >= 0
    piece_id[stays] = former.piece_id[change.kept[stays]]
    piece_id[change.added] = take_ids(connection, "take_piece_ids", len(change.added))
    node_id = assign_nodes(former.pieces, built.pieces, change.kept)
    fresh = node_id < 0
    node_id[fresh] = take_ids(connection, "take_node_ids", int(fresh.sum()))
    params = {
        "content_sha256": built.sha256,
        "crs_epsg": built.crs_epsg,
        "n_nodes": topology.n_nodes,
        "n_edges": 2 * topology.n_pieces,
        "is_synthetic": any(file.is_synthetic for file in built.files),
        "report": Jsonb(figures),
    }
    row = connection.execute(read_sql("geo", "queries/insert_version"), params).fetchone()
    assert row is not None
    version = int(row[0])
    if now is not None:
        gone = {"piece_ids": former.piece_id[change.gone].tolist(), "last_version": now.version}
        connection.execute(read_sql("geo", "queries/end_pieces"), gone)
    copy_pieces(connection, topology, built.crs_epsg, version, piece_id, node_id, built.keys, change.added)
    copy_lineage(connection, change, version, former.piece_id, piece_id)
    return version
