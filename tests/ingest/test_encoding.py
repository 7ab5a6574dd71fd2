"""UTF-8 when strictly that, else CP932, else an error that says which byte it was."""

from __future__ import annotations

import pytest

from geo.errors import InputError
from ingest.encoding import codec_of, decode, detect, reads_as, shapefile_encoding, verify


def _dbf(values: list[bytes], width: int = 12) -> bytes:
    """A .dbf with one character field NAME."""
    field = b"NAME".ljust(11, b"\0") + b"C" + bytes(4) + bytes([width]) + bytes(15)
    header = 32 + len(field) + 1
    start = b"\x03\x7e\x01\x01" + len(values).to_bytes(4, "little") + header.to_bytes(2, "little")
    start += (1 + width).to_bytes(2, "little") + bytes(20)
    return start + field + b"\r" + b"".join(b" " + value.ljust(width) for value in values)


@pytest.mark.parametrize("codec", ["utf-8", "cp932"])
def test_japanese_is_told_apart(codec: str) -> None:
    found = detect(["国道8号".encode(codec), b"A1", "香林坊".encode(codec)], "x")
    assert (found.name, found.found) == (codec, "detected")


def test_ascii_needs_no_guess() -> None:
    assert detect([b"Route 8"], "x").found == "ascii"


def test_bytes_of_neither_are_refused() -> None:
    with pytest.raises(InputError, match="neither UTF-8 nor CP932") as error:
        detect([b"\xe5\x20\x81\x20"], "roads.dbf")
    assert "roads.dbf" in str(error.value)
    assert "--encoding" in str(error.value)


def test_a_wrong_flag_names_the_byte_and_what_fits() -> None:
    with pytest.raises(InputError, match=r"not UTF-8: byte 0x8d.*reads as cp932"):
        verify(["国道".encode("cp932")], "UTF-8", "roads.dbf")


def test_an_unknown_name_is_refused() -> None:
    assert codec_of("ANSI 932", "x") == codec_of("Shift_JIS", "x") == "cp932"
    with pytest.raises(InputError, match="'klingon' is no encoding"):
        codec_of("klingon", "x")


def test_a_byte_order_mark_is_taken_off() -> None:
    assert decode("\ufeffroute,km".encode(), None, "x")[0] == "route,km"
    assert decode("路線".encode("utf-16"), None, "x")[0] == "路線"


def test_a_dbf_is_read_by_its_values_even_where_a_character_is_cut() -> None:
    cut = "国道八号線金沢".encode()[:-1]
    assert shapefile_encoding(_dbf([cut], len(cut)), None, None, "x").name == "utf-8"
    assert not reads_as([cut], "utf-8")


@pytest.mark.parametrize(
    ("cpg", "expected"), [("UTF-8", "cp932"), ("932", "cp932"), ("ISO 8859-1", "iso8859-1"), ("nonsense", "cp932")]
)
def test_a_cpg_is_believed_only_if_the_bytes_agree(cpg: str, expected: str) -> None:
    assert shapefile_encoding(_dbf(["国道".encode("cp932")]), cpg, None, "x").name == expected


def test_a_broken_header_is_named() -> None:
    with pytest.raises(InputError, match=r"header of the \.dbf is broken"):
        shapefile_encoding(b"\x03" * 20, None, None, "roads.dbf")
