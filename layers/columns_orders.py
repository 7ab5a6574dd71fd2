"""The columns of closures, orders and withheld states."""

from __future__ import annotations

from geo.vocabulary import Manager, OrderKind, Reason, Restriction, State
from layers.columns import (
    AS_OF,
    BASIS,
    CONFIDENCE,
    DIRECTION,
    EDGE_ID,
    LENGTH,
    MANAGER,
    MUNICIPALITY,
    NAME,
    NETWORK,
    ROAD_CLASS,
    ROUTE_ID,
    ROUTE_NAME,
    SECTION_ID,
    SYNTHETIC,
    TREATMENT,
    Column,
)

_RESTRICTIONS = tuple(word.value for word in Restriction)
_STATES = tuple(word.value for word in State)

CLOSURE = (
    Column("closure_id", "integer", "規制ID", "Id of the order."),
    Column("restriction", "text", "規制", "What traffic may not do.", _RESTRICTIONS),
    Column("restriction_ja", "text", "規制（日本語）", "The restriction in Japanese."),
    Column("restriction_en", "text", "規制（英語）", "The restriction in English."),
    NAME, ROUTE_NAME, MANAGER,
    Column("direction", "text", "方向", "In which direction of digitising it holds; mixed: its roads differ.",
           ("both", "forward", "backward", "mixed")),
    Column("reason", "text", "理由", "Why, in the manager's words; null: not made public."),
    Column("starts_at", "moment", "開始時刻", "From when it holds."),
    Column("ends_at", "moment", "終了予定", "Planned or real end, when it holds no more; null: until further notice."),
    Column("is_active", "boolean", "規制中", "Whether it holds at as_of."),
    AS_OF,
    Column("length_m", "number", "延長", "Metres of road that it holds; 0: no road of the network carries it."),
    Column("edges", "text", "リンク", "edge_id:from_m-to_m with blanks between them, metres along digitising."),
    NETWORK, SYNTHETIC,
)  # fmt: skip
ORDER = (
    Column("order_id", "integer", "指示ID", "Id of the order."),
    Column("kind", "text", "種類", "What is ordered.", tuple(word.value for word in OrderKind)),
    Column("restriction", "text", "規制", "Of a restriction; else null.", _RESTRICTIONS),
    Column("state", "text", "訂正後の状態", "Of a correction; else null.", _STATES),
    Column("starts_at", "moment", "開始時刻", "From when it holds; null: it was ended before it began."),
    Column("ends_at", "moment", "終了", "Planned or real end; null: until further notice."),
    Column("is_active", "boolean", "有効", "Whether it holds at as_of."),
    AS_OF,
    Column("manager", "text", "公表停止の管理者", "Of a publication stop of a manager's roads; else null.",
           tuple(word.value for word in Manager)),
    Column("is_everywhere", "boolean", "全域", "True: of all roads."),
    Column("planned_m", "number", "指示延長", "Metres of road that it names; null: an area, a manager, or all."),
    Column("laid_m", "number", "対応延長", "Metres of them on roads of the network; null likewise."),
    Column("misfit", "text", "合わない部分", "What does not fit the roads; null: all fits."),
    Column("reason", "text", "理由", "Why."),
    Column("is_reason_public", "boolean", "理由を公表", "Whether everybody reads the reason."),
    Column("author", "text", "入力者", "Name of the key, or user of the command, that entered it last."),
    SYNTHETIC,
)  # fmt: skip
WITHHELD = (
    EDGE_ID, NAME, ROUTE_NAME, MANAGER, DIRECTION, MUNICIPALITY, ROAD_CLASS, LENGTH,
    Column("state", "text", "状態", "State of the carriageway; null: no more than the default is known.", _STATES),
    Column("reason", "text", "理由", "Why it is unknown, or none.", tuple(word.value for word in Reason)),
    Column("cleared_at", "moment", "除雪時刻", "When the oldest stretch that the state rests on was cleared."),
    Column("valid_until", "moment", "有効期限", "From here on a clearing is unknown (expired)."),
    Column("observed_at", "moment", "観測時刻", "Last evidence of any kind; null: none."),
    AS_OF,
    Column("covered_fraction", "number", "除雪範囲", "Share of the edge cleared since the reference time, 0 to 1."),
    TREATMENT, BASIS, CONFIDENCE,
    Column("source", "text", "情報源", "Where the evidence comes from; null: none."),
    ROUTE_ID, SECTION_ID, NETWORK, SYNTHETIC,
)  # fmt: skip
