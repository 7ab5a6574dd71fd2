"""Backup and restore of a whole deployment: database, secret, networks, archive, settings.

The dump and the content of every table are read in one snapshot, so that a backup of a running service is of one
moment. A restore goes into an empty cluster only, in one transaction, and is compared with what the backup says of each
table.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql

from geo.db import Database, Role, Row, read_sql
from geo.errors import ConflictError, DatabaseProblem, EnvironmentProblem, InputError
from geo.migrate import migrate, migrations
from yukimichi.archive_recompute import exclusive
from yukimichi.backup_files import (
    CONFIG,
    DUMP,
    BackupManifest,
    TableContent,
    begin,
    copy_private,
    describe,
    finish,
    home_files,
    read_backup,
    require_empty_home,
    restore_home,
)
from yukimichi.backup_programs import find_client, run_client
from yukimichi.context import Context

type Progress = Callable[[int, int], None]

#: Rows that no backup holds: positions of other vehicles and their secrets are kept for a day and no longer.
SHORT_LIVED = frozenset({"raw.probe", "raw.probe_secret"})


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds, or what was restored of it. migrated: what this release added to an older backup."""

    n_tables: int
    n_rows: int
    n_files: int
    n_bytes: int
    has_archive: bool
    migrated: tuple[str, ...] = ()


def backup(
    context: Context,
    dest: Path,
    config: Path | None,
    now: datetime,
    *,
    with_archive: bool = False,
    progress: Progress = lambda done, total: None,
) -> BackupReport:
    """Write a backup into a new folder; the service may go on meanwhile.

    config        the settings file to keep with it; None: there is none
    with_archive  the fixes of the archive too; without them only its manifests
    Raises ConflictError where the folder exists or days are being moved, EnvironmentProblem without pg_dump.
    """
    made = begin(dest)
    try:
        manifest = _write(context, made, config, now, with_archive, progress)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    finish(made, dest, manifest)
    return _report(manifest)


def _write(
    context: Context, made: Path, config: Path | None, now: datetime, with_archive: bool, progress: Progress
) -> BackupManifest:
    """All files but the manifest, and what it will say."""
    with exclusive(context.database), context.database.connect(Role.OWNER) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        postgresql, postgis = _versions(connection)
        snapshot = connection.execute(read_sql("yukimichi", "export_snapshot")).fetchone()
        assert snapshot is not None
        program = find_client("pg_dump", connection.info.server_version // 10_000)
        left_out = [f"--exclude-table-data={name}" for name in sorted(SHORT_LIVED)]
        options = ("--format=custom", "--no-owner", "--no-comments", f"--snapshot={snapshot[0]}", *left_out)
        run_client(program, context.database.conninfo, *options, f"--file={made / DUMP}")
        tables = contents(connection, progress)
        for inner in home_files(context.settings.home, with_archive=with_archive):
            copy_private(context.settings.home / inner, made / "home" / inner)
    if config is not None and config.exists():
        copy_private(config, made / CONFIG)
    return BackupManifest(
        made_at=now.isoformat(),
        version=version("yukimichi"),
        postgresql=postgresql,
        postgis=postgis or "",
        migrations=tuple(name for name, _ in migrations()),
        has_archive=with_archive,
        tables=tables,
        files=describe(made),
    )


def _versions(connection: psycopg.Connection[Row]) -> tuple[str, str | None]:
    row = connection.execute(read_sql("yukimichi", "server_version")).fetchone()
    assert row is not None
    return row[0], row[1]


def contents(
    connection: psycopg.Connection[Row], progress: Progress = lambda done, total: None
) -> dict[str, TableContent]:
    """Rows and content of every table but SHORT_LIVED, in the connection's transaction."""
    connection.execute(read_sql("yukimichi", "plain_text_rows"))
    names = connection.execute(read_sql("yukimichi", "own_tables")).fetchall()
    found: dict[str, TableContent] = {}
    for i, (schema, table) in enumerate(names):
        progress(i, len(names))
        if f"{schema}.{table}" in SHORT_LIVED:
            continue
        query = sql.SQL(read_sql("yukimichi", "fingerprint_table")).format(table=sql.Identifier(schema, table))
        row = connection.execute(query).fetchone()
        assert row is not None
        found[f"{schema}.{table}"] = TableContent(int(row[0]), str(row[1]))
    return found


def _report(manifest: BackupManifest, migrated: tuple[str, ...] = ()) -> BackupReport:
    n_rows = sum(one.n for one in manifest.tables.values())
    size = len(manifest.files), manifest.n_bytes
    return BackupReport(len(manifest.tables), n_rows, *size, manifest.has_archive, migrated)


def restore(
    database: Database, home: Path, source: Path, progress: Progress = lambda done, total: None
) -> BackupReport:
    """Bring a backup back into an empty database and an empty `home`, and compare every table.

    Raises InputError for a backup that is damaged or of a newer release, ConflictError where something is there
    already, DatabaseProblem where the restored tables are not those of the backup.
    """
    manifest = read_backup(source)
    unknown = set(manifest.migrations) - {name for name, _ in migrations()}
    if unknown:
        raise InputError(
            f"{source} was made by Yukimichi {manifest.version}, which knows {sorted(unknown)}; this one does not.",
            hint="Restore it with that release or a newer one.",
        )
    require_empty_home(home)
    _prepare(database, manifest)
    with database.connect(Role.OWNER) as connection:
        program = find_client("pg_restore", connection.info.server_version // 10_000)
    options = ("--no-owner", "--single-transaction", "--exit-on-error")
    run_client(program, database.conninfo, *options, str(source / DUMP))
    with database.connect(Role.OWNER) as connection:
        _compare(manifest.tables, contents(connection, progress))
    restore_home(source, manifest, home)
    migrated = tuple(migrate(database))
    with database.connect(Role.OWNER) as connection:
        connection.execute(read_sql("yukimichi", "analyse"))
    return _report(manifest, migrated)


def _prepare(database: Database, manifest: BackupManifest) -> None:
    """Make the roles, which are the cluster's and in no dump, by the migration that defines them."""
    with database.connect(Role.OWNER) as connection:
        held = connection.execute(read_sql("yukimichi", "own_tables")).fetchall()
        if held:
            raise ConflictError(
                f"The database holds {len(held)} tables; a backup is restored into an empty one only.",
                hint="Name another `home` or `database.url`, or delete all data with `yukimichi clean-data`.",
            )
        if connection.info.server_version // 10_000 < int(manifest.postgresql.split(".")[0]):
            raise EnvironmentProblem(
                f"The backup is of PostgreSQL {manifest.postgresql}, this server is older.",
                hint="Restore it into a server of that version or a newer one.",
            )
        connection.execute(migrations()[0][1])
        connection.execute(read_sql("yukimichi", "drop_empty_schemas"))


def _compare(wanted: dict[str, TableContent], found: dict[str, TableContent]) -> None:
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        raise DatabaseProblem(
            f"{len(wrong)} restored tables differ from the backup: {', '.join(wrong[:8])}.",
            hint="Do not use this database. Delete it, and restore again or from another backup.",
        )
