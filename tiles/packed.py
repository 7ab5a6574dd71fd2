"""The packed form of states: bytes that a stranger can read with docs/api.md alone, small because neighbours agree.

A file is four letters, the length of a JSON header (4 bytes, little endian), the header, and columns one after another,
each a run of unsigned varints (LEB128). The header lists the columns with the number of their values and bytes. Signed
numbers are zigzagged, columns that mostly repeat are told as runs, and the whole is made for brotli or gzip on top.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiles.states import CHARS, NO_MOMENT, REASONS, STATES, STEP_S, Records

type Ints = NDArray[np.int64]
type Columns = dict[str, NDArray[Any]]

MEDIA_TYPE = "application/vnd.yukimichi.states"
SNAPSHOT, REPLAY, INDEX = b"YKS1", b"YKR1", b"YKI1"
#: What a kind says besides state and reason: which times there are, and how much is covered.
HAS_CLEARED, HAS_VALID, HAS_OBSERVED, COVERED_WHOLE, COVERED_TOLD = 1, 2, 4, 8, 16


def varints(values: NDArray[Any]) -> bytes:
    """Unsigned LEB128 of numbers from 0 to 2^63 - 1, one after another."""
    values = values.astype(np.uint64)
    if not len(values):
        return b""
    n_bytes = np.ones(len(values), np.int64)
    for k in range(1, 10):
        n_bytes += values >= np.uint64(1 << (7 * k))
    first = np.cumsum(n_bytes) - n_bytes
    out = np.zeros(int(n_bytes.sum()), np.uint8)
    for k in range(int(n_bytes.max())):
        has = n_bytes > k
        part = (values[has] >> np.uint64(7 * k)) & np.uint64(127)
        out[first[has] + k] = part + np.where(n_bytes[has] > k + 1, 128, 0).astype(np.uint64)
    return out.tobytes()


def zigzag(values: Ints) -> Ints:
    """0, -1, 1, -2 … as 0, 1, 2, 3 …"""
    folded: Ints = (values << 1) ^ (values >> 63)
    return folded


def runs(name: str, values: NDArray[Any]) -> Columns:
    """A column that mostly repeats: each value with how often it comes in a row."""
    if not len(values):
        return {f"{name}_value": values, f"{name}_run": values}
    first = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
    return {f"{name}_value": values[first], f"{name}_run": np.diff(np.append(first, len(values)))}


def flags(name: str, values: NDArray[np.bool_]) -> Columns:
    """Yes and no as lengths of runs, the first of them of no (it may be 0)."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], values, [not values[-1] if len(values) else False]])))
    return {f"{name}_run": np.diff(ends, prepend=0)} if len(values) else {f"{name}_run": ends}


def steps(name: str, values: Ints) -> Columns:
    """A column of numbers that mostly stay: how many stay before each change (and after the last), and the changes."""
    change = np.diff(values, prepend=0)
    at = np.flatnonzero(change)
    stay = np.diff(np.concatenate([[-1], at, [len(values)]])) - 1
    return {f"{name}_stay": stay, f"{name}_step": zigzag(change[at])}


def record_columns(records: Records, base: Ints | int) -> tuple[list[list[Any]], Columns]:
    """(kinds, columns) of records whose times are whole steps.

    base  steps since the epoch that times count from: one for all, or one for each record
    """
    has = [times != NO_MOMENT for times in (records.cleared, records.valid, records.observed)]
    covered = np.where(records.covered == 0, 0, np.where(records.covered == 100, COVERED_WHOLE, COVERED_TOLD))
    bits = has[0] * HAS_CLEARED + has[1] * HAS_VALID + has[2] * HAS_OBSERVED + covered
    code = (records.state.astype(np.int64) * len(REASONS) + records.reason) * 32 + bits
    found, kind = np.unique(code, return_inverse=True)
    kinds = [[_char(one // 32 // len(REASONS)), one // 32 % len(REASONS), one % 32] for one in found.tolist()]
    base = np.broadcast_to(np.asarray(base, np.int64), kind.shape)
    cleared, valid, observed = (t // STEP_S - base for t in (records.cleared, records.valid, records.observed))
    main = np.where(has[0], cleared, np.where(has[2], observed, 0))
    both = has[0] & has[2]
    is_later = both & (observed != cleared)
    columns = runs("kind", kind) | {"covered": records.covered[covered == COVERED_TOLD]}
    columns |= steps("time", main[has[0] | has[2]]) | flags("later", is_later[both])
    columns |= steps("observed", observed[is_later]) | steps("valid", (valid - main)[has[1]])
    return kinds, columns


def _char(state: int) -> str:
    return CHARS[STATES[state]]


def base_of(records: Records) -> int:
    """The step that times count from: that of the earliest one; 0 where there is none."""
    times = np.concatenate([records.cleared, records.valid, records.observed])
    times = times[times != NO_MOMENT]
    return int(times.min()) // STEP_S if len(times) else 0


def pack(magic: bytes, head: dict[str, Any], columns: Columns) -> bytes:
    """The bytes of a file."""
    told = {name: varints(values) for name, values in columns.items()}
    listed = [[name, len(columns[name]), len(packed)] for name, packed in told.items()]
    header = json.dumps(head | {"columns": listed}, ensure_ascii=False, separators=(",", ":")).encode()
    return b"".join((magic, struct.pack("<I", len(header)), header, *told.values()))


def pack_states(head: dict[str, Any], records: Records) -> bytes:
    """A snapshot of all edges of the index, in its order; `head` is what every answer about states begins with."""
    base = base_of(records)
    kinds, columns = record_columns(records, base)
    told = {"n_edges": len(records), "base_at": base * STEP_S, "step_s": STEP_S, "reasons": REASONS, "kinds": kinds}
    return pack(SNAPSHOT, head | told, columns)


def pack_index(roads_version: str, network_version: int, edge_id: Ints) -> bytes:
    """The ids of all edges in their order."""
    head = {"network_version": network_version, "roads_version": roads_version, "n_edges": len(edge_id)}
    return pack(INDEX, head, {"edge_id": zigzag(np.diff(edge_id, prepend=0))})
