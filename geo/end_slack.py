"""端数: metres at the end of an edge that count as driven because the same work goes on over the node."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from geo.coverage import PassFacts

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: Metres at an end of an edge that count as cleared when the same work goes on over the node: a fix is 3.5 m off in the
#: median and the path loses a few metres where it breaks and starts again. Never more than END_SLACK_FRACTION of the
#: edge, so that a short edge cannot be cleared by slack alone.
END_SLACK_M = 10.0
END_SLACK_FRACTION = 0.2


def adjacent(facts: PassFacts, edge_from: Ints, edge_to: Ints) -> tuple[Ints, Ints]:
    """Positions (a, b) of facts of which b follows a in its trace, over the node at which a's edge ends.

    edge_from, edge_to (E,) nodes.
    """
    order = np.lexsort((facts.seq, facts.trace))
    a, b = order[:-1], order[1:]
    follows = (facts.trace[a] == facts.trace[b]) & (facts.seq[b] == facts.seq[a] + 1)
    follows &= (edge_to[facts.edge[a]] == edge_from[facts.edge[b]]) & (facts.edge[a] != facts.edge[b])
    return a[follows], b[follows]


def with_end_slack(facts: PassFacts, counts: Bools, pairs: tuple[Ints, Ints], length_m: Floats) -> PassFacts:
    """The facts, drawn out to the end of their edge where the work goes on over the node, or the vehicle turned there.

    Of two facts of `adjacent` that both count, what is missing at their node, up to END_SLACK_M and END_SLACK_FRACTION
    of the edge, counts as driven; and of a fact that counts likewise where the other one goes back on the same road,
    whatever that one is: nobody turns a plough so near a junction and not on it. length_m (E,) metres of each edge.
    """
    a, b = pairs
    goes_on = (counts[a] & counts[b]) | (facts.edge[b] == (facts.edge[a] ^ 1))
    a, b = a[goes_on], b[goes_on]
    at_exit, at_entry = np.zeros(len(facts), np.bool_), np.zeros(len(facts), np.bool_)
    at_exit[a] = True
    at_entry[b] = True
    forward, length = facts.edge % 2 == 0, length_m[facts.edge]
    slack = np.minimum(END_SLACK_M, END_SLACK_FRACTION * length)
    low = np.where(forward, at_entry, at_exit) & (facts.from_m <= slack)
    high = np.where(forward, at_exit, at_entry) & (facts.to_m >= length - slack)
    drawn = {field.name: getattr(facts, field.name) for field in fields(PassFacts)}
    drawn["from_m"] = np.where(low, 0.0, facts.from_m)
    drawn["to_m"] = np.where(high, length, facts.to_m)
    return PassFacts(**drawn)
