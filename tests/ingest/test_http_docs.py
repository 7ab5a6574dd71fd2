"""What the docs and OpenAPI show works as shown: every example is sent."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from geo.db import Database
from geo.settings import Settings
from ingest.http_docs import RESPONSES
from tests.ingest.http_server import Clock, add_key, bearer, served

PAGE = Path(__file__).resolve().parents[2] / "docs" / "live.md"
EXAMPLES = re.findall(r"^```sh\n(.*?)^```\n\n```json\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture
def key(database: Database) -> str:
    """A key that may send fixes and probes."""
    return add_key(database, has_probes=True)


@pytest.fixture
def client(database: Database, key: str) -> Iterator[httpx.Client]:
    """A client with that key, on February 1, 2026."""
    with served(database, Settings(), Clock()) as client:
        client.headers.update(bearer(key))
        yield client


@pytest.mark.parametrize(("command", "answer"), EXAMPLES)
def test_commands_of_the_page_are_answered_as_it_says(
    client: httpx.Client, key: str, installed: Callable[[str, str], str], command: str, answer: str
) -> None:
    assert installed("curl", "curl")
    text = command.replace("http://127.0.0.1:8000", str(client.base_url).rstrip("/"))
    environment = {"PATH": "/usr/bin:/bin", "KEY": key, "PROBE_KEY": key}
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, env=environment, timeout=60)
    assert json.loads(done.stdout) == json.loads(answer), done.stderr


def test_the_page_has_all_its_examples() -> None:
    assert len(EXAMPLES) == PAGE.read_text(encoding="utf-8").count("curl -sS ") == 5


def test_every_example_of_the_openapi_document_is_accepted(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    n = 0
    for path in ("/ingest/fixes", "/ingest/probes", "/ingest/osmand"):
        for media, content in paths[path]["post"]["requestBody"]["content"].items():
            examples = [e["value"] for e in content.get("examples", {}).values()] or [content["example"]]
            for example in examples:
                sent: dict[str, Any] = {"content": example if isinstance(example, str) else json.dumps(example)}
                if media == "application/x-www-form-urlencoded":
                    sent = {"data": example}
                answer = client.post(path, headers={"content-type": media}, **sent)
                told = answer.json()
                assert answer.status_code == 200, (path, media, answer.text)
                assert told["accepted"] + told["repeated"] > 0
                assert told["rejected"] == []
                n += 1
    assert n == 8
    parameters = paths["/ingest/osmand"]["get"]["parameters"]
    query = {p["name"]: p["example"] for p in parameters if "example" in p}
    assert client.get("/ingest/osmand", params=query).json()["rejected"] == []


def test_every_status_of_the_write_endpoints_is_documented(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()
    for path in ("/ingest/fixes", "/ingest/probes", "/ingest/osmand"):
        post = paths["paths"][path]["post"]
        assert set(RESPONSES) <= set(post["responses"])
        assert post["security"] == [{"key": []}]
    assert paths["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
