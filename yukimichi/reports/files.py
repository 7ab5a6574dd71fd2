"""Where reports go: a file whose name says what it is, or a folder that gets one of each table."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from geo.db import Database, Role
from geo.errors import InputError
from geo.store.report_shapes import read_shapes
from yukimichi.reports.csv_file import csv_bytes
from yukimichi.reports.daily import Made
from yukimichi.reports.page import page
from yukimichi.reports.tables import TABLES
from yukimichi.reports.xlsx_file import xlsx_bytes

#: Formats, and the suffix of each.
FORMATS = {"csv": ".csv", "csv-cp932": ".csv", "xlsx": ".xlsx", "html": ".html", "json": ".json"}


def format_of(out: Path, named: str | None) -> str:
    """The format: as named, else by the suffix. Raises InputError where neither says one."""
    if named is not None:
        if named not in FORMATS:
            raise InputError(f"{named!r} is no format.", hint=f"Use one of {', '.join(FORMATS)}.")
        return named
    found = next((name for name, suffix in FORMATS.items() if suffix == out.suffix.lower()), None)
    if found is None:
        raise InputError(f"{out}: its name does not say a format.", hint=f"Add --format: {', '.join(FORMATS)}.")
    return found


def write(database: Database, made: Made, out: Path, form: str, table: str) -> tuple[list[Path], Counter[str]]:
    """Write the report; the files, and the characters that CP932 lacks.

    A folder gets every table as CSV, or the one file of the other formats; a file name gets `table`, or the whole.
    Raises InputError where nothing can be written there.
    """
    stem = f"daily-{made.document['day']}"
    is_folder = out.is_dir() or not out.suffix
    files: dict[Path, Callable[[], bytes]] = {}
    replaced: Counter[str] = Counter()
    if form.startswith("csv"):
        for name in TABLES if is_folder else [table]:
            path = out / f"{stem}-{name}.csv" if is_folder else out
            written = csv_bytes(made.document, TABLES[name], is_cp932=form == "csv-cp932")
            replaced += written.replaced
            files[path] = lambda content=written.content: content  # type: ignore[misc]
    else:
        path = out / f"{stem}{FORMATS[form]}" if is_folder else out
        files[path] = lambda: _whole(database, made, form)
    try:
        (out if is_folder else out.parent).mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            path.write_bytes(content())
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}.", hint="Name another file or folder.") from error
    return list(files), replaced


def _whole(database: Database, made: Made, form: str) -> bytes:
    if form == "json":
        return json.dumps(made.document, ensure_ascii=False, indent=1).encode()
    if form == "xlsx":
        return xlsx_bytes(made.document)
    with database.connect(Role.ENGINE) as connection:
        shapes = read_shapes(connection, made.reports)
    return page(made.document, shapes).encode()
