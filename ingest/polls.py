"""raw.poll: how far the poll of each source has come, and how the last one went."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from geo.db import Row, read_sql
from geo.settings import SourceSettings
from ingest.files import digest_of_settings

#: Keys of `arcgis` that change how a layer is asked, not what comes.
MANNERS = {"every_s", "page_size", "overlap_s", "token_file", "token_variable", "timeout_s", "max_answer_bytes",
           "max_features"}  # fmt: skip


def feed_digest(source: SourceSettings) -> bytes:
    """Hash of the settings that decide which features come and what they mean: with others all is read anew."""
    return digest_of_settings(source.model_dump(mode="json", exclude={"arcgis": MANNERS}))


def read_watermark(connection: psycopg.Connection[Row], source_id: int, digest: bytes) -> datetime | None:
    """The newest edit that was taken in with these settings; None: none, so that everything is to be read."""
    named = {"source_id": source_id, "feed_sha256": digest}
    row = connection.execute(read_sql("ingest", "read_poll"), named).fetchone()
    return None if row is None else row[0]


def note_success(
    connection: psycopg.Connection[Row],
    source_id: int,
    digest: bytes,
    polled_at: datetime,
    watermark_at: datetime | None,
    report: Mapping[str, Any],
) -> None:
    """Note a poll that went well, in the connection's transaction; what it brought has to be committed by then."""
    named = {"source_id": source_id, "feed_sha256": digest, "polled_at": polled_at, "watermark_at": watermark_at}
    connection.execute(read_sql("ingest", "poll_succeeded"), named | {"report": Jsonb(dict(report))})


def note_failure(
    connection: psycopg.Connection[Row], source_id: int, digest: bytes, polled_at: datetime, error: str
) -> None:
    """Note a poll that failed, in the connection's transaction."""
    named = {"source_id": source_id, "feed_sha256": digest, "polled_at": polled_at, "error": error}
    connection.execute(read_sql("ingest", "poll_failed"), named)
