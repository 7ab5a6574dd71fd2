"""How far ready lines can be trusted: real drives, joined up as a vendor would, laid on their roads.

    YUKI_DATA=... python -m benchmarks.bench_lines

Every drive of YUKI_DATA/matching becomes one line through one fix in 1, 5, 15, 30 and 60 s, laid by geo.worked_lines. A
metre laid is right where its directed edge was driven. Prints, for each sampling, the metres of stretches whose
confidence reaches `status.confidence_min`, the share of them that is right, the share of the driven metres that they
find, and the same for stretches of less confidence; then how right long segments are by their length, with a road under
all of them and with less. docs/sources.md holds the tables.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.drives import Drive, folders_of, read_drive
from geo.crs import to_plane
from geo.linear import Stretches, union
from geo.matching.matcher import lay_line
from geo.settings import StatusSettings
from geo.worked_lines import LONG_M, Worked, lay_worked, length_of, parts_of

EVERY_S = (1, 5, 15, 30, 60)
#: Lengths of long segments, metres.
BANDS_M = (LONG_M, 400.0, 600.0, 1_000.0, 5_000.0)


def line_of(drive: Drive, every_s: int) -> NDArray[np.float64]:
    """(n, 2) vertices: the first fix of each span of so many seconds, neighbours different."""
    _, first = np.unique(drive.fixes.at_us // (every_s * 1_000_000), return_index=True)
    xy = to_plane(drive.fixes.lon[first], drive.fixes.lat[first], drive.network.crs_epsg)
    kept: NDArray[np.float64] = xy[np.append(True, (np.diff(xy, axis=0) != 0).any(axis=1))]
    return kept


def score(drive: Drive, worked: Worked, sure: float) -> NDArray[np.float64]:
    """Metres: sure, of them right, unsure, of them right, driven, of them found by sure ones; and jumps."""
    metres = worked.to_m - worked.from_m
    is_right = np.isin(worked.edge, drive.true)
    is_sure = worked.confidence >= sure
    driven = np.unique(drive.true)
    found = is_sure & is_right
    held = union(Stretches(worked.edge[found].astype(np.int64), worked.from_m[found], worked.to_m[found]))
    return np.array(
        [
            metres[is_sure].sum(), metres[found].sum(), metres[~is_sure].sum(), metres[~is_sure & is_right].sum(),
            drive.length_m[driven].sum(), (held.to_m - held.from_m).sum(), worked.n_jumps,
        ]
    )  # fmt: skip


def long_segments(drive: Drive) -> NDArray[np.float64]:
    """(n, 4) length, whether a road lies under all of it, metres laid, metres right of each long segment laid alone."""
    rows = []
    for every_s in EVERY_S:
        line = line_of(drive, every_s)
        for first, last, is_long in parts_of(line):
            piece = line[first : last + 1]
            if is_long and length_of(piece) <= BANDS_M[-1]:
                laid = lay_line(drive.network, drive.roads.index, piece)
                metres, is_right = laid.to_m - laid.from_m, np.isin(laid.edge, drive.true)
                rows.append((length_of(piece), laid.missing_m == 0, metres.sum(), metres[is_right].sum()))
    return np.array(rows, np.float64).reshape(-1, 4)


def main() -> None:
    """Print the tables."""
    data = Path(os.environ.get("YUKI_DATA", "")) / "matching"
    if not data.is_dir():
        sys.exit("Set YUKI_DATA to the folder of real data.")
    drives = [read_drive(folder) for folder in folders_of(data)]
    sure = StatusSettings().confidence_min
    print("| one vertex in | sure, km | right | of the drive found | less sure, km | right | jumps |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for every_s in EVERY_S:
        total = np.zeros(7)
        for drive in drives:
            lay = partial(lay_line, drive.network, drive.roads.index)
            total += score(drive, lay_worked(line_of(drive, every_s), lay), sure)
        sure_m, sure_right, rest_m, rest_right, driven_m, found_m, n_jumps = total
        rest = f"{rest_right / rest_m:.1%}" if rest_m else "–"
        print(
            f"| {every_s} s | {sure_m / 1000:.0f} | {sure_right / sure_m:.1%} | {found_m / driven_m:.1%} | "
            f"{rest_m / 1000:.1f} | {rest} | {n_jumps:.0f} |"
        )
    print("\n| long segments, m | under a road, km | right | not all under a road, km | right |")
    print("| --- | --- | --- | --- | --- |")
    rows = np.concatenate([long_segments(drive) for drive in drives])
    for low, high in pairwise(BANDS_M):
        cells = []
        for whole in (1, 0):
            of = rows[(rows[:, 0] > low) & (rows[:, 0] <= high) & (rows[:, 1] == whole)]
            cells += [f"{of[:, 2].sum() / 1000:.0f}", f"{of[:, 3].sum() / max(of[:, 2].sum(), 1):.1%}"]
        print(f"| {low:.0f}–{high:.0f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
