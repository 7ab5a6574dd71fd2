"""The docs say what is so: their commands exist, their links lead somewhere, their generated pages are fresh."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from yukimichi import reference

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _blocks(page: Path) -> list[str]:
    return re.findall(r"^```[a-z]*\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_of_the_docs_exist(page: Path) -> None:
    known = dict(reference.all_commands())
    options = {
        path: {name for p in command.params for name in [*p.opts, *p.secondary_opts]} for path, command in known.items()
    }
    for block in _blocks(page):
        for line in block.splitlines():
            found = re.match(r"\s*\$?\s*(?:\.venv/bin/)?(yukimichi(?: [a-z][a-z-]*)*)(.*)", line)
            if not found or (found.group(1) == "yukimichi" and not found.group(2).strip().startswith("-")):
                continue
            words = found.group(1).split()
            while words and " ".join(words) not in known:
                words.pop()
            assert len(words) > 1 or found.group(1) == "yukimichi", f"{_name(page)}: {line.strip()}"
            for option in re.findall(r"(?<=\s)(--[a-z][a-z-]*)", found.group(2).split("  ")[0]):
                assert option in options[" ".join(words)] | {"--help"}, f"{_name(page)}: {option} of {line.strip()}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_local_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{_name(page)} links to {target}"


def test_readmes_carry_exactly_two_commands_to_start() -> None:
    for name in ("README.md", "README.ja.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.findall(r"^make [a-z-]+$", text, re.MULTILINE) == ["make run", "make test"], name


@pytest.mark.parametrize("name", list(reference.PAGES))
def test_generated_page_is_fresh(name: str) -> None:
    committed = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert committed == reference.PAGES[name](), "run `make reference`"


def test_make_targets_named_in_docs_exist() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        for target in re.findall(r"`make ([a-z][a-z-]*)`", page.read_text(encoding="utf-8")):
            assert target in targets, f"{_name(page)}: make {target}"
