# SPDX-License-Identifier: Apache-2.0
"""A made-up search that has every kind of field and boundary, and its page:
two kinds of write, points that the plan skips, ties, flips along each axis."""
import html
import re

import staged_folder as folder
import sweep_worlds as worlds
from report_helpers import Built

from report import staged
from report.sweep import decide

SKIP = "the machine has 2 CPUs"
WHY_SKIPPED = "; ".join(f"{name}: {SKIP}" for name in worlds.MAPS)
PLANNED, SKIPPED = 162, 18  # points


def plan(shape=(9, 3, 3)):
    """Two kinds of write; 4 threads with most keys cannot run."""
    found = worlds.plan(shape)
    found["cells"] += worlds.plan(shape, write_kind="churn")["cells"]
    most = max(c["keys"] for c in found["cells"])
    for cell in found["cells"]:
        if (cell["threads"], cell["keys"]) == (4, most):
            cell["skip"] = SKIP
    return found


PLAN = plan()


def truth(x, y, z):
    """ln B / A: flips along shares, threads and keys; where it nears 0, not
    told apart."""
    return 2.5 * (x - 0.5) + 0.4 * (y - 0.6) + 0.4 * (z - 0.4)


def searched(path, **more):
    """The page of a search that is at its end."""
    folder.run(path, PLAN, truth, **more)
    return Built(path)


def begun(path, change=lambda found: found, checks=()):
    """The page of one whose first stage is complete; change as of
    staged_folder.run_stage(), checks: cells of verifications."""
    whole = PLAN | {"cells": [*PLAN["cells"], *checks]}
    folder.begin(path, whole)
    folder.run_stage(path, whole, truth, 1, change)
    return Built(path)


def failing(found):
    """Every trial of syncmap ends by a signal."""
    return [t | {"status": "failed", "reason": "signal 11", "result": None}
            if "/syncmap/" in t["cell"] else t for t in found]


def said(built):
    return decide.decided(staged.read(built.folder))


def texts(part, pattern):
    """What is between tags that match, as a reader sees it."""
    return [html.unescape(re.sub("<[^>]*>", "", text))
            for text in re.findall(pattern, part, re.S)]


def tips(built, across="threads"):
    """Tool tips of the panels over one factor."""
    found = re.findall(rf'<desc id="flip-{across}-\d+-d">(.*?)</svg>',
                       built.page, re.S)
    assert found
    return [tip for part in found
            for tip in texts(part, r"<title>(.*?)</title>")]


def cells(built, name):
    """Rows of a table, as in its Markdown file."""
    text = (built.out / f"tables/{name}.md").read_text(encoding="utf-8")
    return [[c.strip() for c in line.strip("| \n").split(" | ")]
            for line in text.splitlines()[2:]]
