// Words of the form in both languages; a test keeps the keys in step. Closed lists take theirs from the map's words.

import { lang, t as mapWord } from "../../js/i18n.js";

export const WORDS = {
  ja: {
    title: "道路管理者の入力", to_disputes: "住民からの知らせ", skip: "入力へ移動", switch_language: "English", leave: "終了",
    synthetic: "合成データ：実在の除雪状況ではありません",
    key: "キー", key_about: "管理者のキーを入力してください。この画面を閉じると消えます。", open: "開く",
    what: "何を", restriction: "通行規制", correction: "状態の訂正", publication_stop: "公表停止",
    restriction_kind: "規制", state: "正しい状態",
    stop_about: "除雪の状態・作業・除雪車を、公開の地図とデータから隠します。管理者には見えます。",
    where: "どこで", way: "選び方", way_between: "地図で両端の2点", way_area: "地図で範囲", way_route_id: "除雪路線",
    way_section_id: "工区", way_manager: "自分の管理道路すべて", way_everywhere: "すべての道路", plan: "路線・工区",
    one_way: "1点目から2点目の向きだけ", again: "地図の点を消す",
    hint_between_0: "区間の一方の端を地図で押してください。", hint_between_1: "もう一方の端を押してください。",
    hint_between_2: "区間を選びました。", hint_area_0: "範囲の角を順に押してください。", hint_area: "角 {n} 個。3個以上で範囲になります。",
    hint_plan: "一覧から選んでください。", hint_manager: "{who}の管理道路すべてが対象です。", hint_everywhere: "すべての道路が対象です。",
    when: "いつ", begins: "開始", begins_about: "空欄は今から。時刻は {zone}。", ends: "終了", span_hours: "{n}時間後", span_none: "当面の間",
    why: "なぜ", reason: "理由（必須）", public: "理由を公表する",
    check: "確認する", confirm_title: "この内容で入力します", send: "入力する", back: "戻る", now: "今から", until_notice: "当面の間",
    needs_place: "場所を選んでください。", needs_reason: "理由を書いてください。", needs_order: "終了は開始より後にしてください。",
    sending: "送っています…", sent: "入力しました（番号 {id}）。地図への反映を確かめています…", shown: "番号 {id}：{m} m の道路に反映しました。",
    shown_all: "番号 {id}：反映しました。", misfit: "合わない部分：{text}", not_shown: "番号 {id}：入力は保存しましたが、まだ反映していません。",
    ended: "番号 {id} を終了しました。", failed: "送れませんでした：{why}。もう一度押しても二重にはなりません。",
    refused: "受け付けられません：{why}",
    orders: "有効な指示", no_orders: "有効な指示はありません。", end_now: "今すぐ終了", end_reason: "終了の理由", end_send: "終了する",
    by: "{author} が入力", from: "{time}から", until: "{time}まで", later: "まだ始まっていません",
    place_between: "地図の2点間", place_edges: "リンク {n} 本", place_route_id: "除雪路線 {name}", place_section_id: "工区 {name}",
    place_route: "{name} {a}〜{b} km", place_manager: "{name}の管理道路すべて", place_everywhere: "すべての道路", place_geometry: "地図に描いた形",
    state_cleared: "除雪完了", state_clearing: "除雪中", state_uncleared: "未除雪", state_unknown: "不明", you: "{name}",
  },
  en: {
    title: "Road manager's form", to_disputes: "Disputes of residents", skip: "Skip to the form", switch_language: "日本語", leave: "Leave",
    synthetic: "Synthetic data: not the real state of any road",
    key: "Key", key_about: "Enter your manager's key. It is forgotten when this page closes.", open: "Open",
    what: "What", restriction: "Restriction", correction: "Correct a state", publication_stop: "Stop publication",
    restriction_kind: "Restriction", state: "True state",
    stop_about: "Hides states, work and ploughs from the public map and data. Managers still see them.",
    where: "Where", way: "Chosen by", way_between: "Two ends on the map", way_area: "An area on the map", way_route_id: "A plough route",
    way_section_id: "A work section", way_manager: "All my own roads", way_everywhere: "All roads", plan: "Route, section",
    one_way: "Only from the first to the second", again: "Clear the places",
    hint_between_0: "Tap one end of the stretch on the map.", hint_between_1: "Tap the other end.",
    hint_between_2: "The stretch is chosen.", hint_area_0: "Tap the corners of the area, one after the other.", hint_area: "{n} corners; three or more make an area.",
    hint_plan: "Choose from the list.", hint_manager: "All roads of {who}.", hint_everywhere: "All roads.",
    when: "When", begins: "From", begins_about: "Empty: from now on. Times of {zone}.", ends: "Until", span_hours: "+{n} h", span_none: "No end",
    why: "Why", reason: "Reason (required)", public: "Make the reason public",
    check: "Check", confirm_title: "This will be entered", send: "Enter", back: "Back", now: "now", until_notice: "until further notice",
    needs_place: "Choose a place.", needs_reason: "Say why.", needs_order: "The end has to come after the begin.",
    sending: "Sending…", sent: "Entered (number {id}). Looking whether the map shows it…", shown: "Number {id}: holds {m} m of road.",
    shown_all: "Number {id}: it holds.", misfit: "Does not fit: {text}", not_shown: "Number {id} is stored, but does not hold yet.",
    ended: "Number {id} is ended.", failed: "Not sent: {why}. Pressing again enters nothing twice.",
    refused: "Refused: {why}",
    orders: "Orders that hold", no_orders: "No order holds.", end_now: "End now", end_reason: "Reason of the end", end_send: "End it",
    by: "Entered by {author}", from: "From {time}", until: "until {time}", later: "Has not begun",
    place_between: "Between two places", place_edges: "{n} edges", place_route_id: "Plough route {name}", place_section_id: "Work section {name}",
    place_route: "{name}, km {a} to {b}", place_manager: "All roads of {name}", place_everywhere: "All roads", place_geometry: "A shape on the map",
    state_cleared: "Cleared", state_clearing: "Clearing", state_uncleared: "Not cleared", state_unknown: "Unknown", you: "{name}",
  },
};

/** A word of the form with {name} filled in; closed lists and everything else of the map by the map's own key. */
export function w(key, values = {}) {
  const text = WORDS[lang()][key];
  if (text === undefined) return mapWord(key, values);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Fills every element with data-m. */
export function applyWords(values = {}) {
  document.documentElement.lang = lang();
  document.title = w("title");
  for (const element of document.querySelectorAll("[data-m]")) element.textContent = w(element.dataset.m, values);
}
