"""The page says what the figures say: the best, the ratios, and each place where ours is worse."""

from __future__ import annotations

import json
from datetime import date

import pytest

from benchmarks.drives import EVERY_S
from benchmarks.peers.contenders import OSRM, OURS, VALHALLA, VALHALLA_OWN, Told
from benchmarks.peers.machine import Machine
from benchmarks.peers.measure import MATCHING_ALONE, Cost, Results, Score
from benchmarks.peers.page import as_json, clean_table, clean_verdict, failures, noise_verdict, page, ratio, together

TAKES = {OURS: (Told.NOTHING, Told.SIGMA), VALHALLA: tuple(Told), OSRM: (Told.NOTHING, Told.SIGMA)}


def scores(ours: float, valhalla: float, osrm: float, true_m: float = 1000.0) -> dict[tuple[str, float], Score]:
    values = {OURS: ours, VALHALLA: valhalla, OSRM: osrm}
    return {(name, e): Score(v * true_m / 100, true_m) for name, v in values.items() for e in EVERY_S}


@pytest.fixture
def results() -> Results:
    """Ours: best on Seattle and together, 0.6 points worse on `b` than Valhalla, who failed there once."""
    found = Results(versions={OURS: "9", VALHALLA: "3.9.1", OSRM: "26.10.0"})
    found.clean = {
        "seattle": scores(0.0, 1.36, 2.48),
        "a": scores(1.0, 3.0, 2.0, 9000.0),
        "b": scores(1.6, 1.0, 4.0),
    }
    found.clean["b"][VALHALLA, 60.0].n_failed = 1
    found.trusted = {drive: {e: Score(5.0, 1000.0) for e in EVERY_S} for drive in found.clean}
    found.noise["white", 10.0] = {
        (name, told, e): Score(2.0 if name == OURS else 3.0, 100.0)
        for name, takes in TAKES.items()
        for told in takes
        for e in EVERY_S
    }
    found.noise["white", 10.0][VALHALLA, Told.SPEEDS, 60.0] = Score(1.0, 100.0)
    for name, rate in ((OURS, 300e3), (MATCHING_ALONE, 330e3), (VALHALLA, 60e3), (VALHALLA_OWN, 61e3), (OSRM, 9e4)):
        found.speed |= {(name, e): rate for e in EVERY_S}
    found.n_fixes = {e: round(7531 / e) for e in EVERY_S}
    found.cost = {name: Cost(0.5, 0.6, 400.0, 0.0, 410.0) for name in (OURS, VALHALLA, OSRM)}
    return found


def test_the_best_of_a_cell_is_bold_and_equals_share_it(results: Results) -> None:
    results.clean["b"][OSRM, 10.0] = Score(10.001, 1000.0)
    row = next(line for line in clean_table(results).splitlines() if line.startswith("| b "))
    assert row == (
        "| b | 1.0 | 1.60 · **1.00** · 4.00 | 1.60 · **1.00** · **1.00** | 1.60 · **1.00** · 4.00 "
        "| 1.60 · **1.00** · 4.00 |"
    )


def test_drives_together_are_weighted_by_length_and_leave_seattle_out(results: Results) -> None:
    assert together(results.clean)[OURS, 1.0].percent == pytest.approx(1.06)
    assert "| the 2 other drives together | 10.0 | **1.06**" in clean_table(results)


def test_every_drive_that_is_worse_is_named_but_not_at_60_s(results: Results) -> None:
    verdict = clean_verdict(results)
    assert [line for line in verdict.splitlines() if line.startswith("- ")] == [
        f"- b, {e}: ours 1.60, Valhalla 1.00" for e in ("1 s", "10 s", "30 s")
    ]
    results.clean["b"] = scores(1.5, 1.0, 4.0)
    assert "on no drive" in clean_verdict(results)


def test_noise_verdict_compares_with_the_rows_that_it_names(results: Results) -> None:
    assert noise_verdict(results, (Told.NOTHING, Told.SIGMA)).startswith("In 4 of 4 cells")
    all_rows = noise_verdict(results, tuple(Told))
    assert all_rows.startswith("In 3 of 4 cells")
    assert all_rows.endswith("- white, 10 m, 60 s: ours 2.00, told σ 2.00, Valhalla 1.00")


def test_ratio_over_nothing_is_a_dash() -> None:
    assert (ratio(3.0, 4.0), ratio(123456.0, 60000.0), ratio(1.0, 0.0)) == ("0.75", "2.1", "–")


def test_the_page_carries_every_figure_and_no_open_field(results: Results) -> None:
    machine = Machine("A Processor", 2, 23.4, 0.52, date(2026, 1, 31), {"Python": "3.12.1"})
    text = page(results, machine, 6.4)
    assert "{" not in text
    assert "A Processor, 2 cores, 23 GiB; load 0.5 when it began" in text
    assert "pyvalhalla 3.9.1, osrm-bindings 26.10.0, Python 3.12.1" in text
    assert "| 1 s | 7,531 | 300,000 | 330,000 | 60,000 | 61,000 | 90,000 | 5 | 4.9 | 3.3 |" in text
    assert failures(results) == "ours 0, Valhalla 1, OSRM 0"
    assert json.loads(json.dumps(as_json(results)))["clean"]["b"]["Valhalla, 1 s"] == 1.0
