"""One word, one thing: the page, the Python lists and the SQL constraints say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from geo import vocabulary
from geo.db import Database, Role
from geo.vocabulary import Term

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "vocabulary.md").read_text(encoding="utf-8")
LISTS = [
    vocabulary.State,
    vocabulary.Reason,
    vocabulary.DeviceReason,
    vocabulary.Treatment,
    vocabulary.WorkBasis,
    vocabulary.PassKind,
    vocabulary.TraversalStatus,
    vocabulary.EventKind,
    vocabulary.AmendmentCause,
    vocabulary.FacilityKind,
    vocabulary.CameraProblem,
    vocabulary.NotYet,
    vocabulary.InLine,
    vocabulary.Manager,
    vocabulary.RasterKind,
    vocabulary.RoadClass,
]


@pytest.mark.parametrize("words", LISTS, ids=lambda words: words.__name__)
def test_page_lists_the_words_of_the_code(words: type[Term]) -> None:
    section = PAGE.split(f"### {words.__name__} ")[1].split("\n### ")[0]
    rows = re.findall(r"^\| (\S+) \| ?(.*?) ?\|$", section, re.MULTILINE)
    assert [row for row in rows if row[0] not in {"code", "---"}] == [(word.value, word.ja) for word in words]


CHECKED = {
    ("ops", "edge_status", "state"): set(vocabulary.State),
    ("ops", "edge_status", "reason"): set(vocabulary.Reason),
    ("ops", "edge_status", "work_basis"): set(vocabulary.WorkBasis),
    ("ops", "edge_status", "restriction"): set(vocabulary.Restriction),
    ("ops", "treatment_coverage", "treatment"): set(vocabulary.Treatment),
    ("ops", "pass", "treatment"): set(vocabulary.Treatment),
    ("ops", "pass", "kind"): set(vocabulary.PassKind),
    ("ops", "pass", "work_basis"): set(vocabulary.WorkBasis),
    ("ops", "pass", "status"): set(vocabulary.TraversalStatus) - {vocabulary.TraversalStatus.UNMATCHED},
    ("ops", "event", "kind"): set(vocabulary.EventKind),
    ("ops", "amendment", "cause"): set(vocabulary.AmendmentCause),
    ("pub", "raster", "kind"): set(vocabulary.RasterKind),
    ("net", "place", "kind"): set(vocabulary.FacilityKind),
    ("pub", "camera_image", "problem"): set(vocabulary.CameraProblem),
}


@pytest.mark.parametrize("place", CHECKED, ids=".".join)
def test_sql_constraint_lists_the_words_of_the_code(database: Database, place: tuple[str, str, str]) -> None:
    schema, table, column = place
    with database.connect(Role.OWNER) as connection:
        rows = connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint "
            "WHERE conrelid = to_regclass(%s) AND contype = 'c'",
            (f"{schema}.{table}",),
        ).fetchall()
    lists = [row[0] for row in rows if re.match(rf"CHECK \(\({column} = ANY", row[0])]
    assert len(lists) == 1
    assert set(re.findall(r"'(\w+)'", lists[0])) == {word.value for word in CHECKED[place]}
