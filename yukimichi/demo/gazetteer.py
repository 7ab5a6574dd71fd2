"""Addresses of the synthetic prefecture: streets of its settlements as blocks, in the columns of 位置参照情報."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from yukimichi.demo.blocks import STREET
from yukimichi.demo.network import DemoNetwork
from yukimichi.demo.tables import DemoTables, to_lonlat

PREFECTURE = "石川県"
#: 丁目 of a settlement by its size class; 0: it has none.
_N_CHOME = np.array([0, 0, 0, 2, 3, 4, 6, 9])
#: Blocks of a settlement at most, and how far from its centre they lie, by size class.
_N_BLOCKS = np.array([30, 40, 60, 100, 160, 240, 400, 900])
_REACH_M = np.array([400.0, 600.0, 900.0, 1_300.0, 1_900.0, 2_500.0, 3_200.0, 5_000.0])
_KANJI = ("", "一", "二", "三", "四", "五", "六", "七", "八", "九")


def make_addresses(tables: DemoTables, network: DemoNetwork) -> pd.DataFrame:
    """One row a block: the middle of a street near a settlement of its municipality, then one row a settlement.

    Columns 都道府県名 … 代表フラグ as in 街区レベル位置参照情報; longitude and latitude in degrees.
    """
    towns, roads = tables.settlements, network.roads
    centre = network.bending.apply(towns[["x_m", "y_m"]].to_numpy(float))
    size = towns["size"].to_numpy(int)
    street = np.flatnonzero(network.roads["strand"].to_numpy() == STREET)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(network.lines[street], 0.5, normalized=True))
    distance_m, town = cKDTree(centre).query(middle)
    same = roads["municipality_id"].to_numpy()[street] == towns["municipality_id"].to_numpy()[town]
    near = np.flatnonzero(same & (distance_m < _REACH_M[size[town]]))
    blocks = pd.DataFrame(
        {"town": town[near], "distance_m": distance_m[near], "x": middle[near, 0], "y": middle[near, 1]}
    )
    blocks = blocks.sort_values(["town", "distance_m", "x", "y"], kind="stable")
    blocks = blocks[blocks.groupby("town").cumcount() < _N_BLOCKS[size[blocks["town"]]]]
    turn = np.arctan2(blocks["y"] - centre[blocks["town"], 1], blocks["x"] - centre[blocks["town"], 0])
    n_chome = _N_CHOME[size[blocks["town"]]]
    share = ((turn + np.pi) / (2 * np.pi)).clip(0, 1 - 1e-9)
    blocks["chome"] = np.where(n_chome > 0, 1 + (share * n_chome).astype(int), 0)
    blocks["block"] = blocks.groupby(["town", "chome"]).cumcount() + 1
    own = pd.DataFrame({"town": np.arange(len(towns)), "x": centre[:, 0], "y": centre[:, 1], "chome": 0, "block": 0})
    return _table(tables, pd.concat([blocks, own], ignore_index=True))


def _table(tables: DemoTables, rows: pd.DataFrame) -> pd.DataFrame:
    names = dict(zip(tables.municipalities["municipality_id"], tables.municipalities["name"], strict=True))
    town = tables.settlements.iloc[rows["town"]].reset_index(drop=True)
    place = to_lonlat(rows[["x", "y"]].to_numpy(float))
    chome = [f"{_KANJI[number]}丁目" if number else "" for number in rows["chome"]]
    return pd.DataFrame(
        {
            "都道府県名": PREFECTURE,
            "市区町村名": town["municipality_id"].map(names),
            "大字・丁目名": town["name"] + pd.Series(chome),
            "小字・通称名": "",
            "街区符号・地番": [str(number) if number else "" for number in rows["block"]],
            "緯度": place[:, 1],
            "経度": place[:, 0],
            "住居表示フラグ": (rows["chome"] > 0).astype(int),
            "代表フラグ": 1,
        }
    )
