"""The examples of docs/sources.md, read as they stand there: Chicago's feed, Harja's messages, a logger's file."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from geo.db import Database, Role
from geo.fix import TREATMENTS
from geo.matching.candidates import GridIndex, build_index
from geo.network import Network
from geo.settings import NetworkSettings, Settings, SourceSettings
from geo.store.facts import match_new_fixes
from geo.store.network import refresh_network
from ingest.fixes import FixesReport, ingest_fixes, read_fixes_file
from ingest.quarantine import Why
from ingest.roads import ingest_roads
from ingest.vehicles import ingest_vehicles

type Write = Callable[..., Path]
type Rows = Callable[..., list[tuple[Any, ...]]]

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")


def example(name: str) -> SourceSettings:
    """The source of that name as the page writes it."""
    blocks = [yaml.safe_load(text)["sources"] for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)]
    found = [block[name] for block in blocks if name in block]
    return SourceSettings.model_validate(found[-1])


def test_every_example_of_the_page_is_valid() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    assert len(blocks) == 4
    for text in blocks:
        Settings.model_validate(yaml.safe_load(text))


# ---- Chicago's feed


@pytest.mark.realdata
def test_chicago_every_row_becomes_a_fix_whose_work_nobody_knows(yuki_data: Path) -> None:
    read = read_fixes_file(yuki_data / "chicago_ploughs" / "feed_points_unique.csv", example("chicago"))
    assert (len(read.fixes), len(read.rejects)) == (1708, 0)
    named = Counter("" if code < 0 else str(TREATMENTS[code]) for code in read.fixes.treatment.tolist())
    assert named == {"anti_icing": 1676, "": 32}
    assert set(read.fixes.work.tolist()) | set(read.fixes.blade.tolist()) == {-1}
    assert read.state.unmapped.describe() == {}


@pytest.mark.realdata
def test_chicago_batches_hold_their_local_time_in_json(yuki_data: Path) -> None:
    source = example("chicago").model_copy(update={"fields": {"at": "props.timestamp"}})
    read = read_fixes_file(yuki_data / "chicago_ploughs" / "trace_batches_2016-12.csv", source)
    assert len(read.fixes) + len(read.rejects) == 17_822
    assert Counter(reject.reason for reject in read.rejects) == {Why.UNPARSABLE_TIME: 12_402}
    first = datetime.fromtimestamp(int(read.fixes.at_us.min()) / 1e6, ZoneInfo("America/Chicago"))
    assert (first.year, first.month, first.utcoffset()) == (2016, 12, timedelta(hours=-6))


def test_chicago_in_the_hour_when_clocks_are_set(text_file: Write) -> None:
    """Back on 2016-11-06 and forth on 2016-03-13, at two: naive times of those hours are two moments, or none."""
    head = "vehicle,type,time,lon,lat,heading,address"
    times = [
        "2016-11-06T00:59:59", "2016-11-06T01:00:00", "2016-11-06T01:59:59", "2016-11-06T02:00:00",
        "2016-11-06T01:30:00-05:00", "2016-11-06T01:30:00-06:00", "2016-03-13T01:59:59", "2016-03-13T02:30:00",
        "2016-03-13T03:00:00",
    ]  # fmt: skip
    rows = [f"S1,SNOW SALT SPREADER,{at},-87.77,41.99,270,5518 W Devon Ave" for at in times]
    read = read_fixes_file(text_file("feed.csv", [head, *rows]), example("chicago"))
    assert [(reject.line, reject.reason) for reject in read.rejects] == [
        (3, Why.AMBIGUOUS_TIME), (4, Why.AMBIGUOUS_TIME), (9, Why.AMBIGUOUS_TIME),
    ]  # fmt: skip
    moments = [datetime.fromtimestamp(us / 1e6, UTC).isoformat()[:19] for us in read.fixes.at_us.tolist()]
    assert moments == [
        "2016-03-13T07:59:59", "2016-03-13T08:00:00",
        "2016-11-06T05:59:59", "2016-11-06T06:30:00", "2016-11-06T07:30:00", "2016-11-06T08:00:00",
    ]  # fmt: skip


# ---- Harja's messages

#: Tasks of the interface that are winter work on a road, with what they are to us; the list of the interface's schema.
WINTER = {
    "auraus ja sohjonpoisto": "fresh_snow_plowing",
    "suolaus": "anti_icing",
    "liuossuolaus": "anti_icing",
    "linjahiekoitus": "abrasive_spreading",
    "pistehiekoitus": "abrasive_spreading",
    "pinnan tasaus": "surface_grading",
    "paannejaan poisto": "compacted_snow_removal",
    "lumivallien madaltaminen": "widening",
    "lumensiirto": "haulage",
}
OTHER = (
    "aurausviitoitus ja kinostimet", "harjaus", "kelintarkastus", "koneellinen niitto", "sorateiden tasaus", "sorastus",
    "liikennemerkkien puhdistus", "sulamisveden haittojen torjunta", "muu", "tiestotarkastus", "sohjo-ojien teko",
    "l- ja p-alueiden puhdistus", "sorateiden muokkaushoylays", "paallysteiden paikkaus", "palteen poisto",
)  # fmt: skip


def _harja(folder: Path, tasks: Sequence[Sequence[str] | None]) -> Path:
    start = datetime(2026, 1, 30, 12, tzinfo=UTC)
    inner = [
        {
            "tyokone": {"id": 1, "tyokonetyyppi": "aura-auto"},
            "sijainti": {"koordinaatit": {"x": 429_493 + i, "y": 7_207_739}},
            "havaintoaika": (start + timedelta(seconds=i)).isoformat(),
        }
        | ({} if task is None else {"suoritettavatTehtavat": list(task)})
        for i, task in enumerate(tasks)
    ]
    path = folder / "message.json"
    path.write_text(json.dumps({"otsikko": {}, "havainnot": [{"havainto": one} for one in inner]}), encoding="utf-8")
    return path


def test_harja_winter_tasks_are_work_and_all_others_are_not(tmp_path: Path) -> None:
    tasks: list[list[str] | None] = [[name] for name in (*WINTER, *OTHER)]
    tasks += [[], None, ["suolaus", "auraus ja sohjonpoisto"], ["harjaus", "suolaus"]]
    read = read_fixes_file(_harja(tmp_path, tasks), example("harja"), now=datetime(2026, 2, 1, tzinfo=UTC))
    found = [
        (work, "" if code < 0 else str(TREATMENTS[code]))
        for work, code in zip(read.fixes.work.tolist(), read.fixes.treatment.tolist(), strict=True)
    ]
    assert found[: len(WINTER)] == [(1, treatment) for treatment in WINTER.values()]
    assert found[len(WINTER) : -4] == [(0, "")] * len(OTHER)
    assert found[-4:] == [(0, ""), (0, ""), (1, "fresh_snow_plowing"), (1, "anti_icing")]
    assert read.state.unmapped.describe() == {}


@pytest.mark.realdata
def test_harja_recorded_lines_are_taken_whole(database: Database, yuki_data: Path, rows: Rows) -> None:
    folder = yuki_data / "harja_messages"
    files = [folder / "viivageometriaseuranta.json", folder / "long-jump-twice-1.json"]
    report = ingest_fixes(database, files, "harja", example("harja"))
    assert [(f.counts.n_read, f.counts.n_accepted, f.n_lines) for f in report.files] == [(1, 1, 1), (1, 1, 1)]
    found = rows(
        "SELECT v.external_id, l.at, l.work, l.treatment, ST_NPoints(l.geom), "
        "round((ST_Length(l.geom::geography) / 1000)::numeric) "
        "FROM raw.line AS l JOIN raw.vehicle AS v USING (vehicle_id) ORDER BY l.at"
    )
    assert found == [
        ("123456789", datetime(2016, 1, 30, 10, tzinfo=UTC), True, "fresh_snow_plowing", 8, 8),
        # snow poles set up, not ploughing; 66 vertices, 4 of them repeated; and twice 111 km straight through the land
        ("18120", datetime(2020, 10, 20, 9, 9, 48, tzinfo=UTC), False, None, 62, 224),
    ]


@pytest.mark.realdata
def test_harja_recorded_files_that_are_no_message_are_refused(database: Database, yuki_data: Path) -> None:
    schema = yuki_data / "harja_messages" / "tyokoneenseurannan-kirjaus-request.schema.json"
    with pytest.raises(Exception, match="no message of Harja"):
        ingest_fixes(database, [schema], "harja", example("harja"))


# ---- a logger's daily file, late

HEAD = "端末番号,日付,時刻,緯度,経度,速度(km/h),方位,入力"
T0 = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)
M_LAT, M_LON = 1 / 110_950, 1 / 89_500


@dataclass
class Town:
    """1.5 km of main street, on a network of its own; what a database of facts is compared by."""

    database: Database
    network: Network
    index: GridIndex

    def match(self, at: datetime) -> None:
        match_new_fixes(self.database, self.network, self.index, Settings(), at=at)

    def facts(self) -> list[tuple[Any, ...]]:
        with self.database.connect(Role.ENGINE) as connection:
            return connection.execute(
                "SELECT external_id, lower(during), upper(during), edge_id, from_m, to_m, kind, p.treatment, "
                "work_basis, confidence, n_fixes, first_fix_at, last_fix_at, is_provisional "
                "FROM ops.pass AS p JOIN raw.vehicle AS v USING (vehicle_id) WHERE superseded_at IS NULL "
                "ORDER BY 1, 2, 4"
            ).fetchall()


def _town(database: Database, folder: Path) -> Town:
    lines = [
        [(136.65 + a * M_LON, 36.56), (136.65 + b * M_LON, 36.56)] for a, b in ((0, 500), (500, 1000), (1000, 1500))
    ]
    features = [
        {"type": "Feature", "properties": {"id": i}, "geometry": {"type": "LineString", "coordinates": line}}
        for i, line in enumerate(lines)
    ]
    path = folder / "roads.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    ingest_roads(database, [path], "roads", SourceSettings())
    network = refresh_network(database, folder, NetworkSettings(), lambda done, total: None).network
    return Town(database, network, build_index(network))


def _rows(device: str, start: datetime, inputs: Callable[[int], int]) -> list[str]:
    """Rows of a drive of five minutes at 18 km/h, a fix every 15 s, as the logger writes them."""
    made = []
    for i in range(21):
        local = (start + timedelta(seconds=15 * i)).astimezone(ZoneInfo("Asia/Tokyo"))
        lat, lon = 36.56 + 2 * M_LAT, 136.65 + 75 * i * M_LON
        made.append(f"{device},{local:%Y/%m/%d},{local:%H:%M:%S},{lat:.7f},{lon:.7f},18.0,90,{inputs(i)}")
    return made


def _day() -> list[str]:
    """Two machines, one with its blade up for the second half, one that only spreads; with a gap and a second drive."""
    blade = _rows("Ｇ１", T0, lambda i: 0b11 if i < 10 else 0b10)
    salt = _rows("G2", T0 + timedelta(minutes=1), lambda i: 0b00)
    again = _rows("Ｇ１", T0 + timedelta(hours=2), lambda i: 0b11)
    return blade + salt + again


def _take(town: Town, text_file: Write, name: str, lines: Sequence[str]) -> FixesReport:
    path = text_file(name, [HEAD, *lines], encoding="cp932")
    return ingest_fixes(town.database, [path], "loggers", example("loggers"), now=T0 + timedelta(days=1))


def _registered(town: Town, text_file: Write) -> None:
    path = text_file("台帳.csv", ["車両番号,名称", "G1,除雪グレーダ", "Ｇ２,散布車"], encoding="cp932")
    ingest_vehicles(town.database, path, "loggers", example("loggers"), "Asia/Tokyo")


def test_a_daily_file_is_read_as_the_logger_means_it(database: Database, text_file: Write, tmp_path: Path) -> None:
    town = _town(database, tmp_path)
    _registered(town, text_file)
    bad = ["X9" + _day()[0][2:], "Ｇ１,2026/1/20,,36.5,136.6,1,1,1"]
    report = _take(town, text_file, "20260120.csv", [*_day(), *bad]).files[0]
    assert (report.counts.n_read, report.counts.n_accepted, report.counts.n_quarantined) == (65, 63, 2)
    assert report.quarantined == {"unknown_vehicle": 1, "unparsable_time": 1}
    assert report.encoding.startswith("cp932")
    with database.connect(Role.ENGINE) as connection:
        found = connection.execute(
            "SELECT external_id, blade, spreader, count(*), round(min(speed_mps)::numeric, 2)::float8 "
            "FROM raw.fix JOIN raw.vehicle USING (vehicle_id) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        ).fetchall()
    assert found == [("G1", False, False, 11, 5.0), ("G1", True, False, 31, 5.0), ("G2", False, True, 21, 5.0)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_late_files_in_any_order_give_the_facts_of_the_ordered_day(
    cluster: Any, database: Database, text_file: Write, tmp_path: Path, seed: int
) -> None:
    """As they came: a few fixes at once, in order, matched at once. Late: shuffled and overlapping, a day after."""
    live = _town(database, tmp_path)
    _registered(live, text_file)
    ordered = sorted(_day(), key=lambda line: line.split(",")[1:3])
    for i in range(0, len(ordered), 7):
        _take(live, text_file, f"live{i}.csv", ordered[i : i + 7])
        last = T0 + timedelta(seconds=15 * i)
        live.match(last)
    live.match(T0 + timedelta(days=1))
    expected = live.facts()
    assert {row[6] for row in expected} == {"pass", "deadhead"}
    assert not any(row[-1] for row in expected)
    name = f"late_{seed}"
    cluster.create_database(name, "template_yuki")
    try:
        folder = tmp_path / "late"
        folder.mkdir()
        late = _town(cluster.database(name), folder)
        _registered(late, text_file)
        shuffled = _day()
        random.Random(seed).shuffle(shuffled)
        for i in range(0, len(shuffled), 16):
            # overlapping pieces: some rows come twice
            _take(late, text_file, f"late{i}.csv", shuffled[max(i - 5, 0) : i + 16])
            late.match(T0 + timedelta(days=1, minutes=i))
        assert late.facts() == expected
    finally:
        cluster.drop_database(name)
