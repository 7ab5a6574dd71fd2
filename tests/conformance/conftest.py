"""One published town behind one server for every abstract test, and the table of what passed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from conformance.asking import Api
from conformance.standard import MORE, AbstractTest, table
from served_town import publish_town, serving, town_app

from yukimichi.cluster import Cluster


@pytest.fixture(scope="session")
def api(cluster: Cluster) -> Iterator[Api]:
    """The OGC API over the small town; tests only read."""
    cluster.create_database("conformance", "template_yuki")
    database = cluster.database("conformance")
    publish_town(database, MORE)
    try:
        with serving(town_app(database)) as address, httpx.Client(timeout=30) as client:
            yield Api(client, f"{address}/ogc")
    finally:
        cluster.drop_database("conformance")


@pytest.fixture(autouse=True)
def _told(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    """Write the abstract test into the report, from which the table is made."""
    ported = request.function.__dict__.get("abstract_test")
    if ported is not None:
        record_property("abstract_test", (ported.conformance_class, ported.identifier))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of the abstract tests that ran."""
    ran: dict[AbstractTest, bool] = {}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in report.user_properties:
                if name == "abstract_test":
                    test = AbstractTest(*value)
                    ran[test] = ran.get(test, True) and outcome == "passed"
    if ran:
        terminalreporter.section("conformance")
        terminalreporter.write_line(table(ran, [test for test, is_passed in ran.items() if not is_passed]))
