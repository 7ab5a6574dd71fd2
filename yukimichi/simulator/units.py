"""The devices: when they report, how wrong they are, and what their sensors say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

# Shaped after a published sample of real plough units (median interval 15 s, exact duplicates, gaps to 521 s).
_INTERVALS_S = np.array([15.0, 10.0, 20.0, 30.0, 5.0])
_INTERVAL_SHARES = np.array([0.72, 0.10, 0.08, 0.05, 0.05])
_GAP_SHARE = 0.004
_GAP_MEAN_S = 110.0
_LONGEST_GAP_S = 521.0
_DUPLICATE_SHARE = 0.12
NEVER_SHARE = 0.035
_SILENT_SHARE = 0.06
_NO_SENSOR_SHARE = 0.11
_STUCK_SHARE = 0.05

#: How long an error keeps its direction, seconds: clear sky, then beside high walls.
_CLEAR_S, _DISTURBED_S = 55.0, 40.0
#: Mean lengths of clear and disturbed spells, seconds.
_CLEAR_SPELL_S, _DISTURBED_SPELL_S = 900.0, 55.0


@dataclass(frozen=True, slots=True)
class Receivers:
    """How far positions err in each axis, metres, one standard deviation: under clear sky, and beside high walls."""

    clear_m: float = 3.3
    disturbed_m: float = 26.0


@dataclass(frozen=True, slots=True)
class Unit:
    """One device. Between stuck_from_s and stuck_to_s its work signal is stuck at is_stuck_down (rare)."""

    interval_s: float
    has_heading: bool
    has_accuracy: bool
    has_work_sensor: bool
    tells_treatment: bool
    silent_from_s: float
    silent_to_s: float
    stuck_from_s: float
    stuck_to_s: float
    is_stuck_down: bool


def draw_unit(length_s: float, rng: np.random.Generator, interval_s: float | None = None) -> Unit:
    """A device with its habits; length_s is how long its vehicle is out. interval_s: None draws one."""
    silent_from = silent_to = stuck_from = stuck_to = length_s
    if rng.random() < NEVER_SHARE:
        silent_from = 0.0
        silent_to = np.inf
    elif rng.random() < _SILENT_SHARE:
        silent_from = rng.uniform(0.15, 0.8) * length_s
        silent_to = silent_from + rng.uniform(1_200.0, 12_000.0)
    if rng.random() < _STUCK_SHARE:
        stuck_from = rng.uniform(0.2, 0.8) * length_s
        stuck_to = stuck_from + rng.uniform(240.0, 1_200.0)
    drawn_s = float(rng.choice(_INTERVALS_S, p=_INTERVAL_SHARES))
    return Unit(
        interval_s=drawn_s if interval_s is None else interval_s,
        has_heading=bool(rng.random() < 0.85),
        has_accuracy=bool(rng.random() < 0.3),
        has_work_sensor=bool(rng.random() >= _NO_SENSOR_SHARE),
        tells_treatment=bool(rng.random() < 0.6),
        silent_from_s=silent_from,
        silent_to_s=silent_to,
        stuck_from_s=stuck_from,
        stuck_to_s=stuck_to,
        is_stuck_down=bool(rng.random() < 0.5),
    )


def report_times(unit: Unit, length_s: float, rng: np.random.Generator) -> Floats:
    """Seconds at which the device reports, whole seconds, ascending; silent spells and gaps left out."""
    n = int(length_s / unit.interval_s * 1.2) + 8
    step = unit.interval_s + rng.choice(np.array([-1.0, 0.0, 0.0, 0.0, 1.0]), n)
    gap = rng.random(n) < _GAP_SHARE
    step = np.where(gap, np.clip(rng.exponential(_GAP_MEAN_S, n), 40.0, _LONGEST_GAP_S), step)
    at = np.unique(np.round(rng.uniform(0, unit.interval_s) + np.cumsum(step)))
    heard = (at < unit.silent_from_s) | (at >= unit.silent_to_s)
    return at[heard & (at < length_s)]


def repeats(n: int, rng: np.random.Generator) -> Ints:
    """(n,) how often each report is sent: 1, now and then 2 or 3."""
    draw = rng.random(n)
    return 1 + (draw < _DUPLICATE_SHARE).astype(np.int64) + (draw < _DUPLICATE_SHARE / 8)


def position_errors(
    at_s: Floats, is_first: Bools, rng: np.random.Generator, receivers: Receivers | None = None
) -> tuple[Floats, Floats]:
    """(n, 2) errors east and north in metres, and (n,) the size that an honest device would claim.

    at_s (n,) seconds, is_first (n,) True at the first report of each vehicle. Errors of one vehicle hang together:
    first-order Gauss-Markov, with spells of larger errors.
    """
    n, receivers = len(at_s), receivers or Receivers()
    size_m = (receivers.clear_m, receivers.disturbed_m)
    error, claimed = _errors(at_s, is_first, rng.normal(size=(n, 2)), rng.random(n), rng.random(n), size_m)
    return error, claimed


@njit(cache=True, nogil=True)
def _errors(at_s, is_first, normal, switch, start, size_m):  # type: ignore[no-untyped-def]
    n = len(at_s)
    error, claimed = np.zeros((n, 2)), np.zeros(n)
    disturbed, x, y = False, 0.0, 0.0
    for i in range(n):
        if is_first[i]:
            disturbed = start[i] < _DISTURBED_SPELL_S / (_CLEAR_SPELL_S + _DISTURBED_SPELL_S)
            keep = 0.0
        else:
            dt = at_s[i] - at_s[i - 1]
            spell = _DISTURBED_SPELL_S if disturbed else _CLEAR_SPELL_S
            if switch[i] < 1.0 - np.exp(-dt / spell):
                disturbed = not disturbed
            keep = np.exp(-dt / (_DISTURBED_S if disturbed else _CLEAR_S))
        size = size_m[1] if disturbed else size_m[0]
        fresh = size * np.sqrt(1.0 - keep * keep)
        x = keep * x + fresh * normal[i, 0]
        y = keep * y + fresh * normal[i, 1]
        error[i, 0], error[i, 1], claimed[i] = x, y, size
    return error, claimed
