"""What online matching keeps of a vehicle: a window of the lattice, and its bytes for a restart.

Everything is flat arrays of records, so the bytes are the arrays one after another behind a header that names
their layout, the matcher and the network. Bytes of another layout, matcher or network are refused, not guessed at.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from geo.errors import InputError
from geo.matching.arrays import ACTIVE, ARC, FIX, PROGRESS, Records
from geo.matching.assemble import ROW
from geo.matching.path import LINK
from geo.matching.viterbi import STATE, new_progress

#: Of each fix of the window. number: its place among the fixes taken of the trace; n: fixes that it stands for and
#: that no traversal counts yet, itself and those folded into it, 0 for the anchor; is_decoded: part of the lattice
#: for good; is_decided: its edge has been given out as confirmed.
NOTE = np.dtype([("number", "i8"), ("n", "i8"), ("is_decoded", "i1"), ("is_decided", "i1")], align=True)
#: start_us: time of the first fix; n_taken: fixes taken; n_far: teleports in a row; sigma_m, step_m: spread of the
#: device, and how far apart its decoded fixes usually are; anchor: the confirmed state that every way starts from,
#: NO_STATE before there is one; here_m: where it stands on its edge, in its direction.
HEAD = np.dtype(
    [
        ("start_us", "i8"), ("n_taken", "i8"), ("n_far", "i8"), ("anchor", "i8"), ("sigma_m", "f8"), ("step_m", "f8"),
        ("here_m", "f8"),
    ],
    align=True,
)  # fmt: skip
#: Of each link held: its traversal so far, and whether it has been given out or dropped as a touch.
HELD = np.dtype([("row", ROW), ("is_out", "i1")], align=True)

MAGIC, FORMAT = b"YKON", 1
_FIXED = struct.Struct("<4sHH16sqI")
NO_STATE = -1


@dataclass(slots=True)
class OnlineState:
    """The state of one open trace. Its owner steps it through one matcher at a time.

    head        (1,) HEAD
    seen, note  (w,) FIX and NOTE: the anchor, if there is one, and all fixes since
    states, start_nats  (n,) STATE and the cost of starting in each for the sums over all ways, inf where none starts
    arcs        (m,) ARC
    active      (a,) ACTIVE
    progress    (1,) PROGRESS
    base_progress, base_active  before the newest fix where that is decoded only for now, else empty
    links, held (h,) LINK and HELD: the end of the confirmed path, whose last link the anchor stands on
    """

    head: Records
    seen: Records
    note: Records
    states: Records
    start_nats: Records
    arcs: Records
    active: Records
    progress: Records
    base_progress: Records
    base_active: Records
    links: Records
    held: Records

    @classmethod
    def new(cls, sigma_m: float, step_m: float) -> Self:
        """Before the first fix of a vehicle whose fixes spread by sigma_m beside their road, step_m apart."""
        head = np.zeros(1, HEAD)
        head["sigma_m"], head["step_m"], head["anchor"] = sigma_m, step_m, NO_STATE
        empty = {name: np.zeros(0, kind) for name, kind in _KINDS.items()}
        return cls(**empty | {"head": head, "progress": new_progress()})

    @property
    def is_tentative(self) -> bool:
        """Whether the newest fix is decoded only until the next one comes."""
        return len(self.base_progress) > 0

    def copy(self) -> Self:
        """An independent copy."""
        return type(self)(**{field.name: getattr(self, field.name).copy() for field in fields(self)})

    def to_bytes(self, matcher_version: str, network_version: int) -> bytes:
        """The state for a restart; from_bytes with the same versions gives it back."""
        parts = [np.ascontiguousarray(getattr(self, name)) for name in _KINDS]
        body = struct.pack(f"<{len(parts)}I", *map(len, parts)) + b"".join(part.tobytes() for part in parts)
        matcher = matcher_version.encode()
        head = _FIXED.pack(MAGIC, FORMAT, len(matcher), _LAYOUT, network_version, zlib.crc32(matcher + body))
        return head + matcher + body

    @classmethod
    def from_bytes(cls, data: bytes, matcher_version: str, network_version: int) -> Self:
        """The state of these bytes.

        Raises InputError where they are damaged, or of another layout, matcher or network: then the fixes of the open
        trace have to be stepped again.
        """
        if len(data) < _FIXED.size:
            raise _refused("is cut short")
        magic, form, n_matcher, layout, network, check = _FIXED.unpack_from(data)
        at = _FIXED.size + n_matcher
        if magic != MAGIC or form != FORMAT or layout != _LAYOUT:
            raise _refused("has another layout")
        if zlib.crc32(data[_FIXED.size :]) != check:
            raise _refused("is damaged")
        matcher = data[_FIXED.size : at].decode()
        if (matcher, network) != (matcher_version, network_version):
            raise _refused(f"is of matcher {matcher} and network {network}")
        counts = struct.unpack_from(f"<{len(_KINDS)}I", data, at)
        at += 4 * len(counts)
        parts = {}
        for (name, kind), n in zip(_KINDS.items(), counts, strict=True):
            parts[name] = np.frombuffer(data, kind, n, at).copy()
            at += n * kind.itemsize
        return cls(**parts)


_KINDS: dict[str, np.dtype[Any]] = {
    "head": HEAD,
    "seen": FIX,
    "note": NOTE,
    "states": STATE,
    "start_nats": np.dtype("f8"),
    "arcs": ARC,
    "active": ACTIVE,
    "progress": PROGRESS,
    "base_progress": PROGRESS,
    "base_active": ACTIVE,
    "links": LINK,
    "held": HELD,
}
#: A digest of all names, types and places of fields: bytes of another layout are not read.
_LAYOUT = hashlib.blake2b(repr([(name, kind.descr) for name, kind in _KINDS.items()]).encode(), digest_size=16).digest()


def _refused(why: str) -> InputError:
    return InputError(f"The kept state of online matching {why}.", hint="Step the fixes of the open trace again.")
