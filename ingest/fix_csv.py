"""Fixes from CSV, plain or gzip, in blocks: every line is a row, a malformed line, or empty.

A line ends at its newline even inside quotes: a stray quotation mark then costs one row and not the rest of the file.
Columns are parsed by Arrow as text; what they mean is decided in ingest/quality.py.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from geo.errors import InputError
from geo.settings import SourceSettings
from ingest import encoding as enc
from ingest.fix_batch import KNOWN_NAMES, REQUIRED, RawBatch, ReadState
from ingest.mapping import FieldMap, normal, parts_of, resolve, take
from ingest.quarantine import Why
from ingest.road_values import speed_factor

#: Bytes read at once: about 200,000 rows.
BLOCK = 16 << 20
#: Longest line that is still taken for a line.
LINE_MAX = 1 << 20
#: No table of fixes has more columns.
COLUMNS_MAX = 1_000
SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")


def is_fix_csv(path: Path) -> bool:
    """Whether the name of a file says CSV."""
    return path.name.lower().endswith(SUFFIXES)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines of a block that are neither empty nor malformed: their bytes in UTF-8, joined, and their numbers."""

    data: bytes
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    number: NDArray[np.int64]
    has_gaps: bool = False

    def joined(self) -> bytes:
        """The lines alone, one after the other; empty lines may be between them.

        An empty line comes first, because Arrow would swallow a byte order mark at the very start.
        """
        if not self.has_gaps:
            return b"\n" + self.data[self.start[0] :]
        return b"\n" + b"\n".join(self.data[a:b] for a, b in zip(self.start.tolist(), self.end.tolist(), strict=True))

    def text(self, i: int) -> str:
        return self.data[self.start[i] : self.end[i]].decode("utf-8")


