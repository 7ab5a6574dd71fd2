"""Addresses from CSV: what a row says, what is left out, and a dictionary that jageocoder finds all of it in."""

from __future__ import annotations

import gc
import hashlib
from pathlib import Path

import pytest

from geo.errors import ConflictError, InputError, MappingError
from ingest.gazetteer import elements_of, read_gazetteer
from ingest.gazetteer_dictionary import FILES, DictionaryReport, build_dictionary, grow, records

#: The columns of 街区レベル位置参照情報.
BLOCKS = (
    '"都道府県名","市区町村名","大字・丁目名","小字・通称名","街区符号・地番","座標系番号","Ｘ座標","Ｙ座標","緯度","経度",'
    '"住居表示フラグ","代表フラグ","更新前履歴フラグ","更新後履歴フラグ"\n'
)
ROWS = [
    ("金沢市", "広坂一丁目", "", "1", 36.5611, 136.6565, 1, 1),
    ("金沢市", "広坂一丁目", "", "1", 36.5612, 136.6566, 1, 0),
    ("金沢市", "広坂一丁目", "", "2", 36.5613, 136.6575, 1, 1),
    ("金沢市", "広坂二丁目", "", "1", 36.5600, 136.6590, 1, 1),
    ("金沢市", "広岡町", "イ", "12", 36.5770, 136.6400, 0, 1),
    ("河北郡津幡町", "字清水", "ニ", "345", 36.6690, 136.7280, 0, 1),
    ("輪島市", "（大字なし）", "", "7", 37.3900, 136.8990, 0, 1),
    ("霞ヶ浦市", "本町", "", "3", 36.6000, 136.7000, 0, 1),
]


def csv_of(rows: list[tuple[object, ...]], *more: str) -> str:
    lines = [
        f'"石川県","{city}","{oaza}","{koaza}","{block}","7","0","0","{lat}","{lon}","{flag}","{main}","0","0"\n'
        for city, oaza, koaza, block, lat, lon, flag, main in rows
    ]
    return BLOCKS + "".join([*lines, *more])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gazetteer")


@pytest.fixture(scope="module")
def report(folder: Path) -> DictionaryReport:
    file = folder / "17000_2025.csv"
    file.write_bytes(csv_of(ROWS).encode("cp932"))
    return build_dictionary(read_gazetteer([file]), [file], folder / "addresses")


@pytest.mark.parametrize(
    ("cells", "elements"),
    [
        (
            {"pref": "石川県", "city": "金沢市", "oaza": "広坂一丁目", "block": "1", "has_blocks": "1"},
            [(1, "石川県"), (3, "金沢市"), (5, "広坂"), (6, "一丁目"), (7, "1番")],
        ),
        (
            {"pref": "石川県", "city": "河北郡津幡町", "oaza": "字清水", "koaza": "ニ", "block": "345"},
            [(1, "石川県"), (2, "河北郡"), (3, "津幡町"), (5, "清水"), (6, "ニ"), (7, "345番地")],
        ),
        ({"pref": "北海道", "city": "札幌市中央区"}, [(1, "北海道"), (3, "札幌市"), (4, "中央区")]),
        ({"pref": "奈良県", "city": "大和郡山市"}, [(1, "奈良県"), (3, "大和郡山市")]),
        (
            {"pref": "石川県", "city": "輪島市", "oaza": "", "block": "7"},
            [(1, "石川県"), (3, "輪島市"), (5, "."), (7, "7番地")],
        ),
        (
            {"pref": "石川県", "city": "金沢市", "oaza": "本町", "chome": "12", "block": "3", "number": "4"},
            [(1, "石川県"), (3, "金沢市"), (5, "本町"), (6, "十二丁目"), (7, "3番地"), (8, "4号")],
        ),
    ],
)
def test_the_elements_of_an_address(cells: dict[str, str], elements: list[tuple[int, str]]) -> None:
    assert list(elements_of(cells)) == elements


