"""連絡先: whom residents may ask about the roads of a manager, from CSV into raw. Offices, never persons.

The file is taken in whole or not at all, and stands as a whole from then on: half of it would send people astray.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from geo.db import Database, Role, read_sql
from geo.errors import InputError
from geo.vocabulary import Manager
from ingest.files import require
from ingest.mapping import FieldMap, resolve, take, text_of
from ingest.quarantine import Rejects
from ingest.road_values import MANAGERS
from ingest.tabular import read_csv

#: Our field to the names under which tables of offices carry it.
KNOWN_NAMES: Mapping[str, Sequence[str]] = {
    "manager": ("manager", "管理者", "道路管理者", "管理者区分"),
    "area": ("area", "municipality", "市町", "市町村", "市町名", "管轄市町"),
    "name": ("name", "office", "名称", "窓口", "担当窓口", "事務所", "事務所名"),
    "name_en": ("name_en", "英語名", "英語名称"),
    "phone": ("phone", "tel", "電話", "電話番号"),
    "link": ("link", "url", "ホームページ", "リンク"),
}
#: A number as people dial it in Japan, short ones such as #9910 too.
PHONE = re.compile(r"(?:#\d{3,5}|\+?\d[\d ()-]{1,18}\d)")
#: Longest text of a name and of a link.
NAME_MAX, LINK_MAX = 100, 500


@dataclass(frozen=True, slots=True)
class Contact:
    """One office. area: municipality in which it answers, empty: wherever no other one does; None: not given."""

    manager: str
    area: str
    name: str
    name_en: str
    phone: str | None
    link: str | None


@dataclass(frozen=True, slots=True)
class ManagersReport:
    """What became of the file: offices that stand now, and how many of them are new or say something else."""

    n_contacts: int
    n_changed: int
    n_gone: int
    encoding: str
    mapping: dict[str, str]


def ingest_managers(
    database: Database, path: Path, *, encoding: str | None = None, mapping: Mapping[str, str] | None = None,
    synthetic: bool = False,
) -> ManagersReport:  # fmt: skip
    """Take in the contacts of managers as yuki_ingest; from its commit on the file stands for all of them.

    Raises InputError that names the line where a row cannot be used; nothing is changed then.
    """
    contacts, fields, used = read_managers(path, encoding, mapping or {})
    keys = [contact.manager + "\t" + contact.area for contact in contacts]
    with database.connect(Role.INGEST) as connection:
        n_gone = connection.execute(read_sql("ingest", "delete_contacts"), {"keys": keys}).rowcount
        n_changed = 0
        for contact in contacts:
            row = {name: getattr(contact, name) for name in Contact.__slots__} | {"synthetic": synthetic}
            n_changed += connection.execute(read_sql("ingest", "upsert_contact"), row).rowcount
    return ManagersReport(len(contacts), n_changed, n_gone, used, fields.describe())


def read_managers(path: Path, encoding: str | None, mapping: Mapping[str, str]) -> tuple[list[Contact], FieldMap, str]:
    """(contacts, which column is what, encoding) of a file, without any database. Raises InputError, MappingError."""
    rejects = Rejects()
    table = read_csv(require(path), encoding, {}, rejects)
    if len(rejects):
        raise InputError(f"{path}: {rejects.by_reason()}: rows with too few or too many cells.", hint="Correct them.")
    columns = table.vector.columns
    fields = resolve(columns.column_names, dict(mapping), KNOWN_NAMES, ["manager", "name"], str(path))
    texts = {key: text_of(take(columns, column)).to_pylist() for key, column in fields.columns.items()}
    found: dict[tuple[str, str], int] = {}
    contacts = []
    for i, line in enumerate(table.line):
        contact = _contact({key: values[i] for key, values in texts.items()}, f"{path}, line {line}")
        first = found.setdefault((contact.manager, contact.area), line)
        if first != line:
            raise InputError(
                f"{path}: lines {first} and {line} are of the same manager and municipality.", hint="Keep one of them."
            )
        contacts.append(contact)
    return contacts, fields, str(table.vector.encoding)


def _contact(texts: Mapping[str, str | None], where: str) -> Contact:
    cells = {name: (texts.get(name) or "").strip() for name in KNOWN_NAMES}
    manager = MANAGERS.get(cells["manager"])
    if manager is None or manager == Manager.UNKNOWN:
        raise _refused(where, "manager", f"{cells['manager']!r} is none of {', '.join(w.ja for w in Manager)}")
    if not cells["name"] or len(cells["name"]) > NAME_MAX or len(cells["name_en"]) > NAME_MAX:
        raise _refused(where, "name", f"a name has 1 to {NAME_MAX} letters")
    if cells["phone"] and not PHONE.fullmatch(cells["phone"]):
        raise _refused(where, "phone", f"{cells['phone'][:30]!r} is no telephone number")
    if cells["link"] and not _is_link(cells["link"]):
        raise _refused(where, "link", f"{cells['link'][:50]!r} is no address that begins with https:// or http://")
    return Contact(
        manager, cells["area"], cells["name"], cells["name_en"] or cells["name"], cells["phone"] or None,
        cells["link"] or None,
    )  # fmt: skip


def _refused(where: str, name: str, why: str) -> InputError:
    return InputError(f"{where}: {name}: {why}.", hint="Nothing was taken in; correct the file.")


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        and len(text) <= LINK_MAX and not re.search(r"[\s<>\"']", text)
    )  # fmt: skip
