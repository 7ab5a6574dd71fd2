"""POST /ingest/fixes: what is answered is what was committed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from geo.db import Database
from geo.settings import Settings
from tests.ingest.conftest import Rows
from tests.ingest.http_server import Clock, add_key, bearer, served

FIX = {"vehicle": "7", "at": "2026-01-31T23:59:00Z", "lon": 136.6, "lat": 36.5}


@pytest.fixture
def client(database: Database) -> Iterator[httpx.Client]:
    """A client with the key of source s."""
    key = add_key(database)
    with served(database, Settings(), Clock()) as client:
        client.headers.update(bearer(key))
        yield client


def _fixes(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"fixes": [{k: v for k, v in (FIX | change).items() if v is not ...} for change in changes]}


def test_good_rows_are_stored_and_bad_ones_listed(client: httpx.Client, rows: Rows) -> None:
    body = _fixes(
        {"speed_mps": 5.5, "heading_deg": 90, "work": True, "treatment": "新雪除雪"}, {"lon": None}, {"vehicle": 8}
    )
    first = client.post("/ingest/fixes", json=body)
    assert first.status_code == 200, first.text
    told = first.json()
    assert (told["accepted"], told["repeated"]) == (2, 0)
    assert [(r["index"], r["reason"]) for r in told["rejected"]] == [(1, "not_a_number")]
    again = client.post("/ingest/fixes", json=body).json()
    assert (again["accepted"], again["repeated"], again["rejected"]) == (0, 2, told["rejected"])
    stored = "SELECT external_id, lon, speed_mps, heading_deg, work, treatment FROM raw.fix JOIN raw.vehicle USING (vehicle_id)"
    assert rows(stored + " ORDER BY 1") == [
        ("7", 136.6, 5.5, 90.0, True, "fresh_snow_plowing"), ("8", 136.6, None, None, None, None),
    ]  # fmt: skip
    assert rows("SELECT item, reason, payload ->> 'vehicle' FROM raw.quarantine") == [(1, "not_a_number", "7")]


def test_without_a_key_nothing_is_taken(client: httpx.Client, rows: Rows) -> None:
    del client.headers["Authorization"]
    for headers in ({}, bearer("wrong"), {"Authorization": "Basic eDp5"}):
        refused = client.post("/ingest/fixes", json=_fixes({}), headers=headers)
        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["www-authenticate"].startswith("Bearer")
    assert rows("SELECT count(*) FROM raw.fix") == [(0,)]
