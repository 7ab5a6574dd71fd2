"""Rasters at the door: what is refused and why, what is kept of the pixels, and one raster an id."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp
from rasterio.transform import Affine, from_origin

from geo.db import Database, Role
from geo.errors import ConflictError, InputError, MissingInputError, NotFoundError, TooLargeError, YukiError
from geo.vocabulary import RasterKind
from ingest.raster import RasterWish, check_wish, ingest_raster, read_rasters, remove_raster, sweep
from ingest.raster_check import facts_of, opened
from ingest.raster_cog import DEPTH_MAX_CM, DEPTH_NODATA, Cog, make_cog

NOW = datetime(2026, 2, 1, tzinfo=UTC)
#: Two metres a pixel, near Kanazawa.
GRID = from_origin(-48_000, 63_000, 2, 2)

type Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write (B, H, W) or (H, W) values as GeoTIFF, in EPSG:6675 unless told otherwise."""

    def make(values: Any, name: str = "given.tif", *, units: tuple[str, ...] = (), alpha: bool = False,
             mask: Any = None, **profile: Any) -> Path:  # fmt: skip
        array = np.atleast_3d(np.asarray(values)) if np.ndim(values) < 3 else np.asarray(values)
        array = array.transpose(2, 0, 1) if np.ndim(values) < 3 else array
        told = {"driver": "GTiff", "crs": "EPSG:6675", "transform": GRID, "dtype": array.dtype} | profile
        path = tmp_path / name
        n_bands, height, width = array.shape
        with (
            rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
            rasterio.open(path, "w", count=n_bands, height=height, width=width, **told) as raster,
        ):
            raster.write(array)
            if units:
                raster.units = units
            if alpha:
                raster.colorinterp = [*raster.colorinterp[:-1], ColorInterp.alpha]
            if mask is not None:
                raster.write_mask(mask)
        return path

    return make


def depths(height: int = 30, width: int = 40) -> Any:
    """Whole centimetres that rise to the right and downwards, float32."""
    rows, columns = np.mgrid[0:height, 0:width]
    return (rows * 2 + columns).astype(np.float32)


def cog_of(path: Path, kind: RasterKind, folder: Path, unit: str | None = None, nodata: str | None = None) -> Cog:
    with opened(path) as raster:
        facts = facts_of(raster, path, kind, unit, nodata, 100)
        return make_cog(raster, path, kind, facts, folder, lambda done, total: None)


def refused(path: Path, kind: RasterKind, unit: str | None = None, nodata: str | None = None) -> YukiError:
    with pytest.raises(YukiError) as caught, opened(path) as raster:
        facts_of(raster, path, kind, unit, nodata, 100)
    assert caught.value.hint
    return caught.value


