"""The SQL of one tile, put together from the catalogue's own names and a tile matrix set; every value is bound.

Roads, states and reference layers have statements of their own; every other collection is drawn by one general
statement over the SELECT that its items come from, with its own columns. Columns that only say how old another one is
are left out: they would make another tile every second, and a client can count.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from psycopg import sql

from geo.db import read_sql
from geo.vocabulary import State
from layers.catalogue import Collection
from layers.columns import Column
from layers.generalise import BOTH_SIDES_ZOOM, MAX_ZOOM, ROADS, STATUS, band_of
from tiles.matrix_sets import MARGIN, MatrixSet, degrees_of, mercator_of

type Params = dict[str, Any]

STATE_JA = json.dumps({state.value: state.ja for state in State}, ensure_ascii=False)

#: Columns that follow from another one and the clock.
OF_THE_CLOCK = frozenset({"as_of", "age_s", "cleared_age_s", "silent_s", "is_expired"})
REFERENCE = "reference"

#: How a column of each kind is written into a tile, which knows text, numbers and booleans.
_WRITTEN = {
    "text": "{}::text",
    "integer": "{}::bigint",
    "number": "{}::text::float8",  # a real keeps the digits that it was written with
    "boolean": "{}::boolean",
    "moment": "to_json({}) #>> '{{}}'",  # as items write it
    "time": "to_json({}) #>> '{{}}'",
}


def drawn_columns(collection: Collection) -> tuple[Column, ...]:
    """The columns that a collection's tiles carry, of those that are drawn by the general statement."""
    return tuple(column for column in collection.columns if column.name not in OF_THE_CLOCK)


def _field(column: Column) -> sql.Composable:
    written = sql.SQL(_WRITTEN[column.kind]).format(sql.Identifier("s", column.name))
    return sql.SQL("{} AS {}").format(written, sql.Identifier(column.name))


def _geometry(column: sql.Composable, stored: int, wanted: int) -> sql.Composable:
    return column if stored == wanted else sql.SQL("ST_Transform({}, {})").format(column, sql.Literal(wanted))


def _of_roads(name: str, matrix_set: MatrixSet, band: int) -> sql.Composed:
    geometry = _geometry(sql.SQL("t.geom_3857"), 3857, matrix_set.srid)
    return sql.SQL(read_sql("tiles", name)).format(
        geometry=geometry, srid=sql.Literal(matrix_set.srid), band=sql.Literal(band)
    )


def _of_reference(matrix_set: MatrixSet) -> sql.Composed:
    geometry = _geometry(sql.SQL("r.geom"), 4326, matrix_set.srid)
    return sql.SQL(read_sql("tiles", "reference_tile")).format(geometry=geometry, srid=sql.Literal(matrix_set.srid))


def _of_features(collection: Collection, matrix_set: MatrixSet) -> sql.Composed:
    identifier = collection.column(collection.id_column)
    has_number = identifier is not None and identifier.kind == "integer"
    fields = [_field(column) for column in drawn_columns(collection)]
    if has_number:
        fields.insert(0, sql.SQL("{} AS fid").format(sql.Identifier("s", collection.id_column)))
    if collection.has_attributes:
        own = sql.Literal([*(column.name for column in collection.columns), "fid", "geom"])  # ours win
        fields.append(sql.SQL("s.attributes - {}::text[] AS attributes").format(own))
    return sql.SQL(read_sql("tiles", "feature_tile")).format(
        fields=sql.SQL(", ").join(fields),
        geometry=_geometry(sql.SQL("s.geom"), 4326, matrix_set.srid),
        srid=sql.Literal(matrix_set.srid),
        source=source_of(collection),
        feature=sql.SQL(", 'fid'" if has_number else ""),
        id=sql.Identifier(collection.id_column),
    )


def source_of(collection: Collection) -> sql.SQL:
    """The SELECT that a collection's items come from."""
    return sql.SQL(read_sql("layers", f"collections/{collection.source}"))


def source_params(collection: Collection, moment: datetime) -> Params:
    """Parameters of that SELECT, but for those of the caller."""
    return {"as_of": moment, "state_ja": STATE_JA, "layer": collection.collection_id}


@lru_cache(maxsize=256)
def _text(collection: Collection, matrix_set: MatrixSet, band: int, *, is_low: bool) -> bytes:
    if collection.collection_id == ROADS:
        made = _of_roads("road_tile", matrix_set, band)
    elif collection.collection_id == STATUS:
        made = _of_roads("status_tile_low" if is_low else "status_tile", matrix_set, band)
    elif collection.source == REFERENCE:
        made = _of_reference(matrix_set)
    else:
        made = _of_features(collection, matrix_set)
    return made.as_bytes(None)


def statement(collection: Collection, matrix_set: MatrixSet, z: int) -> bytes:
    """The text of the statement; the same for all tiles of a band of zooms, so that the database keeps its plan."""
    detail = matrix_set.detail(z)
    return _text(collection, matrix_set, band_of(detail).min_zoom, is_low=detail < BOTH_SIDES_ZOOM)


def params(
    collection: Collection, matrix_set: MatrixSet, z: int, x: int, y: int, source: Mapping[str, object]
) -> Params:
    """What the statement's parameters are for one tile. source: those of the collection's SELECT, as_of among them."""
    wide = matrix_set.box(z, x, y, MARGIN)
    found: Params = {"tile_layer": collection.tile_layer, **source}
    found.update(zip(("west", "south", "east", "north"), matrix_set.box(z, x, y), strict=True))
    if collection.collection_id in (ROADS, STATUS):
        names = ("wide_west", "wide_south", "wide_east", "wide_north")
        return found | dict(zip(names, mercator_of(matrix_set, wide), strict=True))
    found.update(zip(("lon_west", "lat_south", "lon_east", "lat_north"), degrees_of(matrix_set, wide), strict=True))
    is_whole = matrix_set.detail(z) >= MAX_ZOOM
    return found | {"tolerance": 0.0 if is_whole else matrix_set.pixel(z) / 2}
