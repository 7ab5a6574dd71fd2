"""What the OpenAPI document says of disputes beside what their functions say."""

from __future__ import annotations

from typing import Any

from layers.columns_disputes import DIRECTIONS, Decision, StateSeen
from tiles.disputes_claim import COMMENT_CHARS, TRAP

_PROPERTIES: dict[str, Any] = {
    "edge_id": {"type": "integer", "minimum": 0, "description": "The direction of a road piece; or piece_id."},
    "piece_id": {"type": "integer", "minimum": 0, "description": "The road piece; needs direction."},
    "direction": {"type": "string", "enum": list(DIRECTIONS)},
    "state_seen": {"type": "string", "enum": [word.value for word in StateSeen]},
    "seen_at": {"type": "string", "format": "date-time", "description": "At most 24 hours ago; or minutes_ago."},
    "minutes_ago": {"type": "integer", "minimum": 0, "maximum": 1440},
    "comment": {"type": "string", "maxLength": COMMENT_CHARS, "description": "Nothing about persons."},
    "client_id": {
        "type": "string", "pattern": "^[A-Za-z0-9_-]{22,64}$",
        "description": "The sender's own name of this report, of 128 random bits: sent again, it is the same report.",
    },
    TRAP: {"type": "string", "maxLength": 0, "description": "Stays empty; it is there for programs."},
}  # fmt: skip
_FILE = {"photo": {"type": "string", "format": "binary", "description": "JPEG, PNG or WebP, at most 8 MB."}}
_STAMP = {"form_stamp": {"type": "string", "description": "Of the page's own form; required where HTML is asked for."}}
_EXAMPLE = {
    "piece_id": 2, "direction": "forward", "state_seen": "uncleared", "seen_at": "2026-01-15T06:10:00+09:00",
    "client_id": "q83vAAECAwQFBgcICQoLDA", "comment": "20 cm ほど積もっている",
}  # fmt: skip


def _schema(more: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "additionalProperties": False, "required": ["state_seen"], "properties": _PROPERTIES | more,
    }  # fmt: skip


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": {"type": "object"}}}}


POST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _schema({}), "example": _EXAMPLE},
            "multipart/form-data": {"schema": _schema(_FILE | _STAMP | {"lang": {"type": "string"}})},
        },
    },
}
POST_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The same report was there already."},
    201: {"description": "Taken: its number, and the address at which its sender sees the decision."},
    303: {"description": "Of the page's own form: to the sender's page."},
    400: _problem("A field is wrong; the problem names it."),
    403: _problem("A page of another host sent it."),
    408: _problem("The body did not come in time."),
    409: _problem("No disputes are taken at present."),
    413: _problem("The body is too large."),
    415: _problem("Another media type."),
    429: _problem("Too many of this address, or of all together; Retry-After says when."),
    503: _problem("It cannot be stored now; nothing was stored."),
}
DECIDE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object", "additionalProperties": False, "required": ["decision", "reason"],
                    "properties": {
                        "decision": {"type": "string", "enum": [word.value for word in Decision]},
                        "reason": {"type": "string", "minLength": 1, "maxLength": COMMENT_CHARS},
                    },
                },
                "example": {"decision": "accepted", "reason": "現地で確認しました。"},
            }
        },
    },
}  # fmt: skip
KEYED: dict[int | str, dict[str, Any]] = {
    400: _problem("A field is wrong; the problem names it."),
    401: _problem("No key, or one that is not known."),
    403: _problem("A key that opens no disputes, or a road of another manager."),
    404: _problem("No such dispute."),
    413: _problem("The body is too large."),
    415: _problem("Another media type."),
    429: _problem("Too many wrong keys of this address."),
    503: _problem("The database does not answer."),
}
READ_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: _problem("A parameter is wrong; the problem names it."),
    404: _problem("No such report, or no such road."),
    503: _problem("The database does not answer."),
}
