// Words of the queue of disputes in both languages; a test keeps the keys in step. The rest come from the map's words.

import { lang, t as mapWord } from "../../js/i18n.js";

export const WORDS = {
  ja: {
    title: "住民からの知らせ", skip: "一覧へ移動", orders: "規制・訂正の入力へ", switch_language: "English", leave: "終了",
    key: "キー", key_about: "管理者のキーを入力してください。この画面を閉じると消えます。閲覧は監査記録に残ります。", open: "開く",
    queue: "一覧", which: "表示", waiting: "判断待ち", all: "すべて", none: "知らせはありません。", more: "次の50件",
    keys_about: "一覧では上下の矢印キーで移り、Enterで開きます。", row: "{number}：{road}", row_state: "見た様子：{seen} ／ 表示：{shown}",
    decision: "判断", reason: "理由（送った人が読みます。必須）", send: "判断して次へ", accepted: "認める", rejected: "認めない", duplicate: "重複", unclear: "判断できない",
    needs_decision: "判断を選んでください。", needs_reason: "理由を書いてください。", decided: "{number} を判断しました。", failed: "できませんでした：{why}",
    seen_uncleared: "除雪されていない", seen_cleared: "除雪されている", seen_being_cleared: "いま除雪している", seen_impassable: "通れない",
    seen_half_cleared: "片側・一部だけ", seen_other: "その他",
    received: "受付", seen_at: "見た時刻", seen: "見た様子", shown: "そのときの表示", shown_reason: "表示の理由", then: "見た時刻の表示",
    shown_cleared: "除雪完了とした時刻", observed: "最後の観測", confidence: "確からしさ", snow: "その後の降雪", direction: "方向", forward: "順方向", backward: "逆方向", both: "両方向",
    manager: "管理者", municipality: "市町", version: "状態の版", comment: "ひとこと", photo: "写真", photo_alt: "知らせに付いた写真", photo_failed: "写真を読めません：{why}",
    map_link: "地図で見る（新しい画面）", last_decision: "いまの判断", by: "{who}（{time}）", unknown_value: "不明・なし",
    correct_title: "状態を訂正しますか", correct_about: "認めても状態は変わりません。ここで訂正すると、期限までこのリンクの状態が変わります。",
    state: "正しい状態", hours: "いつまで", hours_n: "{n}時間後まで", why: "理由（記録に残ります）", why_given: "住民からの知らせ {number}", correct: "訂正する",
    no_correction: "訂正せずに次へ", corrected: "訂正を入力しました（番号 {id}）。", saw_nothing: "残りはありません。",
  },
  en: {
    title: "Disputes", skip: "Skip to the list", orders: "To restrictions and corrections", switch_language: "日本語", leave: "Leave",
    key: "Key", key_about: "Enter your manager's key. It is forgotten when this page closes. Reading is written into the audit log.", open: "Open",
    queue: "List", which: "Show", waiting: "Waiting", all: "All", none: "There is nothing.", more: "Next 50",
    keys_about: "In the list the arrow keys go up and down; Enter opens.", row: "{number}: {road}", row_state: "Seen: {seen} / shown: {shown}",
    decision: "Decision", reason: "Reason (the sender reads it; required)", send: "Decide, and next", accepted: "Accept", rejected: "Reject", duplicate: "Duplicate", unclear: "Unclear",
    needs_decision: "Choose a decision.", needs_reason: "Say why.", decided: "{number} is decided.", failed: "It did not work: {why}",
    seen_uncleared: "not cleared", seen_cleared: "cleared", seen_being_cleared: "being cleared", seen_impassable: "nobody gets through",
    seen_half_cleared: "one side or a part", seen_other: "something else",
    received: "Received", seen_at: "Seen at", seen: "Seen", shown: "Shown then", shown_reason: "Reason shown", then: "Shown when seen",
    shown_cleared: "Cleared at, as shown", observed: "Last observation", confidence: "Confidence", snow: "Snow since", direction: "Direction", forward: "forward", backward: "backward", both: "both",
    manager: "Manager", municipality: "Municipality", version: "Status version", comment: "Comment", photo: "Photo", photo_alt: "Photo of the report", photo_failed: "The photo cannot be read: {why}",
    map_link: "On the map (new tab)", last_decision: "Decided", by: "{who} ({time})", unknown_value: "unknown, none",
    correct_title: "Correct the state?", correct_about: "Accepting changes no state. A correction here changes the state of these edges until its end.",
    state: "True state", hours: "Until", hours_n: "for {n} hours", why: "Reason (kept on record)", why_given: "Dispute {number}", correct: "Correct it",
    no_correction: "Next, without a correction", corrected: "The correction is entered (number {id}).", saw_nothing: "Nothing is left.",
  },
};

/** A word of the queue with {name} filled in; everything else by the map's own key. */
export function d(key, values = {}) {
  const text = WORDS[lang()][key];
  if (text === undefined) return mapWord(key, values);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Fills every element with data-d. */
export function applyWords() {
  document.documentElement.lang = lang();
  document.title = d("title");
  for (const element of document.querySelectorAll("[data-d]")) element.textContent = d(element.dataset.d);
}
