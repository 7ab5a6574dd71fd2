"""`yukimichi order …` and `yukimichi ingest closures`: what road managers enter by hand, and closures from files."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geo.errors import InputError
from geo.timeline import in_zone, now
from geo.vocabulary import OrderKind, Restriction, State
from yukimichi.cli.ingest import Crs, Encoding, Layer, Mapping, OneFile, Source, Synthetic, Values, source_with_flags
from yukimichi.cli.options import Config
from yukimichi.cli.reports import show
from yukimichi.context import Context, opened, secret

if TYPE_CHECKING:
    from ingest.orders import Receipt

orders = typer.Typer(
    no_args_is_help=True,
    help="Closures, corrections of states and publication stops, entered by hand. 通行規制・状態の訂正・公表停止。",
)
Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON. JSON で出力")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept for good. 理由")]
#: A worker that was heard of within this looks after orders itself.
HEARD = timedelta(seconds=15)


def _place(**given: Any) -> dict[str, Any]:
    """The place of an order as a request says it."""
    place: dict[str, Any] = {}
    if given["between"] is not None:
        try:
            ends = [[float(part) for part in end.split(",")] for end in given["between"].split("/")]
        except ValueError as error:
            raise InputError(
                f"--between {given['between']!r} is no pair of places.",
                hint="Write LON,LAT/LON,LAT, e.g. 136.65,36.56/136.66,36.56.",
            ) from error
        place["between"] = ends
    if given["edge"]:
        place["edges"] = [{"edge_id": edge_id} for edge_id in given["edge"]]
    if given["area"] is not None:
        place["geometry"] = _geometry(given["area"])
    return place | {name: given[name] for name in ("route_id", "section_id", "manager") if given[name] is not None} | (
        {"everywhere": True} if given["everywhere"] else {}
    )  # fmt: skip


def _geometry(path: Path) -> Any:
    """The geometry of a GeoJSON file: a geometry, a feature, or a collection of one feature."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no GeoJSON: {error}.", hint="Give a geometry or one feature.") from error
    if isinstance(document, dict) and document.get("type") == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise InputError(f"{path} does not hold exactly one feature.", hint="yukimichi ingest closures takes many.")
        document = features[0]
    return document.get("geometry", document) if isinstance(document, dict) else document


@orders.command("add")
def add(
    kind: Annotated[str, typer.Argument(help=f"{', '.join(OrderKind)}. 種類")],
    reason: Reason,
    restriction: Annotated[str | None, typer.Option(help=f"{', '.join(Restriction)}. 規制")] = None,
    state: Annotated[str | None, typer.Option(help=f"{', '.join(State)}. 訂正後の状態")] = None,
    between: Annotated[str | None, typer.Option(help="Two places, LON,LAT/LON,LAT. 区間の両端")] = None,
    edge: Annotated[list[int] | None, typer.Option(help="An edge by id; may be repeated. リンクID")] = None,
    geometry: Annotated[Path | None, typer.Option(help="GeoJSON of a line or an area. 線または範囲")] = None,
    route: Annotated[str | None, typer.Option(help="A plough route by id. 除雪路線")] = None,
    section: Annotated[str | None, typer.Option(help="A work section by id. 工区")] = None,
    manager: Annotated[str | None, typer.Option(help="Of a stop: all roads of a manager. 管理者")] = None,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="Of a stop: all roads. 全域")] = False,
    begins: Annotated[str | None, typer.Option("--from", help="From when; now if left out. 開始")] = None,
    ends: Annotated[str | None, typer.Option("--until", help="Until when; left out: further notice. 終了")] = None,
    drawn: Annotated[bool, typer.Option("--one-way", help="Only in the direction that is named. 片方向")] = False,
    public: Annotated[bool, typer.Option("--public-reason", help="Everybody reads the reason. 理由を公表")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Close or restrict a road, correct its state, or stop publication. 規制・訂正・公表停止を入力する."""
    from ingest.order_entry import read_order
    from ingest.orders import place_order

    place = _place(between=between, edge=edge, area=geometry, route_id=route, section_id=section, manager=manager,
                   everywhere=everywhere)  # fmt: skip
    given = place | {
        "kind": kind,
        "restriction": restriction,
        "state": state,
        "reason": reason,
        "begins_at": begins,
        "ends_at": ends,
        "is_reason_public": public,
        "direction": "drawn" if drawn else "both",
    }
    with opened(config) as context:
        order = read_order(given, now(), context.settings.timezone, may_be_over=True)
        _enter(context, lambda connection, author: place_order(connection, author, order), as_json=as_json)


@orders.command("end")
def end(
    order_id: Annotated[int, typer.Argument(help="Id of the order, see `yukimichi order list`. 指示ID")],
    reason: Reason,
    at: Annotated[str | None, typer.Option(help="When it ends; now if left out. 終了")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """End an order now, or at a moment to come. 指示を終了する."""
    from ingest.orders import end_order

    with opened(config) as context:
        given = {"reason": reason, "ends_at": at}
        zone = context.settings.timezone
        _enter(context, lambda c, author: end_order(c, author, order_id, given, now(), zone), as_json=as_json)


@orders.command("list")
def list_(
    past: Annotated[bool, typer.Option("--past", help="Those that are over too. 終了したものも")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List orders that hold now or will. 有効な指示を一覧する."""
    from geo.db import Role
    from ingest.orders import list_orders

    with opened(config) as context, context.database.connect(Role.INGEST) as connection:
        rows = list_orders(connection, now(), with_past=past)
        zone = context.settings.timezone
    if as_json:
        said = [{name: value for name, value in row.items() if name != "geom"} for row in rows]
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2, default=str))
        return
    for row in rows:
        typer.echo(_line(row, zone))
    if not rows:
        typer.echo("No order holds. 有効な指示はありません。")