class TestRefused:
    def test_a_file_without_a_crs(self, write: Write) -> None:
        error = refused(write(depths(), crs=None), RasterKind.SNOW_DEPTH, "cm")
        assert "no CRS" in error.message

    def test_a_rotated_grid_and_a_mirrored_one(self, write: Write) -> None:
        turned = write(depths(), transform=GRID @ Affine.rotation(20))
        assert "rotated" in refused(turned, RasterKind.SNOW_DEPTH, "cm").message
        south_up = write(depths(), "up.tif", transform=Affine(2, 0, -48_000, 0, 2, 62_000))
        assert "not north up" in refused(south_up, RasterKind.SNOW_DEPTH, "cm").message

    @pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
    def test_a_grid_that_lies_nowhere(self, write: Write) -> None:
        plain = write(depths(), transform=Affine.identity())
        assert "not georeferenced" in refused(plain, RasterKind.SNOW_DEPTH, "cm").message
        far = write(depths(), "far.tif", crs="EPSG:4326", transform=from_origin(500, 95, 1, 1))
        assert "nowhere on Earth" in refused(far, RasterKind.SNOW_DEPTH, "cm").message

    def test_a_huge_declared_size_before_a_pixel_is_read(self, write: Write) -> None:
        path = _sparse(write)
        assert path.stat().st_size < 1_000_000
        error = refused(path, RasterKind.HILLSHADE)
        assert isinstance(error, TooLargeError)
        assert "200,000 × 200,000" in error.message

    @pytest.mark.parametrize("suffix", [".vrt", ".tif"])
    def test_a_vrt_that_names_another_file_whatever_it_is_called(
        self, write: Write, tmp_path: Path, suffix: str
    ) -> None:
        secret = write(depths(), "secret.tif")
        path = tmp_path / f"given{suffix}.file{suffix}"
        path.write_text(
            '<VRTDataset rasterXSize="40" rasterYSize="30"><SRS>EPSG:6675</SRS>'
            "<GeoTransform>-48000,2,0,63000,0,-2</GeoTransform><VRTRasterBand dataType='Float32' band='1'>"
            f"<SimpleSource><SourceFilename>{secret}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
        )
        assert "not readable as a raster" in refused(path, RasterKind.SNOW_DEPTH, "cm").message

    def test_an_address_of_the_net_or_of_gdals_own_file_systems(self) -> None:
        for text in ("/vsicurl/http://127.0.0.1:9/x.tif", "http://127.0.0.1:9/x.tif", "GTIFF_DIR:1:x.tif", "/vsimem/x"):
            with pytest.raises(MissingInputError), opened(Path(text)):
                pass

    def test_an_empty_file_a_folder_and_a_text(self, tmp_path: Path) -> None:
        empty, text = tmp_path / "empty.tif", tmp_path / "text.tif"
        empty.touch()
        text.write_text("深さ,1\n")
        for path in (empty, text, tmp_path):
            with pytest.raises(InputError), opened(path):
                pass

    def test_a_truncated_file_while_it_is_read_and_nothing_stays(self, write: Write, tmp_path: Path) -> None:
        noise = np.random.default_rng(1).uniform(0, 300, (1, 600, 600)).astype(np.float32)
        path = write(noise, compress="deflate", tiled=True, blockxsize=256, blockysize=256, copy_src_overviews=False)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        folder = tmp_path / "kept"
        with pytest.raises(InputError, match=r"breaks off|not readable"):
            cog_of(path, RasterKind.SNOW_DEPTH, folder, "cm")
        assert not folder.exists() or list(folder.iterdir()) == []

    def test_sixteen_bits_of_a_picture(self, write: Write) -> None:
        error = refused(write(np.zeros((3, 9, 9), np.uint16)), RasterKind.DRONE)
        assert "uint16" in error.message
        assert "-scale" in error.hint

    def test_bands_that_do_not_fit_the_kind(self, write: Write) -> None:
        assert "1 bands" in refused(write(np.zeros((1, 9, 9), np.uint8)), RasterKind.DRONE).message
        assert "3 bands" in refused(write(np.zeros((3, 9, 9), np.uint8)), RasterKind.HILLSHADE).message
        assert "complex64" in refused(write(np.zeros((1, 9, 9), np.complex64)), RasterKind.OTHER).message

    def test_a_depth_whose_unit_nobody_tells(self, write: Write) -> None:
        assert "unit" in refused(write(depths()), RasterKind.SNOW_DEPTH).message
        assert "feet" in refused(write(depths(), units=("feet",)), RasterKind.SNOW_DEPTH).message

    def test_a_depth_of_whole_numbers_that_does_not_say_what_is_unknown(self, write: Write) -> None:
        path = write(depths().astype(np.uint16), units=("cm",))
        assert "unknown is not 0 cm" in refused(path, RasterKind.SNOW_DEPTH).message
        with opened(path) as raster:
            assert facts_of(raster, path, RasterKind.SNOW_DEPTH, None, "none", 1).nodata is None
            assert facts_of(raster, path, RasterKind.SNOW_DEPTH, None, "0", 1).nodata == 0
        assert "-1" in refused(path, RasterKind.SNOW_DEPTH, None, "-1").message
        assert "no number" in refused(path, RasterKind.SNOW_DEPTH, None, "nothing").message

    def test_a_raster_of_nothing_but_unknown_pixels(self, write: Write, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="not one pixel"):
            cog_of(write(np.full((9, 9), -1, np.float32), nodata=-1), RasterKind.SNOW_DEPTH, tmp_path / "k", "cm")


def _sparse(write: Write) -> Path:
    """A TIFF of 200,000 × 200,000 pixels of which no block was written."""
    path = write(np.zeros((1, 16, 16), np.uint8), "huge.tif")
    data = bytearray(path.read_bytes())
    n_entries = struct.unpack_from("<H", data, 8)[0]
    for k in range(n_entries):
        at = 10 + 12 * k
        tag, kind = struct.unpack_from("<HH", data, at)
        if tag in (256, 257):  # ImageWidth, ImageLength (TIFF 6.0, section 8)
            struct.pack_into("<HHI", data, at, tag, kind, 1)
            struct.pack_into("<HHII", data, at, tag, 4, 1, 200_000)
    path.write_bytes(bytes(data))
    return path


