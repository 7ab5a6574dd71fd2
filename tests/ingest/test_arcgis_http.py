"""What the client makes of every kind of answer: patience with a busy server, a clear error for the rest."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from geo.errors import AccessError, ConfigError, EnvironmentProblem, InputError, YukiError
from geo.settings_feeds import ArcgisSettings
from ingest.arcgis_http import ATTEMPTS, ArcgisClient, read_token
from ingest.patience import Patience
from tests.ingest.arcgis_server import LookAlike, serving

SECRET = "s3cr3t-token"
FIELDS = {"OBJECTID": "esriFieldTypeOID"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def layer() -> Iterator[LookAlike]:
    with serving(LookAlike(FIELDS, rows=[({"OBJECTID": 1}, {"x": 0, "y": 0})])) as served:
        yield served


def _client(layer: LookAlike, token: str | None = None, waits: list[float] | None = None, **more: Any) -> ArcgisClient:
    settings = ArcgisSettings(url=layer.url, kind="vehicles", **more)
    return ArcgisClient(settings, token, Patience([].append if waits is None else waits.append, lambda: 1.0))


def _error(code: int, message: str, *details: str) -> tuple[int, dict[str, str], bytes]:
    return 200, JSON, json.dumps({"error": {"code": code, "message": message, "details": details}}).encode()


def test_a_busy_server_is_asked_again_with_growing_pauses(layer: LookAlike) -> None:
    waits: list[float] = []
    layer.answers = [
        (503, {}, b""), (429, {"Retry-After": "7"}, b""), _error(504, "Your request has timed out."), (502, {}, b""),
    ]  # fmt: skip
    with _client(layer, waits=waits) as client:
        assert client.ask()["name"] == "Ploughs"
    assert waits == [1.0, 7.0, 4.0, 8.0]


def test_a_server_that_stays_busy_is_given_up_with_a_time_to_come_again(layer: LookAlike) -> None:
    layer.answers = [(429, {"Retry-After": "33"}, b"")] * ATTEMPTS
    with _client(layer) as client, pytest.raises(EnvironmentProblem, match=r"429 \(5 tries\)") as caught:
        client.ask()
    assert caught.value.retry_after_s == 33
    assert len(layer.asked) == ATTEMPTS


def test_no_wait_is_longer_than_a_minute(layer: LookAlike) -> None:
    waits: list[float] = []
    layer.answers = [(503, {"Retry-After": "86400"}, b""), (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"")]
    with _client(layer, waits=waits) as client:
        client.ask()
    assert waits == [60.0, 2.0]


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (_error(498, "Invalid Token"), AccessError, "498: Invalid Token"),
        (_error(499, "Token Required"), AccessError, "499: Token Required"),
        (_error(403, "You do not have permissions"), AccessError, "403"),
        (
            _error(400, "Invalid query parameters.", "'where' is invalid"),
            InputError,
            "400: Invalid.*'where' is invalid",
        ),
        ((200, JSON, b'{"error": "no"}'), InputError, "refuses with 0: no"),
        ((200, JSON, b'{"error": {"message": null, "details": null}}'), InputError, "refuses with 0"),
        ((401, {}, b""), AccessError, "401"),
        ((404, {}, b"<html><title>Not Found</title>"), InputError, "404: Not Found"),
        ((302, {"Location": "https://login.example/a?token=x"}, b""), InputError, r"on to https://login\.example/a\."),
        ((301, {}, b""), InputError, "sends us on|refuses"),
        ((200, {}, b"<!doctype html><title>Sign\n In</title>"), InputError, r"a web page \(Sign In\)"),
        ((200, JSON, b"[1]"), InputError, "no JSON object"),
        ((200, JSON, b'{"a": '), InputError, "no JSON object"),
        ((200, JSON, b"\xff\xfe\x00"), InputError, "no JSON object"),
        ((200, JSON, b"[" * 100_000), InputError, "no JSON object"),
        ((200, JSON, b""), InputError, "no JSON object"),
    ],
)
def test_other_answers_are_said_as_what_they_are(
    layer: LookAlike, answer: tuple[int, dict[str, str], bytes], kind: type[YukiError], says: str
) -> None:
    layer.answers = [answer]
    with _client(layer) as client, pytest.raises(kind, match=says) as caught:
        client.ask()
    assert caught.value.hint
    assert len(layer.asked) == 1


def test_an_answer_packed_in_a_bomb_ends_early(layer: LookAlike) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    layer.answers = [(200, JSON | {"Content-Encoding": "gzip"}, bomb)]
    with _client(layer, max_answer_bytes=1_000_000) as client, pytest.raises(InputError, match="more than 1,000,000"):
        client.ask()


def test_broken_packing_counts_as_no_answer(layer: LookAlike) -> None:
    layer.answers = [(200, JSON | {"Content-Encoding": "gzip"}, b"not gzip at all")]
    with _client(layer) as client:
        assert client.ask()["name"] == "Ploughs"


def test_nobody_at_home_is_said(layer: LookAlike) -> None:
    settings = ArcgisSettings(url="http://127.0.0.1:9/FeatureServer/0", kind="vehicles")
    with (
        ArcgisClient(settings, None, Patience(lambda seconds: None)) as client,
        pytest.raises(EnvironmentProblem, match="no connection"),
    ):
        client.ask()


def test_a_token_travels_in_the_body_and_nowhere_else(layer: LookAlike, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    layer.token = SECRET
    with _client(layer, SECRET) as client:
        client.ask("query", where="1=1")
        layer.answers = [_error(400, f"bad: {SECRET}", f"token={SECRET}")]
        with pytest.raises(InputError) as caught:
            client.ask("query", where="1=1")
        layer.answers = [(200, {}, f"<title>{SECRET}</title>".encode())]
        with pytest.raises(InputError) as page:
            client.ask()
    assert all(method == "POST" for method, _, _ in layer.asked)
    told = f"{caught.value!r}{caught.value}{page.value}{caplog.text}"
    assert SECRET not in told
    assert "bad: …" in told


def test_long_questions_go_in_the_body(layer: LookAlike) -> None:
    with _client(layer) as client:
        client.ask("query", objectIds="1")
        client.ask("query", objectIds=",".join(map(str, range(1, 1000))))
    assert [method for method, _, _ in layer.asked] == ["GET", "POST"]


def _settings(**more: Any) -> ArcgisSettings:
    return ArcgisSettings(**{"url": "https://gis.example/FeatureServer/0", "kind": "roads"} | more)


def test_tokens_come_by_file_or_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n")
    assert read_token(_settings()) is None
    assert read_token(_settings(token_file=str(file))) == SECRET
    assert read_token(_settings(token_variable="T"), {"T": SECRET}) == SECRET
    for bad in (_settings(token_file=str(tmp_path / "none")), _settings(token_variable="T")):
        with pytest.raises(ConfigError):
            read_token(bad, {})
    file.write_text(" ")
    with pytest.raises(ConfigError, match="empty"):
        read_token(_settings(token_file=str(file)))


@pytest.mark.parametrize("host", ["gis.example", "10.0.0.1"])
def test_a_token_does_not_travel_unencrypted(host: str) -> None:
    with pytest.raises(ConfigError, match="unencrypted") as caught:
        read_token(_settings(url=f"http://{host}/0", token_variable="T"), {"T": SECRET})
    assert SECRET not in str(caught.value)
    assert read_token(_settings(url="http://127.0.0.1:1/0", token_variable="T"), {"T": SECRET}) == SECRET


@pytest.mark.parametrize(
    "bad",
    [
        {"url": "ftp://gis.example/0"}, {"url": "gis.example/0"}, {"url": "https://gis.example/0?token=1"},
        {"url": "https://me:pw@gis.example/0"}, {"token_file": "a", "token_variable": "b"}, {"kind": "ploughs"},
        {"every_s": 0}, {"page_size": 0},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _settings(**bad)


def test_intervals_follow_the_kind() -> None:
    assert [_settings(kind=kind).interval_s for kind in ("vehicles", "closures", "roads")] == [15, 60, 86_400]
    assert _settings(every_s=7).interval_s == 7
