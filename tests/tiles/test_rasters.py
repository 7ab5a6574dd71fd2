"""Rasters as they are served: colours against a naive reading of the pixels, values, legends, addresses, and no way
to anything that is not registered.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyogrio
import pytest
import rasterio
import uvicorn
from pyproj import Transformer
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

from geo.db import Database, Role
from geo.errors import OverloadedError
from geo.settings import ServerSettings, Settings
from geo.settings_rasters import RasterSettings
from geo.store.rasters import refresh_rasters
from geo.vocabulary import RasterKind
from ingest.raster import RasterWish, ingest_raster, remove_raster, sweep
from layers.publish import publish
from layers.raster_styles import STYLES
from layers.rasters import publish_rasters_alone
from tiles.raster_collections import position, tile_limits
from tiles.raster_registry import Raster, Rasters
from tiles.service import Service
from yukimichi.cluster import Cluster
from yukimichi.server import create_app, listen

TOWN = Path(__file__).parent / "small_town.sql"
AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)
TAKEN_AT = datetime(2026, 1, 14, 1, 0, tzinfo=UTC)
#: A grid of 5 m near Kanazawa in EPSG:6675; 300 × 200 pixels.
WIDTH, HEIGHT, PIXEL_M = 300, 200, 5
GRID = from_origin(-46_500, 62_500, PIXEL_M, PIXEL_M)
TO_GRID = Transformer.from_crs("EPSG:4326", "EPSG:6675", always_xy=True)
TO_DEG = Transformer.from_crs("EPSG:6675", "EPSG:4326", always_xy=True)
MISSING = -9999.0


def depth_values() -> Any:
    """0 to 350 cm from left to right, in steps of a pixel; nothing known in a block and at the top."""
    values = np.tile(np.linspace(0, 350, WIDTH, dtype=np.float32), (HEIGHT, 1))
    values[:20] = MISSING
    values[100:140, 100:160] = MISSING
    return values


@dataclass
class Served:
    """A running application with rasters, and what it was made of."""

    client: httpx.Client
    service: Service
    database: Database
    folder: Path
    files: Path

    def bring_out(self) -> None:
        """Publish what stands in raw, and let the server see it at once."""
        with self.database.connect(Role.ENGINE) as connection:
            refresh_rasters(connection)
        publish_rasters_alone(self.database)
        self.service.rasters.forget()

    def take(self, path: Path, raster_id: str, kind: RasterKind, style: str, **told: Any) -> str:
        """Take a raster in and publish it; its content key."""
        wish = RasterWish(
            raster_id, kind, f"Title of {raster_id}", "題名<b>", told.pop("licence", "CC BY 4.0"), "© 石川県",
            TAKEN_AT, lambda n_bands, dtype, unit: style, style=style, **told,
        )  # fmt: skip
        ingest_raster(self.database, path, self.folder, wish, AS_OF, most_mpx=100, progress=lambda done, total: None)
        self.bring_out()
        return next(iter((self.folder / raster_id).glob("*.tif"))).stem

    def raster(self, raster_id: str) -> Raster:
        """The raster as the server sees it."""
        assert self.client.get("/raster").status_code == 200
        return (self.service.rasters._found or {})[raster_id]

    def version(self, raster_id: str) -> str:
        version: str = self.client.get(f"/raster/{raster_id}").json()["version"]
        return version


def write(path: Path, values: Any, **profile: Any) -> Path:
    array = values[None] if values.ndim == 2 else values
    n_bands, height, width = array.shape
    told = {"driver": "GTiff", "crs": "EPSG:6675", "transform": GRID, "dtype": array.dtype} | profile
    with rasterio.open(path, "w", count=n_bands, height=height, width=width, **told) as raster:
        raster.write(array)
    return path


def fill(made: Served) -> None:
    """Four rasters: depth, a synthetic picture, hillshade in degrees, numbers of 16 bits."""
    rng = np.random.default_rng(3)
    depth = write(made.files / "depth.tif", depth_values(), nodata=MISSING)
    made.take(depth, "depth", RasterKind.SNOW_DEPTH, "snow_depth", unit="cm")
    colours = rng.integers(1, 256, (3, 64, 64), np.uint8)
    made.take(write(made.files / "drone.tif", colours), "drone", RasterKind.DRONE, "rgb", synthetic=True)
    shade = rng.integers(1, 256, (60, 90), np.uint8)
    degrees = from_origin(136.6, 36.6, 0.001, 0.001)
    path = write(made.files / "shade.tif", shade, crs="EPSG:4326", transform=degrees, nodata=0)
    made.take(path, "shade", RasterKind.HILLSHADE, "hillshade", licence="ours")
    numbers = rng.integers(-500, 500, (64, 64)).astype(np.int16)
    made.take(write(made.files / "numbers.tif", numbers), "numbers", RasterKind.OTHER, "grey", unit="m")


@pytest.fixture(scope="module")
def served(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The small town and four rasters behind a real socket."""
    cluster.create_database("test_rasters", "template_yuki")
    database, home = cluster.database("test_rasters"), tmp_path_factory.mktemp("home")
    with database.connect(Role.ENGINE) as connection:
        connection.execute(TOWN.read_bytes())
    publish(database, AS_OF, b"a secret of this test")
    settings = Settings(home=home)
    service = Service(settings, database, clock=lambda: AS_OF)
    listener = listen(ServerSettings.model_construct(host="127.0.0.1", port=0))
    config = uvicorn.Config(create_app(settings, database, service), log_level="warning", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
            made = Served(client, service, database, settings.rasters_dir, tmp_path_factory.mktemp("files"))
            fill(made)
            yield made
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        cluster.drop_database("test_rasters")


def pixels(response: httpx.Response) -> Any:
    """(4, H, W) red, green, blue, alpha of a picture."""
    assert response.status_code == 200, response.text
    with (
        warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning),
        MemoryFile(response.content) as file,
        file.open() as picture,
    ):
        assert picture.count == 4
        return picture.read()