class TestKept:
    def test_depths_in_centimetres_with_the_unknown_apart_from_zero(self, write: Write, tmp_path: Path) -> None:
        given = depths() / 100
        given[0, :] = -9999
        given[1, 0] = np.nan
        given[2, 0] = 0
        given[3, 0] = -0.5
        given[3, 1] = DEPTH_MAX_CM  # metres, in centimetres a hundred times too much
        made = cog_of(write(given, units=("m",), nodata=-9999), RasterKind.SNOW_DEPTH, tmp_path / "kept")
        with rasterio.open(made.path) as kept:
            values = kept.read(1, masked=True)
            assert kept.nodata == DEPTH_NODATA
            assert kept.units == ("cm",)
            assert kept.transform == GRID
            assert kept.crs.to_epsg() == 6675
        unknown = np.zeros(given.shape, bool)
        unknown[0, :] = unknown[1, 0] = unknown[3, 0] = unknown[3, 1] = True
        assert (np.ma.getmaskarray(values) == unknown).all()
        assert values[2, 0] == 0
        np.testing.assert_allclose(values.compressed(), given[~unknown] * 100, atol=1e-4)
        assert (made.n_unusable, made.n_known) == (2, int((~unknown).sum()))

    def test_sixteen_bits_of_depth_with_a_scale(self, write: Write, tmp_path: Path) -> None:
        path = write(np.array([[0, 65535], [12, 300]], np.uint16), nodata=65535, units=("mm",))
        with rasterio.open(path, "r+") as raster:
            raster.scales, raster.offsets = (10.0,), (0.0,)
        made = cog_of(path, RasterKind.SNOW_DEPTH, tmp_path / "kept")
        with rasterio.open(made.path) as kept:
            assert kept.read(1).tolist() == [[0, DEPTH_NODATA], [12, 300]]

    def test_a_picture_with_alpha_keeps_its_colours_and_what_is_outside(self, write: Write, tmp_path: Path) -> None:
        rng = np.random.default_rng(2)
        given = rng.integers(0, 256, (4, 50, 60), np.uint8)
        given[3] = np.where(np.arange(60) < 20, 0, 255)
        made = cog_of(write(given, alpha=True), RasterKind.DRONE, tmp_path / "kept")
        with rasterio.open(made.path) as kept:
            assert kept.count == 3
            assert (kept.dataset_mask() == given[3]).all()
            assert (kept.read()[:, :, 20:] == given[:3, :, 20:]).all()

    def test_of_a_colour_one_band_alone_may_have_the_value_of_nothing(self, write: Write, tmp_path: Path) -> None:
        given = np.zeros((3, 8, 8), np.uint8)
        given[:, 0, 0] = 7
        given[0, 1, 1] = 255  # pure red: two bands are 0
        made = cog_of(write(given, nodata=0), RasterKind.DRONE, tmp_path / "kept")
        with rasterio.open(made.path) as kept:
            assert np.argwhere(kept.dataset_mask()).tolist() == [[0, 0], [1, 1]]
            assert kept.read()[:, 1, 1].tolist() == [255, 0, 0]

    def test_overviews_are_means_of_what_is_known_and_are_inside(self, write: Write, tmp_path: Path) -> None:
        given = np.full((1024, 1024), 100, np.float32)
        given[::2] = -9999
        made = cog_of(write(given, nodata=-9999), RasterKind.SNOW_DEPTH, tmp_path / "kept", "cm")
        with rasterio.open(made.path) as kept:
            assert kept.overviews(1)
            assert kept.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            small = kept.read(1, out_shape=(64, 64), masked=True)
        assert (small.compressed() == 100).all()  # never mixed with what is unknown, and never zero
        assert small.count() == small.size

    def test_other_numbers_are_taken_over_and_their_stretch_is_told(self, write: Write, tmp_path: Path) -> None:
        given = np.arange(10_000, dtype=np.int16).reshape(100, 100)
        made = cog_of(write(given, nodata=0), RasterKind.OTHER, tmp_path / "kept")
        with rasterio.open(made.path) as kept:
            assert (kept.read(1) == given).all()
        assert made.stretch == pytest.approx((200, 9800), abs=2)

    def test_a_png_with_a_world_file_and_its_crs(self, tmp_path: Path, write: Write) -> None:
        with rasterio.open(write(np.full((3, 9, 9), 5, np.uint8))) as source:
            values, crs = source.read(), source.crs
        path = tmp_path / "drone.png"
        with rasterio.open(path, "w", driver="PNG", width=9, height=9, count=3, dtype="uint8", crs=crs,
                           transform=GRID) as raster:  # fmt: skip
            raster.write(values)
        assert cog_of(path, RasterKind.DRONE, tmp_path / "kept").n_known == 81


