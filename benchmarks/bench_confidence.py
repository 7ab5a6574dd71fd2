"""Whether confidence means what it says: the share of traversals that are right, on drives with known routes.

    YUKI_DATA=... python -m benchmarks.bench_confidence [--write docs]

Every drive of YUKI_DATA/matching is matched as it is and with white and with correlated noise of 10 and 20 m, at one
fix in 1, 10, 30 and 60 s. The drives, in order of name, fall into two halves, every other one. The two constants of
the calibration are fitted on each half and scored on the other one. The constants of MatchSettings were fitted on the
first half and are scored on the second. Prints tables; with --write it also replaces those in matching.md of the
folder, between its two marks, and writes images/reliability.svg.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.calibration import NOISES, Bools, Floats, Platt, auroc, calibration_error, fit, measure
from benchmarks.drives import EVERY_S, folders_of, read_drive
from benchmarks.reliability import bins, diagram, table
from geo.matching.settings import MatchSettings

BEGIN, END = "<!-- bench_confidence: begin -->", "<!-- bench_confidence: end -->"
#: The lines of the diagram.
CLEAN = "no noise, 1 and 10 s 雑音なし"
NOISY = "noise of 10 and 20 m, 1 and 10 s 雑音あり"
SPARSE = "30 and 60 s, with and without noise 間隔30・60秒"


def first_half(rows: pd.DataFrame) -> Bools:
    """(n,) whether a row is of every other drive, in order of name, from the first on."""
    names = sorted(rows["drive"].unique())
    return np.asarray(rows["drive"].isin(names[::2]).to_numpy(bool))


def crossed(rows: pd.DataFrame) -> tuple[Floats, Platt, Platt]:
    """(n,) confidence by the constants fitted on the other half, and those of the first and of the second half."""
    posterior, right, first = rows["posterior"].to_numpy(), rows["right"].to_numpy(), first_half(rows)
    of_first, of_second = fit(posterior[first], right[first]), fit(posterior[~first], right[~first])
    return np.where(first, of_second.of(posterior), of_first.of(posterior)), of_first, of_second


def shipped() -> Platt:
    """The constants that the matcher has."""
    settings = MatchSettings()
    return Platt(settings.calibration_offset, settings.calibration_slope)


def parts(rows: pd.DataFrame) -> Iterator[tuple[str, Bools]]:
    """Name and mask of all rows, of each noise, and of each sampling."""
    yield "all", np.ones(len(rows), np.bool_)
    for noise in NOISES:
        yield f"noise: {noise.name}", rows["noise"].to_numpy() == noise.name
    for every_s in EVERY_S:
        yield f"one fix in {every_s:.0f} s", rows["every_s"].to_numpy() == every_s


def scores(rows: pd.DataFrame) -> Iterator[str]:
    """Lines of the table of scores by noise and by sampling; rows have confidence and shipped."""
    yield "| | traversals | wrong | ECE | ECE by metres | AUROC | constants of the matcher: ECE | AUROC |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    unseen = ~first_half(rows)
    for name, mask in parts(rows):
        part, other = rows[mask], rows[mask & unseen]
        right, p = part["right"].to_numpy(), part["confidence"].to_numpy()
        by_metres = calibration_error(p, right, part["metres"].to_numpy())
        q, right_other = other["shipped"].to_numpy(), other["right"].to_numpy()
        yield (
            f"| {name} | {len(part):,} | {100 * (1 - right.mean()):.2f} % | {calibration_error(p, right):.4f} "
            f"| {by_metres:.4f} | {auroc(p, right):.3f} | {calibration_error(q, right_other):.4f} "
            f"| {auroc(q, right_other):.3f} |"
        )


def cells(rows: pd.DataFrame) -> str:
    """The worst of the single combinations of noise and sampling."""
    errors, areas = {}, {}
    for (noise, every_s), part in rows.groupby(["noise", "every_s"]):
        p, right = part["confidence"].to_numpy(), part["right"].to_numpy()
        name = f"{'no noise' if noise == 'none' else noise}, {every_s:.0f} s"
        errors[name], areas[name] = calibration_error(p, right), auroc(p, right)
    worst, least = max(errors, key=lambda k: errors[k]), min(areas, key=lambda k: areas[k])
    below = sum(area < 0.85 for area in areas.values())
    return (
        f"Of the {len(areas)} single combinations of noise and sampling, the worst ECE is {errors[worst]:.4f} "
        f"({worst}).\n"
        f"The lowest AUROC is {areas[least]:.3f} ({least}); {below} lie below 0.85."
    )


def constants(rows: pd.DataFrame, of_first: Platt, of_second: Platt) -> Iterator[str]:
    """Lines of the table of constants: each pair scored on each half, and the posterior as it is."""
    yield "| offset, slope | ECE on the first half | AUROC | ECE on the second half | AUROC |"
    yield "| --- | --- | --- | --- | --- |"
    posterior, right, first = rows["posterior"].to_numpy(), rows["right"].to_numpy(), first_half(rows)
    named = (
        ("the posterior itself", Platt(0.0, 1.0)),
        ("fitted on the first half", of_first),
        ("fitted on the second half", of_second),
        ("of the matcher", shipped()),
    )
    for name, platt in named:
        p = platt.of(posterior)
        scored = [f"{calibration_error(p[h], right[h]):.4f} | {auroc(p[h], right[h]):.3f}" for h in (first, ~first)]
        yield f"| {platt.offset:.2f}, {platt.slope:.2f} {name} | {' | '.join(scored)} |"


def of_fixes(fixes: pd.DataFrame) -> Iterator[str]:
    """Lines of the table for fixes: posterior, constants of the matcher, and constants of their own, crossed."""
    own, of_first, of_second = crossed(fixes)
    posterior, right = fixes["posterior"].to_numpy(), fixes["right"].to_numpy()
    ours = shipped().of(posterior)
    yield "| fixes | number | wrong | ECE | with constants of their own, crossed | AUROC |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, mask in parts(fixes):
        yield (
            f"| {name} | {mask.sum():,} | {100 * (1 - right[mask].mean()):.2f} % "
            f"| {calibration_error(ours[mask], right[mask]):.4f} | {calibration_error(own[mask], right[mask]):.4f} "
            f"| {auroc(ours[mask], right[mask]):.3f} |"
        )
    print(f"fixes, fitted on each half: {of_first}, {of_second}", file=sys.stderr)


def kind_of(rows: pd.DataFrame) -> pd.Series[str]:
    """Which line of the diagram a row belongs to."""
    noisy = np.where(rows["noise"] == "none", CLEAN, NOISY)
    return pd.Series(np.where(rows["every_s"] >= 30.0, SPARSE, noisy), rows.index)


def replace_between(text: str, lines: list[str]) -> str:
    """The text with the lines between its two marks. Raises ValueError where it has not one pair."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"expected {BEGIN} and {END} once each, in this order")
    head, rest = text.split(BEGIN)
    return head + "\n".join([BEGIN, "", *lines, "", END]) + rest.split(END)[1]


