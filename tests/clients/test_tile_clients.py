"""GDAL reads vector tiles: by OGC API – Tiles in WorldCRS84Quad, and by TileJSON; compared with the database.

A tile holds whole numbers, so a vertex may lie half a unit beside its place: 180 degrees / 2^12 / 4,096 is 1.1e-5
degrees, and 40,075,017 m / 2^12 / 4,096 is 2.4 m.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import httpx
import pyogrio
import pytest
import shapely
from pyproj import Transformer

from tests.clients.compare import is_null
from tests.clients.town import Town

UNIT_DEG = 180 / 2**12 / 4_096
UNIT_M = 40_075_016.7 / 2**12 / 4_096


def tiled(town: Town, collection: str, layer: str = "Zoom level 12") -> dict[int, list[dict[str, Any]]]:
    """The parts of each feature of all tiles of a zoom, by id."""
    found = pyogrio.read_dataframe(f"OGCAPI:{town.address}/ogc/collections/{collection}", layer=layer)
    parts = defaultdict(list)
    for row in found.to_dict("records"):
        parts[int(row["mvt_id"])].append(row)
    return dict(parts)


def whole(parts: list[dict[str, Any]]) -> shapely.Geometry:
    """The parts of a feature in several tiles, together."""
    return shapely.union_all([part["geometry"] for part in parts])


def test_ogcapi_shows_every_road_where_it_is(town: Town) -> None:
    found = tiled(town, "roads")
    rows = {row["piece_id"]: row for row in town.rows("roads")}
    assert set(found) == set(rows)
    for piece_id, parts in found.items():
        row = rows[piece_id]
        assert shapely.hausdorff_distance(whole(parts), row["geom"], 0.1) < 2 * UNIT_DEG, piece_id
        assert {part["class"] for part in parts} == {row["road_class"]}
        assert {None if is_null(part["name"]) else part["name"] for part in parts} == {row["name"]}
        assert all(part["synthetic"] for part in parts)


def test_ogcapi_shows_the_state_of_every_edge(town: Town) -> None:
    found = tiled(town, "road_status")
    rows = {row["edge_id"]: row for row in town.rows("road_status")}
    assert set(found) == set(rows)
    for edge_id, parts in found.items():
        row = rows[edge_id]
        for part in parts:
            assert (part["state"], part["reason"]) == (row["state"], row["reason"]), edge_id
            assert part["direction"] == row["direction"]
            for name in ("cleared_at", "valid_until", "observed_at"):
                held = row[name]
                assert is_null(part[name]) if held is None else int(part[name]) == int(held.timestamp()), edge_id
    assert {row["state"] for row in rows.values()} == {"cleared", "clearing", "uncleared", "unknown"}


def test_ogcapi_shows_areas_and_points_as_well(town: Town) -> None:
    west, south, east, north = httpx.get(f"{town.address}/tiles/roads/tilejson.json").json()["bounds"]
    box = shapely.box(west, south, east, north)
    for name in ("municipalities", "settlements", "shelters"):
        rows = {row["feature_id"]: row for row in town.rows(name)}
        parts = defaultdict(list)
        for pieces in tiled(town, name).values():
            for part in pieces:
                parts[part["feature_id"]].append(part)
        assert set(parts) == set(rows)
        for feature_id, row in rows.items():
            # GDAL asks for the tiles of the published extent, which is that of the roads
            shown, held = (geometry.intersection(box) for geometry in (whole(parts[feature_id]), row["geom"]))
            difference = shapely.symmetric_difference(shown, held)
            assert difference.area <= 4 * UNIT_DEG * held.length, feature_id
            assert shown.distance(held) < UNIT_DEG, feature_id


def test_ogcapi_leaves_out_far_away_what_the_metadata_say(town: Town) -> None:
    """Zoom 9 shows main roads alone, whole; nothing is cut silently."""
    described = httpx.get(f"{town.address}/ogc/collections/roads/tiles/WorldCRS84Quad?f=json").json()
    (band,) = [band for band in described["generalisation"]["roads"] if band["minzoom"] <= 9 <= band["maxzoom"]]
    found = tiled(town, "roads", "Zoom level 9")
    rows = [row for row in town.rows("roads") if row["road_class"] in band["classes"]]
    assert set(found) == {row["piece_id"] for row in rows}
    assert 0 < len(found) < 1_555


def test_tilejson_leads_gdal_to_tiles_in_web_mercator(town: Town) -> None:
    described = httpx.get(f"{town.address}/tiles/roads/tilejson.json").json()
    x, y, z = 3_602, 1_600, 12
    address = described["tiles"][0].format(z=z, x=x, y=y)
    found = pyogrio.read_dataframe(f"MVT:{address}", X=x, Y=y, Z=z)
    assert found.crs.to_epsg() == 3857
    move = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    rows = {}
    for row in town.rows("roads"):
        ends = [move.transform(*xy) for xy in row["geom"].coords]
        rows[row["piece_id"]] = shapely.LineString(ends)
    side, half = 40_075_016.685578488 / 2**z, 40_075_016.685578488 / 2
    box = shapely.box(x * side - half, half - (y + 1) * side, (x + 1) * side - half, half - y * side)
    shown = {int(row["mvt_id"]): row["geometry"] for row in found.to_dict("records")}
    # GDAL cuts the margin of a tile off; of a line along the edge a unit may be left
    assert {key for key, line in rows.items() if line.intersection(box).length > UNIT_M} <= set(shown)
    assert set(shown) <= {key for key, line in rows.items() if line.distance(box) <= UNIT_M}
    for key, geometry in shown.items():
        inside = rows[key].intersection(box.buffer(UNIT_M))
        assert shapely.hausdorff_distance(geometry, inside, 0.1) < 4 * UNIT_M, key
    assert set(found.columns) - {"mvt_id", "geometry"} <= set(described["vector_layers"][0]["fields"])


@pytest.mark.parametrize("set_id", ["WebMercatorQuad", "WorldCRS84Quad"])
def test_the_addresses_of_the_metadata_hold(town: Town, set_id: str) -> None:
    answer = httpx.get(f"{town.address}/ogc/collections/roads/tiles/{set_id}?f=json").json()
    (link,) = [link for link in answer["links"] if link["rel"] == "item"]
    assert len(answer["tileMatrixSetLimits"]) > 10
    for limits in answer["tileMatrixSetLimits"]:
        address = link["href"].replace("{tileMatrix}", limits["tileMatrix"])
        address = address.replace("{tileRow}", str(limits["minTileRow"])).replace(
            "{tileCol}", str(limits["minTileCol"])
        )
        assert httpx.get(address).status_code in (200, 204)
