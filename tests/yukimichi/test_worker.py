"""The worker as a process sees it: one of each number at a time, and rounds that go on after a failure."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from geo.db import Database, Role
from geo.errors import ConflictError
from geo.settings import Settings
from yukimichi import worker
from yukimichi.context import Context
from yukimichi.live import Round, connections


def test_one_process_is_a_worker_at_a_time(database: Database) -> None:
    refused = pytest.raises(ConflictError, match="Another process is worker 0")
    with connections(database, 0), connections(database, 1), refused, connections(database, 0):
        pass
    with connections(database, 0):
        pass


def test_a_batch_wakes_the_worker(database: Database) -> None:
    with connections(database) as held, psycopg.connect(database.conninfo_of(Role.INGEST)) as sender:
        sender.execute("SELECT pg_notify('yuki_batches', '1')")
        woken = threading.Thread(target=held.wait, args=(60.0,))
        woken.start()
        sender.commit()
        woken.join(30)
        assert not woken.is_alive()


def test_a_failed_round_is_counted_and_the_next_one_starts_over(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stopping, seen = threading.Event(), []

    def round(live: worker.Live, held: object) -> Round:
        seen.append((live.account.n_failures, live.facts))
        if len(seen) == 1:
            live.facts = object()  # type: ignore[assignment]
            raise psycopg.OperationalError("gone")
        stopping.set()
        return Round()

    monkeypatch.setattr(worker.Live, "round", round)
    monkeypatch.setattr(worker, "RETRY_S", 0.01)
    worker.loop(Context(Settings(home=tmp_path), database), stopping)
    assert seen == [(0, None), (1, None)]
    assert "gone" in capsys.readouterr().err
