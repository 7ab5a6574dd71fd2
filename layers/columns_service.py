"""The columns of the collection service_level."""

from __future__ import annotations

from layers.columns import SERVICE_AS_OF, SERVICE_STATE, SYNTHETIC, Column


def _metres(state: str, ja: str, description: str) -> Column:
    return Column(f"{state}_m", "number", ja, f"Metres of directed edges {description}.")


SERVICE_LEVEL = (
    Column("service_level_id", "text", "ID", "Kind and name."),
    Column("kind", "text", "集計の単位", "What is summed.", ("all", "contractor", "manager", "office")),
    Column("name", "text", "名称", "Name of the contractor, manager or office; unknown: nobody told."),
    SERVICE_STATE,
    _metres("length", "延長", "in all states, both directions counted"),
    _metres("achieved", "達成", "that were complete by the deadline"),
    _metres("pending", "期限前", "before their deadline or callout"),
    _metres("at_risk", "遅れのおそれ", "that will miss their deadline at the rate observed"),
    _metres("late", "遅れて達成", "that were complete after the deadline"),
    _metres("missed", "期限超過", "that are known not to be complete after the deadline"),
    _metres("unknown", "不明", "of which nobody can tell"),
    _metres("no_target", "目標なし", "without a target"),
    Column("late_median_min", "number", "遅れの中央値", "Half of the late metres were later, minutes; null: none was."),
    Column("late_worst_min", "number", "最大の遅れ", "The latest metres, minutes; null: nothing was late."),
    Column("event_id", "integer", "事象ID", "What it is relative to."),
    SERVICE_AS_OF,
    SYNTHETIC,
)
