"""What the tiles of each collection carry, and where they lie: for metadata, and to tell what is out of range."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from psycopg import sql

from geo.db import Role, read_sql
from geo.errors import NotFoundError
from geo.vocabulary import Manager, Reason, Restriction, RoadClass, State, Term
from layers.catalogue import Collection
from layers.generalise import ROADS, STATUS
from tiles.matrix_sets import Box
from tiles.tile_sql import REFERENCE, drawn_columns, source_of, source_params

if TYPE_CHECKING:
    from tiles.access import Caller
    from tiles.dataset import Dataset
    from tiles.service import Service

type Document = dict[str, Any]

#: The box of a collection whose rows come and go is looked up no more often.
BOX_LIFE_S = 60.0
#: Dimension of what each kind of geometry holds; mixed kinds have none.
DIMENSIONS = {"Point": 0, "LineString": 1, "MultiLineString": 1, "Polygon": 2}


def _words(terms: type[Term], description: str) -> Document:
    return {"type": "string", "enum": [term.value for term in terms], "description": description}


def _of(kind: str, description: str) -> Document:
    return {"type": kind, "description": description}


_NAMED: Document = {
    "name": _of("string", "Name; absent: none is known."),
    "route": _of("string", "Administrative line of road; absent: none."),
    "manager": _words(Manager, "Who is responsible for the road."),
}
_CLASSED: Document = {
    "class": _words(RoadClass, "Class of the road."),
    "level": _of("integer", "0 ground, above 0 bridge, below 0 tunnel."),
}
_SYNTHETIC: Document = {"synthetic": _of("boolean", "True: made by the simulator, not observed.")}
#: Properties of the layers that have a statement of their own.
ROAD_PROPERTIES: Document = {
    **_CLASSED,
    "oneway": _of("integer", "0 both ways, 1 along digitising, -1 against it."),
    **_NAMED,
    "on_plan": _of("boolean", "Whether a plough route or a work section holds at least half of either direction."),
    **_SYNTHETIC,
}
STATUS_PROPERTIES: Document = {
    **_CLASSED,
    **_NAMED,
    "direction": {"type": "string", "enum": ["forward", "backward"],
                  "description": "Along digitising (forward) or against it (backward)."},
    "state": _words(State, "State of the carriageway; unknown from valid_until on."),
    "reason": _words(Reason, "Why it is unknown, or none."),
    "restriction": _words(Restriction, "The strictest restriction of traffic that holds; absent: none."),
    "cleared_at": _of("integer", "When the oldest stretch that the state rests on was cleared, epoch seconds."),
    "valid_until": _of("integer", "From here on a clearing is unknown (expired), epoch seconds."),
    "observed_at": _of("integer", "Last evidence of any kind, epoch seconds; absent: none."),
    **_SYNTHETIC,
}  # fmt: skip
#: What stands for the id of a feature.
IDS = {ROADS: "The id of a feature is its piece_id.", STATUS: "The id of a feature is its edge_id."}


def is_tiled(collection: Collection) -> bool:
    """Whether a collection has tiles."""
    return collection.tile_layer is not None


def is_fixed(collection: Collection) -> bool:
    """Whether its tiles have a version: they change with roads, plans, reference layers or places alone."""
    return collection.collection_id == ROADS or collection.source == REFERENCE or collection.is_placed


def version_in(dataset: Dataset, collection: Collection) -> str:
    """The present version of the tiles of a collection that has one."""
    if collection.collection_id == ROADS:
        return dataset.roads_version
    return dataset.places_version if collection.is_placed else dataset.reference_version


def properties_of(collection: Collection) -> Document:
    """JSON Schema of each property in the tiles of a collection; what is null there is absent."""
    if collection.collection_id == ROADS:
        return ROAD_PROPERTIES
    if collection.collection_id == STATUS:
        return STATUS_PROPERTIES
    return {column.name: column.schema() for column in drawn_columns(collection)}


def fields_of(collection: Collection) -> dict[str, str]:
    """The same as TileJSON has it: String, Number or Boolean."""
    kinds = {"string": "String", "integer": "Number", "number": "Number", "boolean": "Boolean"}
    return {name: kinds[schema["type"]] for name, schema in properties_of(collection).items()}


def described(collection: Collection) -> str:
    """What a layer holds, in a sentence or two."""
    identity = IDS.get(collection.collection_id, "")
    more = " Further properties are those that the layer was delivered with." if collection.has_attributes else ""
    return f"{collection.description} {identity}{more}".strip()


def joined(boxes: list[Box]) -> Box:
    """The box of several boxes."""
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


class Boxes:
    """The box of each collection in degrees, as far as it was asked for."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[object, float, Box]] = {}

    async def of(self, service: Service, collection: Collection, caller: Caller | None = None) -> Box:
        """The box of a collection; that of the roads where nothing of it lies anywhere.

        What only some may see is never kept. Raises psycopg.Error where the database is away and nothing is known.
        """
        dataset = service.dataset
        if collection.collection_id in (ROADS, STATUS):
            return dataset.bbox
        now_s = service.clock().timestamp()
        version: object = version_in(dataset, collection) if is_fixed(collection) else dataset.basis
        known = self._known.get(collection.collection_id)
        if known is not None and known[0] == version and (is_fixed(collection) or now_s - known[1] < BOX_LIFE_S):
            return known[2]
        box = await _read_box(service, collection, service.moment(), caller)
        if collection.is_public:
            self._known[collection.collection_id] = (version, now_s, box)
        return box


async def _read_box(service: Service, collection: Collection, moment: datetime, caller: Caller | None) -> Box:
    query = sql.SQL(read_sql("tiles", "tile_extent")).format(source=source_of(collection))
    scope = caller.scope_params() if caller is not None else {}
    role = caller.role_for(collection) if caller is not None else Role.READER
    async with service.connection(role) as connection:
        found = await connection.execute(query, source_params(collection, moment) | scope)
        row = await found.fetchone()
    if row is None or row[0] is None:
        return service.dataset.bbox
    return row[0], row[1], row[2], row[3]


def tiled_collections(service: Service) -> tuple[Collection, ...]:
    """The collections of which the tiles of the whole dataset are made: all public ones that have tiles."""
    return tuple(c for c in service.dataset.collections.values() if is_tiled(c) and c.is_public)


def tiled_collection(service: Service, collection_id: str) -> Collection:
    """A collection that has tiles. Raises NotFoundError."""
    found = service.dataset.collections.get(collection_id)
    if found is None or not is_tiled(found):
        raise NotFoundError(f"The collection {collection_id[:80]!r} has no tiles.", hint="See /ogc/collections.")
    return found
