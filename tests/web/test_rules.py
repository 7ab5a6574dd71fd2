"""The rules of what may be shown, run in the browser that will run them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from geo.vocabulary import Manager, Reason, RoadClass, State, Treatment, WorkBasis

pytestmark = pytest.mark.browser

HOUR = 3600
NOW = 1_800_000_000
NONE, CLEARING, UNCLEARED, UNKNOWN, CLOSED = 0, 6, 7, 8, 9
NAN = float("nan")


@pytest.fixture
def js(open_page: Callable[..., Any]) -> Callable[..., Any]:
    """Calls a function of one of the page's modules, which read NaN as Python writes it."""
    page = open_page()

    def call(module: str, function: str, *arguments: object) -> Any:
        text = ", ".join(json.dumps(argument) for argument in arguments)
        return page.evaluate(f"import('/js/{module}').then((m) => m.{function}({text}))")

    return call


def facts(
    char: str, *, reason: str = "none", cleared: float = NAN, valid: float = NAN, observed: float = NAN
) -> dict[str, object]:
    return {"char": char, "reason": reason, "clearedS": cleared, "validS": valid, "observedS": observed}


def test_a_clearing_ages_class_by_class_and_never_outlives_its_time(js: Callable[..., Any]) -> None:
    cases = [
        (0, 24, 1),
        (1 * HOUR - 1, 24, 1),
        (1 * HOUR, 24, 2),
        (3 * HOUR - 1, 24, 2),
        (3 * HOUR, 24, 3),
        (6 * HOUR, 24, 4),
        (12 * HOUR - 1, 24, 4),
        (12 * HOUR, 24, 5),
        (24 * HOUR - 1, 48, 5),
        (24 * HOUR, 48, UNKNOWN),  # older than the last class, whatever the server promised
        (2 * HOUR, 2, UNKNOWN),  # valid_until is now
        (2 * HOUR - 1, 2, 2),
    ]
    for age_s, valid_h, code in cases:
        cleared = NOW - age_s
        got = js("status/classify.js", "shown", facts("c", cleared=cleared, valid=cleared + valid_h * HOUR), NOW)
        assert got["code"] == code, (age_s, valid_h)
        assert (got["state"], got["reason"]) == (("unknown", "expired") if code == UNKNOWN else ("cleared", "none"))


OTHERS = [
    (facts("c", valid=NOW + HOUR), UNKNOWN, "expired"),  # cleared, but nobody knows when
    (facts("c", cleared=NOW - 60), 1, "none"),  # no valid_until: the last age class bounds it
    (facts("g", observed=NOW - 60), CLEARING, "none"),
    (facts("g", observed=NOW - HOUR), UNKNOWN, "expired"),
    (facts("g"), UNKNOWN, "expired"),
    (facts("g", observed=NOW - 60, valid=NOW), UNKNOWN, "expired"),
    (facts("u"), UNCLEARED, "none"),
    (facts("?", reason="silent"), UNKNOWN, "silent"),
    (facts("?", reason="not_on_plan"), NONE, "not_on_plan"),
    (facts("-"), CLOSED, "none"),
]


def test_work_nobody_reports_any_more_is_unknown(js: Callable[..., Any]) -> None:
    for given, code, reason in OTHERS:
        got = js("status/classify.js", "shown", given, NOW)
        assert (got["code"], got["reason"]) == (code, reason), given


def test_one_line_for_both_directions_is_never_better_than_either(js: Callable[..., Any]) -> None:
    worst_first = [UNCLEARED, UNKNOWN, CLEARING, 5, 4, 3, 2, 1]
    for forward, backward in itertools.product([NONE, *worst_first, CLOSED], repeat=2):
        both = [UNKNOWN if code == NONE else code for code in (forward, backward) if code != CLOSED]
        wanted = min(both, key=worst_first.index, default=NONE)
        if {forward, backward} <= {NONE, CLOSED}:
            wanted = NONE
        assert js("status/classify.js", "worse", forward, backward) == wanted, (forward, backward)


def test_a_snapshot_whose_columns_do_not_fit_is_refused(open_page: Callable[..., Any]) -> None:
    page = open_page()
    read = """
      Promise.all([import('/js/status/snapshot.js'), fetch('/status/snapshot').then((r) => r.json())])
        .then(([m, raw]) => { BREAK; const s = m.readSnapshot(raw);
          const reasons = [m.factsOf(s, 12).backward.reason, m.factsOf(s, 999).forward.reason];
          return [[...s.pieceId], s.forward.char, ...reasons]; })
    """
    assert page.evaluate(read.replace("BREAK", "")) == [
        [11, 12, 13, 14, 15, 16, 17, 18],
        "ccgu?ccc",
        "silent",
        "not_on_plan",
    ]
    for broken in ("raw.forward.state = 'c'", "raw.backward.valid_s.pop()", "raw.piece_id.push(1)"):
        refused = page.evaluate(read.replace("BREAK", broken) + ".catch((error) => error.message)")
        assert refused.startswith("snapshot: "), broken


def test_every_word_of_the_closed_lists_is_said_in_both_languages(open_page: Callable[..., Any]) -> None:
    page = open_page()
    ja, en = (page.evaluate(f"import('/js/text/{lang}.js').then((m) => m.default)") for lang in ("ja", "en"))
    assert ja.keys() == en.keys()
    lists = [
        ("reason", Reason),
        ("treatment", Treatment),
        ("basis", WorkBasis),
        ("manager", Manager),
        ("class", RoadClass),
    ]
    wanted = {f"{prefix}_{term.value}" for prefix, terms in lists for term in terms} - {"reason_none"}
    assert wanted <= ja.keys()
    assert {term.value: ja[term.value] for term in State} == {term.value: term.ja for term in State}
    for term in [*Treatment, *RoadClass, *Manager]:
        prefix = {Treatment: "treatment", RoadClass: "class", Manager: "manager"}[type(term)]
        assert ja[f"{prefix}_{term.value}"] == term.ja
    placeholders = {key: {part.partition("}")[0] for part in text.split("{")[1:]} for key, text in ja.items()}
    assert placeholders == {key: {part.partition("}")[0] for part in text.split("{")[1:]} for key, text in en.items()}


def test_the_ids_of_a_tile_are_read_before_the_map_has_it(open_page: Callable[..., Any], mvt: ModuleType) -> None:
    page = open_page()
    read = "import('/js/map/tile_ids.js').then((m) => m.featureIds(new Uint8Array(BYTES)))"
    lines = [
        (piece, mvt.LINE, [(136.6, 36.5), (136.7, 36.6)], {"name": "道", "on_plan": True, "level": -1})
        for piece in (1, 127, 128, 300, 2**31, 2**40 + 1)
    ]
    tile = mvt.layer("roads", lines, 5, 28, 12)
    assert page.evaluate(read.replace("BYTES", str(list(tile)))) == [1, 127, 128, 300, 2**31, 2**40 + 1]
    assert page.evaluate(read.replace("BYTES", "[]")) == []
    refused = read.replace("BYTES", str(list(tile[:-5]))) + ".catch((error) => error.message)"
    assert "broken" in page.evaluate(refused)