def _line(row: dict[str, Any], zone: str) -> str:
    word = Restriction(row["restriction"]) if row["restriction"] else State(row["state"]) if row["state"] else None
    what = f"{OrderKind(row['kind']).ja} {row['kind']}" + (f": {word.ja} {word}" if word else "")
    until = "until further notice 当面の間"
    if row["ends_at"] is not None:
        until = f"until {in_zone(row['ends_at'], zone):%m-%d %H:%M}"
    where = json.dumps(row["place"], ensure_ascii=False)[:80]
    return f"{row['order_id']:>6}  {what}  from {in_zone(row['begins_at'], zone):%m-%d %H:%M} {until}  {where}  " + (
        f"{row['reason']} ({row['author']})"
    )


def _enter(context: Context, work: Any, *, as_json: bool) -> None:
    """Write an entry; a worker publishes it within a second, and where none runs this command does."""
    from geo.db import Role
    from ingest.order_roads import Author
    from yukimichi.keys import actor

    with context.database.connect(Role.INGEST) as connection:
        receipt: Receipt = work(connection, Author(actor()))
    show({"order": receipt} | settle(context), as_json=as_json)


def settle(context: Context) -> dict[str, Any]:
    """Who lays new orders on roads and publishes them: a worker that runs, or this process now."""
    from geo.db import Role, read_sql
    from yukimichi.pipeline import apply_orders

    with context.database.connect(Role.ENGINE) as connection:
        params = {"since": now() - HEARD}
        is_heard = connection.execute(read_sql("yukimichi", "is_worker_heard"), params).fetchone() == (True,)
        has_roads = connection.execute(read_sql("geo", "queries/newest_version")).fetchone() is not None
    if is_heard or not has_roads:
        return {"published": "by the running worker" if is_heard else "once roads are ingested"}
    turn = apply_orders(context.database, context.settings, secret(context.settings), now())
    return {"published": "now", "misfits": [{"order_id": one, "misfit": text} for one, text in turn.misfits]}


def closures(
    file: OneFile,
    source: Source,
    add_to: Annotated[
        bool, typer.Option("--add", help="Closures that the file does not list go on. 記載のない規制も継続")
    ] = False,
    crs: Crs = None,
    encoding: Encoding = None,
    layer: Layer = None,
    mapping: Mapping = None,
    values: Values = None,
    synthetic: Synthetic = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Closures and restrictions from GeoJSON, shape, GeoPackage. 通行規制.

    The file stands for its source: what it no longer lists ends now, unless --add is given.
    """
    from ingest.closures import ingest_closures

    with opened(config) as context:
        flags = {"crs": crs, "encoding": encoding, "layer": layer, "synthetic": synthetic}
        settings = source_with_flags(context.settings, source, mapping, values, **flags)
        report = ingest_closures(context.database, file, source, settings, now(), is_whole=not add_to)
        show({"closures": report} | settle(context), as_json=as_json)


def register(app: typer.Typer, ingest: typer.Typer) -> None:
    """Hang the commands onto the application and onto `ingest`."""
    app.add_typer(orders, name="order")
    ingest.command("closures")(closures)