@dataclass(slots=True)
class _Reader:
    path: Path
    source: SourceSettings
    state: ReadState
    codec: str | None = None
    found: str = ""
    next_line: int = 1
    n_items: int = 0
    names: list[str] = field(default_factory=list)
    delimiter: str = ","
    fields: FieldMap = field(default_factory=lambda: FieldMap({}))

    def batches(self, stream: BinaryIO, progress: Callable[[int], None]) -> Iterator[RawBatch]:
        for block, is_cut in _blocks(stream, str(self.path)):
            if is_cut:
                text = block.decode("utf-8", "backslashreplace")
                self._malformed(text, self.next_line, "the packed file ends in this line")
                continue
            lines = self._lines(block)
            progress(len(block))
            if not self.names and len(lines.start):
                self._header(lines.text(0))
                lines = replace(lines, start=lines.start[1:], end=lines.end[1:], number=lines.number[1:])
            if len(lines.start):
                yield self._parse(lines)
        if not self.names or (self.n_items == 0 and not len(self.state.rejects)):
            raise InputError(f"{self.path}: no rows below the header.", hint="Export it again.")

    def _lines(self, block: bytes) -> _Lines:
        """The lines of a block; malformed ones go to quarantine, and their numbers go on being counted."""
        data, lost = self._as_utf8(block)
        lines = _cut(data, self.next_line)
        self.next_line += data.count(b"\n") + (not data.endswith(b"\n"))
        bad = np.zeros(len(lines.start), np.bool_)
        details = [(np.isin(lines.number, lost), f"the bytes are not {self.codec}")]
        buffer = np.frombuffer(data, np.uint8)
        if b'"' in data:
            odd = _count(buffer, ord('"'), lines) % 2 == 1
            details.append((odd, "a quotation mark without its partner"))
        if b"\r" in data:
            details.append((_count(buffer, ord("\r"), lines) > 0, "a carriage return inside the line"))
        if b"\0" in data:
            details.append((_count(buffer, 0, lines) > 0, "NUL bytes, as after a crash of the device"))
        for mask, detail in details:
            for i in np.flatnonzero(mask & ~bad).tolist():
                self._malformed(lines.text(i), int(lines.number[i]), detail)
            bad |= mask
        return _Lines(data, lines.start[~bad], lines.end[~bad], lines.number[~bad], bool(bad.any()))

    def _as_utf8(self, block: bytes) -> tuple[bytes, list[int]]:
        """The block in UTF-8 with the same lines, and numbers of the lines that do not fit the encoding."""
        if self.next_line == 1 and block.startswith(b"\xef\xbb\xbf"):
            block, self.codec, self.found = block[3:], enc.UTF8, "file"
        if block.isascii():
            return block, []
        if self.codec is None:
            self._choose_codec(block)
        codec = self.codec or enc.UTF8
        if enc.reads_as([block], codec):
            return (block if codec == enc.UTF8 else block.decode(codec).encode()), []
        pieces, lost = block.split(b"\n"), []
        for i, piece in enumerate(pieces):
            try:
                pieces[i] = piece.decode(codec).encode()
            except UnicodeDecodeError:
                pieces[i] = piece.decode("ascii", "backslashreplace").encode()
                lost.append(self.next_line + i)
        return b"\n".join(pieces), lost

    def _choose_codec(self, block: bytes) -> None:
        """The given encoding, else UTF-8 if most lines are strictly that, else CP932.

        Lines that are not ASCII and still UTF-8 are hardly ever anything else, while CP932 takes nearly any bytes.
        """
        where = str(self.path)
        odd = [line for line in block.split(b"\n") if not line.isascii()]
        misfits = {name: sum(not enc.reads_as([line], name) for line in odd) for name in (enc.UTF8, enc.CP932)}
        best = enc.UTF8 if misfits[enc.UTF8] * 2 <= len(odd) else enc.CP932
        if self.source.encoding:
            self.codec, self.found = enc.codec_of(self.source.encoding, where), "given"
        else:
            self.codec, self.found = best, "detected"
        broken = sum(not enc.reads_as([line], self.codec) for line in odd)
        if broken * 2 > len(odd):
            fits = f" It reads as {best}." if misfits[best] * 2 <= len(odd) else ""
            raise InputError(
                f"{where}: the text is not {self.codec}.{fits}",
                hint="Name the right one with --encoding, or with `encoding` of the source in config.yml.",
            )

    def _header(self, line: str) -> None:
        self.delimiter = max(",\t;", key=line.count)
        self.names = [normal(cell) for cell in next(csv.reader([line], delimiter=self.delimiter))]
        twice = sorted({name for name in self.names if name and self.names.count(name) > 1})
        if twice:
            raise InputError(f"{self.path}: the header names {', '.join(twice)} twice.", hint="Rename one of them.")
        if len(self.names) > COLUMNS_MAX:
            raise InputError(f"{self.path}: the header names {len(self.names)} columns.", hint="Is it a table?")
        self.names = [name or f"column {i + 1}" for i, name in enumerate(self.names)]
        self.fields = resolve(self.names, self.source.fields, KNOWN_NAMES, REQUIRED, str(self.path))
        self.state.mapping = self.fields.describe()

    def _parse(self, lines: _Lines) -> RawBatch:
        self.state.encoding = f"{self.codec} ({self.found})" if self.codec else "utf-8 (ascii)"
        misfits: list[tuple[int, int]] = []

        def keep(row: pa.csv.InvalidRow) -> str:
            misfits.append((row.number - 1, row.actual_columns))
            return "skip"

        needed = sorted({name for e in self.fields.columns.values() for name, _ in parts_of(e, self.names)})
        data = lines.joined()
        table = pyarrow.csv.read_csv(
            io.BytesIO(data),
            pyarrow.csv.ReadOptions(use_threads=False, column_names=self.names, block_size=len(data) + 1),
            pyarrow.csv.ParseOptions(delimiter=self.delimiter, invalid_row_handler=keep),
            pyarrow.csv.ConvertOptions(
                include_columns=needed or self.names[:1], column_types=dict.fromkeys(self.names, pa.string()),
                strings_can_be_null=True, null_values=[""], check_utf8=False,
            ),
        )  # fmt: skip
        if len(table) + len(misfits) != len(lines.start):
            return self._parse(self._without_open(lines))
        for i, n_cells in misfits:
            detail = f"{n_cells} cells where the header has {len(self.names)}"
            self._malformed(lines.text(i), int(lines.number[i]), detail)
        kept = np.delete(np.arange(len(lines.start)), [i for i, _ in misfits])
        columns = {name: take(table, expression) for name, expression in self.fields.columns.items()}
        given = "speed_unit" in self.source.model_fields_set
        factor = speed_factor(self.fields.columns.get("speed", ""), self.source.speed_unit, given)
        item = np.arange(len(kept)) + self.n_items
        self.n_items += len(kept)

        def payload(i: int) -> dict[str, Any]:
            return {"file": self.path.name, "text": lines.text(int(kept[i]))}

        return RawBatch(columns, lines.number[kept], item, payload, factor)

    def _without_open(self, lines: _Lines) -> _Lines:
        """The lines without those that end inside quotes; Arrow reads on from there into the next line."""
        is_open = np.array([_ends_quoted(lines.text(i), self.delimiter) for i in range(len(lines.start))], np.bool_)
        if not is_open.any():
            raise InputError(f"{self.path}: its quotation marks cannot be understood.", hint="Export it without them.")
        for i in np.flatnonzero(is_open).tolist():
            self._malformed(lines.text(i), int(lines.number[i]), "the line ends inside quotation marks")
        return _Lines(lines.data, lines.start[~is_open], lines.end[~is_open], lines.number[~is_open], True)

    def _malformed(self, text: str, line: int, detail: str) -> None:
        self.state.n_read += 1
        self.state.rejects.add(Why.MALFORMED, detail, {"file": self.path.name, "text": text}, line=line)


