"""What stands before every door: how often an address may be wrong about a key, and what of refusals is written down.

Keys are 256 random bits, so nobody guesses one; what wrong ones cost is bounded all the same, by address. A key that
holds is let in from everywhere, however many wrong ones came from its address before: nobody can lock others out.

Pure bookkeeping: it asks no database and no clock but the one it is given, and holds a bounded number of rows.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

#: Wrong keys of one address: so many at once, and then one in so many seconds.
WRONG_AT_ONCE = 10
WRONG_EVERY_S = 6.0
#: Addresses that are remembered; those that were quiet longest are forgotten first.
ADDRESSES_MAX = 10_000
#: One line for the same refusal in so long; what comes meanwhile is counted into the next one.
WINDOW_S = 60.0
#: Different refusals in one window; what is beyond is counted together, so that nobody fills the log.
REFUSALS_MAX = 100
#: Longest text of a request that the audit log keeps.
KEPT_CHARS = 500

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _address(host: str) -> Address | None:
    """The address of a client; None: it is none (a socket file, a test)."""
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def place_of(host: str) -> str:
    """What counts as one address: an IPv4 address, or the 64 bits that one subscriber has of IPv6."""
    found = _address(host)
    if found is None:
        return "unknown"
    return str(ipaddress.ip_network(f"{found}/{32 if found.version == 4 else 64}", strict=False))


def network_of(host: str) -> str:
    """As much of an address as the audit log needs to tell a stolen key from its holder: /24 of IPv4, /48 of IPv6."""
    found = _address(host)
    if found is None:
        return "unknown"
    return str(ipaddress.ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))


def plain(text: str) -> str:
    """A text as jsonb can hold it: no NUL, nothing that is not UTF-8, and not too long."""
    return text[:KEPT_CHARS].replace("\0", "�").encode("utf-8", "replace").decode()


class WrongKeys:
    """Wrong keys by address: a bucket each that WRONG_AT_ONCE empty and one in WRONG_EVERY_S fills again."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def _now(self, place: str) -> tuple[float, float]:
        at_s = self._clock_s()
        left, then_s = self._left.get(place, (float(WRONG_AT_ONCE), at_s))
        return min(WRONG_AT_ONCE, left + (at_s - then_s) / WRONG_EVERY_S), at_s

    def wait_s(self, place: str) -> float:
        """Seconds until an address may be wrong again; 0.0: it may now."""
        return max(0.0, (1.0 - self._now(place)[0]) * WRONG_EVERY_S) if place in self._left else 0.0

    def count(self, place: str) -> None:
        """Count a wrong key; beyond the limit it changes nothing, so that waiting always ends."""
        left, at_s = self._now(place)
        self._left[place] = (left - 1.0 if left >= 1.0 else left, at_s)
        self._left.move_to_end(place)
        while len(self._left) > ADDRESSES_MAX:
            self._left.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A try that was refused. key_id None: no key, or one that nobody knows."""

    key_id: int | None
    status: int
    path: str
    network: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line for the audit log: a refusal and how many like it came since the last line about it."""

    refusal: Refusal
    n: int


class Refusals:
    """Which refusals are written, and when: the first at once, those like it once a window, as a number.

    Alike are refusals of the same key, or without one of the same network, with the same status.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._began_s: dict[object, float] = {}
        self._waiting: dict[object, Line] = {}

    def add(self, refusal: Refusal) -> Line | None:
        """The line to write now, or None: it is counted for `due`."""
        at_s = self._clock_s()
        self._began_s = {k: s for k, s in self._began_s.items() if at_s - s < WINDOW_S or k in self._waiting}
        alike: object = (refusal.key_id or refusal.network, refusal.status)
        if alike not in self._began_s and len(self._began_s) >= REFUSALS_MAX:
            alike, refusal = "others", Refusal(None, refusal.status, "", "others")
        if alike not in self._began_s:
            self._began_s[alike] = at_s
            return Line(refusal, 1)
        before = self._waiting.get(alike)
        self._waiting[alike] = Line(refusal, before.n + 1 if before else 1)
        return None

    def due(self, *, is_end: bool = False) -> list[Line]:
        """The lines whose window is over, or all of them at the end; they are forgotten here."""
        at_s = self._clock_s()
        over = [k for k in self._waiting if is_end or at_s - self._began_s.get(k, 0.0) >= WINDOW_S]
        for key in over:
            self._began_s[key] = at_s
        return [self._waiting.pop(key) for key in over]

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be written."""
        return not self._waiting


class Gate:
    """The bookkeeping of one server process."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self.wrong = WrongKeys(clock_s)
        self.refusals = Refusals(clock_s)
        self.clock_s = clock_s
        #: hashes of the keys that hold, and when they were read; asked for only while an address is over its limit
        self.known: frozenset[bytes] = frozenset()
        self.known_at_s = float("-inf")
