"""Which column is which field: by flags first, by well-known names next, and never silently wrong."""

from __future__ import annotations

import pyarrow as pa
import pytest

from geo.errors import MappingError
from ingest.mapping import Unmapped, resolve, take, text_of, translate

KNOWN = {"id": ("road_id", "リンクID"), "name": ("name", "名称"), "speed": ("speed_mps",)}


def test_a_flag_wins_over_a_well_known_name() -> None:
    found = resolve(["road_id", "code", "ＮＡＭＥ"], {"id": "code"}, KNOWN)
    assert found.columns == {"id": "code", "name": "ＮＡＭＥ"}
    assert found.describe() == {"id": "code", "name": "ＮＡＭＥ (by its name)"}


def test_a_missing_column_names_the_nearest_and_all() -> None:
    with pytest.raises(
        MappingError, match=r"field 'id': There is no column 'rode_id'. Did you mean 'road_id'"
    ) as error:
        resolve(["road_id", "name"], {"id": "rode_id"}, KNOWN, where="roads.shp")
    assert "Columns: road_id, name" in str(error.value)
    assert "roads.shp" in str(error.value)


def test_an_unknown_field_names_the_nearest() -> None:
    with pytest.raises(MappingError, match=r"unknown field 'speeed'. Did you mean 'speed'"):
        resolve(["a"], {"speeed": "a"}, KNOWN)


def test_a_required_field_without_a_column_says_how_to_map_it() -> None:
    with pytest.raises(MappingError, match=r"no column for id. Columns: a, b. Map it, for example --map id=COLUMN"):
        resolve(["a", "b"], {}, KNOWN, ["id"])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a", ["x", None]),
        ("=S-17", ["S-17", "S-17"]),
        ("a+b", ["x 1", None]),
        ("props.time", ["06:10", None]),
        ("props.deep.n", ["3", None]),
        ("d.e", ["real", "column"]),
    ],
)
def test_a_column_may_be_a_constant_a_sum_or_a_key(expression: str, expected: list[str | None]) -> None:
    table = pa.table(
        {
            "a": ["x", None],
            "b": ["1", "2"],
            "props": ['{"time": "06:10", "deep": {"n": 3}}', "no json"],
            "d.e": ["real", "column"],
        }
    )
    resolve(table.column_names, {"name": expression}, KNOWN)
    assert take(table, expression).to_pylist() == expected


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([" a ", "", None]), ["a", None, None]),
        (pa.array([17.0, None, 3.0]), ["17", None, "3"]),
        (pa.array([1.5, 2.0]), ["1.5", "2"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([1, 2]), ["1", "2"]),
        (pa.array(["x", "x"]).dictionary_encode(), ["x", "x"]),
    ],
)
def test_every_type_becomes_text(array: pa.Array, expected: list[str | None]) -> None:
    assert text_of(pa.chunked_array([array])).to_pylist() == expected


def test_values_without_a_word_are_unknown_and_counted() -> None:
    unmapped = Unmapped()
    assert translate(["国", "県 ", None, "謎", "謎"], "manager", {"国": "n", "県": "p"}, unmapped) == [
        "n", "p", None, None, None,
    ]  # fmt: skip
    assert unmapped.describe() == {"manager": {"謎": 2}}
