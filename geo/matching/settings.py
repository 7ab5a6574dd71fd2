"""Constants of the matcher, each with its source or the experiment that chose it (docs/matching.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """Settings of one matching run; the defaults are the ones that docs/matching.md measures."""

    sigma_m: float = 8.0
    beta_m: float = 7.0
    beta_fraction: float = 0.03
    radius_m: float = 60.0
    max_roads: int = 12
    beam_nats: float = 15.0
    min_move_m: float = 20.0
    skip_nats: float = 16.0
    uturn_edge_m: float = 80.0
    uturn_node_m: float = 60.0
