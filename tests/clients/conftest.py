"""One town, published once and served by one process, for every client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.clients.town import Town, make_town, serving
from yukimichi.cluster import Cluster

AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)
NAME = "clients_town"


@pytest.fixture(scope="session")
def town(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The town at 22:00 UTC on 14 January 2026; its clock stands."""
    database = make_town(cluster, NAME, AS_OF)
    try:
        with serving(database, AS_OF, tmp_path_factory.mktemp("clients") / "requests.log") as served:
            yield served
    finally:
        cluster.drop_database(NAME)
