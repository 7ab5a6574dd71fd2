"""Which characters the bytes of a text mean: UTF-8 when they are strictly that, else CP932, else an error.

Japanese road offices deliver CP932 (Shift_JIS as Windows writes it) with and without a note of it. Bytes that are
not ASCII and still strictly UTF-8 are hardly ever CP932, so the strict test settles it; nothing is replaced or
dropped on the way.
"""

from __future__ import annotations

import codecs
from collections.abc import Collection
from dataclasses import dataclass

from geo.errors import InputError

UTF8 = "utf-8"
CP932 = "cp932"

#: Names that .cpg files and people use beside those that Python knows, in lower case.
_ALIASES = {
    "65001": UTF8, "utf-8-sig": UTF8, "932": CP932, "ansi 932": CP932, "ansi932": CP932, "oem 932": CP932,
    "windows-932": CP932, "sjis": CP932, "shift_jis": CP932, "shift-jis": CP932, "shiftjis": CP932,
    "x-sjis": CP932,
}  # fmt: skip

_HINT = "Name the right one with --encoding, or with `encoding` of the source in config.yml."


@dataclass(frozen=True, slots=True)
class Encoding:
    """A Python codec, and how it was found: given, file (.cpg or byte order mark), detected, or ascii."""

    name: str
    found: str

    def __str__(self) -> str:
        return f"{self.name} ({self.found})"


def codec_of(name: str, where: str) -> str:
    """The Python codec for the name of an encoding. Raises InputError for a name that nobody knows."""
    try:
        return codecs.lookup(_ALIASES.get(name.strip().lower(), name.strip())).name
    except LookupError as error:
        raise InputError(f"{where}: {name!r} is no encoding.", hint="Use UTF-8 or CP932.") from error


def reads_as(values: Collection[bytes], codec: str, *, may_be_cut: bool = False) -> bool:
    """Whether all values are strictly of the codec. With `may_be_cut` the last character may be incomplete."""
    return _first_break(values, codec, may_be_cut) is None


def _first_break(values: Collection[bytes], codec: str, may_be_cut: bool) -> tuple[bytes, int] | None:
    """The first value that the codec refuses and the position of the byte in it."""
    make = codecs.getincrementaldecoder(codec)
    for value in values:
        try:
            make("strict").decode(value, not may_be_cut)
        except UnicodeDecodeError as error:
            return value, error.start
    return None


def detect(values: Collection[bytes], where: str, *, may_be_cut: bool = False) -> Encoding:
    """The encoding of the values. Raises InputError where they are neither UTF-8 nor CP932."""
    if all(value.isascii() for value in values):
        return Encoding(UTF8, "ascii")
    for name in (UTF8, CP932):
        if reads_as(values, name, may_be_cut=may_be_cut):
            return Encoding(name, "detected")
    raise InputError(f"{where}: the text is neither UTF-8 nor CP932.", hint=_HINT)


def verify(values: Collection[bytes], name: str, where: str, *, may_be_cut: bool = False) -> Encoding:
    """The named encoding, proven on the values. Raises InputError that shows the byte and says what would fit."""
    codec = codec_of(name, where)
    found = _first_break(values, codec, may_be_cut)
    if found is None:
        return Encoding(codec, "given")
    value, position = found
    fits = next((n for n in (UTF8, CP932) if n != codec and reads_as(values, n, may_be_cut=may_be_cut)), None)
    other = f" All of it reads as {fits}." if fits else ""
    raise InputError(
        f"{where}: the text is not {name}: byte 0x{value[position]:02x} in {value[:40]!r}.{other}", hint=_HINT
    )


def decode(data: bytes, given: str | None, where: str) -> tuple[str, Encoding]:
    """The text of a whole small file, without a byte order mark, and its encoding. Raises InputError."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16"), Encoding("utf-16", "file")
    if data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
        return data.decode(verify([data], UTF8, where).name), Encoding(UTF8, "file")
    encoding = verify([data], given, where) if given else detect([data], where)
    return data.decode(encoding.name), encoding


def dbf_values(content: bytes, where: str) -> set[bytes]:
    """Field names and the distinct character values of a .dbf, stripped.

    Layout after the dBASE III to V description: number of records at byte 4, length of the header at 8, of a record
    at 10, then 32 bytes a field with its name at 0, type at 11 and width at 16. Raises InputError where the header
    does not fit the file.
    """
    header, width = int.from_bytes(content[8:10], "little"), int.from_bytes(content[10:12], "little")
    if header < 33 or width < 1 or header > len(content):
        raise InputError(f"{where}: the header of the .dbf is broken.", hint="Copy the file again.")
    end = header + int.from_bytes(content[4:8], "little") * width
    values = set()
    offset = 1
    for field in range(32, header - 31, 32):
        values.add(content[field : field + 11].split(b"\0")[0])
        length = content[field + 16]
        if content[field + 11] in b"CM":
            starts = range(header + offset, min(end, len(content)), width)
            values |= {content[start : start + length].strip(b" \0") for start in starts}
        offset += length
    return values


def mend_dbf_names(content: bytes, codec: str) -> bytes | None:
    """The .dbf with field names that end in the middle of a character cut back to the last whole one.

    A name has 10 bytes, three characters and a bit of UTF-8 Japanese, and GDAL refuses the bit. None if all are whole.
    """
    mended = bytearray(content)
    for field in range(32, int.from_bytes(content[8:10], "little") - 31, 32):
        name = content[field : field + 11].split(b"\0")[0]
        whole = codecs.getincrementaldecoder(codec)("strict").decode(name, False).encode(codec)
        mended[field : field + 11] = whole.ljust(11, b"\0")
    return None if mended == content else bytes(mended)


def shapefile_encoding(dbf: bytes, cpg: str | None, given: str | None, where: str) -> Encoding:
    """The encoding of a shapefile's attributes: the given one, else that of its .cpg if the bytes agree, else detected.

    Raises InputError where the given one does not fit, or where nothing does.
    """
    values = dbf_values(dbf, where)
    if given:
        return verify(values, given, where, may_be_cut=True)
    if cpg and not all(value.isascii() for value in values):
        try:
            codec = codec_of(cpg, where)
        except InputError:
            return detect(values, where, may_be_cut=True)
        if reads_as(values, codec, may_be_cut=True):
            return Encoding(codec, "file")
    return detect(values, where, may_be_cut=True)
