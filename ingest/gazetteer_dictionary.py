"""An address dictionary of jageocoder from addresses, written by jageocoder's own classes.

jageocoder 2.2 reads dictionaries and leaves making them to another package. What it reads is a table of nodes in the
order of a walk through the tree, brothers in the order of their standard names (it looks for them by halves), each with
the number of the first node behind its branch; a trie of the names down to 大字; and a table from there to the nodes.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from geo.errors import ConflictError
from ingest.gazetteer import Address, Gazetteer

#: What we say of a dictionary beside jageocoder's files.
ABOUT = "yukimichi.json"
#: Files without which a dictionary cannot be read; jageocoder would make empty ones in their place.
FILES = ("address_node.sqlite", "address.trie", "aza_master.sqlite", "dataset.sqlite", "trienode.sqlite")
#: Levels whose names are in the trie: down to 大字.
OAZA, CITY, COUNTY = 5, 3, 2
DATASET_ID = 1
HIRAGANA = re.compile("[ぁ-ゖ]")


@dataclass(slots=True)
class Node:
    """An element of addresses. point: its own place, or None: that of one below it."""

    name: str
    level: int
    point: tuple[float, float] | None = None
    children: dict[str, Node] = field(default_factory=dict)
    size: int = 1


@dataclass(frozen=True, slots=True)
class DictionaryReport:
    """What was built, and from what."""

    folder: Path
    n_rows: int
    n_minor: int
    n_addresses: int
    n_repeated: int
    n_nodes: int
    n_names: int
    n_bytes: int
    version: str
    is_synthetic: bool
    rejected: dict[str, int]
    columns: dict[str, dict[str, str]]
    encodings: dict[str, str]


def grow(addresses: Iterable[Address]) -> tuple[Node, int]:
    """The tree of addresses, and how many addresses came more than once: the first place counts."""
    standard = lru_cache(maxsize=65_536)(_converter().standardize)
    root, n_repeated = Node("_root_", 0), 0
    for address in addresses:
        node = root
        for level, name in address.elements:
            # the level is part of the key: 町 below a city and 町 as a 小字 may have one name; and so is the kind of
            # kana of a 小字: イ and い are two of them in one town, and one to jageocoder
            key = f"{standard(name)}\0{level}{'い' if HIRAGANA.fullmatch(name) else ''}"
            node = node.children.setdefault(key, Node(name, level))
        if node.point is None:
            node.point = (address.lon, address.lat)
        else:
            n_repeated += 1
    _settle(root)
    return root, n_repeated


def _converter() -> Any:
    from jageocoder.itaiji import Converter

    return Converter()


def _settle(node: Node) -> tuple[float, float, int]:
    """Give each node its size, and one without a place that of the child nearest to the middle; (sum x, sum y, n)."""
    x, y, n = (*node.point, 1) if node.point is not None else (0.0, 0.0, 0)
    for child in node.children.values():
        added = _settle(child)
        x, y, n = x + added[0], y + added[1], n + added[2]
        node.size += child.size
    if node.point is None and n:
        points = [child.point for child in node.children.values() if child.point is not None]
        node.point = min(points, key=lambda p: (p[0] - x / n) ** 2 + (p[1] - y / n) ** 2)
    return x, y, n


def records(root: Node) -> Iterator[dict[str, Any]]:
    """The rows of the node table in the order of their ids: a branch before its next brother."""
    number = 0

    def walk(node: Node, key: str, parent: int) -> Iterator[dict[str, Any]]:
        nonlocal number
        own, number = number, number + 1
        lon, lat = node.point or (999.9, 999.9)
        has_place = node.level > 0
        yield {
            "id": own, "name": node.name, "nameIndex": key.partition("\0")[0], "x": lon if has_place else 999.9,
            "y": lat if has_place else 999.9, "level": node.level, "priority": DATASET_ID, "note": "",
            "parentId": parent, "siblingId": own + node.size,
        }  # fmt: skip
        for child_key in sorted(node.children):
            yield from walk(node.children[child_key], child_key, own)

    yield from walk(root, "", 0)


def labels(rows: Iterable[dict[str, Any]]) -> dict[str, list[int]]:
    """Standard names in the trie, each with its nodes: full ones, without what stands above, without the county."""
    converter = _converter()
    found: dict[str, list[int]] = {}
    above: dict[int, list[dict[str, Any]]] = {0: []}

    def add(text: str, number: int) -> None:
        if text and number not in found.setdefault(text, []):
            found[text].append(number)

    for row in rows:
        if row["level"] == 0 or row["level"] > OAZA or row["parentId"] not in above:
            continue
        chain = [*above[row["parentId"]], row]
        above[row["id"]] = chain
        for begin in range(len(chain)):
            part = chain[begin:]
            add(converter.standardize("".join(r["name"] for r in part)), row["id"])
            add(converter.standardize("".join(r["name"] for r in part if r["level"] != COUNTY)), row["id"])
        for variant in converter.standardized_candidates(row["nameIndex"]):
            add(variant, row["id"])
    return found


def build_dictionary(found: Gazetteer, sources: Sequence[Path], folder: Path) -> DictionaryReport:
    """Build the dictionary of a gazetteer in a folder; a former dictionary there is replaced when all is written.

    Raises ConflictError where the folder holds something else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / FILES[0]).exists():
        raise ConflictError(f"{folder}: holds something else than a dictionary.", hint="Name another folder by --out.")
    root, n_repeated = grow(found.addresses)
    made = folder.with_name(folder.name + ".new")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    n_nodes, n_names = _write(root, made, found)
    digest = hashlib.sha256()
    for row in records(root):
        digest.update(json.dumps(row, ensure_ascii=False).encode())
    version = digest.hexdigest()[:12]
    about = {"version": version, "synthetic": found.is_synthetic, "n_nodes": n_nodes, "from": [p.name for p in sources]}
    (made / ABOUT).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    (made / "metadata.txt").write_text(f"{version}\n", encoding="utf-8")
    for file in made.iterdir():
        file.chmod(0o444)
    _put_in_place(made, folder)
    return DictionaryReport(
        folder=folder, n_rows=found.n_rows, n_minor=found.n_minor, n_addresses=len(found.addresses),
        n_repeated=n_repeated, n_nodes=n_nodes, n_names=n_names, version=version, is_synthetic=found.is_synthetic,
        n_bytes=sum(file.stat().st_size for file in folder.iterdir()), rejected=found.rejects.by_reason(),
        columns=found.columns, encodings=found.encodings,
    )  # fmt: skip