def main() -> None:
    wish = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wish.add_argument("--write", type=Path, metavar="DOCS", help="the folder of docs to write to")
    given = wish.parse_args()
    if "YUKI_DATA" not in os.environ:
        sys.exit("Set YUKI_DATA to the folder of real data; the drives are in its folder `matching`.")
    tables = [measure([read_drive(folder)]) for folder in folders_of(Path(os.environ["YUKI_DATA"]) / "matching")]
    rows, fixes = (pd.concat(kind, ignore_index=True) for kind in zip(*tables, strict=True))
    confidence, of_first, of_second = crossed(rows)
    rows = rows.assign(confidence=confidence, shipped=shipped().of(rows["posterior"].to_numpy()))
    unseen = rows[~first_half(rows)].assign(confidence=lambda part: part["shipped"])
    lines = [
        *constants(rows, of_first, of_second), "", *scores(rows), "", cells(rows), "",
        "The constants of the matcher on the half that they were not fitted on:", "",
        *table(bins(unseen)), "", *of_fixes(fixes),
    ]  # fmt: skip
    print("\n".join(lines))
    if given.write:
        page = given.write / "matching.md"
        page.write_text(replace_between(page.read_text(encoding="utf-8"), lines), encoding="utf-8")
        kind = kind_of(rows)
        drawn = diagram({name: rows[kind == name] for name in (CLEAN, NOISY, SPARSE)})
        (given.write / "images" / "reliability.svg").write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
