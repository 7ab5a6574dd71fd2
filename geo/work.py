"""作業の有無: what each fix says about work, from its blade, its spreader, its work flag and its source.

docs/coverage.md prints the rules as one table. A contradiction or silence is unknown, and unknown never clears.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.fix import TREATMENTS, Fixes
from geo.vocabulary import CLEARING_TREATMENTS, PassKind, Treatment, WorkBasis

type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]

#: Position of each word in the kind and work_basis columns of the core.
KINDS: tuple[PassKind, ...] = tuple(PassKind)
PASS, DEADHEAD, UNKNOWN = range(3)
#: From the strongest basis to the weakest, so that the weakest of several is their maximum.
BASES: tuple[WorkBasis, ...] = tuple(WorkBasis)
SENSED, DECLARED, ASSUMED, BASIS_UNKNOWN = range(4)

NO_TREATMENT = -1
ANTI_ICING = TREATMENTS.index(Treatment.ANTI_ICING)
#: clears[treatment + 1]: whether a pass with that treatment takes snow off the carriageway. A pass whose kind of work
#: nobody names (position 0) is the ordinary clearing: what only spreads says so by treatment or by its spreader.
CLEARS: Bools = np.array([True, *(word in CLEARING_TREATMENTS for word in TREATMENTS)])
#: needs_blade[treatment + 1]: work that is done by the blade, so that a raised blade contradicts it. Haulage loads
#: trucks and has no blade down.
NEEDS_BLADE: Bools = CLEARS & np.array([True, *(word != Treatment.HAULAGE for word in TREATMENTS)])


@dataclass(frozen=True, slots=True)
class SourceWork:
    """What the source of each fix says where the fix does not, one entry a fix.

    basis      (n,) int8: DECLARED, ASSUMED, or BASIS_UNKNOWN where the source says nothing
    treatment  (n,) int8, position in TREATMENTS; -1 open
    """

    basis: Ints8
    treatment: Ints8

    @staticmethod
    def uniform(n: int, basis: WorkBasis | None = None, treatment: Treatment | None = None) -> SourceWork:
        """The same source for n fixes."""
        code = BASIS_UNKNOWN if basis is None else BASES.index(basis)
        named = NO_TREATMENT if treatment is None else TREATMENTS.index(treatment)
        return SourceWork(np.full(n, code, np.int8), np.full(n, named, np.int8))


@dataclass(frozen=True, slots=True)
class WorkStates:
    """Work state of n fixes.

    kind       (n,) int8: PASS (at work), DEADHEAD (not), UNKNOWN
    treatment  (n,) int8, position in TREATMENTS; -1 not named; always -1 unless PASS
    basis      (n,) int8; BASIS_UNKNOWN exactly where kind is UNKNOWN
    """

    kind: Ints8
    treatment: Ints8
    basis: Ints8

    @property
    def code(self) -> NDArray[np.int64]:
        """(n,) one number for each distinct state."""
        wide = self.kind.astype(np.int64) * 16 + (self.treatment.astype(np.int64) + 1)
        return wide * 4 + self.basis

    @staticmethod
    def decode(code: NDArray[np.int64]) -> WorkStates:
        """The states of (n,) numbers made by `code`."""
        basis, rest = (code % 4).astype(np.int8), code // 4
        return WorkStates((rest // 16).astype(np.int8), (rest % 16 - 1).astype(np.int8), basis)


def work_of(fixes: Fixes, source: SourceWork) -> WorkStates:
    """The work state of each fix.

    The first rule that holds decides:
    1. blade down: at work, sensed
    2. blade up: spreading is work, sensed; else a work flag counts for work that needs no blade, and is a
       contradiction (unknown) for work that does; else deadhead
    3. work flag: at work or deadhead, as it says; a button of the operator is declared, a switch is sensed
    4. spreader on: at work, sensed
    5. the source declares or assumes that its machines work: at work on that basis
    6. unknown
    Treatment: the one that the fix names, else the source's. Where only the spreader tells of work, where the blade is
    up while spreading, and where a spreading machine names no treatment, it is never a clearing one: anti_icing.
    """
    blade, spreader, work = fixes.blade, fixes.spreader, fixes.work
    at_hand = np.where(fixes.treatment >= 0, fixes.treatment, source.treatment)
    needs_blade = NEEDS_BLADE[at_hand.astype(np.int64) + 1]
    stated = source.basis != BASIS_UNKNOWN
    flag_basis = np.where(source.basis == DECLARED, DECLARED, SENSED)
    up = blade == 0
    rules: list[tuple[Bools, int, int | NDArray[Any]]] = [
        (blade == 1, PASS, SENSED),
        (up & (spreader == 1), PASS, SENSED),
        (up & (work == 1) & needs_blade, UNKNOWN, BASIS_UNKNOWN),
        (up & (work == 1), PASS, flag_basis),
        (up, DEADHEAD, SENSED),
        (work == 1, PASS, flag_basis),
        ((work == 0) & (spreader != 1), DEADHEAD, flag_basis),
        (spreader == 1, PASS, SENSED),
        (stated, PASS, source.basis),
    ]
    when = [rule[0] for rule in rules]
    kind = np.select(when, [np.full(len(fixes), rule[1]) for rule in rules], UNKNOWN).astype(np.int8)
    basis = np.select(when, [np.broadcast_to(rule[2], len(fixes)) for rule in rules], BASIS_UNKNOWN)
    spreads = (spreader == 1) & (blade != 1)
    alone = spreads & (work != 1) & CLEARS[at_hand.astype(np.int64) + 1]
    only_spreads = alone | (spreads & up & needs_blade) | (spreads & (at_hand < 0))
    treatment = np.where(only_spreads, ANTI_ICING, at_hand)
    return WorkStates(kind, np.where(kind == PASS, treatment, NO_TREATMENT).astype(np.int8), basis.astype(np.int8))
