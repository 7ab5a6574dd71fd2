"""Spatial and temporal functions of CQL2 (OGC 21-065r2 §7.5 and §7.6) as SQL."""

from __future__ import annotations

from psycopg import sql

from tiles.cql2_terms import Term
from tiles.cql2_text import refused

#: Relations of OGC 06-103r4 §6.1.15, as PostGIS names them.
SPATIAL = {
    "s_intersects": "ST_Intersects({0}, {1})", "s_disjoint": "(NOT ST_Intersects({0}, {1}))",
    "s_equals": "ST_Equals({0}, {1})", "s_touches": "ST_Touches({0}, {1})", "s_within": "ST_Within({0}, {1})",
    "s_overlaps": "ST_Overlaps({0}, {1})", "s_crosses": "ST_Crosses({0}, {1})", "s_contains": "ST_Contains({0}, {1})",
}  # fmt: skip
#: Relations that PostGIS has for collections of several kinds of geometry.
OF_COLLECTIONS = ("s_intersects", "s_disjoint")
#: {0}, {1} begin and end of the first, {2}, {3} of the second (W3C Time Ontology, the relations of Allen 1983).
TEMPORAL = {
    "t_after": "{0} > {3}",
    "t_before": "{1} < {2}",
    "t_disjoint": "{1} < {2} OR {0} > {3}",
    "t_equals": "{0} = {2} AND {1} = {3}",
    "t_intersects": "{0} <= {3} AND {1} >= {2}",
    "t_contains": "{0} < {2} AND {1} > {3}",
    "t_during": "{0} > {2} AND {1} < {3}",
    "t_finishedBy": "{0} < {2} AND {1} = {3}",
    "t_finishes": "{0} > {2} AND {1} = {3}",
    "t_meets": "{1} = {2}",
    "t_metBy": "{0} = {3}",
    "t_overlappedBy": "{0} > {2} AND {0} < {3} AND {1} > {3}",
    "t_overlaps": "{0} < {2} AND {1} > {2} AND {1} < {3}",
    "t_startedBy": "{0} = {2} AND {1} > {3}",
    "t_starts": "{0} = {2} AND {1} < {3}",
}
#: Those that hold for moments too; the others are for intervals alone (§7.6.2).
OF_MOMENTS = ("t_after", "t_before", "t_disjoint", "t_equals", "t_intersects")


def spatial(name: str, left: Term, right: Term) -> sql.Composable:
    """A spatial relation of two geometries."""
    for term in (left, right):
        if term.kind != "geometry":
            raise refused(f"{name.upper()} takes geometries, not {term.told}.")
        if term.words == "GeometryCollection" and name not in OF_COLLECTIONS:
            raise refused(f"{name.upper()} is not defined for a GEOMETRYCOLLECTION.", "Take MULTI… of one kind.")
    return sql.SQL(SPATIAL[name]).format(left.sql, right.sql)


def temporal(name: str, left: Term, right: Term) -> sql.Composable:
    """A temporal relation of two times; a moment is an interval that ends as it begins."""
    for term in (left, right):
        if term.kind not in ("moment", "date", "interval"):
            raise refused(f"{name.upper()} takes times, not {term.told}.")
        if term.kind != "interval" and name not in OF_MOMENTS:
            hint = "T_INTERSECTS, T_BEFORE, T_AFTER, T_EQUALS and T_DISJOINT take moments."
            raise refused(f"{name.upper()} takes intervals, not {term.told}.", hint)
    ends = [left.sql, left.end or left.sql, right.sql, right.end or right.sql]
    relation = sql.SQL("({})").format(sql.SQL(TEMPORAL[name]).format(*ends))
    known = [end for end, term in zip(ends, (left, left, right, right), strict=True) if term.may_be_null]
    if not known:
        return relation
    tests = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(end) for end in known)
    return sql.SQL("(CASE WHEN {} THEN {} END)").format(tests, relation)
