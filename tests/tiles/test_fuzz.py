"""Every operation that the service documents, asked with what schemathesis makes of it: no answer is a fault."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from geo.db import Database, Role
from geo.settings import SourceSettings
from ingest.keys import digest_of
from ingest.registry import register_source

#: Examples of an operation in each mode: as documented, and against it.
EXAMPLES = 12
DOCUMENTS = {"": "/openapi.json", "/ogc": "/ogc/openapi?f=json"}


@pytest.fixture
def keys(town: Database) -> dict[str, str]:
    """A key of each scope that opens something."""
    made = {}
    with town.connect(Role.INGEST) as connection:
        register_source(connection, "fuzz", "live", SourceSettings())
    with town.connect(Role.APP) as connection:
        for scope, of in (("source", "fuzz"), ("admin", None)):
            made[scope] = secrets.token_urlsafe(32)
            connection.execute(
                "INSERT INTO app.api_key (name, key_sha256, scope, scope_of, has_probes) VALUES (%s, %s, %s, %s, %s)",
                (scope, digest_of(made[scope]), scope, of, scope == "source"),
            )
    return made


def _operations(client: httpx.Client, document: str, key: str) -> Iterator[Any]:
    text = client.get(document, headers={"Authorization": f"Bearer {key}"}).json()
    for result in schemathesis.openapi.from_dict(text).get_all_operations():
        assert isinstance(result, Ok), result
        yield result.ok()


def _fuzz(operation: Any, mode: GenerationMode, base: str, key: str) -> int:
    """Ask; the number of questions."""
    n = 0

    @given(st.data())
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(data: Any) -> None:
        nonlocal n
        case = data.draw(operation.as_strategy(generation_mode=mode))
        answer = case.call(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=30)
        n += 1
        assert answer.status_code < 500, f"{case.as_curl_command()}\n{answer.status_code} {answer.text[:500]}"

    # where nothing can be against the documentation, for example without any parameter, there is nothing to ask
    with contextlib.suppress(*([Unsatisfiable] if mode is GenerationMode.NEGATIVE else [])):
        ask()
    return n


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("prefix", list(DOCUMENTS))
def test_no_question_is_answered_with_a_fault(
    address: str, client: httpx.Client, keys: dict[str, str], prefix: str, mode: GenerationMode
) -> None:
    asked = {}
    for operation in _operations(client, DOCUMENTS[prefix], keys["admin"]):
        key = keys["source" if operation.path.startswith("/ingest") else "admin"]
        asked[operation.label] = _fuzz(operation, mode, address + prefix, key)
    assert len(asked) >= 10
    assert sum(asked.values()) > 5 * len(asked), asked
    if mode is GenerationMode.POSITIVE:
        assert min(asked.values()) > 0, asked
