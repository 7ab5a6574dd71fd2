"""車両台帳: the vehicles that a source may report, when, and what is wired to their inputs.

A source with `vehicles: registered` takes positions of registered vehicles only; the reasons of the others are
`unknown_vehicle` and `other_source`. For an open source a register refuses nothing and still tells inputs apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.settings import SourceSettings
from geo.settings_sources import WorkInputs
from geo.store.bulk import FOREVER, NEVER
from geo.timeline import to_us

type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a register: a span of time, from inclusive, to exclusive, and the inputs then.

    inputs  None: as the source's rules say
    """

    from_us: int = NEVER
    to_us: int = FOREVER
    inputs: WorkInputs | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a register says of n rows.

    is_known    registered at that time
    is_lapsed   registered, and not at that time
    is_foreign  not registered here, and registered for another source
    """

    is_known: Bools
    is_lapsed: Bools
    is_foreign: Bools


@dataclass(frozen=True, slots=True)
class Register:
    """The register of one source as it stood when it was read.

    source   name of the source
    entries    rows by the name of the vehicle
    foreign  names that only registers of other sources know
    sha256   of the file that stands; empty without one
    """

    source: str
    entries: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    foreign: frozenset[str] = frozenset()
    sha256: bytes = b""

    @staticmethod
    def load(connection: psycopg.Connection[Row], source_id: int, name: str) -> Register:
        """The register of today, as yuki_ingest; one without a row where none was imported. Read it again now and
        then: a new import stands from its commit on."""
        entries: dict[str, list[Entry]] = {}
        foreign, sha256 = set(), b""
        for row in connection.execute(read_sql("ingest", "read_register"), {"source_id": source_id}).fetchall():
            vehicle, is_own, inputs, begins, ends, digest = row
            if not is_own:
                foreign.add(vehicle)
                continue
            wired = None if inputs is None else WorkInputs.model_validate(inputs)
            entries.setdefault(vehicle, []).append(Entry(_us(begins, NEVER), _us(ends, FOREVER), wired))
            sha256 = bytes(digest)
        return Register(name, {key: tuple(rows) for key, rows in entries.items()}, frozenset(foreign), sha256)

    def standing(self, names: Sequence[str], code: Ints, at_us: Ints) -> Standing:
        """What it says of (n,) rows: `code` is a position in `names`, -1 for a row without a vehicle."""
        is_known = self._entry_of(names, code, at_us) >= 0
        listed = np.array([name in self.entries for name in names] + [False], np.bool_)[code]
        foreign = np.array([name in self.foreign for name in names] + [False], np.bool_)[code]
        return Standing(is_known, listed & ~is_known, foreign)

    def inputs(self, names: Sequence[str], code: Ints, at_us: Ints) -> list[tuple[Bools, WorkInputs]]:
        """Rows whose vehicle has inputs of its own at that time, as a mask for each different wiring."""
        own = [wired for name in names for entry in self.entries.get(name, ()) if (wired := entry.inputs) is not None]
        if not own:
            return []
        which = self._entry_of(names, code, at_us)
        result = []
        for wiring in dict.fromkeys(own):
            held = np.zeros((len(names) + 1, self._n_entries(names) + 1), np.bool_)
            for i, name in enumerate(names):
                for k, entry in enumerate(self.entries.get(name, ())):
                    held[i, k] = entry.inputs == wiring
            result.append((held[code, which] & (which >= 0), wiring))
        return result

    def _n_entries(self, names: Sequence[str]) -> int:
        return max((len(self.entries.get(name, ())) for name in names), default=0)

    def _entry_of(self, names: Sequence[str], code: Ints, at_us: Ints) -> Ints:
        """(n,) number of the entry that holds at that time among those of its vehicle; -1 for none."""
        n_entries = self._n_entries(names)
        begins = np.full((len(names) + 1, n_entries), FOREVER)
        ends = np.full((len(names) + 1, n_entries), NEVER)
        for i, name in enumerate(names):
            for k, entry in enumerate(self.entries.get(name, ())):
                begins[i, k], ends[i, k] = entry.from_us, entry.to_us
        found = np.full(len(code), -1, np.int64)
        for k in range(n_entries):
            holds = (begins[code, k] <= at_us) & (at_us < ends[code, k]) & (found < 0)
            found[holds] = k
        return found


def register_of(
    connection: psycopg.Connection[Row], source_id: int, name: str, source: SourceSettings
) -> Register | None:
    """The register that `ingest.quality.check` needs for a source; None where an open source has none."""
    register = Register.load(connection, source_id, name)
    return register if register.entries or source.vehicles == "registered" else None


def _us(at: datetime | None, missing: int) -> int:
    return missing if at is None else to_us(at)
