"""What is known of one edge in sentences for people, Japanese and English: no clock, no database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from geo.timeline import in_zone
from geo.vocabulary import Reason, Restriction, SnowBasis, State, Treatment, WorkBasis

type Language = Literal["ja", "en"]
type Told = Mapping[str, Any]

STATE_EN = {
    State.CLEARED: "Cleared", State.CLEARING: "Being cleared", State.UNCLEARED: "Not cleared", State.UNKNOWN: "Unknown",
}  # fmt: skip
REASON_EN = {
    Reason.NONE: "",
    Reason.NO_EVENT: "there is no snowfall and no call-out at present",
    Reason.NOT_ON_PLAN: "the road is on no clearing plan",
    Reason.NO_DEVICE: "a machine that is assigned here has no position device",
    Reason.SILENT: "a machine that is assigned here has stopped reporting",
    Reason.UNMATCHED: "positions of a machine nearby could not be matched to a road",
    Reason.EXPIRED: "too long has passed since it was cleared",
    Reason.WORK_UNKNOWN: "a machine passed, and nobody knows whether it worked",
    Reason.LOW_CONFIDENCE: "the positions are not certain enough",
    Reason.SNOWED_OVER: "too much snow has fallen since it was cleared",
    Reason.CLOSED: "the road is closed",
    Reason.WITHHELD: "publication is stopped here",
}
TREATMENT_EN = {
    Treatment.FRESH_SNOW_PLOWING: "fresh snow plowing", Treatment.SURFACE_GRADING: "surface grading",
    Treatment.COMPACTED_SNOW_REMOVAL: "compacted snow removal", Treatment.WIDENING: "widening",
    Treatment.HAULAGE: "haulage of snow", Treatment.ANTI_ICING: "anti-icing",
    Treatment.ABRASIVE_SPREADING: "spreading of abrasives", Treatment.SIDEWALK_CLEARING: "sidewalk clearing",
}  # fmt: skip
BASIS_EN = {
    WorkBasis.SENSED: "sensors say so", WorkBasis.DECLARED: "it was declared", WorkBasis.ASSUMED: "it is assumed",
    WorkBasis.UNKNOWN: "nobody knows of the work",
}  # fmt: skip
RESTRICTION_EN = {
    Restriction.CLOSED: "closed to traffic", Restriction.WINTER_CLOSED: "closed for the winter",
    Restriction.ONE_LANE: "one lane, traffic alternates", Restriction.CHAINS: "chains required",
    Restriction.WINTER_TYRES: "winter tyres required",
}  # fmt: skip


def sentences(told: Told, zone: str, language: Language) -> list[str]:
    """What is told of an edge (the properties of road_status), the state first; times on the clock of a zone."""
    parts = _JA if language == "ja" else _EN
    return [text for part in parts for text in [part(told, zone)] if text]


def why(told: Told, language: Language) -> str | None:
    """Why the state is unknown, in one sentence; None where it is known."""
    if told["state"] != State.UNKNOWN:
        return None
    reason = Reason(told["reason"])
    if reason == Reason.NONE:
        return "道路管理者が不明としている。" if language == "ja" else "A road manager says that it is not known."
    if language == "ja":
        return f"{reason.ja}。"
    text = REASON_EN[reason]
    return f"{text[0].upper()}{text[1:]}."


def _clock(moment: datetime, zone: str, language: Language) -> str:
    local = in_zone(moment, zone)
    if language == "ja":
        return f"{local.month}月{local.day}日{local:%H:%M}"
    return f"{local:%H:%M} on {local.day} {local:%B}"


def _state_ja(told: Told, zone: str) -> str:
    state = State(told["state"])
    if state == State.CLEARED:
        return f"{_clock(told['cleared_at'], zone, 'ja')}に{state.ja}。"
    if state == State.UNKNOWN:
        return f"{state.ja}：{why(told, 'ja')}"
    return f"{state.ja}。"


def _state_en(told: Told, zone: str) -> str:
    state = State(told["state"])
    if state == State.CLEARED:
        return f"Cleared at {_clock(told['cleared_at'], zone, 'en')}."
    if state == State.UNKNOWN:
        return f"Unknown: {why(told, 'en')}"
    return f"{STATE_EN[state]}."


def _was_ja(told: Told, zone: str) -> str:
    if told["state"] == State.UNKNOWN and told["cleared_at"] is not None:
        return f"最後の除雪完了は{_clock(told['cleared_at'], zone, 'ja')}。"
    return ""


def _was_en(told: Told, zone: str) -> str:
    if told["state"] == State.UNKNOWN and told["cleared_at"] is not None:
        return f"It was cleared last at {_clock(told['cleared_at'], zone, 'en')}."
    return ""


def _snow_ja(told: Told, zone: str) -> str:
    if told["cleared_at"] is None:
        return ""
    cm, basis = told["snow_since_cm"], told["snow_basis"]
    if cm is None:
        return "その後の降雪は分からない（観測なし）。"
    return f"その後の降雪は{'少なくとも' if basis == SnowBasis.PARTIAL else '約'}{cm:.0f} cm。"


def _snow_en(told: Told, zone: str) -> str:
    if told["cleared_at"] is None:
        return ""
    cm, basis = told["snow_since_cm"], told["snow_basis"]
    if cm is None:
        return "How much snow has fallen since is not known: there are no observations."
    return f"{'At least' if basis == SnowBasis.PARTIAL else 'About'} {cm:.0f} cm of snow since."


def _passes_ja(told: Told, zone: str) -> str:
    covered, passed = (int(100 * told[name]) for name in ("covered_fraction", "passed_fraction"))
    if told["passes_needed"] > 1:
        return (
            f"この方向には{told['passes_needed']}回の作業が必要。延長の{covered} %が必要な回数、{passed} %が1回以上。"
        )
    return f"延長の{covered} %を除雪。" if passed and told["state"] != State.CLEARED else ""


def _passes_en(told: Told, zone: str) -> str:
    covered, passed = (int(100 * told[name]) for name in ("covered_fraction", "passed_fraction"))
    if told["passes_needed"] > 1:
        return (
            f"This direction needs {told['passes_needed']} passes: {covered} % of its length has had them, "
            f"{passed} % one at least."
        )
    return f"{covered} % of its length is cleared." if passed and told["state"] != State.CLEARED else ""


def _sure_ja(told: Told, zone: str) -> str:
    if told["is_corrected"]:
        return "道路管理者が手で入れた状態。"
    if told["work_basis"] == WorkBasis.UNKNOWN:
        return ""
    return f"確からしさ{int(100 * told['confidence'])} %（{WorkBasis(told['work_basis']).ja}）。"


def _sure_en(told: Told, zone: str) -> str:
    if told["is_corrected"]:
        return "A road manager gave this state by hand."
    if told["work_basis"] == WorkBasis.UNKNOWN:
        return ""
    return f"{int(100 * told['confidence'])} % sure: {BASIS_EN[WorkBasis(told['work_basis'])]}."


def _other_ja(told: Told, zone: str) -> str:
    if told["other_side"] is None or told["other_side"] == told["state"]:
        return ""
    one_side = "片側のみ除雪完了。" if State.CLEARED in (told["state"], told["other_side"]) else ""
    return f"{one_side}反対方向は{State(told['other_side']).ja}。"


def _other_en(told: Told, zone: str) -> str:
    if told["other_side"] is None or told["other_side"] == told["state"]:
        return ""
    one_side = "Only one side is cleared. " if State.CLEARED in (told["state"], told["other_side"]) else ""
    return f"{one_side}The other direction: {STATE_EN[State(told['other_side'])].lower()}."


def _restriction_ja(told: Told, zone: str) -> str:
    return f"規制：{Restriction(told['restriction']).ja}。" if told["restriction"] else ""


def _restriction_en(told: Told, zone: str) -> str:
    return f"Restriction: {RESTRICTION_EN[Restriction(told['restriction'])]}." if told["restriction"] else ""


_JA = (_state_ja, _was_ja, _snow_ja, _passes_ja, _sure_ja, _other_ja, _restriction_ja)
_EN = (_state_en, _was_en, _snow_en, _passes_en, _sure_en, _other_en, _restriction_en)
