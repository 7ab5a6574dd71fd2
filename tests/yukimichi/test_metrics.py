"""Metrics as Prometheus reads them: by template, with what database and workers say, and for the machine only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from geo.db import Database, Role
from geo.settings import Settings
from geo.store.beats import Beat, beat
from geo.timeline import now
from layers.publish import publish
from tests.ingest.http_server import Clock, add_key, bearer, served
from yukimichi import metrics

TOWN = Path(__file__).parents[1] / "tiles" / "small_town.sql"

type Labels = tuple[tuple[str, str], ...]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(database: Database, clock: Clock) -> Iterator[httpx.Client]:
    with served(database, Settings(), clock) as client:
        yield client


def read(client: httpx.Client) -> dict[tuple[str, Labels], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(found: dict[tuple[str, Labels], float], name: str, **labels: str) -> float | None:
    return found.get((name, tuple(sorted(labels.items()))))


def test_answers_are_counted_by_the_template_of_their_route(client: httpx.Client) -> None:
    for path in ("/ogc/collections/roads/items/1", "/ogc/collections/roads/items/2?f=json", "/js/main.js", "/nope"):
        client.get(path)
    client.head("/healthz")
    client.request("PROPFIND", "/healthz")
    found = read(client)
    item = "/ogc/collections/{collection_id}/items/{item_id}"
    assert value(found, "yukimichi_http_requests_total", method="GET", route=item, status="503") == 2
    assert value(found, "yukimichi_http_requests_total", method="GET", route="static", status="200") == 1
    assert value(found, "yukimichi_http_requests_total", method="GET", route="static", status="404") == 1
    assert value(found, "yukimichi_http_requests_total", method="GET", route="/healthz", status="200") == 1
    assert {dict(labels)["method"] for name, labels in found if name == "yukimichi_http_requests_total"} == {
        "GET",
        "other",
    }
    assert value(found, "yukimichi_http_request_seconds_count", route=item) == 2
    seconds = value(found, "yukimichi_http_request_seconds_sum", route=item)
    assert seconds is not None
    assert 0 < seconds < 20


def test_no_address_becomes_a_label(client: httpx.Client) -> None:
    client.get("/ogc/collections/secret-name/items/4711?bbox=136.65432,36.5,136.7,36.6&key=abcdef")
    client.get("/private/path/4711")
    text = client.get("/metrics").text
    for word in ("secret-name", "4711", "136.65432", "abcdef", "private"):
        assert word not in text


def test_fixes_are_counted_by_source_and_by_what_became_of_them(
    client: httpx.Client, database: Database, clock: Clock
) -> None:
    key = add_key(database, "source", "fleet")
    at = clock.at - timedelta(seconds=5)
    fix = {"vehicle": "1", "at": at.isoformat(), "lon": 136.65, "lat": 36.56}
    bad = [{**fix, "lat": 0, "lon": 0}, {**fix, "at": "1970-01-02T00:00:00Z"}, {**fix, "lat": 0, "lon": 0}]
    for fixes in ([fix, *bad], [fix]):
        assert client.post("/ingest/fixes", json={"fixes": fixes}, headers=bearer(key)).status_code == 200
    found = read(client)
    outcomes = {
        outcome: value(found, "yukimichi_fixes_total", source="fleet", outcome=outcome)
        for outcome in ("accepted", "repeated", "rejected")
    }
    assert outcomes == {"accepted": 1, "repeated": 1, "rejected": 3}
    assert value(found, "yukimichi_rejected_fixes_total", source="fleet", reason="zero_position") == 2
    assert value(found, "yukimichi_rejected_fixes_total", source="fleet", reason="too_old") == 1
    assert value(found, "yukimichi_fixes_waiting") == 0
    route = {"method": "POST", "route": "/ingest/fixes", "status": "200"}
    assert value(found, "yukimichi_http_requests_total", **route) == 2
    assert key not in client.get("/metrics").text


def test_the_database_says_lag_states_devices_and_workers(database: Database, clock: Clock) -> None:
    with database.connect(Role.ENGINE) as connection:
        connection.execute(TOWN.read_bytes())
        connection.execute("INSERT INTO ops.watermark (stage, position) VALUES ('match', 1), ('match_lines', 0)")
        beat(connection, Beat("0", now(), 40, 700, 2, 0.25), now() - timedelta(seconds=30))
        connection.execute(
            "INSERT INTO ops.device_health (vehicle_id, source, vehicle, reasons, reasons_ja, is_called_out, "
            "is_synthetic, memory, memory_version, recorded_at) SELECT i, 's', 'v', CASE WHEN i < 3 THEN "
            "ARRAY['silent', 'gaps'] ELSE '{}' END, '', false, false, '', 1, now() FROM generate_series(1, 5) AS i"
        )
    with database.connect(Role.INGEST) as connection:
        connection.execute(
            "INSERT INTO raw.batch (batch_id, kind, n, first_at, last_at, received_at) "
            "SELECT i, kind, 1, now(), now(), now() - i * interval '1 minute' "
            "FROM (VALUES (9, 'fixes'), (4, 'fixes'), (3, 'fixes'), (2, 'lines')) "
            "AS b (i, kind)"
        )
    publish(database, clock.at, b"a secret of this test")
    with served(database, Settings(), clock) as client:
        found = read(client)
    assert value(found, "yukimichi_database_up") == 1
    assert value(found, "yukimichi_batches_waiting", stage="match") == 2
    assert value(found, "yukimichi_lag_seconds", stage="match") == pytest.approx(240, abs=20)
    assert value(found, "yukimichi_lag_seconds", stage="match_lines") == pytest.approx(120, abs=20)
    assert value(found, "yukimichi_newest_batch_age_seconds") == pytest.approx(120, abs=20)
    assert value(found, "yukimichi_edges", state="cleared") == 2
    assert value(found, "yukimichi_edges", state="unknown") == 3
    assert value(found, "yukimichi_devices") == 5
    assert value(found, "yukimichi_sick_devices", reason="silent") == 2
    assert value(found, "yukimichi_worker_beat_age_seconds", worker="0") == pytest.approx(30, abs=20)
    assert value(found, "yukimichi_worker_rounds_total", worker="0") == 40
    assert value(found, "yukimichi_worker_fixes_total", worker="0") == 700
    assert value(found, "yukimichi_worker_failures_total", worker="0") == 2
    assert value(found, "yukimichi_published_age_seconds") == pytest.approx(0, abs=20)


def test_every_figure_of_the_database_is_a_metric_and_the_other_way_round(database: Database) -> None:
    with database.connect(Role.OWNER) as connection:
        row = connection.execute("SELECT pg_get_functiondef('app.figures()'::regprocedure)").fetchone()
    assert row is not None
    for name in metrics.FIGURES:
        assert f"'{name}'" in row[0], name
    with database.connect(Role.APP) as connection:
        found = connection.execute("SELECT DISTINCT name FROM app.figures()").fetchall()
    assert {name for (name,) in found} <= set(metrics.FIGURES)


def test_while_the_database_is_away_metrics_go_on_and_say_so(tmp_path: Path, clock: Clock) -> None:
    with served(Database(f"host={tmp_path} dbname=x"), Settings(), clock) as client:
        found = read(client)
        assert value(found, "yukimichi_database_up") == 0
        assert not any(name == "yukimichi_edges" for name, _ in found)
        assert value(read(client), "yukimichi_http_requests_total", method="GET", route="/metrics", status="200") == 1


def test_figures_are_asked_for_once_in_a_while(
    client: httpx.Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert value(read(client), "yukimichi_devices") == 0
    with database.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO ops.device_health (vehicle_id, source, vehicle, reasons, reasons_ja, is_called_out, "
            "is_synthetic, memory, memory_version, recorded_at) "
            "VALUES (1, 's', 'v', '{}', '', false, false, '', 1, now())"
        )
    assert value(read(client), "yukimichi_devices") == 0
    monkeypatch.setattr(metrics, "FIGURES_S", 0.0)
    time.sleep(0.01)
    assert value(read(client), "yukimichi_devices") == 1


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_metrics_do_not_go_through_a_proxy(client: httpx.Client, header: str) -> None:
    answer = client.get("/metrics", headers={header: "for=203.0.113.9"})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_web_process_gets_figures_and_no_rows(database: Database) -> None:
    with database.connect(Role.OWNER) as connection:
        for role in (Role.READER, Role.MANAGER, Role.PORTAL):
            for function in ("app.figures()", "app.readiness()"):
                row = connection.execute(
                    "SELECT has_function_privilege(%s, %s, 'EXECUTE')", (role, function)
                ).fetchone()
                assert row == (False,), (role, function)
