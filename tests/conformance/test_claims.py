"""What the API claims, what is tested and what the docs say are the same."""

from __future__ import annotations

import re
from pathlib import Path

from conformance.asking import Api
from conformance.report import BEGIN, END, PAGE, between
from conformance.standard import STANDARDS, ported_tests, standard_of, table

ROOT = Path(__file__).resolve().parents[2]


def test_every_class_that_is_claimed_is_tested_and_the_other_way_round(api: Api) -> None:
    claimed = set(api.json("/conformance")["conformsTo"])
    tested = {test.conformance_class for test in ported_tests()}
    assert claimed - tested == set(), "claimed and not tested"
    assert tested - claimed == set(), "tested and not claimed"
    assert {standard_of(uri) for uri in claimed} == set(STANDARDS.values())


def test_each_abstract_test_is_ported_once() -> None:
    ported = ported_tests()
    assert len(ported) == len(set(ported)) > 100
    for test in ported:
        assert re.fullmatch(r"/conf/[a-z0-9_-]+/[A-Za-z0-9_-]+", test.identifier), test
        assert test.conformance_class.rsplit("/", 1)[1] == test.identifier.split("/")[2], test


def test_the_page_has_the_table_of_what_runs() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert between(text, BEGIN, END) == table(ported_tests()), "run `make conformance`"


def test_nothing_calls_itself_by_a_word_that_needs_a_certificate() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        assert "certified" not in page.read_text(encoding="utf-8").lower(), page.name