def middle_tile(set_id: str, z: int) -> tuple[int, int]:
    """Column and row of the tile that holds the middle of the depths."""
    x, y = GRID @ (WIDTH / 2, HEIGHT / 2)
    return position(set_id, z, *TO_DEG.transform(x, y))


def places(set_id: str, z: int, column: int, row: int, side: int) -> tuple[Any, Any]:
    """((H, W), (H, W)) longitude and latitude of the middles of the pixels of a tile: the formulas of the schemes."""
    step = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid((column + step) / 2**z, (row + step) / 2**z)
    if set_id == "WorldCRS84Quad":
        return x * 180 - 180, 90 - y * 180
    return x * 360 - 180, np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * y))))


def class_of(value: float) -> tuple[int, int, int]:
    """The colour of a depth, by going through the classes one by one."""
    style = STYLES["snow_depth"]
    for upper, colour in zip(style.edges, style.colours[:-1], strict=True):
        if value < upper:
            return colour
    return style.colours[-1]


@pytest.mark.parametrize("set_id", ["WebMercatorQuad", "WorldCRS84Quad"])
@pytest.mark.parametrize("side", [256, 512])
def test_each_pixel_of_a_tile_has_the_colour_of_the_depth_at_its_place(served: Served, set_id: str, side: int) -> None:
    z = served.raster("depth").max_zoom(set_id)
    column, row = middle_tile(set_id, z)
    version = served.version("depth")
    address = f"/raster/depth/{version}/tiles/{set_id}/{z}/{column}/{row}.png?tilesize={side}"
    rgba = pixels(served.client.get(address))
    assert rgba.shape == (4, side, side)
    x, y = TO_GRID.transform(*places(set_id, z, column, row, side))
    at_column, at_row = ~GRID @ (np.asarray(x), np.asarray(y))
    # pixels whose place is well inside of one of the raster's: a warp may round by an eighth of a pixel
    inside = (np.abs(at_column % 1 - 0.5) < 0.3) & (np.abs(at_row % 1 - 0.5) < 0.3)
    values = np.full(inside.shape, MISSING)
    held = (at_column >= 0) & (at_column < WIDTH) & (at_row >= 0) & (at_row < HEIGHT)
    values[held] = depth_values()[at_row[held].astype(int), at_column[held].astype(int)]
    assert (inside & (values == MISSING)).any()
    assert len(np.unique(values[inside])) > 20
    for i, j in np.argwhere(inside):
        value, found = values[i, j], tuple(int(band) for band in rgba[:, i, j])
        assert found == ((0, 0, 0, 0) if value == MISSING else (*class_of(value), 255)), (i, j, value)


