"""連絡先: what offices write is understood, what would send people astray is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.db import Database, Role
from geo.errors import InputError, MappingError
from geo.store.managers import refresh_managers
from ingest.managers import Contact, ingest_managers, read_managers
from layers.road_card import publish_managers_alone

HEAD = "管理者,市町,名称,英語名,電話,リンク\n"
TABLE = (
    HEAD + "県,金沢市,金沢土木事務所,Kanazawa Works,０７６-000-0001,https://works.example/a?b=1\n国,,国道窓口,,#9910,\n"
)


def _file(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "offices.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_table_as_offices_write_it(tmp_path: Path, encoding: str) -> None:
    contacts, _, _ = read_managers(_file(tmp_path, TABLE, encoding), None, {})
    assert contacts == [
        Contact(
            "prefecture", "金沢市", "金沢土木事務所", "Kanazawa Works", "076-000-0001", "https://works.example/a?b=1"
        ),
        Contact("nation", "", "国道窓口", "国道窓口", "#9910", None),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("火星,,窓口,,,", "line 2: manager"), (",,窓口,,,", "line 2: manager"), ("不明,,窓口,,,", "line 2: manager"),
        ("国,,,,,", "line 2: name"), (f"国,,{'長' * 101},,,", "line 2: name"),
        ("国,,窓口,,なし,", "line 2: phone"), ("国,,窓口,,1,", "line 2: phone"),
        ("国,,窓口,,tel:110,", "line 2: phone"),
        ("国,,窓口,,,javascript:alert(1)", "line 2: link"), ("国,,窓口,,,https://a b/", "line 2: link"),
        ("国,,窓口,,,https://user@host/", "line 2: link"), ("国,,窓口,,,//host/", "line 2: link"),
        ("国,,窓口,,,\n国,,別,,,", "lines 2 and 3"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_used_refuses_the_whole_table(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_managers(_file(tmp_path, HEAD + line + "\n"), None, {})


def test_without_a_column_of_managers_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="manager"):
        read_managers(_file(tmp_path, "名称\n窓口\n"), None, {})


def test_the_newest_table_stands_and_a_repeat_changes_nothing(tmp_path: Path, database: Database) -> None:
    def published() -> list[tuple[object, ...]]:
        with database.connect(Role.ENGINE) as connection:
            n = refresh_managers(connection)
        assert publish_managers_alone(database) == n
        with database.connect(Role.READER) as connection:
            return connection.execute(
                "SELECT manager, area, name, phone FROM pub.manager_contact ORDER BY 1, 2"
            ).fetchall()

    first = ingest_managers(database, _file(tmp_path, TABLE))
    assert (first.n_contacts, first.n_changed, first.n_gone) == (2, 2, 0)
    assert published() == [
        ("nation", "", "国道窓口", "#9910"),
        ("prefecture", "金沢市", "金沢土木事務所", "076-000-0001"),
    ]
    again = ingest_managers(database, _file(tmp_path, TABLE))
    assert (again.n_changed, again.n_gone) == (0, 0)
    other = ingest_managers(database, _file(tmp_path, HEAD + "国,,国道窓口,,#9911,\n"))
    assert (other.n_contacts, other.n_changed, other.n_gone) == (1, 1, 1)
    assert published() == [("nation", "", "国道窓口", "#9911")]
    with pytest.raises(InputError):
        ingest_managers(database, _file(tmp_path, HEAD + "国,,国道窓口,,,\n火星,,窓口,,,\n"))
    assert published() == [("nation", "", "国道窓口", "#9911")]
