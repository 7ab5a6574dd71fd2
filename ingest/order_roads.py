"""Whether the roads that an order names are there, and are its author's to order about; asked of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import shapely

from geo.db import Row, read_sql
from geo.errors import AccessError, InputError
from geo.store.order_posts import POST_REACH_KM
from geo.vocabulary import Manager

type Connection = psycopg.Connection[Row]

#: A place that was tapped lies on the road within this.
NEAR_M = 60.0
#: Drawn lines are looked at so often for whose roads they follow, metres.
LOOK_M = 50.0
DEGREE_M = 111_000.0


@dataclass(frozen=True, slots=True)
class Author:
    """Who gives an order.

    key_id  None: a command on this machine
    of      whose roads alone; None: all
    """

    name: str
    key_id: int | None = None
    of: str | None = None


def check_roads(connection: Connection, author: Author, place: Mapping[str, Any], shape: Any) -> tuple[str, ...]:
    """Warnings about the roads that a place names.

    Raises InputError where a named road is not there, AccessError where most are of others.
    """
    if "everywhere" in place:
        if author.of is not None:
            raise AccessError(f"The key of {author.of} orders nothing for all roads.", hint="Name its own manager.")
        return ()
    if "manager" in place:
        if author.of not in (None, place["manager"]):
            raise AccessError(f"The key of {author.of} orders nothing for roads of {place['manager']}.")
        return ()
    points = _points(place, shape)
    if "edges" not in place and points is None and not any(n in place for n in ("route_id", "section_id", "route")):
        return ()  # an area: what of it is not the author's own is left out when it is laid
    pieces = _pieces(connection, place, points)
    warnings = _require_roads(connection, place, pieces, points)
    if author.of is not None and pieces:
        params = {"who": author.of, "piece_ids": list(pieces)}
        foreign = connection.execute(read_sql("ingest", "foreign_pieces"), params).fetchall()
        if len(foreign) * 2 > len(pieces) or ("edges" in place and foreign):
            named = ", ".join(sorted({f"{row[1]} {Manager(row[1]).ja}" for row in foreign}))
            raise AccessError(
                f"These are roads of {named}, not of {author.of}.", hint="A manager orders about its own roads."
            )
    return warnings


def _points(place: Mapping[str, Any], shape: Any) -> Any:
    """Places on the roads that are meant, as a MULTIPOINT in degrees; None: an area, or no shape."""
    if "between" in place:
        return shapely.multipoints(place["between"])
    if shape is None or shape.geom_type in ("Polygon", "MultiPolygon"):
        return None
    parts = shapely.get_parts(shape)
    if shape.geom_type in ("Point", "MultiPoint"):
        return shapely.multipoints(parts)
    found: list[Any] = []
    for line in parts:
        n = min(int(line.length * DEGREE_M / LOOK_M) + 2, 200)
        found += [line.interpolate(share, normalized=True) for share in np.linspace(0.02, 0.98, n)]
    return shapely.multipoints(found)


def _pieces(connection: Connection, place: Mapping[str, Any], points: Any) -> dict[int, str]:
    """Piece id → manager of the roads that a place names."""
    names = ("route_id", "section_id", "route", "from_km", "to_km")
    params: dict[str, Any] = {name: place.get(name) for name in names}
    if "from_km" in place:
        low, high = sorted((place["from_km"], place["to_km"]))
        params["from_km"], params["to_km"] = low - POST_REACH_KM, high + POST_REACH_KM
    params["edge_ids"] = [one["edge_id"] for one in place.get("edges", ())]
    params["points"] = None if points is None else shapely.to_wkb(points)
    params["near_m"] = NEAR_M
    rows = connection.execute(read_sql("ingest", "ordered_pieces"), params).fetchall()
    return {int(row[0]): str(row[1]) for row in rows}


def _require_roads(
    connection: Connection, place: Mapping[str, Any], pieces: dict[int, str], points: Any
) -> tuple[str, ...]:
    """Warnings, or InputError where a named road is not there."""
    if "edges" in place:
        missing = [one["edge_id"] for one in place["edges"] if one["edge_id"] >> 1 not in pieces]
        if missing:
            raise InputError(
                f"edges: {missing[0]} is no edge of any network.", hint="Ids stand in the collection roads."
            )
        return ()
    for name in ("route_id", "section_id", "route"):
        if name in place and not pieces:
            raise InputError(f"{name}: no road is on {place[name]!r}.", hint="Ids stand in routes and work_sections.")
    if points is None or pieces:
        return ()
    flipped = shapely.transform(points, lambda xy: xy[:, ::-1])
    xy = shapely.get_coordinates(flipped)
    if (np.abs(xy[:, 1]) <= 90).all() and _pieces(connection, {}, flipped):
        raise InputError("Place: longitude and latitude are swapped.", hint="Longitude comes first.")
    if "between" in place:
        raise InputError(f"between: no road lies within {NEAR_M:.0f} m of either place.", hint="Tap on the road.")
    return (f"No road of the network lies within {NEAR_M:.0f} m of what was drawn.",)