def test_a_point_tells_what_was_delivered_and_null_where_nothing_is_known(served: Served) -> None:
    values = depth_values()
    for column, row in ((5, 30), (250, 199), (130, 120), (299, 20), (10, 3)):
        lon, lat = TO_DEG.transform(*(GRID @ (column + 0.5, row + 0.5)))
        told = served.client.get(f"/raster/depth/point/{lon:.9f},{lat:.9f}").json()
        expected = None if values[row, column] == MISSING else pytest.approx(float(values[row, column]))
        assert told["values"] == [expected]
        assert (told["unit"], told["synthetic"], told["taken_at"]) == ("cm", False, "2026-01-14T01:00:00Z")
    outside = served.client.get("/raster/depth/point/0,0")
    assert outside.status_code == 404
    assert outside.headers["content-type"] == "application/problem+json"


def test_statistics_are_of_what_is_known_alone(served: Served) -> None:
    told = served.client.get("/raster/depth/statistics?max_size=300").json()
    known = depth_values()[depth_values() != MISSING]
    band = told["bands"]["b1"]
    assert told["sampled_px"] == [WIDTH, HEIGHT]
    assert band["mean"] == pytest.approx(float(known.mean()), rel=1e-5)
    assert (band["min"], band["max"]) == (pytest.approx(0), pytest.approx(350))
    assert told["known_share"] == pytest.approx(known.size / (WIDTH * HEIGHT))
    assert sum(band["histogram"][0]) == known.size
    sample = served.client.get("/raster/depth/statistics?max_size=30").json()
    assert max(sample["sampled_px"]) == 30


def test_statistics_of_a_box(served: Served) -> None:
    west, north = TO_DEG.transform(*(GRID @ (200, 50)))
    east, south = TO_DEG.transform(*(GRID @ (220, 70)))
    told = served.client.get(f"/raster/depth/statistics?bbox={west},{south},{east},{north}").json()
    expected = float(depth_values()[50:70, 200:220].mean())
    assert told["bands"]["b1"]["mean"] == pytest.approx(expected, rel=0.02)
    west, north = TO_DEG.transform(*(GRID @ (110, 110)))
    east, south = TO_DEG.transform(*(GRID @ (120, 120)))
    nothing = served.client.get(f"/raster/depth/statistics?bbox={west},{south},{east},{north}").json()
    assert nothing["bands"]["b1"] is None
    assert nothing["known_share"] == 0


def test_previews_and_parts_are_bounded_and_the_unknown_is_transparent(served: Served) -> None:
    whole = pixels(served.client.get("/raster/depth/preview.png?max_size=300"))
    assert whole.shape == (4, HEIGHT, WIDTH)
    assert ((whole[3] == 0) == (depth_values() == MISSING)).all()
    assert (whole[:3, whole[3] == 0] == 0).all()
    assert tuple(whole[:3, 30, 0]) == class_of(0.0)  # nothing on the ground is a depth
    small = pixels(served.client.get("/raster/depth/preview.webp?max_size=50"))
    assert max(small.shape) == 50
    box = ",".join(map(str, served.client.get("/raster/depth").json()["bbox"]))
    assert max(pixels(served.client.get(f"/raster/depth/bbox/{box}.png?max_size=64")).shape) == 64
    assert pixels(served.client.get("/raster/depth/bbox/0,0,1,1.png"))[3].max() == 0
    for address in ("preview.png?max_size=2049", "preview.png?max_size=0", "preview.png?max_size=x",
                    "bbox/1,1,0,0.png", "bbox/0,0,nan,1.png", "bbox/0,0,1.png", "bbox/0,0,1,91.png",
                    "statistics?max_size=999999", "statistics?bbox=1", "point/abc,1", "point/nan,1",
                    "point/1,2,3", "point/999,1"):  # fmt: skip
        refused = served.client.get(f"/raster/depth/{address}")
        assert refused.status_code == 400, address
        assert refused.json()["detail"].startswith("Parameter "), address


