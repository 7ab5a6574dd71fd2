"""Keys end within a second; who is wrong is slowed, nobody is locked out; reads and refusals are in the audit log."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from ingest.keys import KEY_TTL_S, digest_of
from tests.security.conftest import World
from tests.security.town import KEYS
from tiles.access import KNOWN_S
from tiles.gate import (
    ADDRESSES_MAX,
    REFUSALS_MAX,
    WINDOW_S,
    WRONG_AT_ONCE,
    WRONG_EVERY_S,
    Refusal,
    Refusals,
    WrongKeys,
    network_of,
    place_of,
    plain,
)
from yukimichi import keys

DEVICES = "/ogc/collections/devices/items"


class Seconds:
    """A clock that the test sets on."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def __call__(self) -> float:
        return self.at_s


def ask(world: World, key: str | None, path: str = DEVICES, place: str | None = None) -> httpx.Response:
    """The answer to a key; `place`: the address that the proxy saw."""
    with world.client(key) as client:
        return client.get(path, headers={} if place is None else {"X-Forwarded-For": place})


def log(database: Database, action: str, **detail: str) -> list[dict[str, Any]]:
    """Lines of the audit log of an action whose detail says so, the oldest first."""
    lines = reversed(keys.read_audit(database, 10_000, action=action))
    return [line for line in lines if all(line["detail"].get(name) == value for name, value in detail.items())]


