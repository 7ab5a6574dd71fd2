"""The generated pages of the docs: the command line and the configuration, from the code itself.

    python -m yukimichi.reference docs/reference

writes them; a test compares the committed pages with what the code says.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from geo.settings import SHORT_NAMES, Settings, SourceSettings

NOTE = "Generated from the code by `make reference`; edit the code, not this page."


type Command = TyperCommand | TyperGroup


def commands(command: object, path: str = "yukimichi") -> Iterator[tuple[str, Command]]:
    """(path, command) of every command and group, depth first."""
    assert isinstance(command, TyperCommand | TyperGroup)
    yield path, command
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            yield from commands(child, f"{path} {name}")


def all_commands() -> list[tuple[str, Command]]:
    """Every command of `yukimichi`."""
    from yukimichi.__main__ import app

    return list(commands(get_command(app)))


def cli_markdown() -> str:
    """The page of the command line."""
    parts = ["# Command line\n", NOTE + "\n"]
    for path, command in all_commands():
        arguments = " ".join(p.metavar or str(p.name).upper() for p in command.params if isinstance(p, TyperArgument))
        parts.append(f"## {path}\n\n```\n{path} {arguments}".rstrip() + "\n```\n")
        parts.append(_plain(command.help or ""))
        options = [p for p in command.params if isinstance(p, TyperOption)]
        rows = [
            f"| `{', '.join([*option.opts, *option.secondary_opts])}` | {_cell(option.help)} | {_default(option)} |"
            for option in options
        ]
        if rows:
            parts.append("| option | meaning | default |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _plain(text: str) -> str:
    return "\n".join(line.strip() for line in text.replace("\b", "").strip().splitlines()) + "\n"


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def _default(option: TyperOption) -> str:
    value = option.default
    return f"`{value}`" if isinstance(value, bool | int | float | str) and value != "" else ""


def config_markdown() -> str:
    """The page of config.yml."""
    short = {".".join(keys): name for name, keys in SHORT_NAMES.items()}
    lines = ["# Configuration\n", NOTE + "\n"]
    lines.append("Keys of `config.yml`. An unknown key is refused. `YUKI__A__B` in the environment sets key `a.b`.\n")
    lines.append("| key | default | short name in the environment |\n| --- | --- | --- |")
    for key, field in _keys(Settings):
        lines.append(f"| `{key}` | `{_value(field)}` | {short.get(key, '')} |".replace("| |", "| |"))
    lines.append("\n## Keys of a source\n\n" + _plain(SourceSettings.__doc__ or ""))
    lines.append("| key | default |\n| --- | --- |")
    lines += [f"| `sources.NAME.{key}` | `{_value(field)}` |" for key, field in _keys(SourceSettings)]
    return "\n".join(lines) + "\n"


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _keys(kind, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def _value(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {item}" for key, item in value.items()) + "}"
    return "null" if value is None else str(value)


PAGES = {"cli.md": cli_markdown, "config.md": config_markdown}


def main() -> None:
    """Write the pages into the folder of the first argument."""
    folder = Path(sys.argv[1])
    for name, make in PAGES.items():
        (folder / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
