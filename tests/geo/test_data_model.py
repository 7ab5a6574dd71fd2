"""The pages on data and on states name what is there: every table, every row of the state table, every constant."""

from __future__ import annotations

import re
from pathlib import Path

from geo import end_slack, passes, work_changes
from geo.db import Database, Role
from geo.status import REASONS, STATES, TABLE
from geo.store import evidence
from geo.trace import TraceSettings
from geo.vocabulary import CLEARING_TREATMENTS, Reason

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMAS = ("raw", "net", "ops", "pub", "mgr", "social", "app", "portal")


def test_every_table_is_in_the_data_model_and_no_other(database: Database) -> None:
    rows_of_page = re.findall(r"^\| (\w+)\.(\w+) \|", (DOCS / "data-model.md").read_text(), re.M)
    named = {f"{schema}.{name}" for schema, name in rows_of_page if schema in SCHEMAS}
    with database.connect(Role.OWNER) as connection:
        rows = connection.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables "
            "WHERE table_schema = ANY(%s) AND table_name !~ '^fix_[0-9]'",
            (list(SCHEMAS),),
        ).fetchall()
    assert {row[0] for row in rows} == named


def test_the_state_table_has_every_state_and_reason_in_the_order_of_the_code() -> None:
    text = (DOCS / "coverage.md").read_text()
    rows = re.findall(r"^\| \d+ \| .* \| (\w+) \| (\w+) \| [^|]* \|$", text, re.M)
    assert rows == [(str(state), str(reason)) for state, reason in TABLE]
    assert {row[0] for row in rows} == {str(word) for word in STATES}
    # a publication stop is no state: it is laid over them when they are published
    assert {row[1] for row in rows} == {str(word) for word in REASONS if word is not Reason.WITHHELD}


def test_the_constants_of_the_page_are_those_of_the_code() -> None:
    text = (DOCS / "coverage.md").read_text()
    for said in (
        f"at most {work_changes.JUNCTION_REACH_M:.0f} m outside",
        f"More than {work_changes.BRIDGE_S:.0f} s between two fixes",
        "capped at {1} for declared, {2} for assumed and {3} for unknown work".format(*passes.BASIS_CONFIDENCE_MAX),
        f"up to {end_slack.END_SLACK_M:.0f} m that are missing",
        f"never more than {end_slack.END_SLACK_FRACTION * 100:.0f} % of the edge",
        f"fixes within {evidence.UNMATCHED_NEAR_M:.0f} m of the edge",
        f"less than {TraceSettings().max_gap_s / 60:.0f} minutes old",
    ):
        assert said in text, said
    assert f"{evidence.PLAN_SHARE}" == "0.5"
    assert "holds half of the edge" in text
    listed = re.search(r"\*\*Clearing treatments\*\* are (.*?)\.", text, re.S)
    assert listed
    assert set(re.findall(r"[a-z_]{5,}", listed.group(1))) == {str(word) for word in CLEARING_TREATMENTS}
