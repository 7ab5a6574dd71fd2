"""Every operation that the service documents, asked with what schemathesis makes of it: no answer is a fault, and every
refusal is a problem that says what was wrong.

One town and one server for all of it. Operations of collections that share their handler share their examples: each
collection is asked, few times the documents, more often the features.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from served_town import publish_town, serving, town_app

from geo.db import Database, Role
from geo.settings import SourceSettings
from ingest.keys import digest_of
from ingest.registry import register_source
from yukimichi.cluster import Cluster

#: Examples of an operation in each mode: as documented, and against it.
EXAMPLES = 10
#: … of one that every collection has; features of two collections are asked like the others.
EXAMPLES_SHARED = 1
WHOLE = ("road_status", "daily_reports")
DOCUMENTS = {"": "/openapi.json", "/ogc": "/ogc/openapi?f=json"}


@pytest.fixture(scope="module")
def town(cluster: Cluster) -> Iterator[Database]:
    """The small town in a database of this file's own."""
    cluster.create_database("fuzzed", "template_yuki")
    database = cluster.database("fuzzed")
    publish_town(database)
    yield database
    cluster.drop_database("fuzzed")


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def address(town: Database) -> Iterator[str]:
    """The town behind a real socket."""
    with serving(town_app(town)) as found:
        yield found


def _operations(address: str, document: str, key: str) -> Iterator[Any]:
    text = httpx.get(address + document, headers={"Authorization": f"Bearer {key}"}).json()
    for result in schemathesis.openapi.from_dict(text).get_all_operations():
        assert isinstance(result, Ok), result
        yield result.ok()


def _can_be_against(operation: Any) -> bool:
    """Whether a question can be against the documentation; where only texts stand in the path every text is for it."""
    named = [*operation.query, *operation.headers, *operation.body]
    return bool(named) or any(
        one.definition.get("schema", {}).get("type") != "string" for one in operation.path_parameters
    )


def _examples(operation: Any) -> int:
    name = operation.definition.raw.get("operationId", "")
    is_shared = operation.path.startswith("/collections/") and not any(name == f"items_{one}" for one in WHOLE)
    return EXAMPLES_SHARED if is_shared else EXAMPLES


def check(answer: Any, told: str) -> None:
    """No fault; a refusal is a problem (RFC 9457) with a detail; nothing is longer than it may be."""
    assert answer.status_code < 500, f"{told}\n{answer.status_code} {answer.text[:500]}"
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert answer.headers["content-type"][0].startswith("application/problem+json"), told
        problem = answer.json()
        assert problem["status"] == answer.status_code, told
        assert 0 < len(problem["detail"]) <= 1_001, told
        assert problem["title"], told


def _fuzz(operation: Any, mode: GenerationMode, base: str, key: str, session: requests.Session) -> int:
    """Ask; the number of questions."""
    n = 0

    @given(st.data())
    @settings(
        max_examples=_examples(operation), deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(data: Any) -> None:
        nonlocal n
        case = data.draw(operation.as_strategy(generation_mode=mode))
        answer = case.call(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=30, session=session)
        n += 1
        check(answer, case.as_curl_command())

    # where nothing can be against the documentation, for example without any parameter, there is nothing to ask
    with contextlib.suppress(*([Unsatisfiable] if mode is GenerationMode.NEGATIVE else [])):
        ask()
    return n


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("prefix", list(DOCUMENTS))
def test_no_question_is_answered_with_a_fault(
    address: str, keys: dict[str, str], prefix: str, mode: GenerationMode
) -> None:
    asked = {}
    with requests.Session() as session:
        for operation in _operations(address, DOCUMENTS[prefix], keys["admin"]):
            if mode is GenerationMode.NEGATIVE and not _can_be_against(operation):
                continue
            key = keys["source" if operation.path.startswith("/ingest") else "admin"]
            asked[operation.label] = _fuzz(operation, mode, address + prefix, key, session)
    assert len(asked) >= 10
    assert sum(asked.values()) >= len(asked), asked
    if mode is GenerationMode.POSITIVE:
        assert min(asked.values()) > 0, asked
