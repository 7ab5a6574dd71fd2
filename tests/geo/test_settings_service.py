"""Targets in config.yml: clock times in quotes, one target a class, years and shares in their bounds."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from geo.errors import ConfigError
from geo.settings import load_settings


def read(tmp_path: Path, text: str) -> object:
    file = tmp_path / "config.yml"
    file.write_text(f"service:\n{text}", encoding="utf-8")
    return load_settings(file, {}).service


def test_classes_have_a_deadline_or_hours(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        '  classes:\n    第1種: {callout_cm: 5, deadline: "07:00", hours: null}\n    第3種: {hours: 6.5}\n'
        '  sections: {deadline: "8:30"}\n',
    )
    classes = found.classes  # type: ignore[attr-defined]
    assert (classes["第1種"].callout_cm, classes["第1種"].deadline, classes["第1種"].hours) == (5, time(7), None)
    assert (classes["第3種"].callout_cm, classes["第3種"].deadline, classes["第3種"].hours) == (None, None, 6.5)
    assert found.sections.deadline == time(8, 30)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # YAML reads this as the number 630
        ("  classes: {a: {deadline: 10:30}}\n", "in quotes"),
        ('  classes: {a: {deadline: "25:00"}}\n', "classes.a.deadline"),
        ('  classes: {a: {deadline: "7 am"}}\n', "in quotes"),
        ("  classes: {a: {callout_cm: 5}}\n", "either a deadline or hours"),
        ('  classes: {a: {deadline: "07:00", hours: 3}}\n', "either a deadline or hours"),
        ("  classes: {a: {hours: 0}}\n", "greater than 0"),
        ("  classes: {a: {hours: 3, callout_cm: 0}}\n", "greater than 0"),
        ("  classes: {a: {hours: 3, deadlin: 4}}\n", "unknown key"),
        ("  visualisation_targets: {2026: 101}\n", "less than or equal to 100"),
        ("  visualisation_targets: {R8: 10}\n", "valid integer"),
        ("  done_share_min: 0\n", "greater than 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)
