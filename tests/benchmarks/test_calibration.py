"""Scores of confidence are the textbook's, and the constants of the matcher hold on drives they were not fitted on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.bench_confidence import BEGIN, END, crossed, first_half, replace_between
from benchmarks.calibration import Noise, Platt, auroc, calibration_error, fit, in_order, measure
from benchmarks.drives import read_drive
from benchmarks.reliability import bins, diagram, wilson
from geo.matching.settings import MatchSettings

#: Drives of the half that the constants were not fitted on.
FEW = ("kubicka_04", "kubicka_08", "kubicka_12", "kubicka_18")


def test_calibration_error_weighs_the_gap_of_each_bin() -> None:
    confidence, right = np.array([0.95, 0.95, 0.25, 0.25]), np.array([True, True, False, True])
    assert calibration_error(confidence, right) == pytest.approx((2 * 0.05 + 2 * 0.25) / 4)
    assert calibration_error(confidence, right, np.array([3.0, 3.0, 1.0, 1.0])) == pytest.approx(
        (6 * 0.05 + 2 * 0.25) / 8
    )
    assert calibration_error(np.array([1.0, 0.0]), np.array([True, False])) == 0.0


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    confidence, right = np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False])
    assert auroc(confidence, right) == pytest.approx(3.5 / 4)
    assert np.isnan(auroc(confidence, np.ones(4, np.bool_)))


def test_fit_finds_the_constants_that_made_the_data() -> None:
    random, made = np.random.default_rng(7), Platt(1.5, 0.6)
    posterior = random.uniform(0.02, 0.999, 200_000)
    found = fit(posterior, random.uniform(size=len(posterior)) < made.of(posterior))
    assert (found.offset, found.slope) == (pytest.approx(1.5, abs=0.05), pytest.approx(0.6, abs=0.03))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([1, 2, 3], [True, True, True]),
        ([1, 1, 3], [True, True, True]),
        ([1, 9, 2, 3], [True, False, True, True]),
        ([3, 1, 2], [False, True, True]),
        ([], []),
    ],
)
def test_right_is_what_both_have_in_order(found: list[int], expected: list[bool]) -> None:
    right = in_order(np.array([1, 2, 2, 3]), np.array(found, np.int64), np.ones(10))
    assert right.tolist() == expected


def test_each_half_is_judged_by_constants_of_the_other() -> None:
    random = np.random.default_rng(1)
    rows = pd.DataFrame({"drive": np.repeat(["a", "b", "c"], 2000), "posterior": random.uniform(0.1, 0.9, 6000)})
    rows["right"] = random.uniform(size=len(rows)) < np.where(rows["drive"] == "b", 0.3, 0.9)
    confidence, of_first, of_second = crossed(rows)
    first = first_half(rows)
    assert first.tolist() == (rows["drive"] != "b").tolist()
    assert confidence[first] == pytest.approx(of_second.of(rows["posterior"].to_numpy()[first]))
    assert confidence[first].mean() < 0.4
    assert of_first.of(np.array([0.5]))[0] == pytest.approx(0.9, abs=0.03)


def test_diagram_leaves_out_bins_of_few_and_names_its_lines() -> None:
    rows = pd.DataFrame(
        {"confidence": np.repeat([0.85, 0.97, 0.6], [100, 200, 5]), "right": True, "metres": 50.0},
    )
    rows.loc[:19, "right"] = False
    shown = bins(rows)
    assert [(b.n, b.right) for b in shown] == [(5, 1.0), (100, 0.8), (200, 1.0)]
    drawn = diagram({"雑音なし": rows})
    assert drawn.count("<circle") == 2 + 1
    assert "雑音なし" in drawn
    low, high = wilson(0.8, 100)
    assert 0.70 < low < 0.8 < high < 0.88


def test_only_the_text_between_the_marks_is_replaced() -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert replace_between(text, ["new"]) == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    with pytest.raises(ValueError, match="once each"):
        replace_between("nothing", ["new"])


@pytest.mark.realdata
def test_confidence_of_the_matcher_is_the_share_that_is_right(yuki_data: Path) -> None:
    drives = [read_drive(yuki_data / "matching" / name) for name in FEW]
    noises = (Noise("white", 10.0, seed=5), Noise("correlated", 20.0, seed=5))
    rows, fixes = measure(drives, noises, (10.0, 60.0), MatchSettings())
    assert len(rows) > 3_000
    right, sure = rows["right"].to_numpy(), rows["posterior"].to_numpy()
    assert 0.005 < 1 - right.mean() < 0.1
    assert calibration_error(sure, right) <= 0.03
    assert auroc(sure, right) >= 0.85
    assert calibration_error(fixes["posterior"].to_numpy(), fixes["right"].to_numpy()) <= 0.06
