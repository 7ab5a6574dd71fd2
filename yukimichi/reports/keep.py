"""Keeps the published daily reports up to date while the service runs."""

from __future__ import annotations

from datetime import datetime

from geo.db import Role, read_sql
from geo.store.report_cache import CacheReport, refresh_reports
from layers.publish_reports import publish_reports
from yukimichi.context import Context
from yukimichi.pipeline import report_rules


def is_due(context: Context, at: datetime) -> bool:
    """Whether reports.refresh_min have passed since the last run, or there was none."""
    with context.database.connect(Role.ENGINE) as connection:
        mark = connection.execute(read_sql("geo", "queries/read_report_mark")).fetchone()
    wait_s = context.settings.reports.refresh_min * 60
    return mark is None or mark[0] is None or (at - mark[0]).total_seconds() >= wait_s


def run(context: Context, at: datetime) -> CacheReport:
    """Work out what changed of the last days, and publish it."""
    done = refresh_reports(context.database, report_rules(context.settings), at)
    with context.database.connect(Role.PUBLISH) as connection:
        connection.execute(read_sql("layers", "publish_lock"))
        publish_reports(connection)
    return done