def test_what_is_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    bad = [
        ("金沢市", "広坂", "", "9", 136.6, 36.5, 0, 1),
        ("金沢市", "広坂", "", "9", 0.0, 0.0, 0, 1),
        ("金沢市", "広坂", "", "9", "北緯", 136.6, 0, 1),
        ("", "広坂", "", "9", 36.5, 136.6, 0, 1),
    ]
    file = tmp_path / "a.csv"
    file.write_text(csv_of([*ROWS, *bad], '"石川県","金沢市"\n'), encoding="utf-8")
    found = read_gazetteer([file])
    assert len(found.addresses) == 7
    assert (found.n_rows, found.n_minor) == (13, 1)
    reasons = ("swapped_coordinates", "outside_area", "not_a_number", "missing_field", "malformed")
    assert found.rejects.by_reason() == dict.fromkeys(reasons, 1)
    assert not found.is_synthetic


def test_a_plain_table_and_names_of_columns_that_are_given(tmp_path: Path) -> None:
    file = tmp_path / "plain.csv"
    file.write_text("Stadt,town,koaza,lat,lng\nかほく市,秋浜,へ,36.72,136.69\n", encoding="utf-8")
    with pytest.raises(MappingError, match="pref, city"):
        read_gazetteer([file])
    (address,) = read_gazetteer([file], {"pref": "=石川県", "city": "Stadt"}).addresses
    assert address.elements == ((1, "石川県"), (3, "かほく市"), (5, "秋浜"), (6, "へ"))
    assert (address.lon, address.lat) == (136.69, 36.72)


@pytest.mark.parametrize("text", ["", BLOCKS, csv_of([("金沢市", "広坂", "", "9", 0.0, 0.0, 0, 1)])])
def test_a_file_without_an_address_is_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "none.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"none\.csv"):
        read_gazetteer([file])


def test_the_nodes_stand_in_the_order_that_jageocoder_looks_for_them(tmp_path: Path) -> None:
    """Against a naive oracle: children by parents, all in order of their names, branches without a gap."""
    file = tmp_path / "a.csv"
    file.write_text(csv_of(ROWS), encoding="utf-8")
    root, n_repeated = grow(read_gazetteer([file]).addresses)
    rows = list(records(root))
    assert n_repeated == 0
    assert [row["id"] for row in rows] == list(range(root.size))
    for row in rows:
        below = [r for r in rows if row["id"] < r["id"] < row["siblingId"]]
        children = [r for r in below if r["parentId"] == row["id"]]
        assert [r["nameIndex"] for r in children] == sorted(r["nameIndex"] for r in children)
        assert all(row["id"] <= r["parentId"] < row["siblingId"] for r in below)
        assert not any(r["parentId"] == row["id"] for r in rows if r not in below and r is not rows[0])
    points = {(address.lon, address.lat) for address in read_gazetteer([file]).addresses}
    assert {(row["x"], row["y"]) for row in rows if row["level"] > 0} <= points  # no place is made up


def test_the_report_says_what_was_built(report: DictionaryReport) -> None:
    assert (report.n_rows, report.n_minor, report.n_addresses, report.n_repeated) == (8, 1, 7, 0)
    assert report.encodings == {"17000_2025.csv": "cp932 (detected)"}
    assert report.columns["17000_2025.csv"]["oaza"] == "大字・丁目名 (by its name)"
    assert report.rejected == {}
    assert all((report.folder / name).is_file() for name in FILES)
    assert not report.is_synthetic


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("石川県金沢市広坂一丁目1番", ["石川県", "金沢市", "広坂", "一丁目", "1番"]),
        ("金沢市広坂1-2", ["石川県", "金沢市", "広坂", "一丁目", "2番"]),
        ("広坂２丁目", ["石川県", "金沢市", "広坂", "二丁目"]),
        ("金沢市広岡町イ12", ["石川県", "金沢市", "広岡町", "イ", "12番地"]),
        ("津幡町字清水ニ345", ["石川県", "河北郡", "津幡町", "清水", "ニ", "345番地"]),
        ("石川県津幡町清水", ["石川県", "河北郡", "津幡町", "清水"]),
        ("河北郡津幡町清水", ["石川県", "河北郡", "津幡町", "清水"]),
        ("霞が浦市本町3番地", ["石川県", "霞ヶ浦市", "本町", "3番地"]),
    ],
)
def test_jageocoder_finds_what_was_written(report: DictionaryReport, question: str, names: list[str]) -> None:
    from jageocoder.local import LocalTree

    tree = LocalTree(db_dir=report.folder, mode="r")
    tree.set_config(aza_skip=False)
    found = [(result.node.get_fullname(), len(result.matched)) for result in tree.searchNode(question)]
    close(tree)
    assert found[0] == (names, len(question))


