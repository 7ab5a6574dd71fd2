"""Messages of a broker as deliveries: `ploughs/{source}/{vehicle}`, with fixes as JSON or as lines of JSON.

Source and vehicle come from the topic alone, because that is what a broker's access lists guard. What cannot be read
goes to quarantine with its topic: a message that is refused would come again for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from geo.db import Row, read_sql
from geo.errors import InputError
from geo.fix import Fixes
from geo.settings import SourceSettings
from ingest.fix_batch import FixBatch, ReadState
from ingest.json_fixes import keep_objects, parse_json, parse_ndjson, rows_of, rows_to_raw
from ingest.live_write import Delivery
from ingest.projection import parse_crs
from ingest.quality import check
from ingest.quarantine import Reject, Why
from ingest.register import Register, register_of
from ingest.registry import register_source

#: The source under which messages of unknown sources are kept in quarantine.
LISTENER = "mqtt"
#: Registers are read again, and unknown sources looked for again, after so many seconds.
LOOK_AGAIN_S = 60.0
#: Names of sources that are remembered; topics may name any number.
SOURCES_MAX = 10_000
#: So much of an unreadable message is kept.
PAYLOAD_KEPT = 4_096


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came. mid and qos belong to its acknowledgement."""

    topic: str
    payload: bytes
    mid: int = 0
    qos: int = 1


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A source that may send, and how it is read."""

    source_id: int
    name: str
    settings: SourceSettings
    register: Register | None


class Sources:
    """The sources of config.yml and of raw.source, looked up by name and remembered for LOOK_AGAIN_S.

    clock_s  counts seconds, for tests
    """

    def __init__(
        self, configured: Mapping[str, SourceSettings], *, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._configured = configured
        self._clock_s = clock_s
        self._known: dict[str, tuple[float, KnownSource | None]] = {}

    def find(self, connection: psycopg.Connection[Row], name: str) -> KnownSource | None:
        """The source; None where neither config.yml nor the database knows the name. As yuki_ingest."""
        known = self._known.get(name)
        if known is not None and self._clock_s() < known[0]:
            return known[1]
        if len(self._known) >= SOURCES_MAX:
            self._known.clear()
        found = self._look(connection, name)
        self._known[name] = (self._clock_s() + LOOK_AGAIN_S, found)
        return found

    def listener(self, connection: psycopg.Connection[Row]) -> int:
        """Id of the source under which messages of unknown sources are kept."""
        known = self.find(connection, LISTENER)
        if known is not None:
            return known.source_id
        self._known.pop(LISTENER, None)
        with connection.transaction():
            return register_source(connection, LISTENER, "mqtt", SourceSettings())

    def _look(self, connection: psycopg.Connection[Row], name: str) -> KnownSource | None:
        settings = self._configured.get(name)
        with connection.transaction():
            if settings is None:
                settings = SourceSettings()
                if "\0" in name:  # no name that the database takes; brokers should refuse it already
                    return None
                row = connection.execute(read_sql("ingest", "find_source"), {"name": name}).fetchone()
                if row is None:
                    return None
                source_id = int(row[0])
            else:
                source_id = register_source(connection, name, "mqtt", settings)
            register = register_of(connection, source_id, name, settings)
        if settings.crs is not None:
            parse_crs(settings.crs, f"sources.{name}.crs")
        fields = {key: column for key, column in settings.fields.items() if key != "vehicle"}
        return KnownSource(source_id, name, settings.model_copy(update={"fields": fields}), register)


@dataclass(slots=True)
class _Rows:
    """Rows of one source that have the same keys with values of the same kinds, so that each is read as if alone."""

    source: KnownSource
    rows: list[dict[str, Any]] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


def deliveries_of(
    connection: psycopg.Connection[Row],
    messages: Sequence[Message],
    sources: Sources,
    now: datetime,
    max_message_bytes: int,
) -> list[Delivery]:
    """What messages brought, checked; as many rows as they hold, good ones and rejected ones together.

    Raises ConfigError or InputError where the settings of a source cannot be used, psycopg.Error where the database is
    away.
    """
    together: dict[tuple[Any, ...], _Rows] = {}
    bad: dict[int, list[Reject]] = {}
    for message in messages:
        source, vehicle, reject = _addressed(connection, message, sources)
        if source is None:
            bad.setdefault(sources.listener(connection), []).extend([reject] if reject else [])
            continue
        state = ReadState()
        rows, items, lines = _rows(message, vehicle, state, max_message_bytes)
        bad.setdefault(source.source_id, []).extend(state.rejects.rows)
        for row, item, line in zip(rows, items, lines, strict=True):
            signature = (source.source_id, *((key, type(value)) for key, value in row.items()))
            group = together.setdefault(signature, _Rows(source))
            group.rows.append(row)
            group.items.append(item)
            group.lines.append(line)
    found = [_checked(group, now) for group in together.values()]
    return found + [Delivery(source_id, _nothing(), rejects) for source_id, rejects in bad.items() if rejects]


def refused(connection: psycopg.Connection[Row], message: Message, sources: Sources, detail: str) -> Delivery:
    """A message as a whole for quarantine. Raises as deliveries_of."""
    source, _, reject = _addressed(connection, message, sources)
    source_id = sources.listener(connection) if source is None else source.source_id
    return Delivery(source_id, _nothing(), [reject or Reject(Why.MALFORMED, detail, _kept(message))])


def _nothing() -> FixBatch:
    return FixBatch((), Fixes.from_arrays([], [], [], []))


def _addressed(
    connection: psycopg.Connection[Row], message: Message, sources: Sources
) -> tuple[KnownSource | None, str, Reject | None]:
    """The source and the vehicle that a topic names; no source and the reason where it names none that we know."""
    levels = message.topic.split("/")
    if len(levels) < 3 or not levels[-2].strip() or not levels[-1].strip():
        detail = "the topic has no source and vehicle at its end"
        return None, "", Reject(Why.MALFORMED, detail, _kept(message))
    name, vehicle = levels[-2], levels[-1]
    source = sources.find(connection, name)
    if source is None:
        detail = f"no source is named {name[:100]!r}, neither in config.yml nor by `yukimichi source add`"
        return None, "", Reject(Why.UNKNOWN_SOURCE, detail, _kept(message))
    return source, vehicle, None


def _kept(message: Message) -> dict[str, Any]:
    """An unreadable message for quarantine: its topic and its begin."""
    return {
        "topic": message.topic,
        "bytes": len(message.payload),
        "message": message.payload[:PAYLOAD_KEPT].decode("utf-8", "backslashreplace"),
    }


def _rows(
    message: Message, vehicle: str, state: ReadState, max_message_bytes: int
) -> tuple[list[dict[str, Any]], list[int], list[int]]:
    """The rows of a message, their numbers in it from 0 and their lines from 1 (-1: it is not made of lines)."""
    data = message.payload.strip()
    if not data or len(data) > max_message_bytes:
        detail = f"more than {max_message_bytes:,} bytes" if data else "the message is empty"
        state.rejects.add(Why.MALFORMED, detail, _kept(message))
        return [], [], []
    try:
        rows, items, lines = _objects(data, state)
    except InputError as error:
        state.rejects.add(Why.MALFORMED, error.message, _kept(message))
        return [], [], []
    named = [{"vehicle": vehicle} | {key: value for key, value in row.items() if key != "vehicle"} for row in rows]
    return named, items, lines


def _objects(data: bytes, state: ReadState) -> tuple[list[dict[str, Any]], list[int], list[int]]:
    """One object, a list of them, an object with a list `fixes`, or an object a line."""
    try:
        document = parse_json(data, "the message")
    except InputError:
        if b"\n" not in data:
            raise
        rows, lines, items = parse_ndjson(data, state)
        return rows, items, lines
    if isinstance(document, dict) and not isinstance(document.get("fixes"), list):
        document = [document]
    rows, items = keep_objects(rows_of(document, "fixes", "the message"), state)
    return rows, items, [-1] * len(rows)


def _checked(group: _Rows, now: datetime) -> Delivery:
    source, state = group.source, ReadState()
    raw = rows_to_raw(group.rows, source.settings, items=group.items, lines=group.lines)
    try:
        batch = check(raw, source.settings, now, state, source.name, source.register)
    except InputError as error:  # times without a zone: of all rows, since they are alike
        said = [
            Reject(Why.UNPARSABLE_TIME, error.message, row, line if line > 0 else None, item)
            for row, item, line in zip(group.rows, group.items, group.lines, strict=True)
        ]
        return Delivery(source.source_id, _nothing(), said)
    return Delivery(source.source_id, batch, state.rejects.rows)
