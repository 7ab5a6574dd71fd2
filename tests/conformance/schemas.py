"""JSON Schemas of the documents, written from the requirements of the standards; each names what it holds."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

type Schema = dict[str, Any]


def an_object(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object with members that it has to have and members that it may have."""
    return {"type": "object", "required": list(required), "properties": required | (optional or {})}


def an_array(items: Schema, at_least: int = 0) -> Schema:
    """An array of equal items."""
    return {"type": "array", "items": items, "minItems": at_least}


TEXT: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
ADDRESS: Schema = {"type": "string", "pattern": "^https?://[^ ]+$"}
#: RFC 8288 as OGC 17-069r4 §7.5 takes it over: href, rel and type are there.
LINK = an_object(
    {"href": ADDRESS, "rel": TEXT, "type": TEXT}, {"title": TEXT, "hreflang": TEXT, "templated": {"type": "boolean"}}
)
LINKS = an_array(LINK, 1)
#: 17-069r4 /req/core/root-success
LANDING = an_object({"links": LINKS}, {"title": TEXT, "description": TEXT})
#: 17-069r4 /req/core/conformance-success
CONFORMANCE = an_object({"conformsTo": an_array(ADDRESS, 1) | {"uniqueItems": True}})
#: four numbers, or six with heights: /req/core/fc-md-extent
BOX: Schema = {
    "type": "array",
    "items": NUMBER,
    "anyOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
}
MOMENT: Schema = {
    "type": ["string", "null"],
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})$",
}
EXTENT = an_object({}, {
    "spatial": an_object({"bbox": an_array(BOX, 1)}, {"crs": ADDRESS}),
    "temporal": an_object({"interval": an_array({"type": "array", "items": MOMENT, "minItems": 2, "maxItems": 2}, 1)}),
})  # fmt: skip
#: 17-069r4 /req/core/fc-md-items, with the members of 18-058r1 §6.2
COLLECTION = an_object(
    {"id": TEXT, "links": LINKS},
    {"title": TEXT, "description": TEXT, "extent": EXTENT, "itemType": {"const": "feature"},
     "crs": an_array(ADDRESS, 1), "storageCrs": ADDRESS},
)  # fmt: skip
COLLECTIONS = an_object({"links": LINKS, "collections": an_array(COLLECTION, 1)})

POSITION: Schema = {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 3}
LINE = an_array(POSITION, 2)
RING = an_array(POSITION, 4)
SHAPES: dict[str, Schema] = {
    "Point": POSITION, "MultiPoint": an_array(POSITION), "LineString": LINE, "MultiLineString": an_array(LINE),
    "Polygon": an_array(RING), "MultiPolygon": an_array(an_array(RING)),
}  # fmt: skip
#: RFC 7946 §3.1
GEOMETRY: Schema = {
    "oneOf": [
        {"type": "null"},
        *(an_object({"type": {"const": name}, "coordinates": shape}) for name, shape in SHAPES.items()),
        an_object({"type": {"const": "GeometryCollection"}, "geometries": {"type": "array"}}),
    ]
}
#: RFC 7946 §3.2
FEATURE = an_object(
    {"type": {"const": "Feature"}, "geometry": GEOMETRY, "properties": {"type": ["object", "null"]},
     "id": {"type": ["string", "integer"]}}, {"links": LINKS},
)  # fmt: skip
#: RFC 7946 §3.3, with the members of 17-069r4 /req/core/fc-response
FEATURES = an_object(
    {"type": {"const": "FeatureCollection"}, "features": an_array(FEATURE)},
    {"links": LINKS, "numberMatched": WHOLE, "numberReturned": WHOLE,
     "timeStamp": MOMENT | {"type": "string"}},
)  # fmt: skip

#: RFC 9457 §3.1
PROBLEM = an_object({"status": {"type": "integer", "minimum": 400}, "title": TEXT, "detail": TEXT}, {"type": TEXT})