def close(tree: object) -> None:
    for table in (tree.address_nodes, tree.address_nodes.datasets, tree.aza_masters, tree.trie_nodes):  # type: ignore[attr-defined]
        if table.conn is not None:
            table.conn.close()
            table.conn = None
    gc.collect()


def test_kana_of_both_kinds_are_two_small_areas(tmp_path: Path) -> None:
    from jageocoder.local import LocalTree

    file = tmp_path / "a.csv"
    rows = [("七尾市", "古府町", koaza, "", 37.0 + n / 100, 136.9, 0, 1) for n, koaza in enumerate("ロろ")]
    file.write_text(csv_of(rows), encoding="utf-8")
    report = build_dictionary(read_gazetteer([file]), [file], tmp_path / "addresses")
    tree = LocalTree(db_dir=report.folder, mode="r")
    tree.set_config(aza_skip=False)
    found = {(result.node.name, result.node.y) for result in tree.searchNode("七尾市古府町ロ")}
    close(tree)
    assert found == {("ロ", 37.0), ("ろ", 37.01)}


def contents(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def test_a_new_dictionary_takes_the_place_of_the_old_one_and_of_nothing_else(folder: Path, tmp_path: Path) -> None:
    file, place = tmp_path / "a.csv", tmp_path / "addresses"
    file.write_text(csv_of(ROWS[:1]), encoding="utf-8")
    first = build_dictionary(read_gazetteer([file]), [file], place)
    file.write_text(csv_of(ROWS[3:]), encoding="utf-8")
    second = build_dictionary(read_gazetteer([file]), [file], place)
    assert first.version != second.version
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["addresses"]
    assert all(not path.stat().st_mode & 0o222 for path in place.iterdir())
    assert (place / "metadata.txt").read_text() == f"{second.version}\n"
    other = tmp_path / "papers"
    other.mkdir()
    (other / "letter.txt").write_text("no dictionary")
    with pytest.raises(ConflictError, match="something else"):
        build_dictionary(read_gazetteer([file]), [file], other)
    assert contents(other)


@pytest.mark.realdata
def test_the_towns_of_ishikawa(yuki_data: Path, tmp_path: Path) -> None:
    """Each row of the real table is found again, at its own place, by its whole name."""
    from jageocoder.local import LocalTree

    file = yuki_data / "ishikawa" / "towns.csv"
    found = read_gazetteer([file])
    report = build_dictionary(found, [file], tmp_path / "addresses")
    assert (report.n_rows, report.n_addresses) == (8_837, 8_835)
    assert (report.rejected, report.is_synthetic) == ({"not_a_number": 2}, False)  # two rows have no place
    tree = LocalTree(db_dir=report.folder, mode="r")
    tree.set_config(aza_skip=False)
    missed = []
    for address in found.addresses[::25]:
        name = "".join(part for _, part in address.elements if part != ".")
        hits = [(r.node.x, r.node.y) for r in tree.searchNode(name) if r.matched == name]
        if (address.lon, address.lat) not in hits:
            missed.append(name)
    close(tree)
    assert missed == []
