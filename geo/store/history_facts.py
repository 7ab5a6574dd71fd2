"""The facts that decide the states of a past moment, from volumes beside the database and what came in since.

The answer of geo.status.assess on them is that on all facts of the moment (geo.needed); geo.store.evidence.read_facts
reads all of them and is the oracle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.coverage import PassFacts
from geo.db import Row, read_sql
from geo.errors import DatabaseProblem
from geo.needed import FACT, Asked, Found, Records, mark_needed, neighbours_of
from geo.network import Network
from geo.settings import StateSettings
from geo.status import EdgeContext
from geo.store.bulk import FOREVER, NEVER, read_columns
from geo.store.carry import laid_on
from geo.store.evidence import PlanHeld, facts_from, read_held
from geo.store.history_volumes import Entry, Index, Volume, load_volume, locked, merge, read_index, settled, write_index
from geo.store.passes import CODES
from geo.store.road_needs import RoadNeeds, read_road_needs
from geo.timeline import from_us, to_us

type Ints = NDArray[np.int64]

#: So many facts may wait in the database before they go into volumes: reading them takes a tenth of a second.
MOST_NEWS = 20_000
#: Ids of facts looked at in one statement when volumes are made from nothing.
CHUNK_IDS = 500_000
#: Volumes are replaced while others read them; after so many tries it is not that.
TRIES = 5

_KINDS = {
    "edge_id": "int8", "from_m": "float8", "to_m": "float8", "began_us": "timestamptz", "ended_us": "timestamptz",
    "recorded_us": "timestamptz", "superseded_us": "timestamptz", "trace": "int8", "pass_id": "int8", "seq": "int4",
    "source": "int4", "confidence": "float4", "kind": "int2", "treatment": "int2", "work_basis": "int2",
    "synthetic": "bool",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Roads:
    """What states rest on that belongs to roads and plans alone; key: of these roads, plans and settings."""

    key: tuple[Any, ...]
    needs: RoadNeeds
    held: PlanHeld


@dataclass(slots=True)
class History:
    """Volumes in a folder, as one process reads them; what it keeps makes later questions quicker and no other.

    places  edge positions of each volume in the network of that version
    """

    folder: Path
    most_news: int = MOST_NEWS
    volumes: dict[str, Volume] = field(default_factory=dict)
    places: dict[tuple[str, int], Ints] = field(default_factory=dict)
    kept_roads: Roads | None = None

    def roads(self, connection: psycopg.Connection[Row], network: Network, settings: StateSettings) -> Roads:
        """What roads need and plans hold, read again when the network, the plans or the settings changed."""
        params = {"network_version": network.version}
        laid = connection.execute(read_sql("geo", "queries/read_laid_plans"), params).fetchone()
        key = (network.version, laid, settings.model_dump_json())
        kept = self.kept_roads
        if kept is None or kept.key != key:
            kept = Roads(key, read_road_needs(connection, network, settings), read_held(connection, network))
            self.kept_roads = kept
        return kept

    def prepare(self, connection: psycopg.Connection[Row]) -> Index:
        """Bring the volumes up to date with all facts that are settled; as they are then."""
        with locked(self.folder):
            key, horizon_us, last_id = _settled(connection)
            old = self._sound(connection, key) or Index.empty(key)
            if horizon_us <= old.horizon_us:
                return old
            index, since = old, _text(old.horizon_us)
            step = last_id if old.entries else CHUNK_IDS
            for after in range(0, last_id, max(step, 1)):
                rows = _read(connection, since, _text(horizon_us), after, after + step)
                rows = settled(rows, horizon_us)
                is_new = rows["recorded_us"] >= old.horizon_us
                entries = merge(self.folder, index, rows[is_new], rows[~is_new])
                newest = int(rows["pass_id"][is_new].max(initial=index.last_pass_id))
                index = Index(key, horizon_us, newest, entries)
            index = Index(key, horizon_us, index.last_pass_id, index.entries)
            write_index(self.folder, index)
            return index

    def facts(
        self, connection: psycopg.Connection[Row], network: Network, edges: EdgeContext, asked: Asked
    ) -> tuple[PassFacts, NDArray[np.bool_]]:
        """The facts that decide what is asked, on the edges of the network, and (Q,) which were carried over."""
        for _ in range(TRIES):
            index, news = self._news(connection)
            self._keep_only(index)
            try:
                rows = self._needed(network, edges, asked, index, news)
            except FileNotFoundError:
                continue
            columns: dict[str, NDArray[Any]] = {name: rows[name] for name in _KINDS}
            columns, position, is_carried = laid_on(connection, network, columns)
            return facts_from(columns, position), is_carried
        raise DatabaseProblem(f"Volumes of facts in {self.folder} keep changing.", hint="Delete that folder.")

    def check(self, connection: psycopg.Connection[Row]) -> int:
        """How many facts of the volumes and of the database differ, as settled at the horizon; 0: they are the same."""
        index = read_index(self.folder)
        if index is None:
            return 0
        volumes = [load_volume(self.folder, entry) for entry in index.entries]
        n_wrong, last_id = 0, max(_settled(connection)[2], index.last_pass_id)
        for after in range(0, last_id, CHUNK_IDS):
            told = [v.facts[(v.facts["pass_id"] > after) & (v.facts["pass_id"] <= after + CHUNK_IDS)] for v in volumes]
            held = _read(connection, "-infinity", _text(index.horizon_us), after, after + CHUNK_IDS)
            told.append(np.zeros(0, FACT))
            n_wrong += _n_unlike(np.concatenate(told), settled(held, index.horizon_us))
        return n_wrong

    def _sound(self, connection: psycopg.Connection[Row], key: str) -> Index | None:
        """The index, if it is of this database and nothing came in behind its back."""
        index = read_index(self.folder)
        if index is None or index.database_key != key:
            return None
        params = {"last_pass_id": index.last_pass_id, "horizon": _text(index.horizon_us)}
        row = connection.execute(read_sql("geo", "queries/is_history_sound"), params).fetchone()
        return index if row == (True,) else None

    def _news(self, connection: psycopg.Connection[Row]) -> tuple[Index, Records]:
        """The index, and the facts that changed since its horizon: recorded then, or superseded then."""
        key, horizon_us, _ = _settled(connection)
        index = self._sound(connection, key)
        params = {"since": _text(index.horizon_us if index else NEVER), "most": self.most_news}
        row = connection.execute(read_sql("geo", "queries/count_history"), params).fetchone()
        if row is not None and row[0] > self.most_news and horizon_us > (index.horizon_us if index else NEVER):
            index = self.prepare(connection)
        index = index or Index.empty(key)
        return index, _read(connection, _text(index.horizon_us), "infinity", 0, FOREVER)

    def _needed(self, network: Network, edges: EdgeContext, asked: Asked, index: Index, news: Records) -> Records:
        fresh = news[news["recorded_us"] >= index.horizon_us]
        known = (fresh["recorded_us"] <= asked.known_us) & (fresh["superseded_us"] > asked.known_us)
        known &= (fresh["began_us"] >= asked.reference_us) & (fresh["ended_us"] <= asked.as_of_us)
        parts, found = [fresh[known]], Found.nothing(network.n_edges)
        ended = news[news["recorded_us"] < index.horizon_us]
        last = np.array([entry.last_trace for entry in index.entries[:-1]], np.int64)
        of_ended, of_fresh = np.searchsorted(last, ended["trace"]), np.searchsorted(last, parts[0]["trace"])
        newest_first = sorted(enumerate(index.entries), key=lambda one: -one[1].ended_us)
        for number, entry in newest_first:
            if entry.ended_us < asked.reference_us or entry.began_us > asked.as_of_us:
                continue
            volume, here = self._volume(entry), parts[0][of_fresh == number]
            superseded_us = _superseded(volume, ended[of_ended == number])
            place = self._place(entry, volume, network)
            groups = (volume.first, place, volume.newest_us, volume.sets)
            needs = (edges.length_m, edges.passes_needed.astype(np.int64))
            keep = mark_needed(volume.facts, superseded_us, groups, needs, entry.has_synthetic, asked, found)
            parts.append(volume.facts[_with_neighbours(volume, superseded_us, keep, here, place, edges, asked)])
        rows = np.concatenate(parts)
        return rows[(rows["began_us"] >= asked.reference_us) & (rows["ended_us"] <= asked.as_of_us)]

    def _keep_only(self, index: Index) -> None:
        """Let go of volumes that were replaced."""
        names = {entry.name for entry in index.entries}
        self.volumes = {name: volume for name, volume in self.volumes.items() if name in names}
        self.places = {key: place for key, place in self.places.items() if key[0] in names}

    def _volume(self, entry: Entry) -> Volume:
        if entry.name not in self.volumes:
            self.volumes[entry.name] = load_volume(self.folder, entry)
        return self.volumes[entry.name]

    def _place(self, entry: Entry, volume: Volume, network: Network) -> Ints:
        key = (entry.name, network.version)
        if key not in self.places:
            self.places[key] = network.position_of(volume.edge_id)
        return self.places[key]


def _with_neighbours(
    volume: Volume,
    superseded_us: Ints,
    keep: NDArray[np.bool_],
    fresh: Records,
    place: Ints,
    edges: EdgeContext,
    asked: Asked,
) -> Ints:
    """Positions of the kept facts of a volume, and of those that decide about the ends of them and of fresh facts.

    Where an edge needs several passes, what lies between two facts of one traversal makes them one, so there the
    neighbours on the same edge come too, and theirs.
    """
    facts, edge_of = volume.facts, np.repeat(place, np.diff(volume.first))
    at = np.flatnonzero(keep)
    edge = edge_of[at]
    length_m = np.where(edge >= 0, edges.length_m[edge], np.inf)
    several = (edge >= 0) & (edges.passes_needed[edge] > 1)
    open_ = at[several | (facts["from_m"][at] > 0) | (facts["to_m"][at] < length_m)]
    trace = np.concatenate([facts["trace"][open_], fresh["trace"]])
    seq = np.concatenate([facts["seq"][open_], fresh["seq"]]).astype(np.int64)
    while len(trace):
        found = neighbours_of(facts, superseded_us, volume.by_trace, trace, seq, asked.known_us)
        found = found[~np.isin(found, at)]
        at = np.union1d(at, found)
        of_several = found[(edge_of[found] >= 0) & (edges.passes_needed[edge_of[found]] > 1)]
        trace, seq = facts["trace"][of_several], facts["seq"][of_several].astype(np.int64)
    return at


def _n_unlike(a: Records, b: Records) -> int:
    """Number of ids whose facts are not the same in both, or which only one has."""
    a, b = (np.sort(rows, order="pass_id") for rows in (a, b))
    both = np.intersect1d(a["pass_id"], b["pass_id"])
    n_one_sided = len(a) + len(b) - 2 * len(both)
    same = a[np.isin(a["pass_id"], both)] == b[np.isin(b["pass_id"], both)]
    return n_one_sided + int(np.count_nonzero(~same))


def _superseded(volume: Volume, ended: Records) -> Ints:
    """superseded_us of the facts of a volume, with what became known of them since."""
    held = volume.facts["superseded_us"]
    if not len(ended):
        return held
    held = held.copy()
    at, found = volume.at_pass_ids(ended["pass_id"])
    held[at[found]] = ended["superseded_us"][found]
    return held


def _settled(connection: psycopg.Connection[Row]) -> tuple[str, int, int]:
    """The database's key, the moment before which facts are settled, and the greatest id of a fact."""
    row = connection.execute(read_sql("geo", "queries/read_settled")).fetchone()
    assert row is not None
    return row[0], NEVER if row[1] is None else to_us(row[1]), int(row[2])


def _text(at_us: int) -> str:
    return "-infinity" if at_us == NEVER else from_us(at_us).astimezone(UTC).isoformat()


def _read(connection: psycopg.Connection[Row], since: str, until: str, after: int, to: int) -> Records:
    params: dict[str, Any] = {"since": since, "until": until, "after_pass_id": after, "to_pass_id": to, **CODES}
    columns = read_columns(connection, read_sql("geo", "queries/copy_history"), params, _KINDS)
    rows = np.empty(len(columns["pass_id"]), FACT)
    for name, values in columns.items():
        rows[name] = values
    return rows


def known_us(known_at: datetime | None) -> int:
    """known_at in microseconds; what is known now is known for ever."""
    return FOREVER - 1 if known_at is None else to_us(known_at)
