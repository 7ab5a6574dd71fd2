"""`yukimichi report …`: daily reports, corrections by hand."""

from __future__ import annotations

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Reports from the facts: daily reports and pay sheets. 実績から作る報告：作業日報・支払明細。\n\n"
    "Every figure can be traced to facts: their ids, first and last fix and versions stand beside it.",
)


@app.callback()
def report() -> None:
    """Hold the group together; its commands do the work."""


def register(root: typer.Typer) -> None:
    """Hang the group onto the application."""
    root.add_typer(app, name="report")
