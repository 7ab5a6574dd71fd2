"""Logs on standard error: one line an event, as text or as JSON, in UTC, without personal data.

A request is logged by the template of its route, never by its address, so neither keys nor places nor ids of vehicles
get in. What other parts say is cleaned besides: keys, addresses of machines and numbers as precise as a place are
blotted out, and of an exception its kind and its lines stay, not its words, which may quote what somebody sent.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg

from geo.errors import YukiError
from geo.settings_operations import LogSettings

#: Attribute of a record that holds its named values.
FIELDS = "yuki_fields"
#: Frames of an exception that are kept, the innermost last.
N_FRAMES = 6
BLOT = "[…]"
#: Clients that log whole addresses, tokens in them too, at info.
TALKATIVE = ("httpx", "httpcore", "paho", "asyncio", "multipart")
_SECRETS = (
    re.compile(r"(?i)\bbearer\s+\S+"),
    re.compile(r"(?i)\b(?:key|token|password|passwd|pwd|secret|id|deviceid)=[^\s&\"']+"),
    re.compile(r"\b(?!127\.0\.0\.1\b)\d{1,3}(?:\.\d{1,3}){3}\b"),
    # 0.001 degrees are 100 m
    re.compile(r"-?\b\d{1,3}\.\d{3,}\b"),
    re.compile(r"\?[^\s\"']*=[^\s\"']*"),
)


def clean(text: str) -> str:
    """The text without keys, queries, addresses of machines and precise numbers, on one line."""
    for pattern in _SECRETS:
        text = pattern.sub(BLOT, text)
    return " ".join(text.split())


def event(logger: logging.Logger, level: int, name: str, **fields: object) -> None:
    """Log an event with named values, None left out. They are ours (templates, counts, sources), never the sender's."""
    if logger.isEnabledFor(level):
        kept = {key: value for key, value in fields.items() if value is not None}
        logger.log(level, "%s", name, extra={FIELDS: kept})


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    yield from getattr(record, FIELDS, {}).items()
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return
    yield "error", type(error).__name__
    if isinstance(error, psycopg.Error) and error.sqlstate:
        yield "sqlstate", error.sqlstate
    if isinstance(error, YukiError):
        yield "detail", clean(error.message)
    frames = traceback.extract_tb(error.__traceback__)[-N_FRAMES:]
    yield "where", " < ".join(f"{_short(f.filename)}:{f.lineno} {f.name}" for f in reversed(frames))


def _short(file: str) -> str:
    return "/".join(file.split("/")[-2:])


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: at, level, logger, event, then the named values."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        head = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": clean(record.getMessage()),
        }
        return json.dumps(head | dict(_fields(record)), ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """The same for people: at, level, event, named values."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        values = "".join(f" {key}={value}" for key, value in _fields(record))
        return f"{_at(record)} {record.levelname.lower():7} {record.name}: {clean(record.getMessage())}{values}"


class _Handler(logging.StreamHandler[Any]):
    """Ours, so that a second call replaces the first and leaves others alone."""


def configure(settings: LogSettings) -> None:
    """Send all logs of this process to standard error, in the form and from the level of the settings."""
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _Handler)]:
        root.removeHandler(old)
    handler = _Handler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.format == "json" else TextFormatter())
    root.addHandler(handler)
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
