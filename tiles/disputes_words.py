"""Words of the pages of disputes, Japanese and English; closed lists have their Japanese in layers.columns_disputes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import atan2, cos, degrees, radians

from geo.vocabulary import State
from layers.columns_disputes import Decision, StateSeen

STATE_SEEN_EN = {
    StateSeen.CLEARED: "It is cleared", StateSeen.UNCLEARED: "It is not cleared",
    StateSeen.BEING_CLEARED: "It is being cleared now", StateSeen.IMPASSABLE: "Nobody can get through",
    StateSeen.HALF_CLEARED: "One side or a part is cleared", StateSeen.OTHER: "Something else",
}  # fmt: skip
DECISION_EN = {
    Decision.ACCEPTED: "Accepted", Decision.REJECTED: "Rejected", Decision.DUPLICATE: "Reported already",
    Decision.UNCLEAR: "Cannot be decided",
}  # fmt: skip
STATE_EN = {
    State.CLEARED: "cleared", State.CLEARING: "being cleared", State.UNCLEARED: "not cleared",
    State.UNKNOWN: "unknown",
}  # fmt: skip
#: Eight headings from north, clockwise.
COMPASS = {
    "ja": ("北", "北東", "東", "南東", "南", "南西", "西", "北西"),
    "en": ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"),
}
#: Choices of the form without a script: minutes ago.
MINUTES = (0, 10, 30, 60, 180, 360)
WORDS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "title": "この道路の表示が違う",
        "about": "いま見た道路の様子が表示と違うときに知らせてください。道路管理者が確かめます。",
        "shown": "いまの表示",
        "road": "道路",
        "unnamed": "名称のない道路",
        "direction": "どちら向き",
        "toward": "{compass}向き",
        "both": "両方向",
        "seen": "見た様子",
        "when": "いつ見たか",
        "now": "いま",
        "minutes": "{n}分前",
        "hours": "{n}時間前",
        "photo": "写真（なくてもよい）",
        "photo_about": "8 MBまで。JPEG・PNG・WebP。撮影場所や時刻などの情報は受け付けたときに消し、小"
        "さくして保存します。人や車のナンバーが写らないようにしてください。",
        "comment": "ひとこと（なくてもよい、500字まで）",
        "comment_about": "名前・電話番号・住所など、自分やほかの人のことは書かないでください。",
        "send": "送る",
        "trap": "ここには何も書かないでください",
        "privacy": "名前や連絡先は尋ねません。送信元のアドレスは保存しません（送りすぎを防ぐため、そ"
        "の日限りの符号だけを短時間持ちます）。",
        "own_title": "お知らせの結果",
        "number": "受付番号",
        "received": "受付",
        "seen_at": "見た時刻",
        "told": "そのときの表示",
        "decision": "判断",
        "reason": "理由",
        "waits": "道路管理者の確認を待っています。",
        "decided": "判断の時刻",
        "own_photo": "写真",
        "has_photo": "あり",
        "own_comment": "ひとこと",
        "keep": "このページのアドレスを控えると、後で結果を見られます。アドレスを知る人だけが見られます。",
        "no_change": "認められても、道路の状態はすぐには変わりません。道路管理者が別に訂正します。",
        "map": "地図",
        "switch": "English",
        "problem": "送れませんでした",
        "again": "もう一度この道路について知らせる",
        "closed": "いまは受け付けていません。道路管理者にお知らせください。",
        "accuracy": "正確さのページ",
        "required": "必須",
        "away": "いまは保存できません。何も送られていません。数分後に前のページへ戻って送り直してください。",
        "synthetic": "合成データ：シミュレーターが作ったもので、実際の状況ではありません。",
    },
    "en": {
        "title": "This road is shown wrongly",
        "about": "Tell us when the road looks different from what is shown. The road manager looks into it.",
        "shown": "Shown now",
        "road": "Road",
        "unnamed": "Road without a name",
        "direction": "Which direction",
        "toward": "Towards {compass}",
        "both": "Both directions",
        "seen": "What you see",
        "when": "When you saw it",
        "now": "Now",
        "minutes": "{n} minutes ago",
        "hours": "{n} hours ago",
        "photo": "Photo (not required)",
        "photo_about": "Up to 8 MB: JPEG, PNG, WebP. Place, time and everything else in the file is "
        "removed when it arrives, and the picture is made smaller. Please show no people and no number "
        "plates.",
        "comment": "A few words (not required, 500 characters)",
        "comment_about": "Please write nothing about persons, yourself included: no names, telephone "
        "numbers, addresses.",
        "send": "Send",
        "trap": "Leave this empty",
        "privacy": "We ask for no name and no contact. The address you send from is not stored; a "
        "code of the day is held for a short while, against floods.",
        "own_title": "What became of your report",
        "number": "Number",
        "received": "Received",
        "seen_at": "Seen",
        "told": "Shown at that moment",
        "decision": "Decision",
        "reason": "Reason",
        "waits": "The road manager has not looked at it yet.",
        "decided": "Decided",
        "own_photo": "Photo",
        "has_photo": "yes",
        "own_comment": "Your words",
        "keep": "Keep the address of this page to see the result later. Only who knows it can see it.",
        "no_change": "A report that is accepted changes no state by itself; the road manager corrects it separately.",
        "map": "Map",
        "switch": "日本語",
        "problem": "It was not sent",
        "again": "Report this road again",
        "closed": "No reports are taken at present. Please tell the road manager.",
        "accuracy": "Accuracy page",
        "required": "required",
        "away": "It cannot be stored at the moment. Nothing was sent. Go back in a few minutes and send it again.",
        "synthetic": "Synthetic data: made by a simulator, not the real state of any road.",
    },
}  # fmt: skip


def seen_text(word: str, lang: str) -> str:
    """What somebody saw, in words."""
    found = StateSeen(word)
    return found.ja if lang == "ja" else STATE_SEEN_EN[found]


def decision_text(word: str, lang: str) -> str:
    """A decision in words."""
    found = Decision(word)
    return found.ja if lang == "ja" else DECISION_EN[found]


def state_text(word: str, lang: str) -> str:
    """A state in words."""
    found = State(word)
    return found.ja if lang == "ja" else STATE_EN[found].capitalize()


def ago_text(minutes: int, lang: str) -> str:
    """So many minutes ago, in words."""
    words = WORDS[lang]
    if minutes == 0:
        return words["now"]
    return words["hours"].format(n=minutes // 60) if minutes >= 60 else words["minutes"].format(n=minutes)


def heading_text(line: Sequence[Sequence[float]], lang: str, *, is_reversed: bool) -> str:
    """Towards which of eight headings a line of (lon, lat) leads from its first to its last point, or back."""
    (west, south), (east, north) = line[0][:2], line[-1][:2]
    angle = degrees(atan2((east - west) * cos(radians((south + north) / 2)), north - south)) + 180 * is_reversed
    return WORDS[lang]["toward"].format(compass=COMPASS[lang][round(angle / 45) % 8])
