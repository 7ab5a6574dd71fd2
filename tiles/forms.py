"""Which form and which encoding of an answer about states a client takes."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from geo.errors import InputError
from tiles.packed import MEDIA_TYPE

JSON, PACKED = "json", "packed"
#: Encodings that answers are made in, the smallest first.
ENCODINGS = ("br", "gzip")


@dataclass(frozen=True, slots=True)
class Form:
    """A form of an answer."""

    name: str
    media_type: str


FORMS = {JSON: Form(JSON, "application/json"), PACKED: Form(PACKED, MEDIA_TYPE)}


def form_of(request: Request) -> Form:
    """The form by `f`, else by Accept, else JSON. Raises InputError for another `f`."""
    asked = request.query_params.get("f")
    if asked is None:
        return FORMS[PACKED if MEDIA_TYPE in request.headers.get("accept", "") else JSON]
    if asked not in FORMS:
        raise InputError(f"Parameter f: {asked[:80]!r} is no form.", hint=f"There are: {', '.join(FORMS)}.")
    return FORMS[asked]


def takes(request: Request) -> str:
    """The smallest encoding that the client accepts with a weight above zero; identity: none."""
    weights = {}
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = part.strip().partition(";")
        weights[name.strip()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    for encoding in ENCODINGS:
        if weights.get(encoding, weights.get("*", False)):
            return encoding
    return "identity"
