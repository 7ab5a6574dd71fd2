"""Every row of the work-state table of docs/coverage.md."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from geo.fix import TREATMENTS, Fixes
from geo.vocabulary import CLEARING_TREATMENTS, Treatment, WorkBasis
from geo.work import BASES, CLEARS, KINDS, SourceWork, WorkStates, work_of

YES, NO, SILENT = 1, 0, -1
FRESH, SALT, HAUL = Treatment.FRESH_SNOW_PLOWING, Treatment.ANTI_ICING, Treatment.HAULAGE


def state(
    blade: int = SILENT,
    spreader: int = SILENT,
    work: int = SILENT,
    treatment: Treatment | None = None,
    basis: WorkBasis | None = None,
    default: Treatment | None = None,
) -> tuple[str, str | None, str]:
    code = -1 if treatment is None else TREATMENTS.index(treatment)
    fix = Fixes.from_arrays(1, 0, 136.6, 36.6, blade=blade, spreader=spreader, work=work, treatment=code)
    found = work_of(fix, SourceWork.uniform(1, basis, default))
    named = None if found.treatment[0] < 0 else str(TREATMENTS[found.treatment[0]])
    return str(KINDS[found.kind[0]]), named, str(BASES[found.basis[0]])


ROWS = [
    # blade down
    ({"blade": YES}, ("pass", None, "sensed")),
    ({"blade": YES, "spreader": YES}, ("pass", None, "sensed")),
    ({"blade": YES, "work": NO}, ("pass", None, "sensed")),
    ({"blade": YES, "treatment": FRESH}, ("pass", "fresh_snow_plowing", "sensed")),
    ({"blade": YES, "treatment": SALT}, ("pass", "anti_icing", "sensed")),
    ({"blade": YES, "default": FRESH}, ("pass", "fresh_snow_plowing", "sensed")),
    # blade up
    ({"blade": NO}, ("deadhead", None, "sensed")),
    ({"blade": NO, "treatment": FRESH}, ("deadhead", None, "sensed")),
    ({"blade": NO, "basis": WorkBasis.ASSUMED}, ("deadhead", None, "sensed")),
    ({"blade": NO, "basis": WorkBasis.DECLARED}, ("deadhead", None, "sensed")),
    ({"blade": NO, "spreader": YES}, ("pass", "anti_icing", "sensed")),
    ({"blade": NO, "spreader": YES, "treatment": FRESH}, ("pass", "anti_icing", "sensed")),
    ({"blade": NO, "spreader": YES, "work": YES}, ("pass", "anti_icing", "sensed")),
    ({"blade": NO, "work": YES}, ("unknown", None, "unknown")),
    ({"blade": NO, "work": YES, "treatment": FRESH}, ("unknown", None, "unknown")),
    ({"blade": NO, "work": YES, "treatment": HAUL}, ("pass", "haulage", "sensed")),
    ({"blade": NO, "work": YES, "treatment": SALT}, ("pass", "anti_icing", "sensed")),
    # no word of the blade
    ({"work": YES}, ("pass", None, "sensed")),
    ({"work": YES, "basis": WorkBasis.DECLARED}, ("pass", None, "declared")),
    ({"work": YES, "basis": WorkBasis.ASSUMED}, ("pass", None, "sensed")),
    ({"work": YES, "default": SALT}, ("pass", "anti_icing", "sensed")),
    ({"work": YES, "spreader": YES}, ("pass", "anti_icing", "sensed")),
    ({"work": YES, "spreader": YES, "treatment": FRESH}, ("pass", "fresh_snow_plowing", "sensed")),
    ({"work": NO}, ("deadhead", None, "sensed")),
    ({"work": NO, "basis": WorkBasis.DECLARED}, ("deadhead", None, "declared")),
    ({"work": NO, "spreader": YES}, ("pass", "anti_icing", "sensed")),
    ({"spreader": YES}, ("pass", "anti_icing", "sensed")),
    ({"spreader": YES, "default": FRESH}, ("pass", "anti_icing", "sensed")),
    ({"spreader": YES, "treatment": FRESH}, ("pass", "anti_icing", "sensed")),
    ({"spreader": YES, "basis": WorkBasis.ASSUMED, "default": FRESH}, ("pass", "anti_icing", "sensed")),
    # nothing but the source
    ({"basis": WorkBasis.ASSUMED}, ("pass", None, "assumed")),
    ({"basis": WorkBasis.DECLARED, "treatment": FRESH}, ("pass", "fresh_snow_plowing", "declared")),
    ({"spreader": NO, "basis": WorkBasis.ASSUMED}, ("pass", None, "assumed")),
    # nothing at all
    ({}, ("unknown", None, "unknown")),
    ({"spreader": NO}, ("unknown", None, "unknown")),
    ({"treatment": FRESH}, ("unknown", None, "unknown")),
    ({"default": FRESH}, ("unknown", None, "unknown")),
]


@pytest.mark.parametrize(("given", "expected"), ROWS)
def test_row_of_the_table(given: dict[str, object], expected: tuple[str, str | None, str]) -> None:
    assert state(**given) == expected  # type: ignore[arg-type]


def every_state() -> tuple[Fixes, SourceWork]:
    flags = [SILENT, NO, YES]
    named = list(range(-1, len(TREATMENTS)))
    rows = np.array(list(itertools.product(flags, flags, flags, named, range(1, 4), named)), np.int8)
    n = len(rows)
    blade, spreader, work, treatment, basis, default = rows.T
    fixes = Fixes.from_arrays(
        np.ones(n), np.arange(n), np.zeros(n), np.zeros(n),
        blade=blade, spreader=spreader, work=work, treatment=treatment,
    )  # fmt: skip
    return fixes, SourceWork(basis, default)


def test_unknown_work_and_unknown_basis_go_together_in_every_combination() -> None:
    fixes, source = every_state()
    found = work_of(fixes, source)
    assert np.array_equal(found.kind == KINDS.index("unknown"), found.basis == BASES.index("unknown"))
    assert (found.treatment[found.kind != KINDS.index("pass")] == -1).all()


def test_a_raised_blade_never_clears_but_for_haulage() -> None:
    fixes, source = every_state()
    found = work_of(fixes, source)
    clears = (found.kind == 0) & CLEARS[found.treatment + 1] & (fixes.blade == NO)
    assert set(found.treatment[clears]) == {TREATMENTS.index(HAUL)}


def test_a_spreader_alone_never_clears() -> None:
    fixes, source = every_state()
    found = work_of(fixes, source)
    alone = (fixes.spreader == YES) & (fixes.blade != YES) & (fixes.work != YES)
    assert not (CLEARS[found.treatment + 1] & (found.kind == 0))[alone].any()


def test_no_word_from_fix_or_source_never_works() -> None:
    fixes, source = every_state()
    silent = (fixes.blade < 0) & (fixes.spreader < 1) & (fixes.work < 0) & (source.basis == BASES.index("unknown"))
    assert (work_of(fixes, source).kind[silent] == KINDS.index("unknown")).all()


def test_code_and_decode_are_inverse() -> None:
    fixes, source = every_state()
    found = work_of(fixes, source)
    again = WorkStates.decode(found.code)
    assert np.array_equal(again.kind, found.kind)
    assert np.array_equal(again.treatment, found.treatment)
    assert np.array_equal(again.basis, found.basis)


def test_clears_follows_the_vocabulary() -> None:
    assert {word for word in TREATMENTS if CLEARS[TREATMENTS.index(word) + 1]} == set(CLEARING_TREATMENTS)
