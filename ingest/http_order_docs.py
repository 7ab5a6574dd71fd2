"""What OpenAPI says of the endpoints of orders. A test sends every example that stands here."""

from __future__ import annotations

from typing import Any

from geo.vocabulary import Manager, OrderKind, Restriction, State
from ingest.http_docs import PROBLEM

type Document = dict[str, Any]

_AT: Document = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "ISO 8601; without an offset on the clock of the service's zone.",
}
_PLACE_AT: Document = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_TEXT: Document = {"type": "string", "minLength": 1, "maxLength": 100}
FIELDS: Document = {
    "client_id": _TEXT | {"description": "The sender's own name of this entry: the same again changes nothing."},
    "kind": {"type": "string", "enum": [str(word) for word in OrderKind]},
    "restriction": {"type": "string", "enum": [str(word) for word in Restriction]},
    "state": {"type": "string", "enum": [str(word) for word in State], "description": "Of a correction."},
    "direction": {
        "type": "string",
        "enum": ["both", "drawn"],
        "default": "both",
        "description": "Both directions, or that in which the line is drawn or the ends are named.",
    },
    "begins_at": _AT | {"description": "From when; left out: now."},
    "ends_at": _AT | {"description": "The first moment at which it holds no more; null: until further notice."},
    "reason": {"type": "string", "minLength": 1, "maxLength": 500},
    "is_reason_public": {"type": "boolean", "default": False},
    "edges": {
        "type": "array",
        "minItems": 1,
        "description": "Edges whole, by id, or from-to in metres along digitising.",
        "items": {
            "oneOf": [
                {"type": "integer"},
                {
                    "type": "object",
                    "required": ["edge_id"],
                    "properties": {"edge_id": {"type": "integer"}}
                    | {name: {"type": "number"} for name in ("from_m", "to_m")},
                },
            ]
        },
    },
    "between": {
        "type": "array",
        "minItems": 2,
        "maxItems": 2,
        "items": _PLACE_AT,
        "description": "Two places on roads, [longitude, latitude]; the order holds the shortest way between them.",
    },
    "geometry": {"type": "object", "description": "GeoJSON: a line or a point on roads, or an area."},
    "route_id": _TEXT | {"description": "A plough route, whole."},
    "section_id": _TEXT | {"description": "A work section, whole."},
    "route": _TEXT | {"description": "A road by its name, between two kilometre posts."},
    "from_km": {"type": "number"},
    "to_km": {"type": "number"},
    "manager": {
        "type": "string",
        "enum": [str(word) for word in Manager],
        "description": "Of a publication stop: all roads of this manager.",
    },
    "everywhere": {"type": "boolean", "description": "Of a publication stop: all roads; for keys of scope admin."},
}
ANSWER: Document = {
    "type": "object",
    "required": ["order_id", "entry_id", "is_repeat"],
    "properties": {
        "order_id": {"type": "integer"},
        "entry_id": {"type": "integer"},
        "is_repeat": {"type": "boolean", "description": "This client_id came before, and nothing was written."},
        "warnings": {"type": "array", "items": {"type": "string"}},
    },
}
_WHAT = {
    "400": "The order cannot be read, or names roads that are not there; nothing was stored.",
    "401": "No key was sent, or one that is not known or no longer valid.",
    "403": "The key gives no orders, or not about these roads.",
    "413": "Too many bytes at once.",
    "415": "A media type or encoding that is not read.",
    "429": "The key sends too much a second.",
    "503": "Overloaded, or the database is away; send the same again after Retry-After.",
}
_PROBLEMS: Document = {
    status: {"description": text, "content": {"application/problem+json": {"schema": PROBLEM}}}
    for status, text in _WHAT.items()
}
_STORED: Document = {
    "200": {"description": "Stored and committed.", "content": {"application/json": {"schema": ANSWER}}}
} | _PROBLEMS
_OTHERS: Document = {
    status: {"description": text, "content": {"application/problem+json": {"schema": PROBLEM}}}
    for status, text in {"404": "No order has this id.", "409": "The order is over."}.items()
}
#: Name to example of POST /ingest/orders; the tests have these roads.
EXAMPLES: dict[str, Document] = {
    "a road is closed between two places": {
        "client_id": "a5e1",
        "kind": "restriction",
        "restriction": "closed",
        "between": [[136.6512, 36.56], [136.6590, 36.56]],
        "ends_at": "2026-02-02T18:00:00+09:00",
        "reason": "なだれのおそれ",
        "is_reason_public": True,
    },
    "one lane, as drawn": {
        "kind": "restriction",
        "restriction": "one_lane",
        "direction": "drawn",
        "geometry": {"type": "LineString", "coordinates": [[136.6512, 36.56], [136.6550, 36.56]]},
        "reason": "電線工事",
    },
    "a state is corrected": {
        "kind": "correction",
        "state": "uncleared",
        "between": [[136.6512, 36.56], [136.6590, 36.56]],
        "ends_at": "2026-02-02T12:00:00+09:00",
        "reason": "現地確認：積雪20 cm",
    },
    "publication is stopped in an area": {
        "kind": "publication_stop",
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[136.64, 36.55], [136.67, 36.55], [136.67, 36.57], [136.64, 36.57], [136.64, 36.55]]],
        },
        "reason": "位置情報の誤りを確認中",
    },
    "publication is stopped for all roads of a manager": {
        "kind": "publication_stop",
        "manager": "prefecture",
        "reason": "点検",
    },
}
END_EXAMPLES: dict[str, Document] = {"now": {"reason": "規制解除"}}
CHANGE_EXAMPLES: dict[str, Document] = {"a later end": {"ends_at": "2026-02-03T06:00:00+09:00"}}


def _body(fields: Document, required: list[str], examples: dict[str, Document]) -> Document:
    schema = {"type": "object", "required": required, "properties": fields, "additionalProperties": False}
    named = {name: {"summary": name, "value": value} for name, value in examples.items()}
    return {"required": True, "content": {"application/json": {"schema": schema, "examples": named}}}


PLACE: Document = {"requestBody": _body(FIELDS, ["kind", "reason"], EXAMPLES), "responses": _STORED}
CHANGE: Document = {"requestBody": _body(FIELDS, [], CHANGE_EXAMPLES), "responses": _STORED | _OTHERS}
_END_FIELDS = {name: FIELDS[name] for name in ("client_id", "ends_at", "reason")}
END: Document = {"requestBody": _body(_END_FIELDS, ["reason"], END_EXAMPLES), "responses": _STORED | _OTHERS}
LIST: Document = {
    "parameters": [
        {
            "name": "past",
            "in": "query",
            "required": False,
            "description": "true: orders that are over are listed too.",
            "schema": {"type": "boolean", "default": False},
        }
    ],
    "responses": {
        "200": {
            "description": "Orders as they stand.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    }
    | _PROBLEMS,
}
