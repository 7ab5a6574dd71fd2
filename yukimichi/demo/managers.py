"""Made-up offices that answer for the roads of the demo; their telephone numbers cannot be dialled."""

from __future__ import annotations

import pandas as pd

from geo.vocabulary import Manager


def make_managers(towns: pd.DataFrame) -> pd.DataFrame:
    """The table that `yukimichi ingest managers` reads: one office of the nation, those of the prefecture by
    municipality, and one of each municipality.

    towns  name, name_en and office of each municipality
    """
    english = {
        office: f"{seat} Public Works Office (synthetic)"
        for office in towns["office"].unique()
        for seat in [_seat(str(office), towns)]
    }
    rows = [(Manager.NATION.ja, "", "国道維持出張所（合成）", "National Road Maintenance Office (synthetic)")]
    for name, name_en, office in towns[["name", "name_en", "office"]].itertuples(index=False):
        rows.append((Manager.PREFECTURE.ja, name, f"{office}（合成）", english[office]))
        rows.append((Manager.MUNICIPALITY.ja, name, f"{name} 道路管理課（合成）", f"{name_en} Road Office (synthetic)"))
    table = pd.DataFrame(rows, columns=["manager", "area", "name", "name_en"])
    numbers = {name: f"0000-00-{i + 1:04d}" for i, name in enumerate(table["name"].unique())}
    return table.assign(phone=table["name"].map(numbers), link="")


def _seat(office: str, towns: pd.DataFrame) -> str:
    """English name of the municipality that an office is named after, else the office's own name."""
    for name, name_en in towns[["name", "name_en"]].itertuples(index=False):
        if office.startswith(str(name)[:2]):
            return str(name_en)
    return office
