"""Constants of the matcher, each with its source or the experiment that chose it (docs/matching.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo.errors import ConfigError
from geo.matching.arrays import CONSTANTS, MAX_ROADS


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """Settings of one matching run; the defaults are the ones that docs/matching.md measures.

    sigma_m           spread of a fix beside its road
    sigma_max_m       a device that claims or shows a greater spread than sigma_m is believed, up to this
    relearn           matched again where the spread that residuals show is this much more than what was taken
    jump_min_m        white noise above this is smoothed before matching; where fixes are more than a second apart,
                      above this times the square of the seconds, since turns look alike
    road_m            spread that smoothing cannot take out: roads are drawn so far off where vehicles drive
    acceleration      spectral density of the acceleration of vehicles, m^2/s^3
    beta_m, beta_fraction  scale of |way - straight line|: beta_m + beta_fraction * straight line
    max_roads         places on roads that one fix may have, each in both directions
    beam_nats         states dearer than the cheapest one by more than this are dropped
    merge_nats        a way that meets a cheaper one from another state of the same fix, and is dearer by more than
                      this, is given up: from there on both go the same way
    min_move_m        fixes nearer to the last decoded one are not decoded but laid on the path afterwards
    skip_nats, skip_more_nats  price of leaving out a fix, and each further one after it: errors come in bursts
    skip_far_nats     the price of a fix that no other one precedes by less than skip_far_s: no burst explains it
    break_nats        price of starting anew: a break
    uturn_edge_m, uturn_node_m  metres that turning back adds, on an edge and at a node; free at a dead end
    against_m, against_fraction  metres that driving against a one-way adds: once, and as a share of the way
    against_start_nats  price of starting a path against a one-way; below the beam, so that it can be found out
    turn_m            metres that a turn of 180 degrees adds; less in proportion to 1 - cos
    turn_wide_m       more metres for such a turn, for each sigma_m that a device spreads more than sigma_m
    max_speed_mps     no way is driven faster between two fixes
    speeding          a road may be driven so many times its free speed; where the fixes ask for more, its metres
    hurry             cost this much more for each further time; told only where roads have different speeds
    jitter_sigmas     a candidate so many sigma behind on the same edge is standing still
    heading_kappa     concentration of the heading about the direction of the edge
    heading_floor     share of headings that say nothing
    heading_min_mps   a heading below this speed is not used
    calibration_offset, calibration_slope  log-odds that a traversal is right, from those of its posterior
    heat              all costs are divided by it before they become probabilities
    touch_m           a partial traversal shorter than this at an end of a path or as a spur is a touch
    """

    sigma_m: float = 8.0
    sigma_max_m: float = 40.0
    relearn: float = 1.25
    jump_min_m: float = 3.0
    road_m: float = 5.0
    acceleration: float = 2.0
    beta_m: float = 7.0
    beta_fraction: float = 0.04
    max_roads: int = 12
    beam_nats: float = 15.0
    merge_nats: float = 8.0
    min_move_m: float = 25.0
    skip_nats: float = 12.0
    skip_more_nats: float = 6.0
    skip_far_nats: float = 24.0
    skip_far_s: float = 30.0
    break_nats: float = 200.0
    uturn_edge_m: float = 80.0
    uturn_node_m: float = 60.0
    against_m: float = 500.0
    against_fraction: float = 0.5
    against_start_nats: float = 10.0
    turn_m: float = 20.0
    turn_wide_m: float = 400.0
    max_speed_mps: float = 60.0
    speeding: float = 1.4
    hurry: float = 0.3
    jitter_sigmas: float = 2.5
    heading_kappa: float = 8.0
    heading_floor: float = 0.05
    heading_min_mps: float = 2.0
    touch_m: float = 15.0
    heat: float = 2.0
    calibration_offset: float = 2.03
    calibration_slope: float = 0.65

    def constants(self) -> np.void:
        """The part that the kernels read: one CONSTANTS record."""
        record = np.zeros(1, CONSTANTS)
        for name in CONSTANTS.names or ():
            record[name] = getattr(self, name)
        if not 1 <= self.max_roads <= MAX_ROADS:
            raise ConfigError(f"max_roads is {self.max_roads}.", hint=f"Choose 1 to {MAX_ROADS}.")
        constants: np.void = record[0]
        return constants
