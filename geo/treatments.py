"""作業種別ごとの範囲: what each treatment covers of each edge, kept apart; only clearing ones colour a carriageway."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.basis import rest_on
from geo.coverage import PassFacts, cover
from geo.fix import TREATMENTS
from geo.linear import Stretches
from geo.status_rules import NEVER, StatusRules
from geo.vocabulary import Treatment
from geo.work import BASIS_UNKNOWN, NO_TREATMENT, PASS

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]

#: Treatments that spread something on the carriageway.
SPREADING = frozenset({Treatment.ANTI_ICING, Treatment.ABRASIVE_SPREADING})


@dataclass(frozen=True, slots=True)
class TreatmentCoverage:
    """G pairs of an edge and a treatment that covers something of it, by edge and then by treatment.

    edge       (G,) positions;  treatment (G,) int8, positions in geo.fix.TREATMENTS
    covered    the union of the passes, group: position of the pair
    fraction   (G,) covered share of the edge, 0 to 1
    reached_us (G,) end of the oldest pass that the share needs, newest laid first; NEVER where it is not reached
    """

    edge: Ints
    treatment: Ints8
    covered: Stretches
    fraction: Floats
    reached_us: Ints

    def since(self, n_edges: int, treatments: frozenset[Treatment]) -> Ints:
        """(n_edges,) since when the newest of some treatments covers the share of an edge; NEVER where none does."""
        found = np.full(n_edges, NEVER)
        mine = np.isin(self.treatment, [TREATMENTS.index(word) for word in treatments])
        np.maximum.at(found, self.edge[mine], self.reached_us[mine])
        return found

    def select(self, edges: Ints) -> TreatmentCoverage:
        """The pairs of (n,) ascending edge positions, which become the places in `edges`."""
        at = np.searchsorted(edges, self.edge)
        mine = (at < len(edges)) & (np.append(edges, -1)[np.minimum(at, len(edges))] == self.edge)
        place = np.cumsum(mine) - 1
        held = self.covered.select(mine[self.covered.group])
        covered = Stretches(place[held.group], held.from_m, held.to_m)
        return TreatmentCoverage(at[mine], self.treatment[mine], covered, self.fraction[mine], self.reached_us[mine])


def works(facts: PassFacts) -> Bools:
    """(Q,) whether each fact says that work was done whose treatment is named, however sure it is."""
    named = (facts.kind == PASS) & (facts.work_basis != BASIS_UNKNOWN) & (facts.treatment != NO_TREATMENT)
    return np.asarray(named, np.bool_)


def cover_treatments(facts: PassFacts, counts: Bools, length_m: Floats, rules: StatusRules) -> TreatmentCoverage:
    """What the facts that count, all of them of named treatments, cover of E edges; one pass is enough."""
    counted = facts.select(counts)
    key = counted.edge * len(TREATMENTS) + counted.treatment
    pairs, group = np.unique(key, return_inverse=True)
    edge, treatment = pairs // len(TREATMENTS), (pairs % len(TREATMENTS)).astype(np.int8)
    by_pair = replace(counted, edge=group.astype(np.int64))
    coverage = cover(by_pair, np.full(len(counted), True), length_m[edge])
    basis = rest_on(by_pair, coverage, length_m[edge], rules.covered_fraction_min)
    reached = np.where(coverage.fraction >= rules.enough, basis.oldest_us, NEVER)
    return TreatmentCoverage(edge, treatment, coverage.covered, coverage.fraction, reached)
