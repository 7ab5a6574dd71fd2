"""Compiling ahead: its drives go through every part of the matcher."""

from __future__ import annotations

import pytest

from geo.matching.candidates import build_index
from geo.matching.matcher import match
from geo.matching.settings import MatchSettings
from geo.matching.smooth import jump_m
from yukimichi import warm


def test_it_says_that_it_compiled(capsys: pytest.CaptureFixture[str]) -> None:
    warm.main()
    assert "compiled" in capsys.readouterr().out


def test_one_drive_is_smoothed_and_one_is_not_and_both_are_matched() -> None:
    network = warm.block()
    noise = []
    for noise_m in (1.0, 12.0):
        traces = warm.drive(noise_m)
        noise.append(jump_m(traces.xy, traces.fixes.at_us / 1e6)[0])
        found = match(network, build_index(network), traces)
        assert found.traversals.edge.tolist() == [0, 2, 4, 6, 0, 8]
    assert noise[0] < MatchSettings().jump_min_m < noise[1]
