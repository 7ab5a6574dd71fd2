"""受託者: who is paid for each stretch, and how that is known: assignment, else register, else source, else nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.report import Stretches
from geo.report_sheet import Party, Place

type Ints = NDArray[np.int64]

#: Bases, the strongest first; docs/reports.md prints them.
BASES = ("assignment", "register", "source", "none")


@dataclass(frozen=True, slots=True)
class Claim:
    """Whom a vehicle works for in a span of time, from inclusive, to exclusive.

    contractor None: it does not say. route_id, section_id: of an assignment; None: not of one
    """

    vehicle: int
    from_us: int
    to_us: int
    contractor: str | None
    machine: str | None
    machine_class: str | None
    basis: str
    route_id: str | None = None
    section_id: str | None = None


def parties_of(
    rows: Stretches, places: Sequence[Place], area: Ints, claims: Sequence[Claim], sources: Mapping[int, str]
) -> tuple[list[Party], Ints]:
    """The parties, and (N,) which one each stretch counts for. rows are cut at the ends of the claims.

    area     (N,) position of the edge's place in places; -1: standing, which counts for the party before it
    sources  contractor by vehicle, as its source says
    Of several assignments that hold, one whose route or section holds the edge wins, then the one made last.
    """
    party = np.zeros(len(rows), np.int64)
    codes: dict[Party, int] = {}
    by_vehicle: dict[int, list[Claim]] = {}
    for claim in claims:
        by_vehicle.setdefault(claim.vehicle, []).append(claim)
    starts = np.flatnonzero(np.append(True, np.diff(rows.vehicle) != 0)[: len(rows)])
    ends = np.append(starts[1:], len(rows))[: len(starts)]
    for at, end in zip(starts.tolist(), ends.tolist(), strict=True):
        own = slice(at, end)
        vehicle = int(rows.vehicle[at])
        chosen = _chosen(rows.began_us[own], area[own], places, by_vehicle.get(vehicle, ()))
        for key in np.unique(chosen, axis=0).tolist():
            found = _party(key, by_vehicle.get(vehicle, ()), sources.get(vehicle))
            code = codes.setdefault(found, len(codes))
            party[own][(chosen == key).all(axis=1)] = code
    return list(codes), party


def _chosen(at_us: Ints, area: Ints, places: Sequence[Place], claims: Sequence[Claim]) -> Ints:
    """(n, 2) positions of the assignment and of the register's row that hold; -1: none."""
    one_payee = len({(claim.contractor, claim.machine) for claim in claims if claim.basis == "assignment"}) < 2
    chosen = np.full((len(at_us), 2), -1, np.int64)
    rank = np.full(len(at_us), -1, np.int64)
    for i, claim in enumerate(claims):
        holds = (claim.from_us <= at_us) & (at_us < claim.to_us)
        if claim.basis == "register":
            chosen[holds, 1] = i
        elif claim.contractor is not None:
            fits = np.zeros(len(area), np.int64) if one_payee else _fits(area, places, claim)
            better = holds & (fits >= rank)
            chosen[better, 0], rank[better] = i, fits[better]
    return chosen if one_payee else _with_standing(chosen, at_us, area, claims)


def _with_standing(chosen: Ints, at_us: Ints, area: Ints, claims: Sequence[Claim]) -> Ints:
    """Standing counts for the assignment of the stretch before it, at first of the one after, while that holds."""
    standing, driven = np.flatnonzero(area < 0), np.flatnonzero(area >= 0)
    if not len(standing) or not len(driven):
        return chosen
    before = np.maximum.accumulate(np.where(area >= 0, np.arange(len(area)), -1))[standing]
    source = np.where(before >= 0, before, driven[0])
    for row, of in zip(standing.tolist(), source.tolist(), strict=True):
        i = int(chosen[of, 0])
        if i >= 0 and claims[i].from_us <= at_us[row] < claims[i].to_us:
            chosen[row, 0] = i
    return chosen


def _fits(area: Ints, places: Sequence[Place], claim: Claim) -> Ints:
    """(n,) 1 where the assignment is of the edge's route or section, else 0."""
    by_code = [
        int((claim.route_id is not None and place.route_id == claim.route_id)
            or (claim.section_id is not None and place.section_id == claim.section_id))
        for place in places
    ]  # fmt: skip
    return np.array([*by_code, 0], np.int64)[area]


def _party(key: Sequence[int], claims: Sequence[Claim], source: str | None) -> Party:
    assigned = claims[key[0]] if key[0] >= 0 else None
    registered = claims[key[1]] if key[1] >= 0 else None
    machine_class = registered.machine_class if registered else None
    name = registered.machine if registered else None
    if assigned is not None:
        return Party(assigned.contractor, "assignment", assigned.machine or name, machine_class)
    if registered is not None and registered.contractor is not None:
        return Party(registered.contractor, "register", name, machine_class)
    return Party(source, "source" if source else "none", name, machine_class)
