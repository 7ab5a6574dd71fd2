"""The conformance classes that the service claims, and the abstract tests of the standards as data.

A test function carries the class and the identifier of the abstract test that it ports. From these the table of
`make conformance` is made, and a class that is claimed without tests, or tested without being claimed, is found.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
#: What the abstract tests need beyond the small town.
MORE = FOLDER / "town_more.sql"
SPEC = "http://www.opengis.net/spec/"
FEATURES = f"{SPEC}ogcapi-features-1/1.0/conf/"
CRS = f"{SPEC}ogcapi-features-2/1.0/conf/"
FILTER = f"{SPEC}ogcapi-features-3/1.0/conf/"
CQL2 = f"{SPEC}cql2/1.0/conf/"
TILES = f"{SPEC}ogcapi-tiles-1/1.0/conf/"
TMS = f"{SPEC}tms/2.0/conf/"

#: The standards, by what their classes begin with: name and document number.
STANDARDS = {
    FEATURES: "OGC API – Features – Part 1: Core (17-069r4)",
    CRS: "OGC API – Features – Part 2: Coordinate Reference Systems by Reference (18-058r1)",
    FILTER: "OGC API – Features – Part 3: Filtering (19-079r2)",
    CQL2: "Common Query Language CQL2 (21-065r2)",
    TILES: "OGC API – Tiles – Part 1: Core (20-057)",
    TMS: "Two Dimensional Tile Matrix Set and Tile Set Metadata (17-083r4)",
}


@dataclass(frozen=True, slots=True, order=True)
class AbstractTest:
    """One abstract test: the URI of its conformance class, and its identifier within the standard."""

    conformance_class: str
    identifier: str


def abstract_test[F: Callable[..., Any]](conformance_class: str, identifier: str) -> Callable[[F], F]:
    """Marks a test function as the port of an abstract test."""

    def mark(function: F) -> F:
        function.__dict__["abstract_test"] = AbstractTest(conformance_class, identifier)
        return function

    return mark


def standard_of(conformance_class: str) -> str:
    """Name of the standard that a class belongs to."""
    return next(name for start, name in STANDARDS.items() if conformance_class.startswith(start))


def ported_tests() -> list[AbstractTest]:
    """Every abstract test that a function of this folder ports, in the order of the files."""
    found = []
    for file in sorted(FOLDER.glob("test_*.py")):
        module = importlib.import_module(f"conformance.{file.stem}")
        functions = (function for _, function in inspect.getmembers(module, inspect.isfunction))
        found += [f.__dict__["abstract_test"] for f in functions if "abstract_test" in f.__dict__]
    return found


def table(ported: Iterable[AbstractTest], failed: Iterable[AbstractTest] = ()) -> str:
    """The conformance table as Markdown: standard by standard a row for each class."""
    ported, failed = sorted(ported), set(failed)
    lines: list[str] = []
    for start, name in STANDARDS.items():
        classes = sorted({test.conformance_class for test in ported if test.conformance_class.startswith(start)})
        if not classes:
            continue
        lines += ["", f"**{name}**", "", "| Class | Abstract tests | Passed |", "| --- | ---: | ---: |"]
        for uri in classes:
            tests = [test for test in ported if test.conformance_class == uri]
            n_passed = sum(test not in failed for test in tests)
            lines.append(f"| `{uri.removeprefix(SPEC)}` | {len(tests)} | {n_passed} |")
    n = len(ported)
    passed = sum(test not in failed for test in ported)
    return "\n".join([*lines, "", f"{n} abstract tests, {passed} passed."]).strip() + "\n"
