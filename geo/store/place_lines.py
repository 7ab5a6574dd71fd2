"""The stage that lays the priority network and buses onto a network version: raw → net."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from geo.db import Database, Role, read_sql
from geo.network import Network
from geo.order_places import Ground, ground_of
from geo.plans import LayLine
from geo.store.buses import KINDS, write_buses
from geo.store.places import PlacesReport, keep_detail, refresh_places, sets_key, stage_detail
from geo.store.plan_laying import Progress, read_pieces
from geo.store.plan_rows import copy_rows
from geo.store.priority_network import KIND, write_priority_network

STAGE = "place_lines"
type Misfit = tuple[str, str, float, str]


@dataclass(frozen=True, slots=True)
class PlaceLinesReport:
    """What laying gave: counts by kind, metres, and (kind, id, missing metres, why) of what does not fit."""

    is_new: bool
    counts: dict[str, int] = field(default_factory=dict)
    planned_m: float = 0.0
    laid_m: float = 0.0
    misfits: tuple[Misfit, ...] = ()


def refresh_place_lines(
    database: Database, network: Network, lay_line: LayLine, progress: Progress
) -> tuple[PlacesReport, PlaceLinesReport]:
    """Bring the register of places up to date, and lay the priority network and buses on a network version.

    Unchanged deliveries on an unchanged version change nothing. Raises ConflictError where the database does not hold
    this version.
    """
    with database.connect(Role.ENGINE) as connection:
        places = refresh_places(connection)
        key = sets_key(connection, (KIND, *KINDS), network.version)
        before = stage_detail(connection, STAGE)
        if before.get("key") == key:
            told = before["misfits"]
            misfits = tuple((str(m[0]), str(m[1]), float(m[2]), str(m[3])) for m in told)
            return places, PlaceLinesReport(False, before["counts"], before["planned_m"], before["laid_m"], misfits)
        pieces = read_pieces(connection, network)
        connection.execute(read_sql("geo", "queries/clear_place_lines"))
        n_lines, planned_m, laid_m, misfit = write_priority_network(connection, network, pieces, lay_line, progress)
        counts, bus_m, bus_laid_m, more = write_buses(connection, network, lay_line, _once(network), progress)
        misfits = tuple(sorted([*misfit, *more], key=lambda m: (-m[2], m[0], m[1])))
        copy_rows(connection, "copy_misfits", [(network.version, *misfit) for misfit in misfits])
        done = PlaceLinesReport(True, {KIND: n_lines, **counts}, planned_m + bus_m, laid_m + bus_laid_m, misfits)
        detail = {"key": key, "counts": done.counts, "planned_m": done.planned_m, "laid_m": done.laid_m}
        keep_detail(connection, STAGE, detail | {"misfits": [list(misfit) for misfit in misfits]})
        return places, done


def _once(network: Network) -> Callable[[], Ground]:
    """The ground of a network, made when it is first asked for."""
    made: list[Ground] = []

    def ground() -> Ground:
        if not made:
            made.append(ground_of(network))
        return made[0]

    return ground
