"""Roads become ways of OpenStreetMap, and what the peers find on these becomes directed roads again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import osmium
import pytest
import shapely

from benchmarks.peers.client import edges_of
from benchmarks.peers.osm_file import Ways, ways_of, write_ways
from benchmarks.peers.way_back import from_osrm, from_valhalla, segments_of

# road 0 goes east, road 7 goes on to the north, road 3 crosses road 0 at a vertex of both without a junction,
# road 4 is a loop, road 5 is shorter than the resolution of the format
LINES = [
    shapely.LineString([(0, 0), (0.001, 0), (0.002, 0)]),
    shapely.LineString([(0.002, 0), (0.002, 0.001)]),
    shapely.LineString([(0.001, -0.001), (0.001, 0), (0.001, 0.001)]),
    shapely.LineString([(0, 0), (-0.001, 0), (-0.001, 0.001), (0, 0)]),
    shapely.LineString([(0, 0), (1e-9, 0)]),
]
IDS = np.array([0, 7, 3, 4, 5])


@pytest.fixture
def ways() -> Ways:
    return ways_of(IDS, LINES, np.array([False, True, False, False, False]), np.array([8.0, 31.0, 14.0, 17.0, 8.0]))


def node_at(ways: Ways, lon: float, lat: float) -> list[int]:
    return (np.flatnonzero((ways.place == np.rint(np.array([lon, lat]) * 1e7)).all(axis=1)) + 1).tolist()


def test_ways_share_nodes_at_ends_and_nowhere_else(ways: Ways) -> None:
    assert ways.road_id.tolist() == [0, 7, 3, 4]
    east, north, crossing, loop = ways.node
    assert east[-1] == north[0]
    assert east[0] == loop[0] == loop[-1]
    assert len(node_at(ways, 0.001, 0.0)) == 2
    assert not set(crossing) & (set(east) | set(north) | set(loop))


def test_tags_say_one_way_class_and_speed(ways: Ways) -> None:
    assert ways.tags[0] == {"oneway": "no", "highway": "residential", "maxspeed": "29"}
    assert ways.tags[1] == {"oneway": "yes", "highway": "trunk", "maxspeed": "112"}
    without = ways_of(IDS, LINES, np.zeros(5, np.bool_), None)
    assert without.tags[1] == {"oneway": "no", "highway": "secondary"}


def test_the_file_holds_what_the_roads_hold(ways: Ways, tmp_path: Path) -> None:
    write_ways(ways, tmp_path / "roads.osm.pbf")
    read = {}
    for item in osmium.FileProcessor(str(tmp_path / "roads.osm.pbf")).with_locations():
        if item.is_way():
            places = [(node.location.lon, node.location.lat) for node in item.nodes]
            read[item.id] = (places, [node.ref for node in item.nodes], dict(item.tags))
    assert sorted(read) == [1, 4, 5, 8]
    for road_id, line, node, tags in zip(IDS, LINES[:4], ways.node, ways.tags, strict=False):
        places, refs, found = read[int(road_id) + 1]
        assert np.array(places) == pytest.approx(shapely.get_coordinates(line), abs=1e-7)
        assert (refs, found) == (node, tags)


def test_valhalla_edges_are_told_by_the_node_where_they_are_entered(ways: Ways) -> None:
    first, last = ways.node[0][0], ways.node[0][-1]
    # what it says of the direction of a road with two ends does not matter
    assert from_valhalla(ways, [(1, first, False), (1, last, True)]).tolist() == [0, 1]
    # of a loop it does
    loop = ways.node[3][0]
    assert from_valhalla(ways, [(5, loop, True), (5, loop, False)]).tolist() == [8, 9]
    assert from_valhalla(ways, []).tolist() == []
    with pytest.raises(ValueError, match="way 8 is entered at node"):
        from_valhalla(ways, [(8, first, True)])


def test_osrm_legs_are_told_by_pairs_of_nodes(ways: Ways) -> None:
    road = segments_of(ways)
    east, north, _, loop = ways.node
    assert from_osrm(road, [east, north]).tolist() == [0, 0, 14]
    assert from_osrm(road, [north[::-1], [east[2], east[1]]]).tolist() == [15, 1]
    assert from_osrm(road, [loop[::-1]]).tolist() == [9, 9, 9]
    # a leg of standing still repeats a node
    assert from_osrm(road, [[east[0]], [east[0], east[0]], []]).tolist() == []
    with pytest.raises(KeyError):
        from_osrm(road, [[east[0], north[1]]])


def test_edges_of_roads_that_the_network_leaves_out_are_left_out() -> None:
    # road 4 is drawn twice and lives on as the piece of road 3
    piece = {0: 0, 7: 1, 3: 2, 4: 2}
    assert edges_of(piece, np.array([0, 15, 11, 6, 9])).tolist() == [0, 3, 4, 5]
