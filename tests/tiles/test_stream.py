"""Server-Sent Events: what a client hears, how it goes on where it was, and who is let go."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from tests.tiles.conftest import AS_OF
from tests.tiles.test_changes import DAY, applied, assess, publish_edges
from tests.tiles.test_snapshot import unpacked
from tiles import stream
from tiles.changes import MOST_EDGES
from tiles.service import Service


class Listener:
    """An open stream, read event by event."""

    def __init__(self, client: httpx.Client, last: str | None = None, **headers: str) -> None:
        params = {"last_event_id": last} if last else {}
        self.context = client.stream("GET", "/status/stream", params=params, headers=headers)
        self.answer = self.context.__enter__()
        self.lines = self.answer.iter_lines()

    def next(self) -> tuple[str, str, dict[str, Any]]:
        """(kind, id, document) of the next event; comments and retry are passed over."""
        fields: dict[str, str] = {}
        for line in self.lines:
            if line == "" and "data" in fields:
                return fields["event"], fields["id"], json.loads(fields["data"])
            name, _, value = line.partition(": ")
            fields |= {name: value} if name else {}
        raise AssertionError("the stream has ended")

    def close(self) -> None:
        self.context.__exit__(None, None, None)


@pytest.fixture
def listen(client: httpx.Client) -> Iterator[Any]:
    open_ones: list[Listener] = []

    def opened(last: str | None = None, **headers: str) -> Listener:
        open_ones.append(Listener(client, last, **headers))
        return open_ones[-1]

    yield opened
    for one in open_ones:
        one.close()


def test_a_stream_from_the_snapshot_to_now_without_another_one(
    town: Database, client: httpx.Client, listen: Any, service: Service
) -> None:
    """The whole life of a client: snapshot, deltas, a break, the way on, another event."""
    first = client.get("/status/snapshot").json()
    held = unpacked(first)
    mine = listen(first["stream_id"])
    assert mine.answer.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in mine.answer.headers
    plain = listen()
    kind, event_id, told = plain.next()
    assert (kind, event_id, told["status_version"]) == ("present", first["stream_id"], 1)
    assess(town, 5, "cleared", valid_until=AS_OF + DAY)
    publish_edges(town, 5)
    kind, event_id, told = mine.next()
    assert (kind, told["status_version"], told["reload"]) == ("changes", 2, False)
    assert plain.next() == (kind, event_id, told)
    held = applied(held, told)
    mine.close()

    assess(town, 6, "uncleared")
    publish_edges(town, 6)
    later = plain.next()
    again = listen(**{"Last-Event-ID": event_id})  # the ring has what came meanwhile
    assert again.next() == later
    held = applied(held, later[2])
    service.stream._first = service.stream.end  # a server that has forgotten it reads it from what is published
    service.stream._ring.clear()
    from_pub = listen(first["stream_id"]).next()
    assert (from_pub[0], from_pub[1]) == ("changes", later[1])
    assert applied(unpacked(first), from_pub[2]) == held
    answer = client.get("/status/changes?since=1").json()
    assert {key: from_pub[2][key] for key in ("piece_id", "forward", "backward", "gone")} == {
        key: answer[key] for key in ("piece_id", "forward", "backward", "gone")
    }
    with town.connect(Role.PUBLISH) as connection:
        connection.execute("UPDATE pub.dataset SET withheld_version = withheld_version + 1")
    assert plain.next()[::2][0] == "reload"
    assert listen(later[1]).next()[0] == "reload"
    assert listen("00000000-7").next()[0] == "reload"


def test_steady_change_comes_in_one_event_a_second(town: Database, client: httpx.Client, listen: Any) -> None:
    mine = listen(client.get("/status/snapshot").json()["stream_id"])
    for i in range(12):
        assess(town, 5, "cleared" if i % 2 else "uncleared", valid_until=AS_OF + DAY + timedelta(hours=i))
        publish_edges(town, 5)
        time.sleep(0.1)
    versions = []
    while not versions or versions[-1] < 13:
        versions.append(mine.next()[2]["status_version"])
    assert len(versions) < 8
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("bad", ["x", "a-", "-1", "ab-x", "a b-1", "é-1", f"ab-{10**30}"])
def test_a_bad_id_is_refused(client: httpx.Client, bad: str) -> None:
    answer = client.get("/status/stream", params={"last_event_id": bad})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert "last_event_id" in answer.json()["detail"]


class _Send:
    """An ASGI send that a test holds up."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.takes = asyncio.Event()
        self.takes.set()

    async def __call__(self, message: Any) -> None:
        await self.takes.wait()
        self.sent.append(message.get("body", b""))


