"""Why an edge is unknown of which nothing is told."""

from __future__ import annotations

from geo.vocabulary import EventKind, Reason


def default_reason(event_kind: str) -> Reason:
    """Why an edge is unknown on which the engine wrote no row: nothing is asked for, or nobody is to clear it."""
    return Reason.NO_EVENT if event_kind == EventKind.STANDING else Reason.NOT_ON_PLAN
