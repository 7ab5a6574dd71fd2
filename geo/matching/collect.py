"""Puts the outcomes of single traces together into one Matched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.matching.assemble import ROW
from geo.matching.result import INFERRED, MATCHED, UNMATCHED, Breaks, Matched, MatchedFixes, Traversals
from geo.matching.trip import Trip
from geo.trace import Traces


def collect(
    traces: Traces, length_m: NDArray[np.float64], trips: Iterable[Trip], network_version: int, matcher_version: str
) -> Matched:
    """Everything of all traces, in their order; length_m is that of the pieces of the network."""
    all_trips = list(trips)
    return Matched(
        matcher_version=matcher_version,
        network_version=network_version,
        traversals=_traversals(traces, all_trips),
        fixes=_fixes(length_m, all_trips),
        breaks=_breaks(traces, all_trips),
    )


def _joined(parts: list[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([np.empty(0, kind), *parts]).astype(kind)


def _traversals(traces: Traces, trips: list[Trip]) -> Traversals:
    rows = np.concatenate([np.empty(0, ROW), *[trip.rows for trip in trips]])
    counts = np.array([len(trip.rows) for trip in trips], np.int64)
    trace = np.repeat(np.arange(len(trips), dtype=np.int64), counts)
    first_row = np.cumsum(counts) - counts
    start = traces.start[:-1][trace]
    start_us = traces.fixes.at_us[start]
    return Traversals(
        trace=trace,
        seq=(np.arange(len(trace)) - first_row[trace]).astype(np.int32),
        edge=rows["edge"].astype(np.int32),
        from_m=rows["from_m"].copy(),
        to_m=rows["to_m"].copy(),
        entered_us=start_us + np.rint(rows["entered_s"] * 1e6).astype(np.int64),
        left_us=start_us + np.rint(rows["left_s"] * 1e6).astype(np.int64),
        status=np.where(rows["n_fixes"] > 0, MATCHED, INFERRED).astype(np.int8),
        confidence=rows["confidence"].copy(),
        n_fixes=rows["n_fixes"].astype(np.int32),
        first_fix=start + rows["first_fix"],
        last_fix=start + rows["last_fix"],
    )


def _fixes(length_m: NDArray[np.float64], trips: list[Trip]) -> MatchedFixes:
    edge = _joined([trip.fix_edge for trip in trips], np.int32)
    pos_m = _joined([trip.placed["pos_m"] for trip in trips], np.float64)
    off_m = _joined([trip.placed["off_m"] for trip in trips], np.float64)
    is_on = edge >= 0
    along = np.where(edge & 1, length_m[edge >> 1] - pos_m, pos_m)
    return MatchedFixes(
        edge=edge,
        offset_m=np.where(is_on, along, np.nan),
        distance_m=np.where(is_on, off_m, np.nan),
        status=np.where(is_on, MATCHED, UNMATCHED).astype(np.int8),
        confidence=_joined([trip.confidence for trip in trips], np.float64),
    )


def _breaks(traces: Traces, trips: list[Trip]) -> Breaks:
    counts = np.array([len(trip.breaks) for trip in trips], np.int64)
    trace = np.repeat(np.arange(len(trips), dtype=np.int64), counts)
    rows = np.concatenate([np.empty((0, 3), np.int64), *[trip.breaks for trip in trips]])
    start = traces.start[:-1][trace]
    return Breaks(
        trace=trace,
        after_fix=np.where(rows[:, 0] < 0, -1, rows[:, 0] + start),
        before_fix=np.where(rows[:, 1] < 0, -1, rows[:, 1] + start),
        reason=rows[:, 2].astype(np.int8),
    )
