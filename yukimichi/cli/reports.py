"""Reports on standard output: lines for people, or one JSON object with --json."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

import typer


def plain(value: Any) -> Any:
    """The report as what JSON can say: dataclasses become objects, moments ISO 8601, the rest text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.repr}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    return round(float(value), 3) if hasattr(value, "__float__") else str(value)


def _lines(value: Any, indent: int) -> Iterator[str]:
    pad = "  " * indent
    for key, item in value.items():
        name = str(key).replace("_", " ")
        if isinstance(item, dict):
            if item:
                yield f"{pad}{name}:"
                yield from _lines(item, indent + 1)
        elif isinstance(item, list):
            yield from _list(name, item, indent)
        elif item is not None and item != "":
            shown = f"{item:,}" if isinstance(item, int | float) and not isinstance(item, bool) else str(item)
            yield f"{pad}{name}: {shown}"


def _list(name: str, items: list[Any], indent: int, most: int = 8) -> Iterator[str]:
    pad = "  " * indent
    if not items:
        return
    if not any(isinstance(item, dict | list) for item in items):
        rest = f" … and {len(items) - most} more" if len(items) > most else ""
        yield f"{pad}{name}: {', '.join(map(str, items[:most]))}{rest}"
        return
    yield f"{pad}{name}: {len(items)}"
    for item in items[:most]:
        if isinstance(item, dict):
            yield f"{pad}  - " + ", ".join(f"{k} {v}" for k, v in item.items() if not isinstance(v, dict | list))
        else:
            yield f"{pad}  - {item}"


def show(report: Any, *, as_json: bool) -> None:
    """Print a report: a dataclass, or a mapping of names to reports."""
    tree = plain(report)
    if as_json:
        typer.echo(json.dumps(tree, ensure_ascii=False, indent=2))
        return
    for line in _lines(tree, 0):
        typer.echo(line)
