"""Disputes from end to end: taken with what was told then, counted once, limited, read by their sender and by the
road's own manager alone, decided, forgotten; and what is sent to break it.
"""

from __future__ import annotations

import csv
import io
import json
import re
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from geo.db import Role
from geo.settings import Settings
from geo.settings_disputes import DisputeSettings
from tests.served_town import AS_OF, publish_town, serving
from tests.tiles.disputes_town import KEYS, Town, claim, client_id, give_keys, photo, seen_at
from tiles.disputes_body import BODY_BYTES_MAX
from tiles.disputes_claim import COMMENT_CHARS
from tiles.service import Service
from yukimichi.cluster import Cluster
from yukimichi.disputes import as_csv, forget, read_disputes
from yukimichi.server import create_app

ITEMS = "/ogc/collections/disputes/items"
#: Texts that try to become something else than text.
NASTY = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'; DROP TABLE app.dispute; --",
    "=cmd|' /C calc'!A0",
    "${7*7} {{7*7}} %s %(edge_id)s", "</textarea><svg onload=alert(1)>", "\u202egnp.exe", "＝HYPERLINK(1)",
)  # fmt: skip


@pytest.fixture(scope="module")
def town(cluster: Cluster) -> Iterator[Town]:
    """The small town in a database of this file's own, served at AS_OF."""
    cluster.create_database("disputes", "template_yuki")
    database = cluster.database("disputes")
    try:
        publish_town(database)
        give_keys(database)
        app = create_app(Settings(), database, Service(Settings(), database, clock=lambda: AS_OF))
        with serving(app) as address:
            yield Town(database, address)
    finally:
        cluster.drop_database("disputes")


def is_problem(answer: httpx.Response, status: int, names: str) -> None:
    """RFC 9457, with a detail that names the field."""
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    assert names in answer.json()["detail"], answer.text


