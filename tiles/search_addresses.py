"""Addresses by jageocoder, in a thread of their own: it reads SQLite, whose connections belong to one thread.

The dictionary is opened with the first question, and again when another one has been put in its place. It is read only,
and nothing but its files is: no network, no environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from geo.place_names import key_of

LOG = logging.getLogger(__name__)
#: Files without which jageocoder would write empty ones in their place.
FILES = ("address_node.sqlite", "address.trie", "aza_master.sqlite", "dataset.sqlite", "trienode.sqlite")
ABOUT = "yukimichi.json"
#: Levels of jageocoder: down to 4 prefecture, county, city and ward; 5 is 大字・町, 6 丁目・小字.
WARD, OAZA, AZA = 4, 5, 6
#: So many names of the trie that begin with a question are looked at.
LOOKED_AT = 200
#: So many questions may wait for the thread; the next one is answered without addresses.
WAITING_MAX = 16


class Told(StrEnum):
    """How the dictionary took part in an answer."""

    OK = "ok"
    NO_DICTIONARY = "no_dictionary"
    TOO_SLOW = "too_slow"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AddressHit:
    """An address that was found.

    area      its elements down to the city or ward; name: those below, "" for a city itself
    level     of its last element
    is_whole  the whole question is in it; False: it ends before the question does
    n_more    letters of its name beyond the question
    """

    area: str
    name: str
    level: int
    lon: float
    lat: float
    is_whole: bool
    n_more: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the dictionary says, and whether all of it is made up."""

    told: Told
    hits: tuple[AddressHit, ...] = ()
    is_synthetic: bool = False