class _FixedService:
    """As much of a service as a hub asks for where nothing changes."""

    listeners: list[Any] = []  # noqa: RUF012
    dataset = None


def _hub() -> stream.Hub:
    return stream.Hub(_FixedService())  # type: ignore[arg-type]


def _event(n: int) -> stream.Event:
    return stream.Event(b"data: %d\n\n" % n, "b", n, n + 1)


async def _never() -> Any:
    await asyncio.Event().wait()


def test_who_is_slower_than_the_ring_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "RING_EVENTS", 3)

    async def run() -> tuple[list[bytes], list[bytes]]:
        hub, quick, slow = _hub(), _Send(), _Send()
        talks = [asyncio.create_task(stream.Stream(hub, [b"hi"], 0)({}, _never, send)) for send in (quick, slow)]
        await asyncio.sleep(0.01)
        slow.takes.clear()
        for n in range(8):
            hub._add(_event(n))
            await asyncio.sleep(0.01)
        slow.takes.set()
        await asyncio.wait_for(talks[1], 5)
        assert hub.n_clients == 1
        await hub.close()
        await asyncio.wait_for(talks[0], 5)
        return quick.sent, slow.sent

    quick, slow = asyncio.run(run())
    assert b"".join(quick) == b"hi" + b"".join(_event(n).data for n in range(8))
    assert b"".join(slow) == b"hi" + _event(0).data  # it misses nothing in the middle: it comes again from there


def test_who_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SLOW_S", 0.05)

    async def run() -> None:
        hub, send = _hub(), _Send()
        talk = asyncio.create_task(stream.Stream(hub, [b"hi"], 0)({}, _never, send))
        await asyncio.sleep(0.01)
        send.takes.clear()
        hub._add(_event(0))
        await asyncio.sleep(0.2)
        send.takes.set()
        await asyncio.wait_for(talk, 5)
        assert hub.n_clients == 0

    asyncio.run(run())


def test_who_has_gone_leaves_nothing_behind() -> None:
    async def run() -> None:
        hub, send, left = _hub(), _Send(), asyncio.Event()

        async def receive() -> Any:
            await left.wait()
            return {"type": "http.disconnect"}

        talk = asyncio.create_task(stream.Stream(hub, [b"hi"], 0)({}, receive, send))
        await asyncio.sleep(0.01)
        assert hub.n_clients == 1
        left.set()
        await asyncio.wait_for(talk, 5)
        assert hub.n_clients == 0
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(run())


def test_silence_is_a_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.05)

    async def run() -> list[bytes]:
        hub, send = _hub(), _Send()
        hub.open()
        talk = asyncio.create_task(stream.Stream(hub, [b"hi"], 0)({}, _never, send))
        while len(send.sent) < 4:
            await asyncio.sleep(0.01)
        await hub.close()
        await asyncio.wait_for(talk, 5)
        return send.sent

    sent = asyncio.run(run())
    assert sent[:2] == [b"", b"hi"]
    assert sent[2] == sent[3] == stream.HEARTBEAT


def test_too_many_changes_mean_the_whole(
    town: Database, client: httpx.Client, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_EDGES > 1
    monkeypatch.setattr("tiles.changes.MOST_EDGES", 1)
    mine = listen(client.get("/status/snapshot").json()["stream_id"])
    for edge_id in (4, 6):
        assess(town, edge_id, "uncleared")
    publish_edges(town, 4, 6)
    kind, _, told = mine.next()
    assert (kind, told["reload"], "forward" in told) == ("reload", True, False)
