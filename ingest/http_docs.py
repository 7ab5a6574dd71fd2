"""What OpenAPI says of the write endpoints. A test posts every example that stands here."""

from __future__ import annotations

from typing import Any

from geo.vocabulary import Treatment
from ingest.quarantine import Why

type Document = dict[str, Any]

_NUMBER: Document = {"type": ["number", "null"]}
_FLAG: Document = {"type": ["boolean", "null"]}
_AT: Document = {
    "description": "ISO 8601 with an offset, or seconds or milliseconds since 1970. "
    "Without an offset it is read on the clock of the source's zone.",
    "type": ["string", "number"],
    "examples": ["2026-01-18T06:10:00+09:00"],
}
_PLACE: Document = {
    "lon": {"type": "number", "description": "Degrees of WGS 84.", "minimum": -180, "maximum": 180},
    "lat": {"type": "number", "description": "Degrees of WGS 84.", "minimum": -90, "maximum": 90},
    "heading_deg": _NUMBER | {"description": "Degrees clockwise from north."},
    "speed_mps": _NUMBER | {"description": "Metres a second."},
}
FIX: Document = {
    "type": "object",
    "required": ["vehicle", "at", "lon", "lat"],
    "properties": {
        "vehicle": {"type": ["string", "integer"], "description": "The vehicle's name within its source."},
        "at": _AT,
        **_PLACE,
        "accuracy_m": _NUMBER | {"description": "Metres, one standard deviation."},
        "work": _FLAG | {"description": "Short form, where blade and spreader are not told apart; null is unknown."},
        "blade": _FLAG | {"description": "The blade is down."},
        "spreader": _FLAG | {"description": "The spreader is on."},
        "treatment": {
            "type": ["string", "null"],
            "description": f"One of {', '.join(Treatment)}, or its Japanese word. Other words become unknown.",
        },
    },
    "additionalProperties": True,
}
PROBE: Document = {
    "type": "object",
    "required": ["probe", "at", "lon", "lat"],
    "properties": {
        "probe": {"type": ["string", "integer"], "description": "Any id; hashed with the day's secret, never stored."},
        "at": _AT,
        **_PLACE,
    },
}
_REJECT: Document = {
    "type": "object",
    "required": ["index", "reason", "detail"],
    "properties": {
        "index": {"type": ["integer", "null"], "description": "Of the row from 0; null for a line that is no row."},
        "line": {"type": "integer", "description": "Of NDJSON and CSV, from 1."},
        "reason": {"type": "string", "enum": [str(why) for why in Why]},
        "detail": {"type": "string"},
    },
}
ANSWER: Document = {
    "type": "object",
    "required": ["accepted", "repeated", "rejected"],
    "properties": {
        "accepted": {"type": "integer", "description": "Fixes stored: new, or in the place of another content."},
        "repeated": {"type": "integer", "description": "Fixes that changed nothing."},
        "rejected": {"type": "array", "items": _REJECT},
        "warnings": {"type": "array", "items": {"type": "string"}, "description": "Stored, and yet it looks wrong."},
    },
}
PROBLEM: Document = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("type", "title", "detail", "hint", "instance")}
    | {"status": {"type": "integer"}},
}
_WHAT = {
    "400": "The body cannot be read as a whole; nothing was stored.",
    "401": "No key was sent, or one that is not known or no longer valid.",
    "403": "The key is of another scope.",
    "408": "The body took too long.",
    "413": "Too many bytes or fixes at once.",
    "415": "A media type or encoding that is not read.",
    "429": "The key sends too much a second; Retry-After says when it may again.",
    "503": "Overloaded, or the database is away; send the same again after Retry-After.",
}
RESPONSES: Document = {
    "200": {"description": "Stored and committed.", "content": {"application/json": {"schema": ANSWER}}}
} | {
    status: {"description": text, "content": {"application/problem+json": {"schema": PROBLEM}}}
    for status, text in _WHAT.items()
}

