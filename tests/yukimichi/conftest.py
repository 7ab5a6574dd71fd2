"""Fixtures of the front door's tests."""

from __future__ import annotations

import pytest

from yukimichi.demo import DemoFiles, generate_demo


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    """A small synthetic prefecture, generated once."""
    return generate_demo(tmp_path_factory.mktemp("demo"), n_edges=24_000)