def _ends_quoted(line: str, delimiter: str) -> bool:
    """Whether a line ends inside a cell that a quotation mark at its beginning has opened."""
    at = 0
    while at < len(line):
        if line[at] == '"':
            at += 1
            while (at := line.find('"', at)) >= 0 and line[at + 1 : at + 2] == '"':
                at += 2
            if at < 0:
                return True
        at = line.find(delimiter, at) + 1
        if at == 0:
            return False
    return False


def _blocks(stream: BinaryIO, where: str) -> Iterator[tuple[bytes, bool]]:
    """Whole lines, about BLOCK bytes at once; True with the rest of a packed file that breaks off."""
    rest = b""
    while True:
        try:
            read = stream.read(BLOCK)
        except EOFError:
            yield rest, True
            return
        if not read:
            break
        cut = read.rfind(b"\n") + 1
        if cut:
            yield rest + read[:cut], False
            rest = read[cut:]
        else:
            rest += read
        if len(rest) > BLOCK + LINE_MAX:
            raise InputError(f"{where}: a line of more than {len(rest)} bytes.", hint="Is it a text file?")
    if rest:
        yield rest, False


def _cut(data: bytes, first: int) -> _Lines:
    """The lines of a text that are not empty."""
    if not data:
        nothing = np.zeros(0, np.int64)
        return _Lines(data, nothing, nothing, nothing)
    buffer = np.frombuffer(data, np.uint8)
    end = np.flatnonzero(buffer == ord("\n")).astype(np.int64)
    if not data.endswith(b"\n"):
        end = np.append(end, len(data))
    start = np.concatenate([[0], end[:-1] + 1]).astype(np.int64)
    end = end - ((end > start) & (buffer[np.maximum(end - 1, 0)] == ord("\r")))
    kept = end > start
    return _Lines(data, start[kept], end[kept], (np.arange(len(start)) + first)[kept])


def _count(buffer: NDArray[np.uint8], byte: int, lines: _Lines) -> NDArray[np.int64]:
    """How often a byte is in each line."""
    at = np.flatnonzero(buffer == byte)
    return np.searchsorted(at, lines.end) - np.searchsorted(at, lines.start)


def read_csv_bytes(data: bytes, name: str, source: SourceSettings, state: ReadState) -> Iterator[RawBatch]:
    """Batches of the text of a CSV, unpacked; `name` stands for it in messages. Raises as read_fix_csv."""
    yield from _Reader(Path(name), source, state).batches(io.BytesIO(data), lambda n_bytes: None)


def read_fix_csv(
    path: Path, source: SourceSettings, state: ReadState, progress: Callable[[int], None]
) -> Iterator[RawBatch]:
    """Batches of a CSV. `progress` is told the bytes of each block (unpacked ones for gzip).

    Raises InputError for an empty file, a wrong encoding or broken gzip, MappingError for a missing column.
    """
    reader = _Reader(path, source, state)
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as stream:
            yield from reader.batches(stream, progress)  # type: ignore[arg-type]  # both are binary streams
    except gzip.BadGzipFile as error:
        raise InputError(f"{path}: not readable as gzip: {error}.", hint="Copy the file again.") from error
