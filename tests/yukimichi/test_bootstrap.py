"""The bootstrap: a Python counts when it runs, not when it is named."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _program(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def test_shim_that_does_not_run_is_passed_over(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path, "python3.12", "echo 'not for this version' >&2; exit 127")
    good = _program(tmp_path, "python3.13", "echo 3.13")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    assert bootstrap.find_python() == str(good)


def test_pyenv_version_is_found(bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "versions" / "3.12.9" / "bin"
    folder.mkdir(parents=True)
    good = _program(folder, "python3", "echo 3.12")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert bootstrap.find_python() == str(good)


def test_no_python_says_how_to_get_one(bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(_program(tmp_path, "old-python", "exit 1")))
    monkeypatch.setattr(bootstrap, "HERE", tmp_path)
    with pytest.raises(SystemExit, match="pyenv install"):
        bootstrap.find_python()


def test_stamp_changes_with_the_lock(bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyproject.toml", "requirements-uv.lock", "requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_text("a", encoding="utf-8")
    monkeypatch.setattr(bootstrap, "HERE", tmp_path)
    before = bootstrap.digest("run")
    (tmp_path / "requirements-dev.lock").write_text("b", encoding="utf-8")
    assert bootstrap.digest("run") == before
    (tmp_path / "requirements.lock").write_text("b", encoding="utf-8")
    assert bootstrap.digest("run") != before


def test_kernels_of_other_sources_are_thrown_away_and_compiled_again(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "geo" / "matching" / "__pycache__"
    cache.mkdir(parents=True)
    source, old, other = tmp_path / "geo" / "matching" / "path.py", cache / "path.f-1.py312.nbi", cache / "path.pyc"
    source.write_text("a = 1\n")
    commands: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "run", commands.append)
    stamp = tmp_path / "stamp"
    for path in (old, other):
        path.touch()
    bootstrap.compile_kernels(tmp_path, stamp)
    assert not old.exists()
    assert other.exists()
    assert [command[1:] for command in commands] == [["-m", "yukimichi.warm"]]
    old.touch()
    bootstrap.compile_kernels(tmp_path, stamp)
    assert old.exists()
    assert len(commands) == 1
    source.write_text("a = 2\n")
    bootstrap.compile_kernels(tmp_path, stamp)
    assert not old.exists()
    assert len(commands) == 2
