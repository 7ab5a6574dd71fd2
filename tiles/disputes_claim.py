"""What a dispute says, read from the fields of a request: every field is checked, each message names it. Pure."""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from geo.errors import InputError
from layers.columns_disputes import DIRECTIONS, StateSeen
from tiles.parameters import BIGINT_MAX

#: Nobody disputes what was longer ago, and what has not come yet; so much may a clock go wrong.
SEEN_MAX = timedelta(hours=24)
AHEAD_MAX = timedelta(minutes=2)
COMMENT_CHARS = 500
#: A form that comes back sooner was not filled in by a person, one that comes later rests on an old page.
FORM_MIN_S, FORM_MAX_S = 3.0, 86_400.0
#: The sender's own name of a report: 128 bits in base64url at least, since the sender's page is found by it.
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{22,64}")
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
#: The field that people do not see, and that programs fill in.
TRAP = "website"
FIELDS = (
    "edge_id", "piece_id", "direction", "state_seen", "seen_at", "minutes_ago", "comment", "client_id", "form_stamp",
    TRAP, "photo", "lang",
)  # fmt: skip
#: Control characters, and those that turn the direction of text around (Unicode 16, section 23.2).
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody saw.

    edge_id    of the direction; for both that along digitising
    token      opens the sender's page; from client_id where there is one, so that a repeat has the same
    comment    None: nothing was said
    """

    edge_id: int
    direction: str
    state_seen: StateSeen
    seen_at: datetime
    comment: str | None
    token: str

    @property
    def token_sha256(self) -> bytes:
        """What is stored of the token."""
        return digest_of(self.token)


def digest_of(token: str) -> bytes:
    """SHA-256 of a token, 32 bytes."""
    return hashlib.sha256(token.encode()).digest()


def token_of(client_id: str | None) -> str:
    """43 characters of base64url: of the sender's own name, or of chance."""
    raw = secrets.token_bytes(32) if client_id is None else hashlib.sha256(b"dispute " + client_id.encode()).digest()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def read_claim(given: Mapping[str, Any], moment: datetime) -> Claim:
    """The claim of a request's fields at the present moment. Raises InputError, which names the field."""
    unknown = sorted(set(given) - set(FIELDS))
    if unknown:
        raise InputError(f"Field {unknown[0][:60]}: unknown.", hint=f"Known here: {', '.join(sorted(FIELDS))}.")
    if str(given.get(TRAP) or "") != "":
        raise InputError(f"Field {TRAP}: leave it empty.", hint="It is there for programs that fill in everything.")
    edge_id, direction = _edge(given)
    client_id = _text(given, "client_id")
    if client_id is not None and not CLIENT_ID.fullmatch(client_id):
        raise InputError(
            "Field client_id: expected 22 to 64 characters of A-Z, a-z, 0-9, - and _.",
            hint="Make it of 16 random bytes for each report, and keep it for repeats.",
        )
    return Claim(
        edge_id, direction, _state(given), _seen_at(given, moment), _comment(given), token_of(client_id)
    )  # fmt: skip


def _text(given: Mapping[str, Any], name: str) -> str | None:
    """A field as text without blanks around; None: it is not there, or empty."""
    value = given.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InputError(f"Field {name}: expected a text.")
    return value.strip() or None


def _whole(given: Mapping[str, Any], name: str, most: int) -> int | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value.strip(), re.ASCII):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise InputError(f"Field {name}: {str(value)[:40]!r} is no whole number from 0 to {most}.")
    return value


def _edge(given: Mapping[str, Any]) -> tuple[int, str]:
    edge_id = _whole(given, "edge_id", BIGINT_MAX)
    piece_id = _whole(given, "piece_id", BIGINT_MAX >> 1)
    direction = _text(given, "direction")
    if (edge_id is None) == (piece_id is None):
        raise InputError("Fields edge_id and piece_id: give one of them.", hint="piece_id takes a direction too.")
    if direction is not None and direction not in DIRECTIONS:
        raise InputError(f"Field direction: {direction[:40]!r} is none of {', '.join(DIRECTIONS)}.")
    if edge_id is not None:
        own = DIRECTIONS[edge_id & 1]
        if direction not in (None, own, "both"):
            raise InputError(f"Field direction: edge_id {edge_id} is the direction {own}.", hint="Leave it out.")
        return (edge_id & ~1, "both") if direction == "both" else (edge_id, own)
    assert piece_id is not None
    if direction is None:
        raise InputError("Field direction: required with piece_id.", hint=f"One of {', '.join(DIRECTIONS)}.")
    return 2 * piece_id + (direction == "backward"), direction


def _state(given: Mapping[str, Any]) -> StateSeen:
    text = _text(given, "state_seen")
    if text not in tuple(StateSeen):
        said = "required" if text is None else f"{text[:40]!r} is none of them"
        raise InputError(f"Field state_seen: {said}.", hint=f"One of {', '.join(StateSeen)}.")
    return StateSeen(text)


def _seen_at(given: Mapping[str, Any], moment: datetime) -> datetime:
    text, minutes = _text(given, "seen_at"), _whole(given, "minutes_ago", 24 * 60)
    if (text is None) == (minutes is None):
        raise InputError("Fields seen_at and minutes_ago: give one of them.", hint="E.g. 2026-01-15T06:10:00+09:00.")
    if text is None:
        return moment - timedelta(minutes=minutes or 0)
    try:
        seen_at = datetime.fromisoformat(text)
        if "T" not in text.upper() or seen_at.tzinfo is None:
            raise ValueError(text)
        seen_at = seen_at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"Field seen_at: {text[:50]!r} is no time with an offset.", hint="E.g. 2026-01-15T06:10:00+09:00."
        ) from error
    if seen_at > moment + AHEAD_MAX:
        raise InputError(f"Field seen_at: {text[:50]!r} has not come yet.", hint="Look at the clock of this device.")
    if seen_at < moment - SEEN_MAX:
        raise InputError(f"Field seen_at: {text[:50]!r} is more than 24 hours ago.", hint="States have changed since.")
    return min(seen_at, moment)


def _comment(given: Mapping[str, Any]) -> str | None:
    text = _text(given, "comment")
    if text is None:
        return None
    text = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > COMMENT_CHARS:
        raise InputError(f"Field comment: {len(text)} characters, at most {COMMENT_CHARS}.", hint="Say it shorter.")
    return text or None
