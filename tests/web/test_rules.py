"""The rules of what may be shown, run in the browser that will run them."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from geo.vocabulary import Manager, Reason, Restriction, RoadClass, State, Treatment, WorkBasis
from tiles.rows import StatusRow, columns
from tiles.states import CHARS, REASONS

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
          return [s.pieceId, s.forward.char.join(''), ...reasons]; })
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


type World = dict[int, list[StatusRow]]


def some_rows(rng: random.Random, piece: int) -> list[StatusRow]:
    """A piece with random states of the directions that are open."""
    rows: list[StatusRow] = []
    for side in rng.choice([(0,), (1,), (0, 1)]):
        times = [rng.choice([None, NOW + rng.randrange(HOUR)]) for _ in range(3)]
        state, reason = rng.choice(list(CHARS)), rng.choice(REASONS)
        rows.append((piece, bool(side), state, reason, times[0], times[1], times[2], rng.randrange(101)))
    return rows


def told(world: World, pieces: list[int], version: int) -> dict[str, Any]:
    """An answer about some pieces in the form of the server's, by its own writer."""
    rows = [row for piece in sorted(pieces) for row in world[piece]]
    head = {"network_version": 1, "roads_version": "1-a", "status_version": version, "event": {"event_id": 4}}
    return head | {"default_reason": "not_on_plan"} | columns(rows, NOW)


APPLY = """
  import('/js/status/snapshot.js').then((m) => {
    const held = m.readSnapshot(FIRST);
    return JSON.stringify(STEPS.map(([changes, whole]) => {
      const isApplied = m.applyChanges(held, changes);
      const [mine, theirs] = [held, m.readSnapshot(whole)].map((s) => [
        s.statusVersion, s.pieceId.length, s.positionOf.size, s.forward.char.length, s.backward.validS.length,
        [...s.positionOf.keys()].sort((a, b) => a - b).map((piece) => [piece, m.factsOf(s, piece)])]);
      return [isApplied, mine, theirs];
    }));
  })
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_snapshot_with_what_has_changed_is_the_later_snapshot(open_page: Callable[..., Any], seed: int) -> None:
    page = open_page()
    rng = random.Random(seed)
    world = {piece: some_rows(rng, piece) for piece in rng.sample(range(1, 60), 30)}
    first = told(world, list(world), 1)
    steps = []
    for version in range(2, 12):
        gone = rng.sample(sorted(world), 3)
        for piece in gone:
            del world[piece]
        changed = [piece for piece in rng.sample(range(1, 60), 6) if piece not in gone]
        world.update({piece: some_rows(rng, piece) for piece in changed})
        deltas = [b - a for a, b in itertools.pairwise([0, *sorted(gone)])]
        steps.append(
            (told(world, changed, version) | {"reload": False, "gone": deltas}, told(world, list(world), version))
        )
    filled = APPLY.replace("FIRST", json.dumps(first)).replace("STEPS", json.dumps(steps))
    for is_applied, mine, theirs in json.loads(page.evaluate(filled)):
        assert is_applied
        assert mine == theirs


def test_changes_of_something_else_are_not_applied(open_page: Callable[..., Any]) -> None:
    page = open_page()
    rng = random.Random(5)
    world = {piece: some_rows(rng, piece) for piece in range(1, 9)}
    first = told(world, list(world), 7)
    good = told({1: some_rows(rng, 1)}, [1], 8) | {"reload": False, "gone": [2]}
    refused = [
        good | {"reload": True}, good | {"roads_version": "1-b"}, good | {"event": {"event_id": 5}},
        good | {"status_version": 6}, {key: value for key, value in good.items() if key != "reload"},
    ]  # fmt: skip
    text = """
      import('/js/status/snapshot.js').then((m) => {
        const held = m.readSnapshot(FIRST);
        const before = JSON.stringify(held);
        const answers = GIVEN.map((raw) => m.applyChanges(held, raw));
        try { m.applyChanges(held, BROKEN); } catch (error) { answers.push(error.message.split(':')[0]); }
        return [answers, before === JSON.stringify(held), m.applyChanges(held, GOOD), held.positionOf.has(2),
          m.versionOf(held, 1), m.versionOf(held, 2), m.versionOf(held, 3)];
      })
    """
    for name, value in (("FIRST", first), ("GIVEN", refused), ("GOOD", good), ("BROKEN", good | {"n": 2})):
        text = text.replace(name, json.dumps(value))
    assert page.evaluate(text) == [[False] * 5 + ["changes"], True, True, False, 8, 8, 7]


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
        ("restriction", Restriction),
    ]
    wanted = {f"{prefix}_{term.value}" for prefix, terms in lists for term in terms} - {"reason_none"}
    assert wanted <= ja.keys()
    assert {term.value: ja[term.value] for term in State} == {term.value: term.ja for term in State}
    prefixes = {Treatment: "treatment", RoadClass: "class", Manager: "manager", Restriction: "restriction"}
    for term in [*Treatment, *RoadClass, *Manager, *Restriction]:
        prefix = prefixes[type(term)]
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
