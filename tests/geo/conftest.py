"""Facts and edges drawn as short rows, for the tests of coverage and status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from geo.coverage import PassFacts
from geo.fix import TREATMENTS
from geo.work import BASES, KINDS

HOUR = 3_600_000_000


def make_facts(*rows: dict[str, Any]) -> PassFacts:
    """Facts of rows: edge, from_m, to_m, at (hour at which it ended), and any of the other columns by word."""

    def column(name: str, missing: Any, kind: Any) -> np.ndarray:
        return np.array([row.get(name, missing) for row in rows], kind)

    treatment = [row.get("treatment") for row in rows]
    ended = np.round(column("at", 0.0, np.float64) * HOUR).astype(np.int64)
    return PassFacts(
        edge=column("edge", 0, np.int64),
        from_m=column("from_m", 0.0, np.float64),
        to_m=column("to_m", 100.0, np.float64),
        began_us=ended - np.round(column("lasted", 0.01, np.float64) * HOUR).astype(np.int64),
        ended_us=ended,
        kind=np.array([KINDS.index(row.get("kind", "pass")) for row in rows], np.int8),
        treatment=np.array([-1 if word is None else TREATMENTS.index(word) for word in treatment], np.int8),
        work_basis=np.array([BASES.index(row.get("basis", "sensed")) for row in rows], np.int8),
        confidence=column("confidence", 1.0, np.float64),
        source=column("source", 1, np.int64),
        synthetic=column("synthetic", False, np.bool_),
        trace=column("trace", 0, np.int64) if rows and "trace" in rows[0] else np.arange(len(rows)),
        seq=column("seq", 0, np.int64),
    )


@pytest.fixture(scope="session")
def facts_of() -> Callable[..., PassFacts]:
    """`make_facts`: facts drawn as rows."""
    return make_facts