#: 17-083r4 §6.2: corners in the order of the CRS's axes
CORNER: Schema = {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2}
BOUNDS = an_object({"lowerLeft": CORNER, "upperRight": CORNER}, {"crs": {"anyOf": [ADDRESS, {"type": "object"}]}})
CRS_NAME: Schema = {"anyOf": [ADDRESS, an_object({"uri": ADDRESS})]}
MATRIX = an_object(
    {"id": TEXT, "scaleDenominator": {"type": "number", "exclusiveMinimum": 0},
     "cellSize": {"type": "number", "exclusiveMinimum": 0}, "pointOfOrigin": CORNER,
     "tileWidth": {"type": "integer", "minimum": 1}, "tileHeight": {"type": "integer", "minimum": 1},
     "matrixWidth": {"type": "integer", "minimum": 1}, "matrixHeight": {"type": "integer", "minimum": 1}},
    {"cornerOfOrigin": {"enum": ["topLeft", "bottomLeft"]}, "title": TEXT, "description": TEXT},
)  # fmt: skip
#: 17-083r4 table 2
MATRIX_SET = an_object(
    {"crs": CRS_NAME, "tileMatrices": an_array(MATRIX, 1)},
    {"id": TEXT, "title": TEXT, "uri": ADDRESS, "wellKnownScaleSet": ADDRESS, "boundingBox": BOUNDS,
     "orderedAxes": an_array(TEXT, 1)},
)  # fmt: skip
#: 17-083r4 table 6
LIMITS = an_array(an_object({
    "tileMatrix": TEXT, "minTileRow": WHOLE, "maxTileRow": WHOLE, "minTileCol": WHOLE, "maxTileCol": WHOLE,
}))  # fmt: skip
TILESET_LINK = an_object(
    {"href": {"type": "string", "pattern": "^https?://"}, "rel": TEXT}, {"type": TEXT, "templated": {"type": "boolean"}}
)
LAYER = an_object(
    {"id": TEXT, "dataType": {"enum": ["map", "vector", "coverage"]}},
    {"minTileMatrix": TEXT, "maxTileMatrix": TEXT, "title": TEXT, "description": TEXT,
     "geometryDimension": {"type": "integer", "minimum": 0, "maximum": 3}, "crs": CRS_NAME, "boundingBox": BOUNDS,
     "propertiesSchema": an_object({"properties": {"type": "object"}}, {"type": {"const": "object"}})},
)  # fmt: skip
#: 17-083r4 table 13
TILESET = an_object(
    {"dataType": {"enum": ["map", "vector", "coverage"]}, "crs": CRS_NAME, "links": an_array(TILESET_LINK, 1)},
    {"title": TEXT, "description": TEXT, "version": TEXT, "tileMatrixSetURI": ADDRESS, "tileMatrixSet": MATRIX_SET,
     "tileMatrixSetLimits": LIMITS, "boundingBox": BOUNDS, "layers": an_array(LAYER, 1), "mediaTypes": an_array(TEXT),
     "centerPoint": an_object({"coordinates": CORNER}, {"tileMatrix": TEXT})},
)  # fmt: skip
#: 20-057 /req/tilesets-list/tileset-links
TILESETS = an_object({"tilesets": an_array(TILESET, 1)}, {"links": an_array(TILESET_LINK)})

#: OpenAPI 3.0.3 §4.7, as far as this API writes it
REFERENCE = an_object({"$ref": {"type": "string", "pattern": "^#/components/"}})
PARAMETER = {"anyOf": [REFERENCE, an_object(
    {"name": TEXT, "in": {"enum": ["query", "path", "header", "cookie"]}, "schema": {"type": "object"}},
    {"required": {"type": "boolean"}, "style": TEXT, "explode": {"type": "boolean"}},
)]}  # fmt: skip
RESPONSE = {"anyOf": [REFERENCE, an_object({"description": TEXT}, {"content": {"type": "object"}})]}
OPERATION = an_object(
    {"responses": {"type": "object", "minProperties": 1, "additionalProperties": RESPONSE,
                   "propertyNames": {"pattern": "^([1-5]([0-9]{2}|XX)|default)$"}}},
    {"operationId": TEXT, "parameters": an_array(PARAMETER), "security": an_array({"type": "object"})},
)  # fmt: skip
OPENAPI_30 = an_object(
    {"openapi": {"type": "string", "pattern": r"^3\.0\.[0-9]+$"}, "info": an_object({"title": TEXT, "version": TEXT}),
     "paths": {"type": "object", "propertyNames": {"pattern": "^/"},
               "additionalProperties": {"type": "object", "properties": {"get": OPERATION, "head": OPERATION}}}},
    {"components": {"type": "object"}, "servers": an_array(an_object({"url": TEXT}))},
)  # fmt: skip


def hold(document: object, schema: Schema) -> None:
    """Raise AssertionError with every place of a document that its schema does not allow."""
    faults = [
        f"{'/'.join(map(str, e.absolute_path)) or '.'}: {e.message[:300]}"
        for e in Draft202012Validator(schema).iter_errors(document)
    ]
    assert not faults, "\n".join(faults[:10])
