"""The house rules that a machine can hold: sizes, names, places."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("geo", "ingest", "layers", "tiles", "portal", "yukimichi")
MODULES = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))

LINES_OF_A_MODULE = 300
LINES_OF_A_FUNCTION = 40


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_module_and_its_functions_are_small(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert text.count("\n") <= LINES_OF_A_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            length = (node.end_lineno or 0) - body[0].lineno + 1
            assert length <= LINES_OF_A_FUNCTION, f"{node.name}, line {node.lineno}: {length} lines"


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_every_module_says_what_it_is(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in listed.splitlines() if (ROOT / line).is_file()]


def test_no_file_names_a_package_registry() -> None:
    """Locks pin by hash and carry no address."""
    hosts = "|".join(
        map(re.escape, ("pypi" + ".org", "pythonhosted" + ".org", "registry.npm" + "js.org", "deb.debian" + ".org"))
    )
    for file in _tracked():
        if file.suffix in {".png", ".jpg", ".ico", ".pbf"} or "vendor" in file.parts:
            continue
        found = re.search(hosts, file.read_text(encoding="utf-8", errors="ignore"))
        assert not found, f"{_name(file)} names {found and found.group()}"


def test_each_top_level_name_belongs_to_this_distribution_alone() -> None:
    """The package names are generic on purpose; nothing else that is installed may shadow them."""
    owners = packages_distributions()
    for room in ROOMS:
        assert set(owners.get(room, ["yukimichi"])) == {"yukimichi"}


def test_sql_files_begin_with_a_comment_and_python_holds_no_query() -> None:
    for file in (f for f in _tracked() if f.suffix == ".sql"):
        assert file.read_text(encoding="utf-8").lstrip().startswith("--"), _name(file)
    verbs = re.compile(r"f[\"']{1,3}\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM)\s", re.IGNORECASE)
    for module in MODULES:
        assert not verbs.search(module.read_text(encoding="utf-8")), _name(module)


#: Modules of geo that may touch database, files or the environment; the others are the pure core.
IMPURE = {"__init__", "db", "migrate", "settings", "artefact", "store"}


def test_every_other_module_of_geo_is_in_the_contract_of_the_pure_core() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    pure = next(c for c in contracts if c["name"].startswith("The pure core"))["source_modules"]
    names = {path.stem for path in (ROOT / "geo").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert {module.removeprefix("geo.") for module in pure} == names - IMPURE
