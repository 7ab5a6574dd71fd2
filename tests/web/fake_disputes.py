"""The stand-in's disputes: what is sent is read by the rules of the real service, kept, listed, decided."""

from __future__ import annotations

import email
import email.policy
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from geo.errors import InputError
from tiles.disputes_claim import Claim, read_claim
from tiles.disputes_photo import clean_photo
from tiles.disputes_queue import read_verdict

type Answer = tuple[int, str, bytes]

FEATURE = {
    "name": "県道二", "route": None, "road_class": "prefectural", "manager": "prefecture", "municipality": "試験市",
    "shown_state": "cleared", "shown_reason": "none", "shown_covered_fraction": 1.0, "shown_work_basis": "sensed",
    "shown_confidence": 0.97, "shown_snow_since_cm": 4.2, "then_state": None, "then_reason": None, "event_id": 1,
    "status_version": 7, "network_version": 3, "synthetic": True, "shown_cleared_at": None, "shown_valid_until": None,
    "shown_observed_at": None,
}  # fmt: skip
WAITING = {"decision": None, "decision_reason": None, "decided_at": None, "decided_by": None}


class FakeDisputes:
    """Reports by number, in the order in which they came; `wait_s` above zero refuses new ones for so long."""

    def __init__(self) -> None:
        self.reports: dict[int, dict[str, Any]] = {}
        self.tokens: dict[str, int] = {}
        self.photos: dict[int, bytes] = {}
        self.wait_s = 0

    def take(self, content_type: str, body: bytes, now_s: float) -> Answer:
        """Answer POST /disputes."""
        if self.wait_s:
            return 429, "application/problem+json", b'{"detail": "Too many disputes of this address."}'
        fields, photo = _form(content_type, body)
        try:
            claim = read_claim(fields, datetime.fromtimestamp(now_s, UTC))
            kept = None if photo is None else clean_photo(photo)
        except InputError as error:
            return 400, "application/problem+json", json.dumps({"detail": error.message, "hint": error.hint}).encode()
        is_repeat = claim.token in self.tokens
        if not is_repeat:
            number = self.tokens[claim.token] = 12_345_678 + len(self.reports)
            self.reports[number] = _feature(number, claim, now_s, has_photo=kept is not None)
            if kept is not None:
                self.photos[number] = kept.jpeg
        told = {"number": self.tokens[claim.token], "link": f"http://elsewhere/disputes/{claim.token}"}
        status = 200 if is_repeat else 201
        return status, "application/json", json.dumps(told | {"is_repeat": is_repeat}).encode()

    def items(self, query: str) -> dict[str, Any]:
        """The collection, the newest first."""
        waiting = "decision IS NULL" in parse_qs(query).get("filter", [""])[0]
        found = [one for one in reversed(self.reports.values()) if not waiting or not one["properties"]["decision"]]
        return {"type": "FeatureCollection", "features": found, "links": []}

    def decide(self, number: int, body: bytes) -> Answer:
        """Answer POST /disputes/{number}/decision."""
        try:
            verdict = read_verdict(json.loads(body))
        except InputError as error:
            return 400, "application/problem+json", json.dumps({"detail": error.message}).encode()
        told = {"decision": verdict.decision.value, "decision_reason": verdict.reason, "decided_by": "試験県"}
        self.reports[number]["properties"] |= told | {"decided_at": "2026-01-15T06:10:00Z"}
        return 200, "application/json", b'{"decision_id": 1}'


def _form(content_type: str, body: bytes) -> tuple[dict[str, str], bytes | None]:
    """Fields and photo of a form, by the reader of messages of the standard library."""
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    fields: dict[str, str] = {}
    photo = None
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        if name == "photo":
            photo = data
        else:
            fields[name] = data.decode()
    return fields, photo


def _feature(number: int, claim: Claim, now_s: float, *, has_photo: bool) -> dict[str, Any]:
    told = {
        "dispute_id": number, "received_at": datetime.fromtimestamp(now_s, UTC).isoformat(), "edge_id": claim.edge_id,
        "seen_at": claim.seen_at.isoformat(), "direction": claim.direction, "state_seen": claim.state_seen.value,
        "comment": claim.comment, "has_photo": has_photo,
    }  # fmt: skip
    line = {"type": "LineString", "coordinates": [[136.61, 36.56], [136.62, 36.5602], [136.63, 36.56]]}
    return {"type": "Feature", "id": number, "geometry": line, "properties": FEATURE | WAITING | told}
