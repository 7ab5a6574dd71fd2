"""Publish what a few seconds changed: the states and passes that are named; nothing is looked for.

`layers.publish.publish` looks at everything, and mends whatever a lost round left behind; the two write the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from geo.db import Row
from geo.errors import ConflictError
from geo.vocabulary import EventKind
from layers.default_reason import default_reason
from layers.past import keep_past
from layers.publish import (
    PASSES_KEPT,
    one_row,
    publish_devices,
    publish_plans,
    read_ploughs,
    run,
    write_ploughs,
)


@dataclass(frozen=True, slots=True)
class Masks:
    """What keeps machines from being followed: see layers.publish.publish."""

    secret: bytes
    mask_m: float
    heard_min: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in ops: ids of edges with another state, of passes written, and of passes that hold no longer."""

    edge_ids: Sequence[int] = ()
    pass_ids: Sequence[int] = ()
    ended_ids: Sequence[int] = ()


def publish_changes(connection: psycopg.Connection[Row], changes: Changes, as_of: datetime) -> int:
    """Publish changes in the connection's transaction, as yuki_publish; the status version that holds then.

    as_of  the moment that the states describe
    Raises ConflictError where nothing was ever published: `publish` has to come first.
    """
    run(connection, "publish_lock")
    held = one_row(connection, "publish_held")
    if held is None:
        raise ConflictError("Nothing is published yet.", hint="Run `yukimichi publish` once.")
    version = int(held["status_version"]) + 1
    reason = default_reason(EventKind(held["event_kind"])).value
    params = {"edge_ids": list(changes.edge_ids), "event_id": held["event_id"], "default_reason": reason}
    changed = run(connection, "publish_status_of", params | {"status_version": version}) if changes.edge_ids else 0
    if changed:
        keep_past(connection, held["event_id"], reason, as_of, version)
    if changes.ended_ids:
        run(connection, "publish_passes_ended", {"pass_ids": list(changes.ended_ids)})
    _write_passes(connection, changes, max(held["reference_at"], as_of - PASSES_KEPT))
    version -= changed == 0
    run(connection, "publish_moment", {"as_of": as_of, "status_version": version})
    return version


def publish_passes(connection: psycopg.Connection[Row], changes: Changes, as_of: datetime) -> int:
    """Publish the passes that were written, and what their machines have gone away from; how many.

    For a transaction of its own, after that of the states: what may be told of passes takes longer to find out. Says
    anew what is published, as answers about passes rest on that. Nothing where nothing was ever published.
    """
    if not changes.pass_ids:
        return 0
    run(connection, "publish_lock")
    held = one_row(connection, "publish_held")
    if held is None:
        return 0
    n = _write_passes(connection, changes, max(held["reference_at"], as_of - PASSES_KEPT))
    if n:
        run(connection, "publish_moment", {"as_of": held["as_of"], "status_version": held["status_version"]})
    return n


def _write_passes(connection: psycopg.Connection[Row], changes: Changes, since: datetime) -> int:
    if not changes.pass_ids:
        return 0
    touched = [*changes.pass_ids, *changes.ended_ids]
    params = {"pass_ids": list(changes.pass_ids), "touched_ids": touched, "since": since}
    return run(connection, "publish_passes_of", params)


def publish_sums(
    connection: psycopg.Connection[Row], last: tuple[int, datetime], as_of: datetime
) -> tuple[int, datetime]:
    """Publish what adds up many edges and machines: routes, sections, devices.

    last  status version and moment of the last time; nothing but devices is written where no state has changed since.
    Returns those of this time.
    """
    run(connection, "publish_lock")
    held = one_row(connection, "publish_held")
    if held is None:
        return last
    old = {"status_version": last[0], "as_of": last[1]}
    publish_plans(connection, old, int(held["status_version"]), as_of)
    publish_devices(connection, as_of)
    return int(held["status_version"]), as_of


def publish_machines(connection: psycopg.Connection[Row], as_of: datetime, masks: Masks) -> int:
    """Publish the ploughs that the public may see, in the connection's transaction; how many.

    It can run beside the others on a connection of its own: what takes long is read before anything is locked, and the
    dataset is locked first, as they do.
    """
    seen = read_ploughs(connection, as_of, masks.secret, masks.mask_m, masks.heard_min)
    run(connection, "publish_again")
    return write_ploughs(connection, seen)