def test_every_style_draws_its_raster(served: Served) -> None:
    with rasterio.open(served.files / "drone.tif") as raster:
        given = raster.read()
    drone = pixels(served.client.get("/raster/drone/preview.png"))
    assert (drone[:3] == given).all()
    assert (drone[3] == 255).all()
    with rasterio.open(served.files / "shade.tif") as raster:
        given = raster.read(1)
    shade = pixels(served.client.get("/raster/shade/preview.png"))
    assert (shade[:3] == given).all()
    numbers = pixels(served.client.get("/raster/numbers/preview.png"))
    assert (numbers[0] == numbers[1]).all()
    low, high = served.raster("numbers").span or (0, 0)
    with rasterio.open(served.files / "numbers.tif") as raster:
        share = (raster.read(1).astype(float) - low) / (high - low)
    assert np.abs(numbers[0] - np.clip(share, 0, 1) * 255).max() <= 0.5


def test_made_up_pixels_say_so_in_headers_documents_and_in_the_picture(served: Served) -> None:
    picture = served.client.get("/raster/drone/preview.png")
    assert picture.headers["x-synthetic"] == "true"
    assert b"tEXtComment\0synthetic: true" in picture.content
    for address in ("", "/tilejson.json", "/statistics", "/legend", "/info"):
        assert served.client.get(f"/raster/drone{address}").json()["synthetic"] is True
        assert served.client.get(f"/raster/depth{address}").json()["synthetic"] is False
    assert "合成データ" in served.client.get("/raster/drone/legend.svg").text
    assert "Synthetic" in served.client.get("/raster/drone/legend.svg?lang=en").text
    real = served.client.get("/raster/depth/preview.png")
    assert "x-synthetic" not in real.headers
    assert b"tEXt" not in real.content


def test_a_legend_in_both_languages(served: Served) -> None:
    told = served.client.get("/raster/depth/legend").json()
    assert told["unit"] == "cm"
    assert [line["from"] for line in told["classes"]] == [None, *STYLES["snow_depth"].edges]
    assert [line["to"] for line in told["classes"]] == [*STYLES["snow_depth"].edges, None]
    assert told["classes"][0]["label"] == {"ja": "1 cm未満", "en": "below 1 cm"}
    assert told["classes"][-1]["label"] == {"ja": "300 cm以上", "en": "300 cm and more"}
    assert told["missing"]["label"]["ja"] == "データなし（欠測）"
    japanese, english = (served.client.get(f"/raster/depth/legend.svg?lang={lang}") for lang in ("ja", "en"))
    assert japanese.headers["content-type"].startswith("image/svg+xml")
    assert "題名&lt;b&gt;" in japanese.text  # escaped
    assert "Title of depth" in english.text
    for line in told["classes"]:
        assert line["colour"] in japanese.text
    assert served.client.get("/raster/drone/legend").json()["classes"] == []
    assert len(served.client.get("/raster/numbers/legend").json()["classes"]) == 5


