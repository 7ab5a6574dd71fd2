"""Daily reports of a whole day of the demo's storm: time from facts to each file, and whether they reconcile.

    python -m benchmarks.bench_reports [N_EDGES] [SEED]

A private cluster in a temporary folder, the synthetic prefecture, a storm of 24 hours that fills a local day. Then
the reports of all machines of that day, with a price table, as CSV, XLSX, page and JSON, and what keeps them published.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from geo.db import Role
from geo.matching.candidates import build_index
from geo.migrate import migrate
from geo.settings import Settings
from geo.settings_reports import PriceRow, ReportSettings
from geo.store.facts import match_new_fixes
from geo.store.report_cache import refresh_reports
from geo.store.statistics import refresh_statistics
from ingest.fixes import ingest_fixes
from layers.publish_reports import publish_reports
from yukimichi.cluster import Cluster
from yukimichi.context import Context
from yukimichi.debian import find_or_install
from yukimichi.demo_load import SOURCE, load_demo, synthetic_source
from yukimichi.pipeline import current_network, lay_plans, report_rules
from yukimichi.reports.daily import Made, Wish, make
from yukimichi.reports.files import FORMATS, write
from yukimichi.storm import Wish as Storm
from yukimichi.storm import folder_of, make_storm

DAY = date(2026, 1, 18)
#: The local day begins at 15:00 UTC of the day before.
BEGIN = datetime(2026, 1, 17, 15, tzinfo=UTC)
PRICES = (
    PriceRow(yen_per_hour="18000"),  # type: ignore[arg-type]
    PriceRow(yen_per_hour="24500", band="22-05"),  # type: ignore[arg-type]
    PriceRow(yen_per_hour="9000", treatment="deadhead"),  # type: ignore[arg-type]
)


def timed[T](name: str, work: Callable[[], T], seconds: dict[str, tuple[float, float]]) -> T:
    """Do it, and note seconds by the clock and on this process's processor, the database's left out of the second."""
    started, worked = time.perf_counter(), time.process_time()
    result = work()
    seconds[name] = time.perf_counter() - started, time.process_time() - worked
    return result


def storm_of_a_day(context: Context, n_edges: int, seed: int) -> None:
    """The prefecture, and a day of ploughs on it, matched."""
    load_demo(context, n_edges=n_edges)
    lay_plans(context.database, context.settings)
    network = current_network(context.database, context.settings)
    make_storm(context, network, SOURCE, Storm(BEGIN, BEGIN + timedelta(hours=24), seed))
    file = folder_of(context.settings) / "fixes.parquet"
    ingest_fixes(context.database, [file], SOURCE, synthetic_source(context, SOURCE))
    lay_plans(context.database, context.settings)
    done = match_new_fixes(context.database, network, build_index(network), context.settings)
    refresh_statistics(context.database, done.n_passes)


def reconcile(context: Context, made: Made) -> dict[str, float]:
    """What the reports say, and what the facts of that day say: seconds and metres."""
    with context.database.connect(Role.ENGINE) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM ops.pass WHERE superseded_at IS NULL), "
            "(SELECT sum(extract(epoch FROM upper(during) - lower(during))) FROM ops.trace "
            "WHERE superseded_at IS NULL), (SELECT sum(to_m - from_m) FROM ops.pass WHERE superseded_at IS NULL)"
        ).fetchone()
    assert row is not None
    sums = made.document["sums"]
    return {
        "machines": sums["n_reports"], "facts": row[0], "hours of traces": float(row[1]) / 3600,
        "seconds apart": abs(float(row[1]) - sums["trace_s"]), "kilometres": row[2] / 1000,
        "metres apart": abs(row[2] - sums["driven_m"]),
    }  # fmt: skip


def main() -> None:
    n_edges = int(sys.argv[1]) if len(sys.argv) > 1 else 70_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 41
    home = Path(tempfile.mkdtemp(prefix="yuki-bench-"))
    home.chmod(0o755)
    cluster = Cluster(home / ".yuki", find_or_install(print))
    cluster.start()
    seconds: dict[str, tuple[float, float]] = {}
    try:
        settings = Settings(home=home / ".yuki", reports=ReportSettings(prices=PRICES))
        context = Context(settings, cluster.database())
        migrate(context.database)
        storm_of_a_day(context, n_edges, seed)
        at = BEGIN + timedelta(hours=30)
        made = timed("reports of the day", lambda: make(context, Wish(DAY), at, "benchmark"), seconds)
        for form in FORMATS:
            timed(f"as {form}", lambda form=form: write(context.database, made, home / form, form, "summary"), seconds)  # type: ignore[misc]
        rules = report_rules(settings)
        timed("kept, all of it new", lambda: refresh_reports(context.database, rules, at), seconds)
        with context.database.connect(Role.PUBLISH) as connection:
            timed("published, all of it new", lambda: publish_reports(connection), seconds)
        timed("kept, nothing new but the last hour", lambda: refresh_reports(context.database, rules, at), seconds)
        figures = reconcile(context, made)
    finally:
        cluster.stop()
    print(f"\nseed {seed}, {os.cpu_count()} cores")
    for name, (wall_s, cpu_s) in seconds.items():
        print(f"| {name} | {wall_s:,.2f} | {cpu_s:,.2f} |")
    for name, value in figures.items():
        print(f"| {name} | {value:,.3f} |")


if __name__ == "__main__":
    main()
