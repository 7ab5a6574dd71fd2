"""Names of a transit feed in English: translations.txt in its present form, and in the one of GTFS-JP before it."""

from __future__ import annotations

import pandas as pd

from ingest.gtfs_tables import Feed
from ingest.mapping import normal

ENGLISH = "en"


class Words:
    """English words of a feed by table, field and record, or by the text that they translate."""

    def __init__(self, feed: Feed) -> None:
        self._by_record: dict[tuple[str, str, str], str] = {}
        self._by_text: dict[str, str] = {}
        table = feed.get("translations")
        for row in table.to_dict("records"):
            language = row.get("language") or row.get("lang")
            text = row.get("translation")
            if pd.isna(text) or pd.isna(language) or str(language).partition("-")[0].lower() != ENGLISH:
                continue
            record, given = row.get("record_id"), row.get("field_value") or row.get("trans_id")
            if isinstance(record, str):
                self._by_record[(str(row.get("table_name")), str(row.get("field_name")), record)] = str(text)
            elif isinstance(given, str):
                self._by_text[normal(given)] = str(text)

    def english(self, table: str, field: str, record: str, text: str | None) -> str | None:
        """The English of a field of a record; None where the feed does not say it."""
        found = self._by_record.get((table, field, record))
        return found if found is not None or text is None else self._by_text.get(normal(text))
