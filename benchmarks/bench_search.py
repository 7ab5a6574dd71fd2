"""How fast the search answers on 200,000 edges, what its names and its dictionary cost, and how large its answers are.

    .venv/bin/python -m benchmarks.bench_search [--lines 100000] [--n 2000] [--home DIR]

Builds the world of the benchmark of serving with 100,000 road lines (200,000 edges), publishes it, and a dictionary
with an address for each of its streets; then asks `tiles.search.find`, which no cache of answers stands before, one
question after another: names of streets, whole and letter by letter, addresses, routes, and what nobody is called.
`--home` keeps the database for another run.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.bench_serve import world
from benchmarks.serve_world import EPSG, Line, make_lines
from geo.crs import to_lonlat
from geo.db import Database, Role
from geo.settings import Settings
from ingest.gazetteer import read_gazetteer
from ingest.gazetteer_dictionary import build_dictionary
from tiles.answers import compact
from tiles.search import find, search_of
from tiles.service import Service

SEED = 8
#: Each piece a street of its own, as in the demo.
OWN_NAMES = "UPDATE pub.roads SET name = name || '第' || piece_id || '支線' WHERE name NOT LIKE '%支線'"
HEADER = ("都道府県名", "市区町村名", "大字・丁目名", "街区符号・地番", "緯度", "経度")


def addresses(lines: Sequence[Line], file: Path) -> list[str]:
    """Write an address for each street; their texts."""
    texts: list[str] = []
    named = [line for line in lines if line.name]
    middle = np.array([line.xy[len(line.xy) // 2] for line in named])
    lon, lat = np.asarray(to_lonlat(middle, EPSG)).T
    with file.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(HEADER)
        for n, line in enumerate(named):
            oaza, block = f"{line.name[:6]}町{'一二三四五六七八九'[n % 9]}丁目", str(n // 9 % 400 + 1)
            out.writerow(("石川県", f"第{line.town}市", oaza, block, lat[n], lon[n]))
            texts.append(f"第{line.town}市{oaza}{block}")
    return texts


def questions(lines: Sequence[Line], texts: Sequence[str], n: int) -> Iterator[str]:
    """n questions as people ask them."""
    rng = np.random.default_rng(SEED)
    names = [f"{line.name}第{k + 1}支線" for k, line in enumerate(lines) if line.name]
    for k in range(n):
        name, text = names[rng.integers(len(names))], texts[rng.integers(len(texts))]
        yield (
            name, name[: rng.integers(1, len(name) + 1)], text, text[: rng.integers(2, len(text) + 1)],
            f"国道{rng.integers(1, 500)}号", f"{rng.integers(1, 500)}号", name[1:3], f"無い名{k}",
        )[k % 8]  # fmt: skip


def memory_mb() -> float:
    """Resident memory of this process, as /proc has it."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


async def measure(database: Database, home: Path, asked: Sequence[str]) -> dict[str, object]:
    """Ask one question after another."""
    async with Service(Settings(home=home), database).open() as service:
        before, began = memory_mb(), time.perf_counter()
        names = await search_of(service).names()
        names_s, names_mb = time.perf_counter() - began, memory_mb() - before
        before = memory_mb()
        for text in asked[:50]:
            await find(service, text)
        dictionary_mb = memory_mb() - before
        times_ms, sizes, told = [], [], []
        for text in asked:
            began = time.perf_counter()
            answer = await find(service, text, near=(136.65, 36.56))
            times_ms.append((time.perf_counter() - began) * 1000)
            sizes.append(len(compact(answer)))
            told.append(answer["addresses"])
        ms = {f"p{q}_ms": round(float(np.percentile(times_ms, q)), 1) for q in (50, 95, 99, 100)}
        slowest = sorted(zip(times_ms, asked, strict=True), reverse=True)[:3]
        return {
            "n_edges": service.dataset.n_edges, "n_names": len(names), "names_s": round(names_s, 2),
            "names_mb": round(names_mb, 1), "dictionary_mb": round(dictionary_mb, 1), "n_questions": len(asked), **ms,
            "longest_bytes": max(sizes), "addresses": {word: told.count(word) for word in sorted(set(told))},
            "slowest": [text for _, text in slowest],
        }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=100_000, help="road lines; two edges each")
    parser.add_argument("--n", type=int, default=2_000, help="questions")
    parser.add_argument("--home", type=Path, default=None, help="keep the database here")
    wish = parser.parse_args()
    lines = make_lines(wish.lines)
    with tempfile.TemporaryDirectory() as folder, world(wish.home, wish.lines) as (cluster, _):
        file = Path(folder) / "addresses.csv"
        texts = addresses(lines, file)
        began = time.perf_counter()
        report = build_dictionary(read_gazetteer([file]), [file], Path(folder) / "addresses")
        build_s = time.perf_counter() - began
        asked = list(questions(lines, texts, wish.n))
        with cluster.database().connect(Role.OWNER) as connection:
            connection.execute(OWN_NAMES)
        found = asyncio.run(measure(cluster.database(), Path(folder), asked))
    found |= {"dictionary": {"n_addresses": report.n_addresses, "build_s": round(build_s, 1),
                             "megabytes": round(report.n_bytes / 1e6, 1)}}  # fmt: skip
    json.dump(found, sys.stdout, ensure_ascii=False, indent=2)
    print()


if __name__ == "__main__":
    main()