_ROW = {"vehicle": "除雪1号", "at": "2026-01-18T06:10:00+09:00", "lon": 136.6561, "lat": 36.5613}
_CSV = "vehicle,at,lon,lat,speed_kmh,work\nR-7,2026-01-18T06:10:00+09:00,136.6561,36.5613,18,true\n"
_LINES = (
    '{"vehicle": "R-7", "at": 1768684200, "lon": 136.6561, "lat": 36.5613, "work": true}\n'
    '{"vehicle": "R-7", "at": 1768684201, "lon": 136.6562, "lat": 36.5613, "work": null}\n'
)
#: Media type to name to example, of POST /ingest/fixes.
FIX_EXAMPLES: dict[str, dict[str, Any]] = {
    "application/json": {
        "one fix": {"fixes": [_ROW | {"heading_deg": 90, "speed_mps": 5.2, "accuracy_m": 4, "work": True}]},
        "blade and spreader apart": {
            "fixes": [_ROW | {"blade": True, "spreader": False, "treatment": "fresh_snow_plowing"}]
        },
        "a bare list": [_ROW, _ROW | {"vehicle": "除雪2号"}],
    },
    "application/x-ndjson": {"two fixes": _LINES},
    "text/csv": {"one fix": _CSV},
}
PROBE_EXAMPLES: dict[str, Any] = {
    "one probe": {"probes": [{"probe": "a1b2", "at": "2026-01-18T06:10:00+09:00", "lon": 136.6561, "lat": 36.5613}]}
}
OSMAND_JSON: Document = {
    "device_id": "S-17",
    "location": {
        "timestamp": "2026-01-17T21:10:00Z",
        "coords": {"latitude": 36.5613, "longitude": 136.6561, "speed": 5.2, "heading": 90, "accuracy": 4},
    },
}
#: Name of a parameter of OsmAnd to its meaning and an example.
OSMAND_PARAMETERS: dict[str, tuple[str, str]] = {
    "key": ("The key, for devices that cannot send an Authorization header.", ""),
    "id": ("The vehicle; deviceid means the same.", "S-17"),
    "timestamp": ("Seconds or milliseconds since 1970, or ISO 8601.", "1768684200"),
    "lat": ("Latitude in degrees.", "36.5613"),
    "lon": ("Longitude in degrees.", "136.6561"),
    "speed": ("Knots.", "10.1"),
    "bearing": ("Degrees clockwise from north; heading means the same.", "90"),
    "accuracy": ("Metres; without it hdop times 5 m.", "4"),
    "hdop": ("Dilution of precision.", "0.8"),
    "valid": ("false or 0: the position is none.", "true"),
    "work": ("As in POST /ingest/fixes; blade, spreader and treatment likewise.", "true"),
}


def _named(examples: dict[str, Any]) -> Document:
    return {name: {"summary": name, "value": value} for name, value in examples.items()}


def _fix_content(media: str) -> Document:
    schema: Document = {"type": "string"}
    if media == "application/json":
        rows = {"type": "array", "items": FIX}
        schema = {"oneOf": [{"type": "object", "required": ["fixes"], "properties": {"fixes": rows}}, rows]}
    return {"schema": schema, "examples": _named(FIX_EXAMPLES[media])}


FIXES: Document = {
    "requestBody": {
        "required": True,
        "description": "Also with Content-Encoding: gzip.",
        "content": {media: _fix_content(media) for media in FIX_EXAMPLES},
    },
    "responses": RESPONSES,
}
PROBES: Document = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["probes"],
                    "properties": {"probes": {"type": "array", "items": PROBE}},
                },
                "examples": _named(PROBE_EXAMPLES),
            }
        },
    },
    "responses": RESPONSES,
}
_PARAMETERS = [
    {"name": name, "in": "query", "required": False, "description": text, "schema": {"type": "string"}}
    | ({"example": example} if example else {})
    for name, (text, example) in OSMAND_PARAMETERS.items()
]
OSMAND: Document = {"parameters": _PARAMETERS, "responses": RESPONSES}
_FORM = {
    "schema": {"type": "object", "properties": {name: {"type": "string"} for name in OSMAND_PARAMETERS}},
    "example": {name: example for name, (_, example) in OSMAND_PARAMETERS.items() if example},
}
OSMAND_POST: Document = OSMAND | {
    "requestBody": {
        "required": False,
        "content": {
            "application/x-www-form-urlencoded": _FORM,
            "application/json": {"schema": {"type": "object"}, "example": OSMAND_JSON},
        },
    }
}
