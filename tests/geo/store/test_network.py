"""The stage that builds the network: versions, ids, lineage and the artefact, on a real PostGIS."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geo.db import Database, Role
from geo.errors import NotFoundError
from geo.network import ARRAYS, Network
from geo.settings import NetworkSettings
from geo.store.network import NetworkChange, load_network, refresh_network
from geo.store.roads import read_road_files, read_roads
from geo.topology import build_topology, to_network

#: A main street from west to east with two side streets, split at their junctions.
TOWN: dict[str, Any] = {
    "w": [(0, 0), (500, 0)],
    "e": [(500, 0), (1000, 0)],
    "n": [(500, 0), (500, 300)],
    "s": [(500, 0), (500, -300)],
}


def refresh(database: Database, folder: Path) -> NetworkChange:
    return refresh_network(database, folder, NetworkSettings(), lambda done, total: None)


def rows(database: Database, query: str, *params: Any) -> list[tuple[Any, ...]]:
    with database.connect(Role.ENGINE) as connection:
        return connection.execute(query, params).fetchall()  # type: ignore[call-overload, no-any-return]


def pieces(database: Database) -> dict[str, tuple[int, int]]:
    """external_id → (piece_id, first_version) of the newest version."""
    found = rows(database, "SELECT external_id, piece_id, first_version FROM net.piece WHERE last_version IS NULL")
    return {row[0]: (row[1], row[2]) for row in found}


def same(a: Network, b: Network) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ARRAYS)


def test_no_roads_is_said(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="ingest roads"):
        refresh(database, tmp_path)
    with pytest.raises(NotFoundError, match="no network yet"):
        load_network(database, tmp_path)


def test_first_version(database: Database, tmp_path: Path, give_roads: Any) -> None:
    give_roads(TOWN)
    change = refresh(database, tmp_path)
    assert (change.is_new, change.n_added, change.n_kept, change.n_gone) == (True, 4, 0, 0)
    network = change.network
    assert network.crs_epsg == 6675
    assert (network.n_edges, len(network.node_xy), network.version) == (8, 5, 1)
    assert network.length_m.sum() == pytest.approx(1600, rel=5e-3)
    version = rows(database, "SELECT n_nodes, n_edges, report->>'n_components', is_synthetic FROM net.version")
    assert version == [(5, 8, "1", False)]


def test_same_content_makes_no_version(database: Database, tmp_path: Path, give_roads: Any) -> None:
    give_roads(TOWN)
    first = refresh(database, tmp_path)
    again = refresh(database, tmp_path)
    assert not again.is_new
    assert same(first.network, again.network)
    # the same roads in another order and under other ids are the same network too
    give_roads({f"x{key}": TOWN[key] for key in reversed(TOWN)}, mark="renumbered")
    renumbered = refresh(database, tmp_path)
    assert (renumbered.is_new, renumbered.n_kept) == (False, 4)
    assert same(first.network, renumbered.network)
    assert set(pieces(database)) == {"xw", "xe", "xn", "xs"}
    assert rows(database, "SELECT count(*) FROM net.version") == [(1,)]


def test_changed_file_keeps_what_did_not_change(database: Database, tmp_path: Path, give_roads: Any) -> None:
    give_roads(TOWN)
    refresh(database, tmp_path)
    before = pieces(database)
    # the east street is split by a new lane, the south street is gone
    give_roads(
        {"w": TOWN["w"], "n": TOWN["n"], "e1": [(500, 0), (800, 0)], "e2": [(1000, 0), (800, 0)],
         "lane": [(800, 0), (800, 100)]}
    )  # fmt: skip
    change = refresh(database, tmp_path)
    after = pieces(database)
    assert (change.is_new, change.n_kept, change.n_added, change.n_gone) == (True, 2, 3, 2)
    assert after["w"] == before["w"]
    assert after["n"] == before["n"]
    assert min(after[key][0] for key in ("e1", "e2", "lane")) > max(piece for piece, _ in before.values())
    old, e1, e2 = before["e"][0], after["e1"][0], after["e2"][0]
    lineage = rows(
        database,
        "SELECT from_edge_id, round(from_from_m), round(from_to_m), to_edge_id, round(to_from_m), round(to_to_m) "
        "FROM net.edge_lineage ORDER BY 1, 2",
    )
    gone = before["s"][0]
    # `e2` is drawn the other way, so what ran forward now runs backward
    east = [(2 * old, 0, 300, 2 * e1, 0, 300), (2 * old, 300, 500, 2 * e2 + 1, 0, 200),
            (2 * old + 1, 0, 300, 2 * e1 + 1, 0, 300), (2 * old + 1, 300, 500, 2 * e2, 0, 200)]  # fmt: skip
    south = [(2 * gone, 0, 300, None, None, None), (2 * gone + 1, 0, 300, None, None, None)]
    _near(lineage, sorted(east + south))


def _near(found: list[tuple[Any, ...]], expected: list[tuple[Any, ...]]) -> None:
    """Ids equal, metres within 3 (drawing in degrees is a little off)."""
    for row, want in zip(found, expected, strict=True):
        assert (row[0], row[3]) == (want[0], want[3])
        for k in (1, 2, 4, 5):
            assert (row[k] is None) == (want[k] is None)
            assert row[k] is None or abs(float(row[k]) - want[k]) <= 3


def test_old_versions_stay_readable(database: Database, tmp_path: Path, give_roads: Any) -> None:
    give_roads(TOWN)
    first = refresh(database, tmp_path).network
    give_roads({**TOWN, "n": [(500, 0), (520, 300)]})
    second = refresh(database, tmp_path).network
    assert second.version > first.version
    assert not same(first, second)
    shutil.rmtree(tmp_path / str(first.version))
    assert same(load_network(database, tmp_path, first.version), first)
    assert same(load_network(database, tmp_path), second)
    kept = np.isin(first.piece_id, second.piece_id)
    assert kept.sum() == 3
    assert np.array_equal(second.position_of(first.edge_id) >= 0, np.repeat(kept, 2))


def test_attributes_matter(database: Database, tmp_path: Path, give_roads: Any) -> None:
    give_roads(TOWN)
    refresh(database, tmp_path)
    before = pieces(database)
    give_roads({**TOWN, "e": (TOWN["e"], {"oneway": 1})})
    change = refresh(database, tmp_path)
    after = pieces(database)
    assert (change.n_kept, change.n_added, change.n_gone) == (3, 1, 1)
    network = change.network
    forward = network.position_of(np.array([2 * after["e"][0]]))[0]
    assert network.is_open[forward]
    assert not network.is_open[forward ^ 1]
    found = rows(database, "SELECT from_edge_id, from_from_m, to_edge_id, to_from_m FROM net.edge_lineage ORDER BY 1")
    old, new = before["e"][0], after["e"][0]
    assert found == [(2 * old, 0, 2 * new, 0), (2 * old + 1, 0, 2 * new + 1, 0)]


def test_damaged_artefact_is_built_again(database: Database, tmp_path: Path, give_roads: Any) -> None:
    give_roads(TOWN)
    network = refresh(database, tmp_path).network
    file = tmp_path / "1" / "length_m.npy"
    file.write_bytes(file.read_bytes()[:-8] + bytes(8))
    assert same(load_network(database, tmp_path), network)
    (tmp_path / "1" / "network.json").write_text("{")
    assert same(refresh(database, tmp_path).network, network)


def test_crossings_and_levels(database: Database, tmp_path: Path, give_roads: Any) -> None:
    give_roads(
        {"street": [(0, 0), (1000, 0)], "avenue": [(500, -500), (500, 500)],
         "bridge": ([(700, -500), (700, 500)], {"level": 1})},
        policy="crossings",
    )  # fmt: skip
    change = refresh(database, tmp_path)
    assert change.network.n_edges == 2 * 5
    assert change.report["n_components"] == 2


def test_synthetic_is_said(database: Database, tmp_path: Path, give_roads: Any) -> None:
    give_roads({"a": [(0, 0), (100, 0)]}, source="real")
    give_roads({"b": [(100, 0), (200, 0)]}, source="made", synthetic=True)
    change = refresh(database, tmp_path)
    assert change.report["n_components"] == 1
    assert rows(database, "SELECT is_synthetic FROM net.version") == [(True,)]


def test_near_misses_have_places(database: Database, tmp_path: Path, give_roads: Any) -> None:
    give_roads({"a": [(0, 0), (100, 0)], "b": [(50, 0.3), (50, 90)]})
    change = refresh(database, tmp_path)
    assert change.report["n_near_misses"] == 1
    (miss,) = change.report["listed"]["near_misses"]
    assert (miss["external_id"], miss["near_external_id"]) == ("b", "a")
    assert miss["lon"] == pytest.approx(136.65 + 50 / 89_500, abs=1e-5)


def _town(rng: np.random.Generator) -> dict[str, Any]:
    """Unsplit streets on a loose grid: they cross, and their ends touch other streets."""
    streets: dict[str, Any] = {}
    for k in range(5):
        at, low, high = 200 * k + int(rng.integers(-40, 40)), -int(rng.integers(0, 90)), 850 + int(rng.integers(0, 90))
        streets[f"h{k}"] = [(low, at), (400, at + int(rng.integers(-9, 9))), (high, at)]
        streets[f"v{k}"] = [(at, low), (at + int(rng.integers(-9, 9)), 400), (at, high)]
    return streets


def _edited(town: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """One street gone, one moved a little, one turned, one new."""
    names = list(town)
    rng.shuffle(names)
    gone, moved, turned = names[:3]
    edited = {name: line for name, line in town.items() if name != gone}
    edited[moved] = [(x + 1.5, y + 1) for x, y in town[moved]]
    edited[turned] = town[turned][::-1]
    x = int(rng.integers(0, 800))
    edited[f"n{x}"] = [(x, -30), (x + 60, 930)]
    return edited


def test_many_versions_hold_what_a_fresh_build_holds(database: Database, tmp_path: Path, give_roads: Any) -> None:
    rng = np.random.default_rng(7)
    town = _town(rng)
    ever: set[int] = set()
    current: set[int] = set()
    for round_ in range(6):
        file_id = give_roads(town, policy="crossings", mark=str(round_))
        network = refresh(database, tmp_path).network
        _same_as_fresh(database, network, file_id)
        ids = set(network.piece_id.tolist())
        assert not (ids - current) & ever, "an id was used again"
        _lineage_is_whole(database, network.version, current - ids)
        ever |= ids
        current = ids
        town = _edited(town, rng)
    assert rows(database, "SELECT count(*) FROM net.version") == [(6,)]


def _same_as_fresh(database: Database, network: Network, file_id: int) -> None:
    """The stored network has the pieces and the nodes of a topology built from the roads alone."""
    with database.connect(Role.ENGINE) as connection:
        found = [file for file in read_road_files(connection) if file.file_id == file_id]
        roads, is_unsplit, snap_m = read_roads(connection, found, network.crs_epsg)
    fresh = to_network(build_topology(roads, is_unsplit, snap_m), network.crs_epsg)
    assert network.node_xy[np.lexsort(network.node_xy.T)] == pytest.approx(
        fresh.node_xy[np.lexsort(fresh.node_xy.T)], abs=1e-4
    )
    assert sorted(_ways(network)) == sorted(_ways(fresh))


def _ways(network: Network) -> list[tuple[Any, ...]]:
    """Each piece as its two nodes and its length, to the centimetre."""
    tail, head = (network.node_xy[ends[0::2]].round(2) for ends in (network.edge_from, network.edge_to))
    columns = (*tail.T.tolist(), *head.T.tolist(), network.length_m.round(2).tolist())
    return list(zip(*columns, strict=True))


def _lineage_is_whole(database: Database, version: int, gone: set[int]) -> None:
    """Every gone edge is told from its start to its end, and nothing else is."""
    found = rows(
        database,
        "SELECT l.from_edge_id / 2, count(DISTINCT l.from_edge_id), sum(l.from_to_m - l.from_from_m), "
        "max(p.length_m) FROM net.edge_lineage AS l JOIN net.piece AS p ON p.piece_id = l.from_edge_id / 2 "
        "WHERE l.network_version = %s GROUP BY 1",
        version,
    )
    assert {row[0] for row in found} == gone
    for _, n_sides, told_m, length_m in found:
        assert n_sides == 2
        assert told_m == pytest.approx(2 * length_m)
