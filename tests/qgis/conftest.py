"""QGIS itself, on demand: `make test-qgis` installs it, about 1 GB, and sets YUKI_QGIS; else nothing here is run.

QGIS comes with the Python of the system, so it runs in a process of its own; `ask` hands it a project and questions.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from geo.settings import Settings
from tests.clients.town import Town, make_town, serving
from yukimichi.cluster import Cluster
from yukimichi.context import Context
from yukimichi.export_qgis import export_qgis

collect_ignore_glob = [] if os.environ.get("YUKI_QGIS") else ["test_*.py"]

PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).parent / "inside_qgis.py"
NAME = "qgis_town"

type Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def town(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The town as of this moment, served by a clock that goes on: QGIS looks at its own clock."""
    moment = datetime.now(UTC)
    database = make_town(cluster, NAME, moment)
    try:
        with serving(database, moment, tmp_path_factory.mktemp("qgis") / "requests.log", clock="now") as served:
            yield served
    finally:
        cluster.drop_database(NAME)


@pytest.fixture(scope="session")
def project(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """project(**options): a project of the town, as the command exports it."""
    folder = tmp_path_factory.mktemp("projects")

    def export(**options: Any) -> Path:
        file = folder / f"{len(list(folder.iterdir()))}.qgz"
        export_qgis(Context(Settings(), town.database), file, url=town.address, **options)
        return file

    return export


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """ask(project, *questions, zone): what QGIS says of a project, by the name of each question."""
    home = tmp_path_factory.mktemp("profile")

    def run(file: Path, *questions: dict[str, Any], zone: str = "Asia/Tokyo") -> dict[str, Any]:
        environment = os.environ | {
            "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(home), "HOME": str(home), "TZ": zone,
            "LANG": "C.UTF-8",
        }  # fmt: skip
        for name in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME"):
            environment.pop(name, None)
        command = [PYTHON, str(SCRIPT), str(file), json.dumps(questions)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answers

    return run
