"""An area of the summary in words, Japanese and English: what is unknown is never left out. No clock, no database.

web/js/first/shares.js and area.js make the same shares and the same first sentence of the same numbers; a test holds
both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import floor
from typing import Any, Literal

from geo.timeline import in_zone
from geo.vocabulary import Reason, State
from tiles.edge_words import REASON_EN

type Language = Literal["ja", "en"]
type Told = Mapping[str, Any]

STATES = tuple(State)


def percents(km: Mapping[str, float]) -> dict[str, int] | None:
    """Whole percent by state that add up to 100; None where there is no road.

    What is known is rounded down and the unknown takes what is left, so that nothing looks better than it is; where
    nothing is unknown, the worst state there is takes it.
    """
    total = sum(km[state] for state in STATES)
    if total <= 0:
        return None
    known = (State.CLEARED, State.CLEARING, State.UNCLEARED)
    found = {state.value: floor(100 * km[state] / total + 1e-9) for state in known}
    left = 100 - sum(found.values())
    worst_first = (State.UNKNOWN, State.UNCLEARED, State.CLEARING, State.CLEARED)
    taker = next(state for state in worst_first if km[state] > 0)
    found[State.UNKNOWN.value] = 0
    found[taker.value] += left
    return found


def area_name(area: Told, language: Language) -> str:
    """The name of an area in a language."""
    if not area["id"]:
        return "全域" if language == "ja" else "Whole area"
    return str((language == "en" and area["name_en"]) or area["name"])


def clock(moment: datetime, now: datetime, zone: str, language: Language) -> str:
    """Time of day in a zone, with the date where it is another day than that of `now`."""
    local, today = in_zone(moment, zone), in_zone(now, zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if language == "ja":
        return f"{local.month}/{local.day} {local:%H:%M}"
    return f"{local.day} {local:%b} {local:%H:%M}"


def age(span: timedelta, language: Language) -> str:
    """How long that is, in words."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    hours, days = minutes // 60, minutes // 1440
    if language == "ja":
        if minutes < 60:
            return f"{minutes}分" if minutes else "1分以内"
        return f"{hours}時間{minutes % 60}分" if hours < 48 else f"{days}日{hours % 24}時間"
    if minutes < 60:
        return f"{minutes} min" if minutes else "under a minute"
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{days} d {hours % 24} h"


def sentence(area: Told, as_of: datetime, now: datetime, zone: str, language: Language) -> str:
    """「金沢市：除雪完了 62 %、除雪中 4 %、未除雪 21 %、不明 13 %（06:10 現在）」."""
    share = percents(area["km"])
    name, time = area_name(area, language), clock(as_of, now, zone, language)
    if share is None:
        if language == "ja":
            return f"{name}：除雪計画のある道路はありません（{time} 現在）"
        return f"{name}: no road is on a clearing plan (as of {time})"
    if language == "ja":
        parts = "、".join(f"{state.ja} {share[state]} %" for state in STATES)
        return f"{name}：{parts}（{time} 現在）"
    words = ("cleared", "being cleared", "not cleared", "unknown")
    parts = ", ".join(f"{word} {share[state]}%" for word, state in zip(words, STATES, strict=True))
    return f"{name}: {parts} (as of {time})"


def km_text(km: float) -> str:
    """Kilometres: tenths below ten."""
    return f"{km:.1f}" if km < 10 else f"{km:.0f}"


def details(area: Told, as_of: datetime, now: datetime, language: Language) -> list[str]:
    """What belongs to the shares: of how many km, why unknown, how old, the snow, what is not counted."""
    planned = sum(area["km"].values())
    lines = [
        f"除雪計画のある道路 {km_text(planned)} km に対する割合です。" if language == "ja"
        else f"Shares of {km_text(planned)} km of road on a clearing plan."
    ]  # fmt: skip
    lines += [_reasons(area["reasons"], language)] if area["reasons"] else []
    if area["median_cleared_at"]:
        span = age(now - read(area["median_cleared_at"]), language)
        lines.append(
            f"除雪完了の中央値は{span}前。" if language == "ja"
            else f"Half of what is cleared was cleared more than {span} ago."
        )  # fmt: skip
    if area["oldest_observed_at"]:
        span = age(now - read(area["oldest_observed_at"]), language)
        lines.append(f"最も古い根拠は{span}前。" if language == "ja" else f"The oldest evidence is {span} old.")
    lines.append(_snow(area["snow"], language))
    if area["off_plan_km"] > 0:
        km = km_text(area["off_plan_km"])
        lines.append(
            f"ほかに {km} km は除雪計画の対象外で、この割合に入っていません。" if language == "ja"
            else f"Another {km} km are on no clearing plan and not counted here."
        )  # fmt: skip
    return lines


def read(text: str) -> datetime:
    """A moment of the answer."""
    return datetime.fromisoformat(text).astimezone(UTC)


def reason_text(reason: str, language: Language) -> str:
    """Why a state is unknown, in a few words."""
    if reason == Reason.NONE:
        return "道路管理者が不明とした" if language == "ja" else "a road manager says that it is not known"
    return Reason(reason).ja if language == "ja" else REASON_EN[Reason(reason)]


def _reasons(reasons: Mapping[str, float], language: Language) -> str:
    longest_first = sorted(reasons.items(), key=lambda one: -one[1])
    if language == "ja":
        parts = "、".join(f"{reason_text(name, 'ja')} {km_text(km)} km" for name, km in longest_first)
        return f"不明の理由：{parts}。"
    parts = "; ".join(f"{reason_text(name, 'en')}: {km_text(km)} km" for name, km in longest_first)
    return f"Why unknown: {parts}."


def _snow(snow: Told | None, language: Language) -> str:
    if snow is None or snow["since_cm"] is None:
        if language == "ja":
            return "降り始めからの雪：観測がなく、分かりません。"
        return "Snow since it began: not known, there are no observations."
    cm, is_whole = round(snow["since_cm"]), snow["basis"] == "observed"
    if language == "ja":
        return (
            f"降り始めからの雪：およそ {cm} cm。"
            if is_whole
            else f"降り始めからの雪：少なくとも {cm} cm（観測に欠けあり）。"
        )
    if is_whole:
        return f"Snow since it began: about {cm} cm."
    return f"Snow since it began: at least {cm} cm (observations are missing)."
