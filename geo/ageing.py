"""How long a clearing holds: by hours of its class and by the snow that falls on it, whichever comes first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.basis import Basis
from geo.snow import reached_us, snow_between
from geo.status_rules import CLEARED, CLEARING, NEVER, EdgeContext, Moment, StatusRules

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Held:
    """The clearing of each of E edges, by passes or by hand.

    complete  (E,) the share was cleared;  since_us (E,) when, NEVER where it was not
    until_us  (E,) from here on it does not hold any more; NEVER where there is none
    by_snow   (E,) whether it ends by snow
    """

    complete: Bools
    since_us: Ints
    until_us: Ints
    by_snow: Bools


def held_clearing(basis: Basis, edges: EdgeContext, rules: StatusRules) -> Held:
    """What passes cleared, or what a road manager says is cleared, whichever is newer.

    Where one says that work goes on since a moment, clearings from before do not count any more.
    """
    said, said_us = edges.orders.corrected, edges.orders.corrected_us
    by_passes = (basis.fraction >= rules.enough) & ~((said == CLEARING) & (basis.oldest_us <= said_us))
    since = np.maximum(np.where(by_passes, basis.oldest_us, NEVER), np.where(said == CLEARED, said_us, NEVER))
    complete = since != NEVER
    by_hours = np.where(complete, since + edges.valid_us, NEVER)
    by_snow = snow_limit_us(edges, since)
    snowed = (by_snow != NEVER) & (by_snow <= by_hours)
    return Held(complete, since, np.where(snowed, by_snow, by_hours), snowed)


def snow_limit_us(edges: EdgeContext, since_us: Ints) -> Ints:
    """(E,) when so much snow had fallen since (E,) moments that a clearing of the class no longer held.

    NEVER where it had not by the last observation: where the weather is not known, hours alone decide.
    """
    if edges.snow is None:
        return np.full(len(since_us), NEVER)
    return reached_us(edges.snow, edges.snow_cell, since_us, edges.snow_limit_cm)


def snow_at(edges: EdgeContext, moment: Moment, cleared_us: Ints) -> Floats:
    """(E,) snow in cm from the reference time of the event to (E,) moments of clearing; nan where it is not known.

    The standing watch has no beginning from which snow could be counted. What fell since the clearing is the total of
    the cell less this (docs/coverage.md).
    """
    found = np.full(len(cleared_us), np.nan)
    if edges.snow is None or moment.is_standing:
        return found
    at = np.flatnonzero(cleared_us != NEVER)
    start = np.full(len(at), moment.reference_us)
    found[at] = snow_between(edges.snow, edges.snow_cell[at], start, cleared_us[at]).cm
    return found
