"""Fixes from Parquet, a batch of row groups at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from geo.errors import InputError
from geo.settings import SourceSettings
from ingest.fix_batch import BATCH_ROWS, KNOWN_NAMES, REQUIRED, RawBatch, ReadState
from ingest.mapping import parts_of, resolve, take
from ingest.road_values import speed_factor
from ingest.vector import PARQUET


def is_fix_parquet(path: Path) -> bool:
    """Whether the name of a file says Parquet."""
    return path.suffix.lower() in PARQUET


def read_fix_parquet(
    path: Path, source: SourceSettings, state: ReadState, progress: Callable[[int], None]
) -> Iterator[RawBatch]:
    """Batches of a Parquet file. Raises InputError for a file that is none or is empty, MappingError."""
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            fields = resolve(names, source.fields, KNOWN_NAMES, REQUIRED, str(path))
            state.mapping, state.encoding = fields.describe(), "utf-8 (file)"
            needed = sorted({name for e in fields.columns.values() for name, _ in parts_of(e, names)})
            n_rows, size = file.metadata.num_rows, path.stat().st_size
            if n_rows == 0:
                raise InputError(f"{path}: the file has no rows.", hint="Export it again.")
            done = 0
            for piece in file.iter_batches(BATCH_ROWS, columns=needed or names[:1]):
                table = pa.Table.from_batches([piece])
                factor = speed_factor(
                    fields.columns.get("speed", ""), source.speed_unit, "speed_unit" in source.model_fields_set
                )
                columns = {name: take(table, expression) for name, expression in fields.columns.items()}
                line = np.full(len(table), -1, np.int64)
                yield RawBatch(columns, line, np.arange(done, done + len(table)), _payload(path, table), factor)
                done += len(table)
                progress(round(size * len(table) / n_rows))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not readable as Parquet: {error}.", hint="Export it again.") from error


def _payload(path: Path, table: pa.Table) -> Callable[[int], dict[str, Any]]:
    return lambda i: {"file": path.name, "row": table.slice(i, 1).to_pylist()[0]}
