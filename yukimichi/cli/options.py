"""Options that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from geo.errors import InputError
from geo.timeline import now, parse

Config = Annotated[Path | None, typer.Option("--config", help="Settings file; ./config.yml if left out. 設定ファイル")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Moment that states describe, ISO 8601; now if left out. 時点"),
]


def moment(text: str | None, zone: str) -> datetime:
    """The moment of `--as-of`, read on the local clock where it has no offset; the present one for None."""
    if text is None:
        return now()
    try:
        return parse(text, zone)
    except ValueError as error:
        raise InputError(f"{text!r} is no time.", hint="Write it like 2026-01-18T06:10 or with an offset.") from error
