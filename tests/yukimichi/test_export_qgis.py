"""`yukimichi export qgis`: what of the published data stands in the file, and what is refused."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
from typer.testing import CliRunner

from geo.db import Database, Role
from geo.errors import ConflictError, InputError
from geo.settings import ServerSettings, Settings
from layers.catalogue import collections
from layers.publish import publish
from yukimichi.__main__ import app
from yukimichi.context import Context
from yukimichi.export_qgis import export_qgis

TOWN = Path(__file__).parents[1] / "tiles" / "small_town.sql"
AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)


@pytest.fixture
def context(database: Database) -> Context:
    """The small town, published."""
    with database.connect(Role.ENGINE) as connection:
        connection.execute(TOWN.read_bytes())
    publish(database, AS_OF, b"a secret of this test")
    return Context(Settings(server=ServerSettings(port=8099)), database)


def inside(file: Path) -> Element:
    """The project in a file."""
    with zipfile.ZipFile(file) as archive:
        return fromstring(archive.read(f"{file.stem}.qgs"))


def test_layers_extent_and_address_are_those_of_the_publication(context: Context, tmp_path: Path) -> None:
    report = export_qgis(context, tmp_path / "town.qgz")
    root = inside(tmp_path / "town.qgz")
    known = collections(("coast", "settlements"))
    assert report.n_collections == sum(found.is_public for found in known.values())
    texts = [str(layer.findtext("datasource")) for layer in root.iter("maplayer")]
    assert all("http://127.0.0.1:8099/ogc/" in text for text in texts)
    for key in ("coast", "settlements"):
        assert any(f"typename='{key}'" in text or f"/{key}/tiles/" in text for text in texts)
    assert not any("depots" in text for text in texts)
    # the roads reach from 136.60 to 136.66 degrees east: degrees times 111,319.49 m
    extent = root.find("mapcanvas/extent")
    assert extent is not None
    assert float(str(extent.findtext("xmin"))) == pytest.approx(136.60 * 111_319.490793, abs=1)
    assert float(str(extent.findtext("xmax"))) == pytest.approx(136.66 * 111_319.490793, abs=1)
    assert "架空データ" in str(root.findtext("title"))


def test_shapes_are_looked_up(context: Context, tmp_path: Path) -> None:
    export_qgis(context, tmp_path / "town.qgz", with_managers=True)
    kinds = {layer.findtext("id"): layer.get("geometry") for layer in inside(tmp_path / "town.qgz").iter("maplayer")}
    assert kinds["work_sections_features"] == "Polygon"
    assert kinds["municipalities_features"] == "Polygon"
    assert kinds["settlements_features"] == "Point"
    assert kinds["service_level_features"] == "No geometry"
    assert "coast_tiles" in kinds  # lines, which may be long, as tiles


def test_the_command_writes_the_file_and_says_so(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUKI_DATABASE_URL", context.database.conninfo)
    monkeypatch.setenv("YUKI_HOME", str(tmp_path / "home"))
    file = tmp_path / "kanri.qgz"
    command = ["export", "qgis", str(file), "--managers", "--lang", "en", "--authcfg", "abc1234", "--json"]
    done = CliRunner().invoke(app, [*command, "--url", "https://yuki.example.jp/ogc/"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["authcfg"] == "abc1234"
    assert said["url"] == "https://yuki.example.jp"
    assert said["n_bytes"] == file.stat().st_size
    texts = [str(layer.findtext("datasource")) for layer in inside(file).iter("maplayer")]
    assert sum("authcfg=abc1234" in text for text in texts) == 6
    assert "For road managers" in {group.get("name") for group in inside(file).iter("layer-tree-group")}


@pytest.mark.parametrize(
    "url",
    [
        "yuki.example.jp",
        "ftp://yuki.example.jp",
        "https://me:key@yuki.example.jp",
        "https://a.jp/?key=1",
        "https://a.jp/it's",
    ],
)
def test_an_address_that_cannot_be_used_is_refused(context: Context, tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError):
        export_qgis(context, tmp_path / "town.qgz", url=url)
    assert not (tmp_path / "town.qgz").exists()


def test_names_that_qgis_does_not_take_are_refused(context: Context, tmp_path: Path) -> None:
    for file, authcfg in ((tmp_path / "town.qgs", "yukimgr"), (tmp_path / "no" / "town.qgz", "yukimgr")):
        with pytest.raises(InputError):
            export_qgis(context, file, authcfg=authcfg)
    for authcfg in ("short", "too long an id", "a'b\"c&d"):
        with pytest.raises(InputError):
            export_qgis(context, tmp_path / "town.qgz", authcfg=authcfg)


def test_before_the_first_publication_there_is_nothing_to_export(database: Database, tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match="published"):
        export_qgis(Context(Settings(), database), tmp_path / "town.qgz")