def soon(is_true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for what is written beside the answer."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_key_ends_with_its_time_its_rotation_and_its_revocation(world: World) -> None:
    database = world.database
    assert max(KNOWN_S, KEY_TTL_S) <= 1.0
    new = keys.add_key(database, "desk", "manager", "石川県")
    assert ask(world, new.key).status_code == 200
    second = keys.rotate_key(database, "desk", overlap_s=60)
    assert [ask(world, one.key).status_code for one in (new, second)] == [200, 200]
    third = keys.rotate_key(database, "desk", overlap_s=0)
    assert [ask(world, one.key).status_code for one in (new, second, third)] == [200, 401, 200]
    assert keys.revoke_key(database, "desk") == [new.key_id, third.key_id]
    assert [ask(world, one.key).status_code for one in (new, second, third)] == [401, 401, 401]
    brief = keys.add_key(database, "brief", "manager", "石川県", valid_days=1.5 / 86_400)
    assert ask(world, brief.key).status_code == 200
    time.sleep(1.6)
    assert ask(world, brief.key).status_code == 401
    done = [line["action"] for line in keys.read_audit(database, 100) if line["actor"]]
    assert done[:5] == ["key_add", "key_revoke", "key_revoke", "key_rotate", "key_rotate"]


def test_who_is_wrong_too_often_waits_and_a_key_that_holds_is_let_in(world: World) -> None:
    attacker, neighbour = "198.51.100.7", "198.51.100.8"
    codes = [ask(world, secrets.token_urlsafe(32), place=attacker).status_code for _ in range(WRONG_AT_ONCE + 3)]
    assert codes[:WRONG_AT_ONCE] == [401] * WRONG_AT_ONCE
    refused = ask(world, "wrong", place=attacker)
    assert refused.status_code == codes[-1] == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert 0 < int(refused.headers["retry-after"]) <= WRONG_EVERY_S + 1
    # whoever has a key, behind the same address or another, and whoever has none, notices nothing
    assert ask(world, "canary-key-manager", place=attacker).status_code == 200
    assert ask(world, "wrong", place=neighbour).status_code == 401
    assert ask(world, None, "/ogc/collections/roads/items", place=attacker).status_code == 200
    assert ask(world, None, "/status/snapshot", place=attacker).status_code == 200
    # a new key is let in, and an ended one refused, within a second
    new = keys.add_key(world.database, "fresh", "manager", "石川県")
    soon(lambda: ask(world, new.key, place=attacker).status_code == 200, 1.5)
    keys.revoke_key(world.database, "fresh")
    soon(lambda: ask(world, new.key, place=attacker).status_code in (401, 429), 1.5)
    # where positions are taken in it is the same, with the key in the header or, of trackers, in the address
    assert ask(world, "wrong", "/ingest/osmand?id=1", place=attacker).status_code == 429
    assert ask(world, None, "/ingest/osmand?id=1&key=wrong", place=attacker).status_code == 429


def test_every_read_of_what_is_not_public_is_written_with_who_what_and_whence(world: World) -> None:
    path = f"{DEVICES}?limit=1"
    before = len(log(world.database, "read"))
    assert ask(world, "canary-key-manager", path, place="203.0.113.77").status_code == 200
    assert ask(world, None, "/ogc/collections/roads/items").status_code == 200
    assert ask(world, "canary-key-manager", "/ogc/collections/roads/items").status_code == 200
    lines = log(world.database, "read")
    assert len(lines) == before + 1
    line = lines[-1]
    assert (line["key_name"], line["actor"]) == ("canary-key-manager", None)
    assert line["detail"] == {"collection": "devices", "path": DEVICES, "query": "limit=1", "network": "203.0.113.0/24"}


def test_a_read_that_cannot_be_written_down_is_not_answered(world: World) -> None:
    with world.database.connect(Role.OWNER) as connection:
        connection.execute("REVOKE INSERT ON app.audit FROM yuki_app")
    try:
        refused = ask(world, "canary-key-manager", place="203.0.113.90")
        assert refused.status_code >= 500
        assert "plough-000" not in refused.text
    finally:
        with world.database.connect(Role.OWNER) as connection:
            connection.execute("GRANT INSERT ON app.audit TO yuki_app")


def test_refused_tries_are_written_once_a_minute_with_their_number(world: World) -> None:
    database, place = world.database, "192.0.2.5"
    for _ in range(3):
        assert ask(world, None, place=place).status_code == 401
        assert ask(world, "canary-key-hokuriku", place=place).status_code == 403
    soon(lambda: len(log(database, "refused", network="192.0.2.0/24")) == 2)
    by_key = {line["key_name"]: line["detail"] for line in log(database, "refused", network="192.0.2.0/24")}
    assert by_key == {
        None: {"path": DEVICES, "status": 401, "network": "192.0.2.0/24", "n": 1},
        "canary-key-hokuriku": {"path": DEVICES, "status": 403, "network": "192.0.2.0/24", "n": 1},
    }
    text = str(keys.read_audit(database, 10_000))
    assert not any(f"'{key}'" in text for key in ("wrong", "Bearer"))
    of_one = keys.read_audit(database, 10, key="canary-key-hokuriku", action="refused")
    assert {line["key_name"] for line in of_one} == {"canary-key-hokuriku"}


def test_a_manager_reads_all_of_mgr_whoever_it_is(world: World) -> None:
    """Rows of mgr carry no manager that a key could be held to; docs/security.md says so."""
    other = keys.add_key(world.database, "other", "manager", "白山市").key
    for name in ("devices", "orders", "withheld_status", "service_level", "daily_reports"):
        path = f"/ogc/collections/{name}/items?f=json&limit=100"
        told = [
            [one["id"] for one in ask(world, key, path).json()["features"]] for key in (other, "canary-key-manager")
        ]
        assert told[0] == told[1], name
    assert {scope for scope, _ in KEYS.values()} == {"manager", "admin", "contractor", "public"}


def test_the_bucket_of_an_address_empties_and_fills_again() -> None:
    clock = Seconds()
    wrong = WrongKeys(clock)
    for _ in range(WRONG_AT_ONCE):
        assert wrong.wait_s("a") == 0
        wrong.count("a")
    assert wrong.wait_s("a") == pytest.approx(WRONG_EVERY_S)
    for _ in range(50):
        wrong.count("a")  # what comes while it waits makes the wait no longer
    assert wrong.wait_s("a") == pytest.approx(WRONG_EVERY_S)
    assert wrong.wait_s("b") == 0
    clock.at_s += WRONG_EVERY_S + 0.1
    assert wrong.wait_s("a") == 0
    wrong.count("a")
    assert wrong.wait_s("a") > 0
    clock.at_s += 10 * WRONG_AT_ONCE * WRONG_EVERY_S
    for n in range(WRONG_AT_ONCE):
        assert wrong.wait_s("a") == 0, n
        wrong.count("a")
    for n in range(ADDRESSES_MAX + 5):
        wrong.count(str(n))
    assert wrong.wait_s("a") == 0  # forgotten, and the memory is bounded


def test_like_refusals_become_one_line_a_window() -> None:
    clock = Seconds()
    refusals = Refusals(clock)
    of = lambda network, key_id=None: Refusal(key_id, 401, "/x", network)  # noqa: E731
    first = refusals.add(of("n1"))
    assert first is not None
    assert first.n == 1
    assert [refusals.add(of("n1")) for _ in range(41)] == [None] * 41
    assert refusals.add(of("n2")) is not None
    assert refusals.add(of("n1", key_id=7)) is not None
    assert refusals.due() == []
    clock.at_s += WINDOW_S
    (line,) = refusals.due()
    assert (line.refusal.network, line.n) == ("n1", 41)
    assert refusals.is_empty
    assert refusals.add(of("n1")) is None  # its window has just begun
    (rest,) = refusals.due(is_end=True)
    assert rest.n == 1
    written = [refusals.add(of(f"m{i}")) for i in range(1_000)]
    assert sum(one is not None for one in written) <= REFUSALS_MAX + 1
    total = sum(one.n for one in written if one) + sum(one.n for one in refusals.due(is_end=True))
    assert total == 1_000


@pytest.mark.parametrize(
    ("host", "place", "network"),
    [
        ("203.0.113.77", "203.0.113.77/32", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.77/32", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("", "unknown", "unknown"), ("testclient", "unknown", "unknown"), ("1.2.3", "unknown", "unknown"),
    ],
)  # fmt: skip
def test_addresses_are_cut_to_what_is_needed(host: str, place: str, network: str) -> None:
    assert (place_of(host), network_of(host)) == (place, network)


def test_what_is_written_down_is_plain_and_short() -> None:
    assert plain("a\0b\udcff") == "a�b?"
    assert len(plain("x" * 10_000)) == 500
    assert digest_of("k") != digest_of("K")