@pytest.fixture
def wish() -> RasterWish:
    return RasterWish(
        "komatsu-no", RasterKind.SNOW_DEPTH, "Snow depth", "積雪深", "CC BY 4.0", "© 石川県",
        datetime(2026, 1, 20, 1, tzinfo=UTC), lambda n_bands, dtype, unit: "snow_depth", unit="cm",
    )  # fmt: skip


class TestWords:
    @pytest.mark.parametrize("name", ["../up", "a/b", "Upper", "1st", "", "a" * 64, "a.tif", "雪"])
    def test_an_id_that_is_none(self, wish: RasterWish, name: str) -> None:
        with pytest.raises(InputError, match="--id"):
            check_wish(replace(wish, raster_id=name), NOW)

    def test_what_has_to_be_said(self, wish: RasterWish) -> None:
        for field in ("title", "title_ja", "licence", "attribution"):
            for text in ("", " ", "a\nb", "x" * 501):
                with pytest.raises(InputError, match=f"--{field.replace('_', '-')} "):
                    check_wish(replace(wish, **{field: text}), NOW)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="future"):
            check_wish(replace(wish, taken_at=datetime(2027, 1, 1, tzinfo=UTC)), NOW)
        with pytest.raises(InputError, match="web address"):
            check_wish(replace(wish, licence_url="javascript:alert(1)"), NOW)

    def test_the_page_of_a_known_licence_is_known(self, wish: RasterWish) -> None:
        assert check_wish(wish, NOW).licence_url == "https://creativecommons.org/licenses/by/4.0/"
        assert check_wish(replace(wish, licence="ours"), NOW).licence_url is None


def test_one_raster_an_id_through_repeats_replacement_and_removal(
    database: Database, write: Write, wish: RasterWish, tmp_path: Path
) -> None:
    folder = tmp_path / "rasters"

    def take(path: Path, asked: RasterWish = wish) -> Any:
        return ingest_raster(database, path, folder, asked, NOW, most_mpx=100, progress=lambda done, total: None)

    def files() -> list[str]:
        return sorted(file.name for file in (folder / wish.raster_id).iterdir())

    path = write(depths())
    first = take(path)
    (row,) = read_rasters(database)
    assert (row["raster_id"], row["kind"], row["licence_url"]) == (
        "komatsu-no", "snow_depth", "https://creativecommons.org/licenses/by/4.0/",
    )  # fmt: skip
    assert files() == [f"{row['content_key']}.tif"]
    assert (first.is_repeat, first.replaced, first.known_share) == (False, None, 1.0)
    assert first.pixel_m == pytest.approx(2, rel=0.01)

    again = take(path)
    assert again.is_repeat
    assert read_rasters(database) == [row]

    (folder / wish.raster_id / f"{row['content_key']}.tif").unlink()
    assert not take(path).is_repeat  # the file was lost: it is made again
    assert files() == [f"{row['content_key']}.tif"]

    second = take(write(depths() + 1, "other.tif"))
    assert second.replaced == row["content_key"]
    assert len(files()) == 2  # a server may still read the former one
    (folder / wish.raster_id / ".half.cog.tif").touch()
    assert len(sweep(database, folder, wish.raster_id)) == 2
    assert files() == [f"{read_rasters(database)[0]['content_key']}.tif"]

    with pytest.raises(InputError):
        take(write(depths(), "bad.tif", crs=None))
    assert files() == [f"{read_rasters(database)[0]['content_key']}.tif"]

    with database.connect(Role.INGEST) as other:
        other.execute("SELECT pg_advisory_lock(7902112, hashtext(%s))", (wish.raster_id,))
        with pytest.raises(ConflictError):
            take(path)

    remove_raster(database, wish.raster_id)
    sweep(database, folder, wish.raster_id)
    assert read_rasters(database) == []
    assert not (folder / wish.raster_id).exists()
    with pytest.raises(NotFoundError):
        remove_raster(database, wish.raster_id)
