"""The form above a page of features: what to look for, without a script."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from layers.catalogue import Collection
from layers.columns import Column

#: Fields in order: parameter, words, an example.
FIELDS: tuple[tuple[str, Mapping[str, str], str], ...] = (
    ("filter", {"ja": "条件（CQL2）", "en": "Filter (CQL2)"}, ""),
    ("bbox", {"ja": "範囲（西,南,東,北）", "en": "Box (west,south,east,north)"}, "136.6,36.5,136.7,36.6"),
    ("datetime", {"ja": "日時", "en": "Time"}, "2026-01-15T06:00:00+09:00"),
    ("sortby", {"ja": "並べ替え", "en": "Order"}, ""),
    ("limit", {"ja": "件数", "en": "Rows"}, "100"),
)
WORDS = {
    "ja": {"legend": "絞り込み", "any": "すべて", "send": "表示", "clear": "条件を消す"},
    "en": {"legend": "Look for", "any": "any", "send": "Show", "clear": "Clear"},
}
#: Columns with at most so many values are offered as lists.
VALUES_MAX = 20


def _example(collection: Collection) -> str:
    """A filter that fits the collection."""
    listed = next((column for column in collection.columns if column.values), None)
    if listed is not None:
        return f"{listed.name} = '{listed.values[0]}'"
    text = next((column for column in collection.columns if column.kind == "text"), collection.columns[0])
    return f"{text.name} LIKE '金沢%'" if text.kind == "text" else f"{text.name} > 100"


def _field(name: str, words: str, example: str, value: str) -> str:
    return (
        f'<label>{escape(words)}<input name="{name}" value="{escape(value, quote=True)}" '
        f'placeholder="{escape(example, quote=True)}"></label>'
    )


def _list(column: Column, value: str, lang: str) -> str:
    label = column.ja if lang == "ja" else column.name
    options = [f'<option value="">{WORDS[lang]["any"]}</option>']
    for term in column.values:
        chosen = " selected" if term == value else ""
        options.append(f'<option value="{escape(term, quote=True)}"{chosen}>{escape(term)}</option>')
    return f'<label>{escape(label)}<select name="{column.name}">{"".join(options)}</select></label>'


def items_form(collection: Collection, params: Mapping[str, str], lang: str, address: str) -> str:
    """The form of a collection's items as HTML; what was asked stands in it. address: that of the items."""
    words = WORDS[lang]
    fields = [
        _field(name, label[lang], example or (_example(collection) if name == "filter" else ""), params.get(name, ""))
        for name, label, example in FIELDS
    ]
    lists = [
        _list(column, params.get(column.name, ""), lang)
        for column in collection.columns
        if 1 < len(column.values) <= VALUES_MAX
    ]
    kept = {name: value for name, value in params.items() if name in ("bbox-crs", "filter-lang", "filter-crs", "crs")}
    hidden = "".join(
        f'<input type="hidden" name="{escape(name, quote=True)}" value="{escape(value, quote=True)}">'
        for name, value in (kept | {"f": "html", "lang": lang}).items()
    )
    clear = f'<a href="{escape(f"{address}?f=html&lang={lang}", quote=True)}">{words["clear"]}</a>'
    return (
        f'<form action="{escape(address, quote=True)}" method="get"><fieldset><legend>{words["legend"]}</legend>'
        f"{''.join(fields + lists)}{hidden}<button>{words['send']}</button> {clear}</fieldset></form>"
    )