class Addresses:
    """The dictionary in a folder. Nothing is opened before the first question."""

    def __init__(self, folder: Path, patience_s: float) -> None:
        self.folder = folder
        self.patience_s = patience_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="addresses")
        self._tree: Any = None
        self._stamp: tuple[int, int] | None = None
        self._is_synthetic = False
        self._n_waiting = 0

    async def find(self, question: str, limit: int) -> Found:
        """The addresses of a question, the best ones first; never raises for what was asked."""
        if self._n_waiting >= WAITING_MAX:
            return Found(Told.TOO_SLOW)
        self._n_waiting += 1
        loop = asyncio.get_running_loop()
        asked = loop.run_in_executor(self._thread, self._find, question, limit)
        asked.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(asked), self.patience_s)
        except TimeoutError:
            LOG.warning("The address dictionary took longer than %s s.", self.patience_s)
            return Found(Told.TOO_SLOW)

    def _done(self, _: object) -> None:
        self._n_waiting -= 1

    async def close(self) -> None:
        """Close the dictionary in its thread and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._shut)
        self._thread.shutdown(wait=True)

    def stamp(self) -> tuple[int, int] | None:
        """What tells one dictionary from another; None where there is none."""
        try:
            found = (self.folder / FILES[0]).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _find(self, question: str, limit: int) -> Found:
        try:
            tree = self._opened()
            if tree is None:
                return Found(Told.NO_DICTIONARY)
            hits = sorted(_literal_first(set(_look(tree, question)), question), key=_order)
        except Exception:  # whatever a foreign program does with an odd question, places and roads are answered
            LOG.exception("The address dictionary failed.")
            return Found(Told.FAILED)
        return Found(Told.OK, tuple(hits[:limit]), self._is_synthetic)

    def _opened(self) -> Any:
        stamp = self.stamp()
        if stamp is None or not all((self.folder / name).is_file() for name in FILES):
            self._shut()
            return None
        if stamp != self._stamp:
            self._shut()
            from jageocoder.local import LocalTree

            tree = LocalTree(db_dir=self.folder, mode="r")
            about = self.folder / ABOUT
            told = json.loads(about.read_text(encoding="utf-8")) if about.is_file() else {}
            self._tree, self._stamp, self._is_synthetic = tree, stamp, bool(told.get("synthetic"))
        # without the table of 字 nobody can say which of them may be left out. Said anew for each question: a search
        # that failed half-way leaves its own settings behind
        has_masters = self._tree.aza_masters.count_records() > 0
        self._tree.set_config(
            aza_skip=None if has_masters else False, best_only=True, auto_redirect=True, require_coordinates=True,
            target_area=[],
        )  # fmt: skip
        return self._tree

    def _shut(self) -> None:
        tree, self._tree, self._stamp = self._tree, None, None
        if tree is None:
            return
        tree.address_nodes.get_node_by_id.cache_clear()
        for table in (tree.address_nodes, tree.address_nodes.datasets, tree.aza_masters, tree.trie_nodes):
            with contextlib.suppress(AttributeError):
                if table.conn is not None:
                    table.conn.close()
                    table.conn = None


def _literal_first(hits: set[AddressHit], question: str) -> list[AddressHit]:
    """The hits, with what is written otherwise a letter further away where one is literally what was asked.

    イ and い are two 小字 of one town, and jageocoder does not tell them apart.
    """
    literal = {(hit.area, key_of(hit.name)) for hit in hits if hit.name and question.endswith(hit.name)}
    return [
        replace(hit, n_more=hit.n_more + 1)
        if (hit.area, key_of(hit.name)) in literal and not question.endswith(hit.name) else hit
        for hit in hits
    ]  # fmt: skip


def _order(hit: AddressHit) -> tuple[Any, ...]:
    return not hit.is_whole, hit.n_more, hit.level, hit.area, hit.name


def _look(tree: Any, question: str) -> Iterator[AddressHit]:
    """Addresses that the question names, what they go on with, and those whose names begin with the question."""
    has_whole = False
    for result in tree.searchNode(question):
        node, rest = result.node, question[len(result.matched) :]
        if not rest:
            has_whole = True
            yield _hit(node, is_whole=True, n_more=0)
            if node.level == OAZA:
                yield from (_hit(child, is_whole=True, n_more=len(child.name)) for child in _aza(tree, node))
        else:
            found = [_hit(child, is_whole=True, n_more=len(child.name)) for child in _below(tree, node, rest)]
            yield from found
            if not found and node.level >= OAZA and len(rest) <= len(result.matched):
                yield _hit(node, is_whole=False, n_more=len(rest))
    if not has_whole:
        yield from _beginning(tree, question)


def _aza(tree: Any, node: Any) -> list[Any]:
    return [child for child in islice(node.iter_children(), 30) if child.level <= AZA and _has_place(child)]


def _below(tree: Any, node: Any, rest: str) -> list[Any]:
    """Children of a node whose names begin with the rest of a question."""
    begin = tree.get_converter().standardize(rest)
    if not begin or begin[0].isdigit() or node.sibling_id == node.id + 1:
        return []  # a number is whole or it is another one
    behind = begin[:-1] + chr(ord(begin[-1]) + 1)
    found = node.search_child_with_criteria(pattern=re.escape(begin), min_candidate=begin, gt_candidate=behind)
    return [child for child in found if _has_place(child)]


def _beginning(tree: Any, question: str) -> Iterator[AddressHit]:
    begin = tree.get_converter().standardize(question)
    if not begin:
        return
    for name in islice(tree.trie.get_trie().iterkeys(begin), LOOKED_AT):
        row = tree.trie_nodes.get_record(pos=tree.trie.get_id(name))
        for number in row["nodes"]:
            node = tree.get_node_by_id(node_id=number)
            if _has_place(node):
                yield _hit(node, is_whole=True, n_more=max(len(name) - len(begin), 1))


def _has_place(node: Any) -> bool:
    return bool(node.has_valid_coordinate_values())


def _hit(node: Any, *, is_whole: bool, n_more: int) -> AddressHit:
    line = node.get_parent_list()
    area, name = ("".join(n.get_name("") for n in line if (n.level <= WARD) is upper) for upper in (True, False))
    return AddressHit(area, name, int(node.level), float(node.x), float(node.y), is_whole, n_more)
