"""Accessibility as axe-core sees it: WCAG 2.0 to 2.2 at A and AA, and its best practices, in a page that is open.

axe-core (MPL-2.0) lies in tests/web/vendor/axe-core with its licence; vendor/update.sh fetches another version. It runs
in a world of its own, which the page's content security policy does not reach and the page does not see.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("vendor") / "axe-core" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RUN = """
(async () => {
  const wanted = { runOnly: { type: 'tag', values: TAGS }, resultTypes: ['violations'] };
  const { violations } = await axe.run(document, wanted);
  return violations.map(({ id, help, nodes }) => ({
    id, help, nodes: nodes.map(({ target, failureSummary }) => [target.join(' '), failureSummary]),
  }));
})()
"""


def violations(chromium: Any) -> list[dict[str, Any]]:
    """What axe finds wrong in the page that is open: [{id, help, nodes: [[selector, what to mend], ...]}, ...]."""
    frame = chromium.call("Page.getFrameTree")["frameTree"]["frame"]["id"]
    context = chromium.call("Page.createIsolatedWorld", frameId=frame, worldName="axe")["executionContextId"]
    for expression in (SCRIPT.read_text(encoding="utf-8") + ";0", RUN.replace("TAGS", str(list(TAGS)))):
        answer = chromium.call(
            "Runtime.evaluate", expression=expression, contextId=context, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    found: list[dict[str, Any]] = answer["result"]["value"]
    return found
