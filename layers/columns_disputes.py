"""The columns of disputes, and the closed lists of what somebody may have seen and what is decided about it."""

from __future__ import annotations

from geo.vocabulary import Reason, RoadClass, State, Term, WorkBasis
from layers.columns import EDGE_ID, MANAGER, MUNICIPALITY, NAME, NETWORK, ROUTE_NAME, SYNTHETIC, Column


class StateSeen(Term):
    """見た状態: what the sender of a dispute saw on the road."""

    CLEARED = "cleared", "除雪されている"
    UNCLEARED = "uncleared", "除雪されていない"
    BEING_CLEARED = "being_cleared", "いま除雪している"
    IMPASSABLE = "impassable", "通れない"
    HALF_CLEARED = "half_cleared", "片側・一部だけ除雪されている"
    OTHER = "other", "その他"


class Decision(Term):
    """異議の判断: what a road manager decided about a dispute."""

    ACCEPTED = "accepted", "認める"
    REJECTED = "rejected", "認めない"
    DUPLICATE = "duplicate", "重複"
    UNCLEAR = "unclear", "判断できない"


#: Directions of a dispute.
DIRECTIONS = ("forward", "backward", "both")
_STATES = tuple(word.value for word in State)
_REASONS = tuple(word.value for word in Reason)

DISPUTE = (
    Column("dispute_id", "integer", "受付番号", "Public number of the dispute."),
    Column("received_at", "moment", "受付時刻", "When it came in."),
    Column("seen_at", "moment", "見た時刻", "When the sender saw the road."),
    EDGE_ID,
    Column("direction", "text", "方向", "Along digitising (forward), against it (backward), or both.", DIRECTIONS),
    NAME, ROUTE_NAME,
    Column("road_class", "text", "道路種別", "Class of the road.", tuple(word.value for word in RoadClass)),
    MANAGER, MUNICIPALITY,
    Column("state_seen", "text", "見た状態", "What the sender saw.", tuple(word.value for word in StateSeen)),
    Column("comment", "text", "コメント", "What the sender wrote, as it is; null: nothing."),
    Column("has_photo", "boolean", "写真", "Whether /disputes/{dispute_id}/photo has one."),
    Column("shown_state", "text", "表示していた状態", "State that the service told when it came in.", _STATES),
    Column("shown_reason", "text", "表示していた理由", "Reason that it told.", _REASONS),
    Column("shown_cleared_at", "moment", "表示していた除雪完了時刻", "Clearing that it told; null: none."),
    Column("shown_valid_until", "moment", "表示していた期限", "Until when it would have told so; null: no clearing."),
    Column("shown_observed_at", "moment", "最後の観測", "Last observation behind it; null: none."),
    Column("shown_covered_fraction", "number", "除雪済みの割合", "Covered share of the edge, 0 to 1."),
    Column("shown_work_basis", "text", "作業の根拠", "How the work was known.", tuple(w.value for w in WorkBasis)),
    Column("shown_confidence", "number", "確からしさ", "How sure it was, 0 to 1."),
    Column("shown_snow_since_cm", "number", "その後の降雪", "Snow since the clearing, cm; null: none, or not known."),
    Column("then_state", "text", "見た時刻の表示", "State that had been told at seen_at; null: the same moment, or "
           "nothing is known of it.", _STATES),
    Column("then_reason", "text", "見た時刻の理由", "Reason that had been told at seen_at; null likewise.", _REASONS),
    Column("event_id", "integer", "事象ID", "Event that the state was relative to."),
    Column("status_version", "integer", "状態の版", "Version of the states that were told."),
    Column("decision", "text", "判断", "What was decided last; null: it waits.", tuple(w.value for w in Decision)),
    Column("decision_reason", "text", "判断の理由", "Why; the sender reads it. Null: it waits."),
    Column("decided_at", "moment", "判断時刻", "When; null: it waits."),
    Column("decided_by", "text", "判断者", "Name of the key, or user of the machine; null: it waits."),
    NETWORK, SYNTHETIC,
)  # fmt: skip
