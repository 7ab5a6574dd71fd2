"""Settings: every wrong key or value is named, with the nearest right one."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.errors import ConfigError
from geo.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]


def _write(folder: Path, text: str) -> Path:
    file = folder / "config.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_shipped_config_holds_the_defaults(tmp_path: Path) -> None:
    shipped = load_settings(ROOT / "config.yml", {})
    bare = load_settings(_write(tmp_path, ""), {})
    same = {"timezone", "traffic_side", "database", "server", "network", "publish"}
    assert shipped.model_dump(include=same) == bare.model_dump(include=same)
    assert shipped.status.model_dump(exclude={"valid_hours"}) == bare.status.model_dump(exclude={"valid_hours"})


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("traffic_sid: left\n", "traffic_sid", "traffic_side"),
        ("status: {silent_minutes: 3}\n", "status.silent_minutes", "status.silent_min"),
        ("sources: {fleet: {timezon: Asia/Tokyo}}\n", "sources.fleet.timezon", "sources.fleet.timezone"),
        ("sources: {fields: {vehicle: open}}\n", "sources.fields.vehicle", "sources.fields.vehicles"),
        (
            "sources: {fleet: {rules: {inputs: {blad: {digital: 1}}}}}\n",
            "sources.fleet.rules.inputs.blad",
            "sources.fleet.rules.inputs.blade",
        ),
        (
            "sources: {fleet: {rules: {tasks: [{contain: 除雪}]}}}\n",
            "sources.fleet.rules.tasks.0.contain",
            "sources.fleet.rules.tasks.0.contains",
        ),
    ],
)
def test_unknown_key_is_named_with_the_nearest(tmp_path: Path, text: str, key: str, nearest: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(_write(tmp_path, text), {})
    assert repr(key) in caught.value.message
    assert repr(nearest) in caught.value.hint


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("timezone: Asia/Tokio\n", "no time zone"),
        ("server: {port: 70000}\n", "server.port"),
        ("traffic_side: middle\n", "traffic_side"),
        ("a: [1\n", "not readable as YAML"),
        ("- 1\n", "expected keys"),
    ],
)
def test_wrong_value_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_settings(_write(tmp_path, text), {})


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("vehicles: registred", "sources.fleet.vehicles", "'registered'"),
        ("rules: {inputs: {blade: {digital: 1, active: lo}}}", "rules.inputs.blade.active", "'low'"),
        ("rules: {inputs: {blade: {digital: 0}}}", "rules.inputs.blade.digital", "greater than or equal to 1"),
        ("rules: {tasks: [{contains: a, treatment: anti_icin}]}", "rules.tasks.0.treatment", "'anti_icing'"),
        ("rules: {tasks: [{contains: a, matches: b}]}", "rules.tasks.0", "either `contains` or `matches`"),
        ("rules: {tasks: [{matches: '('}]}", "rules.tasks.0.matches", "no regular expression"),
        ("treatment: 新雪", "sources.fleet.treatment", "'新雪除雪'"),
        ("cadence_s: 0", "sources.fleet.cadence_s", "greater than 0"),
    ],
)
def test_wrong_value_of_a_source_is_named_with_the_nearest_word(tmp_path: Path, text: str, key: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(_write(tmp_path, f"sources: {{fleet: {{{text}}}}}\n"), {})
    assert key in caught.value.message
    assert says in str(caught.value)


def test_treatments_of_a_source_are_named_in_either_language(tmp_path: Path) -> None:
    text = "sources: {fleet: {treatment: 凍結防止剤散布, rules: {tasks: [{contains: 除雪, treatment: 新雪除雪}]}}}\n"
    source = load_settings(_write(tmp_path, text), {}).source("fleet")
    assert source.treatment == "anti_icing"
    assert source.rules.tasks[0].treatment == "fresh_snow_plowing"


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = _write(tmp_path, "server: {port: 8001}\nstatus: {silent_min: 20}\n")
    settings = load_settings(file, {"YUKI_PORT": "9000", "YUKI__STATUS__SILENT_MIN": "5"})
    assert (settings.server.port, settings.status.silent_min) == (9000, 5)


def test_home_lies_beside_the_file(tmp_path: Path) -> None:
    assert load_settings(_write(tmp_path, "home: data\n"), {}).home == tmp_path / "data"


def test_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_settings(tmp_path / "other.yml", {})


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().timezone = "UTC"
