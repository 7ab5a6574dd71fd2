"""Real roads and real GPS through the whole spine: files → raw → net → ops → pub → HTTP.

The data sets are described in docs/real-data.md. They are not part of the project; YUKI_DATA names their folder.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
import uvicorn

from geo.db import Database, Role
from geo.drawn_twice import on_streets
from geo.linear import Stretches
from geo.matching.candidates import build_index
from geo.network import Network
from geo.settings import ServerSettings, Settings, SourceSettings
from ingest.fixes import FixesReport, ingest_fixes
from ingest.plans import ingest_plans
from ingest.roads import ingest_roads
from yukimichi.context import Context
from yukimichi.pipeline import Refreshed, World, refresh
from yukimichi.player import send_until
from yukimichi.server import create_app, listen
from yukimichi.storm import Wish, folder_of, make_storm

pytestmark = pytest.mark.realdata

SECRET = b"a secret of the tests, 32 bytes.."


def _refresh(context: Context, as_of: datetime) -> Refreshed:
    return refresh(context.database, context.settings, SECRET, as_of, World(), quiet=True)


@contextmanager
def served(context: Context) -> Iterator[httpx.Client]:
    """A client of the application, behind a real socket."""
    listener = listen(ServerSettings.model_construct(host="127.0.0.1", port=0))
    config = uvicorn.Config(create_app(context.settings, context.database), log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        for _ in range(500):
            if server.started:
                break
            time.sleep(0.02)
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return Context(Settings(home=tmp_path / ".yuki"), database)


# ---- Seattle: one real drive at 1 Hz, with the roads really driven


@pytest.fixture
def seattle(context: Context, yuki_data: Path) -> Context:
    ingest_roads(context.database, [yuki_data / "matching/seattle/roads.parquet"], "seattle", SourceSettings())
    return context


SEATTLE_AS_OF = datetime(2009, 1, 17, 23, 0, tzinfo=UTC)


def _drive(context: Context, yuki_data: Path, source: SourceSettings) -> Refreshed:
    ingest_fixes(context.database, [yuki_data / "matching/seattle/fixes.csv"], "drive", source)
    return _refresh(context, SEATTLE_AS_OF)


def _covered(context: Context) -> pd.DataFrame:
    """Covered metres by directed road."""
    with context.database.connect(Role.ENGINE) as connection:
        rows = connection.execute(
            "SELECT p.external_id, c.edge_id % 2 = 1, p.length_m, "
            "(SELECT sum(upper(part) - lower(part)) FROM unnest(c.covered) AS part) "
            "FROM ops.coverage AS c JOIN net.piece AS p ON p.piece_id = c.edge_id / 2 WHERE c.superseded_at IS NULL"
        ).fetchall()
    table = pd.DataFrame(rows, columns=["road", "reversed", "length_m", "covered_m"])
    return table.astype({"covered_m": float}).set_index(["road", "reversed"])


def _true_edges(context: Context, yuki_data: Path) -> pd.Series[float]:
    """Length of each directed road that was driven; duplicates of a road count as the one that was kept."""
    truth = pd.read_csv(yuki_data / "matching/seattle/truth.csv", dtype={"road_id": str})
    with context.database.connect(Role.ENGINE) as connection:
        kept = dict(connection.execute("SELECT external_id, length_m FROM net.piece").fetchall())
        row = connection.execute("SELECT report FROM net.version").fetchone()
    assert row is not None
    same = {item["external_id"]: item.get("kept_external_id") for item in row[0]["listed"]["dropped"]}
    road = truth["road_id"].map(lambda name: name if name in kept else same[name])
    driven = pd.MultiIndex.from_arrays([road, truth["reversed"]]).unique()
    return pd.Series([kept[name] for name, _ in driven], driven)


def test_seattle_with_assumed_work_misses_and_adds_at_most_one_per_cent(seattle: Context, yuki_data: Path) -> None:
    _drive(seattle, yuki_data, SourceSettings(work_basis="assumed"))
    covered, true_m = _covered(seattle), _true_edges(seattle, yuki_data)
    on_true = covered["covered_m"].reindex(true_m.index).fillna(0.0)
    missed_m = float((true_m - on_true).clip(lower=0).sum())
    added_m = float(covered["covered_m"].drop(true_m.index, errors="ignore").sum())
    assert missed_m <= 0.01 * true_m.sum()
    assert added_m <= 0.01 * true_m.sum()


def test_seattle_without_the_declaration_clears_not_one_metre(seattle: Context, yuki_data: Path) -> None:
    done = _drive(seattle, yuki_data, SourceSettings())
    assert done.status.n_edges["cleared"] == 0
    assert _covered(seattle).empty
    with served(seattle) as client:
        states = client.get("/ogc/collections/road_status/items", params={"state": "cleared", "limit": 1})
        assert states.json()["numberMatched"] == 0
        passes = client.get("/ogc/collections/passes/items", params={"limit": 1000}).json()
    assert len(passes["features"]) > 500
    assert {feature["properties"]["work_basis"] for feature in passes["features"]} == {"unknown"}
    assert {feature["properties"]["kind"] for feature in passes["features"]} == {"unknown"}


def test_seattle_facts_reach_the_served_collection(seattle: Context, yuki_data: Path) -> None:
    done = _drive(seattle, yuki_data, SourceSettings(work_basis="assumed"))
    with served(seattle) as client:
        items = client.get("/ogc/collections/road_status/items", params={"reason": "expired", "limit": 1}).json()
    # the drive is of 2009: what was cleared then is unknown by now, whoever asks
    assert items["numberMatched"] == done.status.n_edges["cleared"] + done.status.n_edges["clearing"] > 500
    properties = items["features"][0]["properties"]
    assert (properties["state"], properties["state_ja"], properties["work_basis"]) == ("unknown", "不明", "assumed")


# ---- Sapporo: real streets, not split at crossings, with simulated ploughs


def test_sapporo_is_noded_ploughed_matched_and_served(context: Context, yuki_data: Path) -> None:
    roads = yuki_data / "sapporo/sapporo_authorized_roads_202111.shp"
    taken = ingest_roads(context.database, [roads], "sapporo", SourceSettings(join_policy="crossings"))
    assert taken.counts.n_read == 22_212
    assert taken.km == pytest.approx(6374, rel=0.002)
    done = _refresh(context, datetime.now(UTC))
    assert done.network.network.crs_epsg == 6680
    assert 80_000 <= done.network.network.n_edges // 2 <= 88_000
    end = datetime.now(UTC)
    # smaller storms scatter more; tests/test_real_truth.py holds what is missed, too
    wish = Wish(end - pd.Timedelta(hours=4), end, seed=5, n_vehicles=60)
    state = make_storm(context, done.network.network, "sim", wish)
    send_until(context, SourceSettings(synthetic=True), end + pd.Timedelta(seconds=1))
    after = _refresh(context, end)
    assert after.match.n_fixes > 35_000
    truth = pd.read_parquet(folder_of(context.settings) / "truth.parquet")
    assert _false_share(context, truth, done.network.network) <= 0.006
    assert after.status.n_edges["cleared"] > 10_000
    with served(context) as client:
        items = client.get("/ogc/collections/road_status/items", params={"state": "cleared", "limit": 5}).json()
    assert items["numberMatchedEstimate"] > 10_000  # exact numbers end at 10,000
    assert all(feature["properties"]["synthetic"] for feature in items["features"])
    assert state.source == "sim"


def _false_share(context: Context, truth: pd.DataFrame, network: Network) -> float:
    """Length shown as cleared on streets that nobody worked on, as a share of all length shown as cleared.

    Lines that draw one street twice are one street.
    """
    with context.database.connect(Role.ENGINE) as connection:
        rows = connection.execute(
            "SELECT s.edge_id, p.length_m FROM ops.edge_status AS s JOIN net.piece AS p ON p.piece_id = s.edge_id / 2 "
            "WHERE s.superseded_at IS NULL AND s.state = 'cleared'"
        ).fetchall()
    shown = pd.Series(dict(rows), dtype=float)
    work = truth[truth["worked"]]
    at = network.position_of(work["edge_id"].to_numpy(np.int64)).astype(np.int64)
    driven = Stretches(at, work["from_m"].to_numpy(float), work["to_m"].to_numpy(float))
    worked = set(network.edge_id[np.unique(on_streets(driven, build_index(network).twins).group)].tolist())
    return float(shown[~shown.index.isin(worked)].sum() / shown.sum())


# ---- Ishikawa: municipalities and emergency roads as layers


def test_ishikawa_layers_are_served(seattle: Context, yuki_data: Path) -> None:
    folder = yuki_data / "ishikawa"
    for layer, file, fields in (
        ("municipalities", "municipalities_N03.geojson", {}),
        ("emergency_roads", "emergency_roads_N10.geojson", {"name": "N10_004"}),
    ):
        ingest_plans(seattle.database, "layer", folder / file, "mlit", SourceSettings(fields=fields), layer=layer)
    _refresh(seattle, datetime.now(UTC))
    with served(seattle) as client:
        towns = client.get("/ogc/collections/municipalities/items", params={"limit": 100}).json()
        roads = client.get("/ogc/collections/emergency_roads/items", params={"limit": 1000}).json()
        box = client.get("/ogc/collections/emergency_roads/items", params={"bbox": "137.1,37.2,137.2,37.4"}).json()
    assert towns["numberMatched"] == 19
    assert roads["numberMatched"] == 244
    assert "宇出津港線" in {feature["properties"]["name"] for feature in roads["features"]}
    assert 0 < box["numberMatched"] < 244


# ---- Chicago: a dirty feed; nothing may be lost

CHICAGO = {
    "feed_points_unique.csv": SourceSettings(fields={"at": "time"}),
    "trace_batches_2016-12.csv": SourceSettings(fields={"at": "props.timestamp"}, timezone="America/Chicago"),
}


@pytest.mark.parametrize("name", list(CHICAGO))
def test_chicago_every_row_is_a_fix_a_repeat_or_in_quarantine(context: Context, yuki_data: Path, name: str) -> None:
    file = yuki_data / "chicago_ploughs" / name
    n_rows = len(pd.read_csv(file))
    report = ingest_fixes(context.database, [file], "chicago", CHICAGO[name])
    counts = report.files[0].counts
    assert counts.n_read == n_rows
    assert counts.n_read == counts.n_accepted + counts.n_repeated + counts.n_quarantined
    with context.database.connect(Role.ENGINE) as connection:
        assert connection.execute("SELECT count(*) FROM raw.fix").fetchone() == (counts.n_accepted,)
        assert connection.execute("SELECT count(*) FROM raw.quarantine").fetchone() == (counts.n_quarantined,)
    # rows of a batch without a time of their own cannot be placed; all others are fixes
    dated = pd.read_csv(file)["time" if name.startswith("feed") else "props"].notna().sum()
    assert counts.n_accepted + counts.n_repeated == dated
    again = ingest_fixes(context.database, [file], "chicago", CHICAGO[name])
    assert again.files[0].is_repeat


def test_reports_add_up(context: Context, yuki_data: Path) -> None:
    report: FixesReport = ingest_fixes(
        context.database, [yuki_data / "matching/seattle/fixes.csv"], "drive", SourceSettings()
    )
    assert report.files[0].counts.n_read == 7_531