class TestAddresses:
    def test_with_a_version_for_ever_and_without_for_a_minute(self, served: Served) -> None:
        version, (x, y) = served.version("depth"), middle_tile("WebMercatorQuad", 14)
        rest = f"tiles/WebMercatorQuad/14/{x}/{y}.png"
        lasting = served.client.get(f"/raster/depth/{version}/{rest}")
        short = served.client.get(f"/raster/depth/{rest}")
        assert lasting.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert short.headers["cache-control"] == "public, max-age=60"
        assert lasting.content == short.content
        for answer in (lasting, short):
            again = served.client.get(answer.url, headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == answer.headers["etag"]
        moved = served.client.get(f"/raster/depth/0123456789ab/{rest}")
        assert moved.status_code == 307
        assert moved.headers["location"].endswith(f"/raster/depth/{version}/{rest}")

    def test_tilejson_leads_to_the_tiles(self, served: Served) -> None:
        told = served.client.get("/raster/depth/tilejson.json").json()
        assert told["tilejson"] == "3.0.0"
        assert told["attribution"] == "© 石川県"
        assert told["licence_url"] == "https://creativecommons.org/licenses/by/4.0/"
        x, y = middle_tile("WebMercatorQuad", told["maxzoom"])
        address = told["tiles"][0].format(z=told["maxzoom"], x=x, y=y)
        assert pixels(served.client.get(address))[3].any()
        west, south, east, north = told["bounds"]
        assert west < 136.66 < east
        assert south < 36.56 < north
        other = served.client.get("/raster/depth/WorldCRS84Quad/tilejson.json").json()
        assert "/tiles/WorldCRS84Quad/" in other["tiles"][0]

    @pytest.mark.parametrize("set_id", ["WebMercatorQuad", "WorldCRS84Quad"])
    def test_out_of_range_is_404_and_nothing_there_204(self, served: Served, set_id: str) -> None:
        most = served.client.get(f"/raster/depth/{set_id}/tilejson.json").json()["maxzoom"]
        x, y = middle_tile(set_id, most)
        n_columns = 2 ** (most + (set_id == "WorldCRS84Quad"))
        for z, column, row in ((most + 1, 0, 0), (most, n_columns, 0), (most, 0, 2**most), (30, 0, 0)):
            answer = served.client.get(f"/raster/depth/tiles/{set_id}/{z}/{column}/{row}.png")
            assert answer.status_code == 404, (z, column, row)
        assert served.client.get(f"/raster/depth/tiles/{set_id}/{most}/{x}/{y}.png").status_code == 200
        empty = served.client.get(f"/raster/depth/tiles/{set_id}/{most}/0/0.png")
        assert (empty.status_code, empty.content) == (204, b"")
        assert served.client.get(f"/raster/depth/tiles/{set_id}/0/{position(set_id, 0, 136.6, 36.6)[0]}/0.png"
                                 ).status_code in (200, 204)  # fmt: skip

    @pytest.mark.parametrize("name", ["url", "expression", "nodata", "rescale", "bidx", "dst_crs", "colormap", "x"])
    @pytest.mark.parametrize("rest", ["info", "statistics", "preview.png", "tiles/WebMercatorQuad/0/0/0.png", "legend",
                                      "tilejson.json", "point/136.6,36.6", "bbox/136,36,137,37.png", ""])  # fmt: skip
    def test_no_parameter_of_titiler_is_open_and_url_least_of_all(self, served: Served, rest: str, name: str) -> None:
        answer = served.client.get(f"/raster/depth/{rest}".rstrip("/"), params={name: "/etc/passwd"})
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith(f"Parameter {name}")

    @pytest.mark.parametrize(
        "name",
        ["nothing", "..", "%2e%2e", "..%2fdepth", "depth%2f..%2fdepth", "%2fetc%2fpasswd", "depth.tif", "depth%00",
         "http:%2f%2f127.0.0.1", "vsicurl", "roads"],
    )  # fmt: skip
    def test_nothing_but_a_registered_id_is_found(self, served: Served, name: str) -> None:
        for rest in ("/info", "/preview.png", "/tiles/WebMercatorQuad/0/0/0.png", "/legend", "/point/136.6,36.6"):
            request = served.client.build_request("GET", "/raster/")
            request.url = request.url.copy_with(raw_path=f"/raster/{name}{rest}".encode())
            assert served.client.send(request).status_code in (400, 404), (name, rest)

    def test_methods_that_write_are_refused(self, served: Served) -> None:
        for method in ("POST", "PUT", "DELETE"):
            assert served.client.request(method, "/raster/depth/statistics").status_code == 405
        assert served.client.get("/raster/depth/preview.jpeg").status_code == 404
        assert served.client.get("/raster/depth/preview.vrt").status_code == 404
        assert served.client.get("/raster/depth/tiles/NZTM2000Quad/0/0/0.png").status_code == 404

    def test_the_list_and_the_metadata_of_the_file(self, served: Served) -> None:
        told = served.client.get("/raster").json()["rasters"]
        assert [raster["id"] for raster in told] == ["depth", "drone", "numbers", "shade"]
        assert (told[0]["width"], told[0]["height"], told[0]["crs"]) == (WIDTH, HEIGHT, "EPSG:6675")
        info = served.client.get("/raster/depth/info").json()
        assert (info["driver"], info["nodata_type"], info["dtype"]) == ("GTiff", "Nodata", "float32")
        assert str(served.folder) not in served.client.get("/raster/depth/info").text


class TestOgc:
    def test_tilesets_of_maps_with_their_limits(self, served: Served) -> None:
        listed = served.client.get("/ogc/collections/depth/map/tiles").json()["tilesets"]
        assert [one["tileMatrixSetId"] for one in listed] == ["WebMercatorQuad", "WorldCRS84Quad"]
        for one in listed:
            own = next(link["href"] for link in one["links"] if link["rel"] == "self")
            told = served.client.get(own).json()
            assert told["dataType"] == "map"
            item = next(link for link in told["links"] if link["rel"] == "item" and link["type"] == "image/png")
            limits = told["tileMatrixSetLimits"][-1]
            z, row, col = limits["tileMatrix"], limits["minTileRow"], limits["minTileCol"]
            address = item["href"].format(tileMatrix=z, tileRow=row, tileCol=col)
            tile = served.client.get(address)
            same = f"/raster/depth/tiles/{one['tileMatrixSetId']}/{z}/{col}/{row}.png"
            assert tile.status_code in (200, 204)
            assert tile.content == served.client.get(same).content
            assert served.client.get(address, headers={"If-None-Match": tile.headers["etag"]}).status_code == 304

    def test_outside_of_the_limits_there_is_nothing(self, served: Served) -> None:
        raster = served.raster("depth")
        for set_id in ("WebMercatorQuad", "WorldCRS84Quad"):
            limits = tile_limits(raster, set_id)[12]
            inside = 0
            for row in range(limits["minTileRow"] - 1, limits["maxTileRow"] + 2):
                for col in range(limits["minTileCol"] - 1, limits["maxTileCol"] + 2):
                    found = served.client.get(f"/ogc/collections/depth/map/tiles/{set_id}/12/{row}/{col}").status_code
                    within = (limits["minTileRow"] <= row <= limits["maxTileRow"]
                              and limits["minTileCol"] <= col <= limits["maxTileCol"])  # fmt: skip
                    assert found == 204 or within
                    inside += found == 200
            assert inside > 0

    def test_bad_requests(self, served: Served) -> None:
        own = "/ogc/collections/depth/map/tiles"
        assert served.client.get(f"{own}?x=1").status_code == 400
        assert served.client.get(f"{own}/WebMercatorQuad/0/0/0?f=tiff").status_code == 400
        assert served.client.get(f"{own}/Nothing").status_code == 404
        assert served.client.get(f"{own}/WebMercatorQuad/40/0/0").status_code == 404
        assert served.client.get("/ogc/collections/roads/map/tiles").status_code == 404

    def test_a_raster_is_a_collection_without_features(self, served: Served) -> None:
        listed = served.client.get("/ogc/collections?f=json").json()["collections"]
        assert {"depth", "drone", "roads"} <= {one["id"] for one in listed}
        told = served.client.get("/ogc/collections/depth?f=json").json()
        assert (told["itemType"], told["dataType"]) == ("none", "map")
        assert told["extent"]["temporal"]["interval"] == [["2026-01-14T01:00:00Z", "2026-01-14T01:00:00Z"]]
        rels = {link["rel"]: link["href"] for link in told["links"]}
        assert rels["license"] == "https://creativecommons.org/licenses/by/4.0/"
        assert served.client.get(rels["http://www.opengis.net/def/rel/ogc/1.0/tilesets-map"]).status_code == 200
        assert served.client.get(rels["http://www.opengis.net/def/rel/ogc/1.0/legend"]).status_code == 200
        assert "license" not in {
            link["rel"] for link in served.client.get("/ogc/collections/shade?f=json").json()["links"]
        }
        assert served.client.get("/ogc/collections/depth/items").status_code == 404
        page = served.client.get("/ogc/collections/depth?f=html&lang=ja")
        assert page.status_code == 200
        assert "題名&lt;b&gt;" in page.text
        drone = served.client.get("/ogc/collections/drone?f=json&lang=en").json()
        assert drone["description"].startswith("Synthetic, not real.")

    def test_gdal_does_not_take_a_raster_for_features(self, served: Served) -> None:
        layers = [name for name, _ in pyogrio.list_layers(f"OAPIF:{str(served.client.base_url).rstrip('/')}/ogc/")]
        assert "roads" in layers
        assert not {"depth", "drone", "shade", "numbers"} & set(layers)


class TestChanges:
    def test_another_file_takes_the_place_and_a_removed_one_is_gone(self, served: Served) -> None:
        key = served.take(write(served.files / "one.tif", depth_values(), nodata=MISSING), "passing",
                          RasterKind.SNOW_DEPTH, "snow_depth", unit="cm")  # fmt: skip
        before, version = served.client.get("/raster/passing/preview.png"), served.version("passing")
        path = write(served.files / "two.tif", np.where(depth_values() == MISSING, MISSING, 1), nodata=MISSING)
        served.take(path, "passing", RasterKind.SNOW_DEPTH, "snow_depth", unit="cm")
        assert sweep(served.database, served.folder, "passing")[0].stem == key
        after = served.client.get("/raster/passing/preview.png", headers={"If-None-Match": before.headers["etag"]})
        assert after.status_code == 200
        assert after.content != before.content
        assert served.client.get(f"/raster/passing/{version}/preview.png").status_code == 307
        remove_raster(served.database, "passing")
        served.bring_out()
        sweep(served.database, served.folder, "passing")
        assert served.client.get("/raster/passing/preview.png").status_code == 404
        assert served.client.get("/ogc/collections/passing").status_code == 404

    def test_what_is_no_geotiff_is_not_read_whatever_lies_in_its_place(self, served: Served) -> None:
        path = write(served.files / "victim.tif", depth_values(), nodata=MISSING)
        key = served.take(path, "victim", RasterKind.SNOW_DEPTH, "snow_depth", unit="cm")
        file = served.folder / "victim" / f"{key}.tif"
        kept = served.files / "kept.tif"
        shutil.move(file, kept)
        file.write_text(
            f'<VRTDataset rasterXSize="{WIDTH}" rasterYSize="{HEIGHT}"><SRS>EPSG:6675</SRS><GeoTransform>-46500,5,0,'
            "62500,0,-5</GeoTransform><VRTRasterBand dataType='Float32' band='1'><SimpleSource><SourceFilename>"
            f"{kept}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
        )
        for rest in ("preview.png", "info", "statistics", "tiles/WebMercatorQuad/0/1/0.png"):
            if rest.startswith("tiles"):
                z = 12
                x, y = middle_tile("WebMercatorQuad", z)
                rest = f"tiles/WebMercatorQuad/{z}/{x}/{y}.png"
            answer = served.client.get(f"/raster/victim/{rest}")
            assert answer.status_code == 503, rest
            assert answer.headers["retry-after"]
            assert str(served.folder) not in answer.text
        file.unlink()
        assert served.client.get("/raster/victim/preview.png").status_code == 503
        shutil.move(kept, file)
        assert served.client.get("/raster/victim/preview.png").status_code == 200


def test_pixels_have_threads_of_their_own_and_too_many_questions_are_told_to_wait() -> None:
    async def run() -> None:
        rasters = Rasters(RasterSettings(n_threads=2, waiting_max=3))
        gate, at_work = threading.Event(), 0
        most, lock = 0, threading.Lock()

        def work() -> str:
            nonlocal at_work, most
            with lock:
                at_work += 1
                most = max(most, at_work)
            gate.wait(20)
            with lock:
                at_work -= 1
            return threading.current_thread().name

        asked = [asyncio.create_task(rasters.run(work)) for _ in range(5)]
        await asyncio.sleep(0.05)
        with pytest.raises(OverloadedError) as caught:
            await rasters.run(work)
        assert caught.value.retry_after_s
        # the pool that everything else shares is free meanwhile
        assert await asyncio.wait_for(asyncio.to_thread(lambda: 7), 10) == 7
        gate.set()
        names = await asyncio.gather(*asked)
        assert all(name.startswith("raster") for name in names)
        assert most == 2
        assert await rasters.run(lambda: "again") == "again"
        rasters.close()

    asyncio.run(run())


def test_a_server_without_a_question_for_pixels_has_not_loaded_gdal() -> None:
    code = "import sys, yukimichi.server; print([m for m in ('rasterio', 'titiler', 'rio_tiler') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