def test_a_report_is_kept_beside_what_was_told_then(town: Town) -> None:
    answer = town.send(comment="20 cm ある", direction="forward")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["link"] == answer.headers["location"]
    assert re.fullmatch(rf"{town.address}/disputes/[A-Za-z0-9_-]{{43}}", told["link"])
    assert 10_000_000 <= told["number"] <= 99_999_999
    assert (told["shown_state"], told["is_repeat"], told["has_photo"]) == ("cleared", False, False)
    assert answer.headers["cache-control"] == "no-store"
    with town.client("key-admin") as client:
        row = client.get(f"{ITEMS}/{told['number']}").json()["properties"]
    expected = {
        "edge_id": 4, "direction": "forward", "route": "国道8号", "manager": "nation", "municipality": "金沢市",
        "state_seen": "uncleared", "comment": "20 cm ある", "has_photo": False, "shown_state": "cleared",
        "shown_reason": "none", "shown_cleared_at": "2026-01-14T21:00:00+00:00", "shown_confidence": 0.97,
        "shown_work_basis": "sensed", "shown_snow_since_cm": None, "event_id": 2, "status_version": 1, "decision": None,
        "then_state": None, "synthetic": True, "received_at": AS_OF.isoformat(),
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_what_was_told_when_it_was_seen_is_kept_too(town: Town) -> None:
    """At 22:31 the clearing of edge 6 has run out; the claim of 22:29 was against a cleared road."""
    number = town.send(edge_id=6, seen_at=seen_at(5)).json()["number"]
    row = town.rows("SELECT shown_state, then_state FROM app.dispute WHERE dispute_id = %s", number)[0]
    assert row[0] == "cleared"
    assert row[1] in ("cleared", None)  # None: nothing had been published by then


def test_a_report_about_both_directions_is_about_the_one_that_is_told_otherwise(town: Town) -> None:
    for state_seen, edge_id in (("uncleared", 4), ("cleared", 5), ("impassable", 4)):
        number = town.send(edge_id=None, piece_id=2, direction="both", state_seen=state_seen).json()["number"]
        found = town.rows("SELECT edge_id, direction FROM app.dispute WHERE dispute_id = %s", number)
        assert found == [(edge_id, "both")], state_seen


def test_the_sender_and_nobody_else_sees_what_became_of_it(town: Town) -> None:
    told = town.send(comment=NASTY[0]).json()
    with town.client() as client:
        seen = client.get(told["link"])
        assert seen.headers["cache-control"] == "private, no-store"
        assert seen.headers["referrer-policy"] == "no-referrer"
        assert seen.json()["number"] == told["number"]
        assert seen.json()["decision"] is None
        page = client.get(told["link"], params={"lang": "en"}, headers={"Accept": "text/html"})
        assert "<script" not in page.text
        assert "&lt;script&gt;" in page.text
        assert "has not looked at it yet" in page.text
        for other in ("A" * 43, str(told["number"]), told["link"].rsplit("/", 1)[1][:-1], "x" * 5_000):
            is_problem(client.get(f"/disputes/{other}"), 404, "No report")
    held = town.rows("SELECT token_sha256 FROM app.dispute WHERE dispute_id = %s", told["number"])[0][0]
    assert told["link"].encode()[-43:] not in bytes(held)


def test_the_same_report_sent_again_counts_once(town: Town) -> None:
    name = client_id()
    first = town.send(client_id=name)
    again = town.send(client_id=name, state_seen="impassable")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["is_repeat"] is True
    assert {k: again.json()[k] for k in ("number", "link")} == {k: first.json()[k] for k in ("number", "link")}
    number = first.json()["number"]
    assert town.rows("SELECT state_seen FROM app.dispute WHERE dispute_id = %s", number) == [("uncleared",)]


def test_a_report_that_comes_many_times_at_once_counts_once(town: Town) -> None:
    name, answers = client_id(), []
    threads = [threading.Thread(target=lambda: answers.append(town.send(client_id=name))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers)[:-1] == [200] * 7
    assert len({answer.json()["number"] for answer in answers}) == 1


#: Fields, and the one that the refusal names.
WRONG: list[tuple[dict[str, object], str]] = [
    ({"edge_id": None}, "edge_id"), ({"piece_id": 2}, "edge_id"), ({"edge_id": -1}, "edge_id"),
    ({"edge_id": 2**63}, "edge_id"), ({"edge_id": 4.5}, "edge_id"), ({"edge_id": True}, "edge_id"),
    ({"edge_id": "4; DROP"}, "edge_id"), ({"edge_id": 987_654}, "edge_id"), ({"edge_id": 3}, "edge_id"),
    ({"edge_id": None, "piece_id": 2}, "direction"),
    ({"edge_id": None, "piece_id": 2**62, "direction": "both"}, "piece_id"),
    ({"direction": "up"}, "direction"), ({"direction": "backward"}, "direction"), ({"direction": 5}, "direction"),
    ({"state_seen": None}, "state_seen"), ({"state_seen": "fine"}, "state_seen"),
    ({"state_seen": ["cleared"]}, "state_seen"),
    ({"seen_at": None}, "seen_at"), ({"minutes_ago": 5}, "seen_at"), ({"seen_at": "now"}, "seen_at"),
    ({"seen_at": "2026-01-14T22:00:00"}, "seen_at"), ({"seen_at": "2026-01-14"}, "seen_at"),
    ({"seen_at": seen_at(-3)}, "seen_at"), ({"seen_at": seen_at(24 * 60 + 1)}, "seen_at"),
    ({"seen_at": "9999-12-31T23:59:59-23:59"}, "seen_at"), ({"seen_at": None, "minutes_ago": 1441}, "minutes_ago"),
    ({"seen_at": None, "minutes_ago": -1}, "minutes_ago"), ({"comment": "x" * (COMMENT_CHARS + 1)}, "comment"),
    ({"comment": {"a": 1}}, "comment"), ({"client_id": "1"}, "client_id"), ({"client_id": "a b" * 20}, "client_id"),
    ({"website": "http://spam"}, "website"), ({"photo": "abc"}, "photo"), ({"nope": 1}, "nope"),
    ({"email": "a@b"}, "email"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "named"), WRONG, ids=[f"{i} {named}" for i, (_, named) in enumerate(WRONG)])
def test_what_is_wrong_is_refused_by_its_name(town: Town, fields: dict[str, object], named: str) -> None:
    is_problem(town.send(**fields), 400, named)


def test_bodies_that_are_none_are_refused(town: Town) -> None:
    with town.client() as client:
        for body, kind, status in (
            (b"", "application/json", 400), (b"{", "application/json", 400), (b"[]", "application/json", 400),
            (b"null", "application/json", 400), (b"\xff\xfe", "application/json", 400),
            (b"[" * 30_000, "application/json", 400),
            (b'{"edge_id": NaN}', "application/json", 400), (b"x" * 40_000, "application/json", 413),
            (b"a=b", "application/x-www-form-urlencoded", 415), (b"<x/>", "text/xml", 415), (b"x", "", 415),
            (b"--x\r\n", "multipart/form-data", 400), (b"--y--", "multipart/form-data; boundary=x", 400),
            (b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", "multipart/form-data; boundary=x", 400),
        ):  # fmt: skip
            answer = client.post("/disputes", content=body, headers={"Content-Type": kind})
            assert answer.status_code == status, (body[:40], kind, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
        packed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        is_problem(client.post("/disputes", content=b"x", headers=packed), 415, "Content-Encoding")
        fields = {name: str(value) for name, value in claim().items()}
        twice = [("photo", ("a.jpg", photo(), "image/jpeg"))] * 2
        assert client.post("/disputes", data=fields, files=twice).status_code == 400
        elsewhere = {"comment": ("a.jpg", photo(), "image/jpeg")}
        is_problem(client.post("/disputes", data=fields, files=elsewhere), 400, "comment")


def test_a_body_that_says_little_and_sends_much_ends_at_the_limit(town: Town) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 2**20

    head = {"Content-Type": "multipart/form-data; boundary=x"}
    with town.client() as client:
        try:
            answer = client.post("/disputes", content=endless(), headers=head)
            is_problem(answer, 413, str(BODY_BYTES_MAX))
        except (httpx.WriteError, httpx.ReadError):  # the server hung up while we were still sending
            assert client.get("/healthz").status_code == 200
    at = urlsplit(town.address)
    with socket.create_connection((at.hostname or "", at.port or 0), timeout=20) as line:
        line.sendall(
            b"POST /disputes HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            b"Content-Length: 1000000000000\r\n\r\n--x"
        )
        assert line.recv(65_536).startswith(b"HTTP/1.1 413 ")


def test_a_photo_is_kept_without_what_it_says_of_itself_and_only_managers_see_it(town: Town) -> None:
    exif = Image.Exif()
    exif[0x010F] = "canary-phone"
    fields = {name: str(value) for name, value in claim().items()}
    with town.client() as client:
        file = {"photo": ("../../etc/passwd\0.php", photo(size=(2000, 1500), exif=exif), "text/html")}
        answer = client.post("/disputes", data=fields, files=file)
        assert answer.status_code == 201, answer.text
        assert answer.json()["has_photo"] is True
        number = answer.json()["number"]
        is_problem(client.get(f"/disputes/{number}/photo"), 401, "disputes")
    with town.client("key-nation") as client:
        found = client.get(f"/disputes/{number}/photo")
        assert found.headers["content-type"] == "image/jpeg"
        assert found.headers["cache-control"] == "private, no-store"
        assert found.headers["content-security-policy"] == "default-src 'none'"
        assert b"canary" not in found.content
    (size,) = town.rows("SELECT width_px, height_px FROM app.dispute_photo WHERE dispute_id = %s", number)
    assert size == (1600, 1200)
    bad = {"photo": ("a.jpg", photo()[:100], "image/jpeg")}
    with town.client() as client:
        is_problem(client.post("/disputes", data=fields, files=bad), 400, "photo")
        empty = client.post("/disputes", data=fields, files={"photo": ("", b"", "application/octet-stream")})
        assert empty.json()["has_photo"] is False


def test_an_address_is_limited_and_told_when_it_may_send_again(town: Town) -> None:
    burst = DisputeSettings().address_burst
    codes = [town.send(host="203.0.113.7").status_code for _ in range(burst + 3)]
    assert codes == [201] * burst + [429] * 3
    refused = town.send(host="203.0.113.7")
    is_problem(refused, 429, "this address")
    assert 0 < int(refused.headers["retry-after"]) <= DisputeSettings().address_every_s
    assert town.send(host="203.0.113.8").status_code == 201
    # one subscriber of IPv6 has 2^64 addresses
    codes = [town.send(host=f"2001:db8:1:2::{i:x}").status_code for i in range(1, burst + 2)]
    assert codes == [201] * burst + [429]


def test_no_address_is_stored(town: Town) -> None:
    assert town.send(host="203.0.113.99", comment="x").status_code == 201
    held = town.rows("SELECT row_to_json(d)::text FROM app.dispute AS d")
    held += town.rows("SELECT row_to_json(b)::text FROM app.dispute_bucket AS b")
    assert not [row for row in held if "203.0.113" in row[0] or b"203.0.113".hex() in row[0]]
    columns = town.rows("SELECT column_name FROM information_schema.columns WHERE table_name = 'dispute'")
    assert not [row for row in columns if re.search("sender|host|addr|key|ip$", row[0])]


def test_the_allowance_is_shared_by_server_processes_and_a_flood_asks_nothing(town: Town) -> None:
    """Two servers over one database share the bucket; who is refused is refused from memory."""
    app = create_app(Settings(), town.database, Service(Settings(), town.database, clock=lambda: AS_OF))
    burst = DisputeSettings().address_burst
    with serving(app) as address:
        second = Town(town.database, address)
        codes = [(town, second)[i % 2].send(host="203.0.113.50").status_code for i in range(burst + 2)]
        assert codes == [201] * burst + [429] * 2
        before = town.rows("SELECT count(*), max(at) FROM app.dispute_bucket")
        with second.client(host="203.0.113.50") as client:
            body = json.dumps(claim()).encode()
            head = {"Content-Type": "application/json"}
            assert {client.post("/disputes", content=body, headers=head).status_code for _ in range(300)} == {429}
        assert town.rows("SELECT count(*), max(at) FROM app.dispute_bucket") == before


def test_everybody_together_is_limited(cluster: Cluster, town: Town) -> None:
    limited = Settings(disputes=DisputeSettings(all_burst=2, all_every_s=600))
    cluster.create_database("disputes_all", "template_yuki")
    database = cluster.database("disputes_all")
    try:
        publish_town(database)
        app = create_app(limited, database, Service(limited, database, clock=lambda: AS_OF))
        with serving(app) as address:
            small = Town(database, address)
            answers = [small.send() for _ in range(4)]
            assert [answer.status_code for answer in answers] == [201, 201, 429, 429]
            is_problem(answers[-1], 429, "all together")
            # what the whole refused was not taken from the address
            assert small.rows("SELECT count(*) FROM app.dispute_bucket WHERE n_left < 10 - 1 - 0.001") == [(1,)]
    finally:
        cluster.drop_database("disputes_all")


def test_a_page_of_another_host_sends_nothing(town: Town) -> None:
    with town.client(**{"Sec-Fetch-Site": "cross-site"}) as client:
        is_problem(client.post("/disputes", json=claim()), 403, "another host")
    with town.client(**{"Sec-Fetch-Site": "same-origin"}) as client:
        assert client.post("/disputes", json=claim()).status_code == 201


def test_a_service_that_takes_none_says_so(town: Town) -> None:
    closed = Settings(disputes=DisputeSettings(is_open=False))
    app = create_app(closed, town.database, Service(closed, town.database, clock=lambda: AS_OF))
    with serving(app) as address, httpx.Client(base_url=address) as client:
        is_problem(client.post("/disputes", json=claim()), 409, "no disputes")
        assert "受け付けていません" in client.get("/disputes/new", params={"piece_id": 2}).text


def test_each_manager_sees_and_decides_its_own_roads(town: Town) -> None:
    nation, town_road = (town.send(edge_id=edge_id).json()["number"] for edge_id in (4, 6))
    opens = {
        "key-admin": {nation, town_road}, "key-nation": {nation}, "key-office": {nation}, "key-town": {town_road},
        "key-prefecture": set(),
    }  # fmt: skip
    for key, expected in opens.items():
        with town.client(key) as client:
            page = client.get(ITEMS, params={"limit": 1000, "sortby": "-received_at"}).json()
            seen = {feature["id"] for feature in page["features"]}
            assert seen & {nation, town_road} == expected, key
            for number in (nation, town_road):
                status = 200 if number in expected else 404
                assert client.get(f"{ITEMS}/{number}").status_code == status, (key, number)
                verdict = {"decision": "rejected", "reason": "現地で確認"}
                decided = client.post(f"/disputes/{number}/decision", json=verdict)
                assert decided.status_code == (200 if number in expected else 403), (key, decided.text)
    for key in ("key-contractor", "key-public"):
        with town.client(key) as client:
            verdict = {"decision": "accepted", "reason": "x"}
            assert client.get(ITEMS).status_code == 403, key
            assert client.get(f"/disputes/{nation}/photo").status_code == 403, key
            assert client.post(f"/disputes/{nation}/decision", json=verdict).status_code == 403, key
    with town.client() as client:
        assert client.get(ITEMS).status_code == 401
        assert client.post(f"/disputes/{nation}/decision", json={}).status_code == 401


def test_a_decision_is_told_to_the_sender_and_written_down(town: Town) -> None:
    told = town.send(comment="雪が多い").json()
    with town.client("key-nation") as client:
        first = client.post(f"/disputes/{told['number']}/decision", json={"decision": "unclear", "reason": "まだ"})
        second = client.post(f"/disputes/{told['number']}/decision", json={"decision": "accepted", "reason": NASTY[0]})
        assert (first.status_code, second.status_code) == (200, 200), second.text
        waiting = client.get(ITEMS, params={"filter": "decision IS NULL", "limit": 1000}).json()
        assert told["number"] not in {feature["id"] for feature in waiting["features"]}
        accepted = client.get(ITEMS, params={"filter": "decision = 'accepted'", "limit": 1000}).json()
        assert told["number"] in {feature["id"] for feature in accepted["features"]}
    with town.client() as client:
        seen = client.get(told["link"]).json()
        assert (seen["decision"], seen["decision_reason"]) == ("accepted", NASTY[0])
        page = client.get(told["link"], headers={"Accept": "text/html"}).text
        assert "認める" in page
        assert "<script" not in page
        assert "key-nation" not in page
    lines = town.rows(
        "SELECT k.name, a.detail FROM app.audit AS a JOIN app.api_key AS k USING (key_id) "
        "WHERE a.action = 'dispute_decided' AND (a.detail ->> 'dispute_id')::int = %s ORDER BY a.audit_id",
        told["number"],
    )
    decided = [(name, detail["decision"]) for name, detail in lines]
    assert decided == [("key-nation", "unclear"), ("key-nation", "accepted")]
    reads = town.rows("SELECT count(*) FROM app.audit WHERE action = 'read' AND detail ->> 'collection' = 'disputes'")
    assert reads[0][0] >= 4
    # nothing is corrected by itself
    assert town.rows("SELECT count(*) FROM raw.order_entry") == [(0,)]
    assert town.rows("SELECT state FROM pub.edge_status WHERE edge_id = 4") == [("cleared",)]


def test_decisions_that_are_none_are_refused(town: Town) -> None:
    number = town.send().json()["number"]
    with town.client("key-admin") as client:
        for body, named in (
            ({}, "decision"), ({"decision": "maybe", "reason": "x"}, "decision"), ({"decision": "accepted"}, "reason"),
            ({"decision": "accepted", "reason": " "}, "reason"),
            ({"decision": "accepted", "reason": "x" * 501}, "reason"),
            ({"decision": "accepted", "reason": "x", "by": "me"}, "by"), ([], "object"),
        ):  # fmt: skip
            is_problem(client.post(f"/disputes/{number}/decision", json=body), 400, named)
        is_problem(client.post(f"/disputes/{number}/decision", content=b"{}"), 415, "Content-Type")
        for missing in (12345678, 99999999999999999999):
            answer = client.post(f"/disputes/{missing}/decision", json={"decision": "accepted", "reason": "x"})
            is_problem(answer, 404, "No dispute")
        is_problem(client.get(f"/disputes/{number}/photo"), 404, "no photo")
        is_problem(client.get(f"/disputes/{number}/photo?x=1"), 400, "x")


def test_texts_are_texts_everywhere(town: Town) -> None:
    """What somebody writes is text on the sender's page, in the collection as JSON and as a page, and in the export."""
    links = {text: town.send(comment=text).json() for text in NASTY}
    with town.client("key-admin", Accept="text/html") as client:
        listed = client.get(ITEMS, params={"limit": 1000, "f": "html"})
        assert "default-src 'none'" in listed.headers["content-security-policy"]
        for told in links.values():
            page = client.get(told["link"], params={"f": "html"}).text
            for html in (page, listed.text):
                assert not re.search(r"<(script|img|svg)[^>]*(alert|onerror|onload)", html)
                assert "</textarea><svg" not in html
            assert "\u202e" not in page
    written = as_csv(read_disputes(town.database)).decode("utf-8-sig")
    cells = [cell for line in csv.reader(io.StringIO(written)) for cell in line]
    assert any(cell.startswith("'=cmd") for cell in cells)
    assert any(cell.startswith("'＝HYPERLINK") for cell in cells)
    assert not [cell for cell in cells if re.match(r"[=+@＝＋＠]", cell)]


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def test_the_form_without_a_script(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with town.client(Accept="text/html") as client:
        page = client.get("/disputes/new", params={"piece_id": 2, "lang": "ja"})
        assert page.status_code == 200
        assert "国道8号" in page.text
        assert "合成データ" in page.text
        assert "style=" not in page.text
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert page.headers["cache-control"] == "private, no-store"
        assert re.findall(r'name="direction" value="(\w+)"', page.text) == ["forward", "backward", "both"]
        given = form_of(page.text) | {"direction": "forward", "state_seen": "uncleared", "minutes_ago": "10",
                                      "comment": NASTY[5], "website": ""}  # fmt: skip
        none = {"photo": ("", b"", "application/octet-stream")}
        soon = client.post("/disputes", data=given, files=none)
        assert soon.status_code == 400
        assert 'role="alert"' in soon.text
        assert "</textarea><svg" not in soon.text
        assert re.search(r'value="uncleared" checked', soon.text)  # what was filled in stays
        monkeypatch.setattr("tiles.disputes_limit.FORM_MIN_S", 0.0)
        for wrong in ("", "x", "1.x", given["form_stamp"][:-1] + "!", "9" * 11 + ".0", str(10**9) + ".0" * 16):
            answer = client.post("/disputes", data=given | {"form_stamp": wrong}, files=none)
            assert answer.status_code == 400, wrong
        robot = client.post("/disputes", data=given | {"website": "x"}, files=none)
        assert robot.status_code == 400
        sent = client.post("/disputes", data=given, files=none)
        assert sent.status_code == 303, sent.text
        own = client.get(sent.headers["location"])
        assert own.status_code == 200
        assert "道路管理者の確認を待っています" in own.text
        again = client.post("/disputes", data=given, files=none)
        assert again.headers["location"] == sent.headers["location"]
        for address in ("/disputes/new", "/disputes/new?piece_id=x", "/disputes/new?piece_id=" + "9" * 30):
            is_problem(client.get(address), 400, "piece_id")
        is_problem(client.get("/disputes/new?piece_id=987654"), 404, "piece")


def test_while_the_database_is_away_nothing_is_taken_and_that_is_said(town: Town) -> None:
    app = create_app(Settings(), town.database, Service(Settings(), town.database, clock=lambda: AS_OF))
    with serving(app) as address, httpx.Client(base_url=address) as client:
        page = client.get("/disputes/new", params={"piece_id": 2})
        app.state.service.stale_since = datetime.now(UTC)
        app.state.service.look = _away
        answer = client.post("/disputes", json=claim())
        is_problem(answer, 503, "does not answer")
        assert int(answer.headers["retry-after"]) > 0
        data = form_of(page.text) | {"direction": "both", "state_seen": "other", "minutes_ago": "0"}
        html = client.post("/disputes", data=data, files={"photo": ("", b"")}, headers={"Accept": "text/html"})
        assert html.status_code == 503
        assert "何も送られていません" in html.text


async def _away() -> None:
    raise TimeoutError


def test_retention_forgets_photos_first_then_reports_and_senders(town: Town) -> None:
    fields = {name: str(value) for name, value in claim().items()}
    numbers = []
    with town.client() as client:
        for _ in range(3):
            answer = client.post("/disputes", data=fields, files={"photo": ("a.jpg", photo(), "image/jpeg")})
            numbers.append(answer.json()["number"])
    with town.database.connect(Role.OWNER) as connection:
        for number, days in zip(numbers, (10, 100, 500), strict=True):
            connection.execute(
                "UPDATE app.dispute SET received_at = %s WHERE dispute_id = %s", (AS_OF - timedelta(days=days), number)
            )
        connection.execute("UPDATE app.dispute_bucket SET at = now() - interval '25 hours'")
        connection.execute("INSERT INTO app.dispute_salt VALUES ('2026-01-09', decode(repeat('00', 32), 'hex'))")
    done = forget(town.database, DisputeSettings(), AS_OF)
    assert (done.n_photos, done.n_disputes) == (1, 1)
    left = town.rows(
        "SELECT d.dispute_id, p.dispute_id IS NOT NULL FROM app.dispute AS d "
        "LEFT JOIN app.dispute_photo AS p USING (dispute_id) WHERE d.dispute_id = ANY (%s)", numbers,
    )  # fmt: skip
    assert sorted(left) == sorted([(numbers[0], True), (numbers[1], False)])
    assert town.rows("SELECT count(*) FROM app.dispute_bucket") == [(0,)]
    assert town.rows("SELECT count(*) FROM app.dispute_salt WHERE day < '2026-01-13'") == [(0,)]


def test_reading_by_command_is_written_down(town: Town) -> None:
    before = town.rows("SELECT count(*) FROM app.audit WHERE action = 'read' AND key_id IS NULL AND actor IS NOT NULL")
    rows: list[dict[str, Any]] = read_disputes(town.database, waiting_only=True, most=3)
    assert len(rows) <= 3
    assert all(row["decision"] is None for row in rows)
    after = town.rows("SELECT count(*) FROM app.audit WHERE action = 'read' AND key_id IS NULL AND actor IS NOT NULL")
    assert after[0][0] == before[0][0] + 1
    assert set(KEYS) & {"key-admin"}
