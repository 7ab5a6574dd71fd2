"""The pages on ingest and the code know the same words."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.fix_batch import KNOWN_NAMES as FIX_FIELDS
from ingest.plan_kinds import KINDS
from ingest.quarantine import Why
from ingest.road_values import KNOWN_NAMES as ROAD_FIELDS

DOCS = Path(__file__).parents[2] / "docs"


def _section(page: Path, title: str) -> str:
    text = page.read_text(encoding="utf-8")
    return text.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]


def _first_cells(text: str) -> set[str]:
    cells = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([a-z_0-9]+)`", cell)}


def test_every_reason_is_explained() -> None:
    assert _first_cells(_section(DOCS / "ingest.md", "Reasons in quarantine")) == {str(reason) for reason in Why}


def test_every_field_of_roads_and_fixes_is_explained() -> None:
    assert _first_cells(_section(DOCS / "ingest.md", "Roads")) == set(ROAD_FIELDS)
    assert _first_cells(_section(DOCS / "ingest.md", "Fixes")) == set(FIX_FIELDS)


def test_every_field_of_a_plan_is_explained_with_its_other_names() -> None:
    for name, kind in KINDS.items():
        text = _section(DOCS / "reference" / "plans.md", "areas" if name == "layer" else name)
        assert set(kind.fields) <= _first_cells(text), name
        for field, spec in kind.fields.items():
            row = re.search(rf"^\| `{field}` \|.*$", text, re.MULTILINE)
            assert row is not None
            named = [word for word in spec.names[1:] if word in row[0]]
            assert named or len(spec.names) == 1, (name, field)
            assert ("required" in row[0]) == spec.is_required, (name, field)
