"""Rows of single edges as the columns of a JSON answer: what changes are told in, the plain twin of tiles.states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geo.vocabulary import Reason, State
from tiles.states import CHARS, CLOSED, COLUMNS, NO_MOMENT, POSITION_OF_REASON, REASONS, round_times

#: piece_id, is_reversed, state, reason, cleared, valid and observed in seconds since the epoch, covered in percent.
type StatusRow = tuple[int, bool, str, str, int | None, int | None, int | None, int]


def in_steps(row: StatusRow) -> StatusRow:
    """The row with its times in whole steps."""
    return (*row[:4], *round_times(row[4], row[5], row[6]), row[7])  # type: ignore[return-value]


def _empty() -> dict[str, Any]:
    return {name: [] for name in COLUMNS}


def _append(columns: dict[str, Any], row: StatusRow | None, base_s: int, moment_s: int) -> None:
    if row is None:
        values: tuple[Any, ...] = (CLOSED, 0, NO_MOMENT, NO_MOMENT, NO_MOMENT, 0)
    else:
        _, _, state, reason, *seconds, covered = row
        if state in (State.CLEARED, State.CLEARING) and seconds[1] is not None and seconds[1] <= moment_s:
            state, reason = State.UNKNOWN.value, Reason.EXPIRED.value
        times = [NO_MOMENT if s is None else s - base_s for s in seconds]
        values = (CHARS[state], POSITION_OF_REASON[reason], *times, covered)
    for name, value in zip(columns, values, strict=True):
        columns[name].append(value)


def columns(rows: Sequence[StatusRow], moment_s: int) -> dict[str, Any]:
    """The columns of the snapshot from rows ordered by piece and direction.

    Returns n, base_at (epoch seconds, below every moment), piece_id (delta-coded, ascending), forward and backward.
    """
    by_piece: dict[int, list[StatusRow | None]] = {}
    for row in rows:
        by_piece.setdefault(row[0], [None, None])[int(row[1])] = row
    base_s = min((s for row in rows for s in row[4:7] if s is not None), default=moment_s)
    directions = [_empty(), _empty()]
    deltas, last = [], 0
    for piece_id, both in by_piece.items():
        deltas.append(piece_id - last)
        last = piece_id
        for direction, row_or_none in zip(directions, both, strict=True):
            _append(direction, row_or_none, base_s, moment_s)
    for direction in directions:
        direction["state"] = "".join(direction["state"])
    return {
        "n": len(deltas), "base_at": base_s, "piece_id": deltas, "reasons": REASONS,
        "forward": directions[0], "backward": directions[1],
    }  # fmt: skip
