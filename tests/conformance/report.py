"""Runs the abstract tests and writes their table into a page: `python -m conformance.report docs/conformance.md`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conformance.standard import FOLDER, AbstractTest, ported_tests, table

PAGE = FOLDER.parents[1] / "docs" / "conformance.md"
BEGIN, END = "<!-- table: make conformance -->\n", "<!-- end of table -->\n"


def between(text: str, begin: str, end: str) -> str:
    """The part of a text between two marks."""
    return text.split(begin, 1)[1].split(end, 1)[0]


class Recorder:
    """Notes which abstract tests ran and which of them did not pass."""

    def __init__(self) -> None:
        self.ran: set[AbstractTest] = set()
        self.failed: set[AbstractTest] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test."""
        for name, value in report.user_properties:
            if name == "abstract_test":
                test = AbstractTest(*value)
                self.ran.add(test)
                if not report.passed:
                    self.failed.add(test)


def main(page: Path) -> int:
    """Run, write the table into the page between its marks, and return 1 if anything did not pass."""
    recorder = Recorder()
    # the tests of the page itself come after it is written
    pytest.main(["-q", str(FOLDER), f"--ignore={FOLDER / 'test_claims.py'}"], plugins=[recorder])
    missing = set(ported_tests()) - recorder.ran
    text = page.read_text(encoding="utf-8")
    head, tail = text.split(BEGIN, 1)[0], text.split(END, 1)[1]
    written = table(recorder.ran | missing, recorder.failed | missing)
    page.write_text(head + BEGIN + written + END + tail, encoding="utf-8")
    return int(bool(recorder.failed or missing))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
