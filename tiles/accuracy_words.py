"""Words of the accuracy page, Japanese and English."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "title": "正確さと新しさ",
        "about": "住民から届いた「表示が違う」という知らせのうち、道路管理者が認めた割合と、表示の根"
        "拠がどれくらい新しかったかを、週ごとに示します。",
        "how": "食い違い率＝その週に届いた知らせのうち「認める」÷（「認める」＋「認めない」＋「判断で"
        "きない」）。「重複」と判断待ちは数えません。95 %区間はウィルソンの方法によります。知らせる人は無作為"
        "に選ばれていないので、全道路の誤りの割合ではありません。除雪路線・工区の道路の状態を1時間に1回調べ、"
        "対象となる降雪・出動があった時間について合計しています。延長は上下線を別に数えます。状態を示していた"
        "量は、状態が「不明」でないリンクの数を時間ごとに足したものです（リンク時間）。5件未満の件数は示さず"
        "「5件未満」とします。引き算で分かる件数も示しません。",
        "rates": "食い違い率（週ごと）",
        "chart": "週ごとの食い違い率の棒グラフ。線は95 %区間。値は下の表にあります。",
        "week": "週（月曜から）",
        "running": "（途中）",
        "reports": "知らせ",
        "decided": "判断済み",
        "accepted": "認めた",
        "rate": "食い違い率",
        "interval": "95 %区間",
        "per_hours": "10万リンク時間あたりの認めた件数",
        "few": "5件未満",
        "at_most": "{p}以下",
        "no_rate": "示せません（件数が少ない）",
        "all": "全期間",
        "by_state": "見た様子ごと（全期間）",
        "state_seen": "見た様子",
        "fresh": "根拠の新しさと不明の割合（週ごと、除雪路線・工区の延長に対する割合）",
        "event_hours": "対象の時間",
        "unknown": "不明",
        "under_1h": "1時間未満",
        "under_3h": "1〜3時間",
        "under_6h": "3〜6時間",
        "under_12h": "6〜12時間",
        "older": "12時間以上",
        "none": "観測なし",
        "no_event": "対象となる降雪・出動なし",
        "not_looked": "記録なし",
        "hours": "{n}時間",
        "method": "計算のしかた",
        "data": "JSONデータ",
        "as_of": "{time} 現在",
        "fresh_chart": "週ごとの、最後の観測からの時間の割合を積み上げた棒グラフ。値は下の表にあります。",
        "synthetic": "合成データ：シミュレーターが作ったもので、実際の状況ではありません。",
    },
    "en": {
        "title": "Accuracy and freshness",
        "about": "Week by week: of the reports that a road was shown wrongly, the share that road "
        "managers accepted; and how fresh the evidence was behind what was shown.",
        "how": "Rate of disagreement = of the reports that came in the week, accepted ÷ (accepted + "
        "rejected + cannot be decided). Duplicates and reports that wait do not count. Intervals of 95 % are "
        "Wilson's. Who reports is no random sample, so this is not the share of all roads that are shown "
        "wrongly. The roads of plough routes and work sections are looked at once an hour, and hours with a "
        "snowfall or call-out are summed; lengths count each direction. Edge-hours are the directed edges "
        "whose state was not unknown, summed over those hours. Counts below 5 are told as fewer than 5, and "
        "so are counts that subtraction would tell.",
        "rates": "Rate of disagreement by week",
        "chart": "Bar chart of the weekly rate of disagreement. Lines are 95 % intervals. The values "
        "stand in the table below.",
        "week": "Week (from Monday)",
        "running": " (not over)",
        "reports": "Reports",
        "decided": "Decided",
        "accepted": "Accepted",
        "rate": "Rate",
        "interval": "95 % interval",
        "per_hours": "Accepted per 100,000 edge-hours",
        "few": "fewer than 5",
        "at_most": "at most {p}",
        "no_rate": "not told (too few)",
        "all": "All weeks",
        "by_state": "By what was seen, all weeks",
        "state_seen": "Seen",
        "fresh": "Age of the evidence and share unknown, by week, of the length of plough routes and sections",
        "event_hours": "Hours counted",
        "unknown": "Unknown",
        "under_1h": "under 1 h",
        "under_3h": "1–3 h",
        "under_6h": "3–6 h",
        "under_12h": "6–12 h",
        "older": "12 h or more",
        "none": "never observed",
        "no_event": "no snowfall or call-out",
        "not_looked": "not on record",
        "hours": "{n} h",
        "method": "How it is worked out",
        "data": "Data as JSON",
        "as_of": "As of {time}",
        "fresh_chart": "Stacked bars of the age of the last observation, by week. The values stand "
        "in the table below.",
        "synthetic": "Synthetic data: made by a simulator, not the real state of any road.",
    },
}  # fmt: skip
