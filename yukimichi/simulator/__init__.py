"""The plough simulator: drives ploughs over any network through a storm, with the noise of real units.

What it writes is synthetic and is ingested under a source that says so. Beside the fixes it writes the truth: what was
driven, when, and whether it was work.
"""

from __future__ import annotations

from yukimichi.simulator.duties import Duty, duties_from_plan, make_duties
from yukimichi.simulator.season import simulate_passes
from yukimichi.simulator.storm import SimFiles, SimRun, Storm, simulate, write_run
from yukimichi.simulator.stream import stream

__all__ = [
    "Duty",
    "SimFiles",
    "SimRun",
    "Storm",
    "duties_from_plan",
    "make_duties",
    "simulate",
    "simulate_passes",
    "stream",
    "write_run",
]