def _write(root: Node, folder: Path, found: Gazetteer) -> tuple[int, int]:
    """Write jageocoder's tables and tries; (nodes, names in the trie)."""
    import jageocoder
    from jageocoder.aza_master import AzaMaster
    from jageocoder.dataset import Dataset
    from jageocoder.node import AddressNodeTable
    from jageocoder.trie import AddressTrie, TrieNode

    package = Path(jageocoder.__file__).parent
    shutil.copyfile(package / "itaiji_dic.json", folder / "itaiji_dic.json")
    datasets, nodes, masters = Dataset(db_dir=folder), AddressNodeTable(db_dir=folder), AzaMaster(db_dir=folder)
    for table in (datasets, nodes, masters):
        table.create()
    title = "合成データ" if found.is_synthetic else ", ".join(found.columns)
    datasets.append_records([{"id": DATASET_ID, "title": title, "url": ""}])
    nodes.append_records(records(root))
    nodes.create_indexes()
    masters.create_trie_on("code")
    names = labels(records(root))
    trie = AddressTrie(folder / "address.trie", dict.fromkeys(names, True))
    trie.save()
    places = TrieNode(db_dir=folder)
    places.create()
    by_id = {trie.get_id(name): numbers for name, numbers in names.items()}
    places.append_records({"id": number, "nodes": by_id[number]} for number in range(len(by_id)))
    for table in (datasets, nodes, nodes.datasets, masters, places):
        if table.conn is not None:
            table.conn.close()
            table.conn = None
    return root.size, len(names)


def _put_in_place(made: Path, folder: Path) -> None:
    """Rename the new folder over the old one; whoever has the old files open goes on reading them."""
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    made.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
