"""綴り: facts on disk beside the database, in volumes of some hundred thousand, for questions about the past.

A volume holds the facts of a span of trace ids, each as geo.needed.FACT, by edge and from the newest to the oldest,
mapped into memory and shared by all who read. The index names the volumes and says what they rest on: of the database
with `database_key` they hold all that was recorded before `horizon_us`, and what was superseded before it. The rest
comes from the database each time (geo.store.history_facts). Nothing here is needed to be right, only to be quick: the
folder may be deleted at any time.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.needed import Ints16, Records, sets_of
from geo.store.bulk import FOREVER, NEVER

type Ints = NDArray[np.int64]

#: Rises when FACT or the layout of a volume changes; volumes of another format are made again.
FORMAT = 1
#: A volume is split at a trace when it holds more than twice as many facts.
FACTS_OF_A_VOLUME = 250_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A volume in the index: its folder, its last trace id (the first follows the one before), its span of time, and
    whether any of its facts is synthetic."""

    name: str
    last_trace: int
    n_facts: int
    began_us: int
    ended_us: int
    has_synthetic: bool


@dataclass(frozen=True, slots=True)
class Index:
    """What the volumes hold; see the head of this module. entries in the order of trace ids, the last one is open."""

    database_key: str
    horizon_us: int
    last_pass_id: int
    entries: tuple[Entry, ...]

    @staticmethod
    def empty(database_key: str) -> Index:
        """No volumes."""
        return Index(database_key, NEVER, 0, ())

    @property
    def n_facts(self) -> int:
        """Facts in all volumes, those that hold no more too."""
        return sum(entry.n_facts for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Volume:
    """The facts of a volume.

    facts     (Q,) FACT by edge_id, then from the newest end to the oldest
    edge_id   (G,) ascending; first (G + 1,) first fact of each; newest_us (G,) newest end on each
    sets      (G,) bits of the sets of geo.needed that the facts of each may be in
    by_trace  (Q,) positions of facts by trace and seq;  by_pass (Q,) by pass_id
    """

    facts: Records
    edge_id: Ints
    first: Ints
    newest_us: Ints
    sets: Ints16
    by_trace: Ints
    by_pass: Ints

    @staticmethod
    def of(facts: Records) -> Volume:
        """A volume of facts in any order."""
        order = np.lexsort((facts["pass_id"], -facts["ended_us"], facts["edge_id"]))
        facts = np.ascontiguousarray(facts[order])
        edge_id, first = np.unique(facts["edge_id"], return_index=True)
        return Volume(
            facts=facts,
            edge_id=edge_id,
            first=np.append(first, len(facts)),
            newest_us=facts["ended_us"][first],
            sets=np.bitwise_or.reduceat(sets_of(facts), first),
            by_trace=np.lexsort((facts["pass_id"], facts["seq"], facts["trace"])),
            by_pass=np.argsort(facts["pass_id"], kind="stable"),
        )

    def at_pass_ids(self, pass_ids: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """(n,) positions of passes by id, and (n,) whether they are here at all."""
        if not len(self.facts):
            return np.zeros(len(pass_ids), np.int64), np.zeros(len(pass_ids), np.bool_)
        sorted_ids = self.facts["pass_id"][self.by_pass]
        at = self.by_pass[np.minimum(np.searchsorted(sorted_ids, pass_ids), len(sorted_ids) - 1)]
        return at, self.facts["pass_id"][at] == pass_ids


def read_index(folder: Path) -> Index | None:
    """The index; None where there is none, or one of another format."""
    try:
        about = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        if about.pop("format") != FORMAT:
            return None
        entries = tuple(Entry(**entry) for entry in about.pop("entries"))
        return Index(**about, entries=entries)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_index(folder: Path, index: Index) -> None:
    """Put an index in place of the former one, and delete what it does not name."""
    text = json.dumps({"format": FORMAT, **asdict(index)}, indent=1)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, prefix=".index-", delete=False) as file:
        file.write(text)
    Path(file.name).replace(folder / "index.json")
    named = {entry.name for entry in index.entries}
    for place in folder.glob("volume-*"):
        if place.name not in named:
            shutil.rmtree(place, ignore_errors=True)


def write_volume(folder: Path, facts: Records) -> Entry:
    """Write a volume; its entry. Nobody sees it before an index names it."""
    volume = Volume.of(facts)
    place = Path(tempfile.mkdtemp(prefix="volume-", dir=folder))
    place.chmod(0o755)
    for name in Volume.__slots__:
        np.save(place / f"{name}.npy", getattr(volume, name), allow_pickle=False)
    trace, began, ended = facts["trace"], facts["began_us"], facts["ended_us"]
    has_synthetic = bool(facts["synthetic"].any())
    return Entry(place.name, int(trace.max()), len(facts), int(began.min()), int(ended.max()), has_synthetic)


def load_volume(folder: Path, entry: Entry) -> Volume:
    """A volume of the index, mapped copy-on-write. Raises FileNotFoundError where another process replaced it since."""
    arrays: dict[str, Any] = {
        name: np.asarray(np.load(folder / entry.name / f"{name}.npy", mmap_mode="c", allow_pickle=False))
        for name in Volume.__slots__
    }
    return Volume(**arrays)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from changing the volumes for the length of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def merge(folder: Path, index: Index, facts: Records, superseded: Records) -> tuple[Entry, ...]:
    """Entries of volumes that hold some new facts too, and say of others (by pass_id and trace) since when not to.

    Volumes that neither concerns stay as they are. The folder has to be locked.
    """
    ends = np.array([entry.last_trace for entry in index.entries[:-1]], np.int64)
    of_new, of_old = np.searchsorted(ends, facts["trace"]), np.searchsorted(ends, superseded["trace"])
    entries: list[Entry] = []
    for number, entry in enumerate(index.entries):
        new, ended = facts[of_new == number], superseded[of_old == number]
        if len(new) or len(ended):
            held = load_volume(folder, entry)
            entries += _written(folder, np.concatenate([_marked(held, ended), new]))
        else:
            entries.append(entry)
    if not index.entries and len(facts):
        entries += _written(folder, facts)
    return tuple(entries)


def _marked(volume: Volume, ended: Records) -> Records:
    facts = np.array(volume.facts)
    at, found = volume.at_pass_ids(ended["pass_id"])
    facts["superseded_us"][at[found]] = ended["superseded_us"][found]
    return facts


def _written(folder: Path, facts: Records) -> list[Entry]:
    """One volume, or several cut between traces where they are too many."""
    if len(facts) <= 2 * FACTS_OF_A_VOLUME:
        return [write_volume(folder, facts)]
    facts = facts[np.argsort(facts["trace"], kind="stable")]
    wanted = np.arange(FACTS_OF_A_VOLUME, len(facts), FACTS_OF_A_VOLUME)
    cuts = np.unique(np.searchsorted(facts["trace"], facts["trace"][wanted], side="left"))
    parts = np.split(facts, cuts[cuts > 0])
    return [write_volume(folder, part) for part in parts if len(part)]


def settled(facts: Records, horizon_us: int) -> Records:
    """The facts as they were at the horizon: what was superseded later still holds."""
    facts = np.array(facts)
    facts["superseded_us"][facts["superseded_us"] >= horizon_us] = FOREVER
    return facts
