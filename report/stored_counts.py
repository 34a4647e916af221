# SPDX-License-Identifier: Apache-2.0
"""Counts of a simulated machine that were made before, for a campaign that
counted nothing itself (docs/adr/0026)."""
import json
from pathlib import Path

from report import words
from report.journal import DEFAULTS, Cell

FILE = Path(__file__).with_name("simulated_counts.json")


def wanted(a):
    """A mode's page has a figure of misses; where this machine did not count
    and nothing was planned to be simulated, the stored counts are it. A page
    whose numbers are synthetic gets no others."""
    counted = any(c.ok for c in a.by_measure.get("counters", []))
    simulated = any(m.startswith("simulated:") for m in a.by_measure)
    meta = a.campaign.meta
    return bool(meta.get("mode") and not meta.get("synthetic")
                and not counted and not simulated)


def cell_of(row):
    """A stored row as a cell of the journal, so that figures read both."""
    events = [{"metric": name, "total": total}
              for name, total in row["counts"].items()]
    return Cell({**DEFAULTS, **row["cell"]}, ok=[
        {"status": "ok", "result": {"ops": row["ops"],
                                    "counters": {"events": events}}}])


def source(stored, file):
    """What a row of these counts is from: no journal of the campaign."""
    commit = stored["commit"]
    built = words.commit({"commit": commit.removesuffix("+"),
                          "dirty": commit.endswith("+")})
    return f"report/{file.name}, commit {built}"


def origin(stored, rows, campaign):
    """Whose counts these are, and whether this build's maps are the same."""
    other = sorted({r["cell"]["map"] for r in rows if r["code"]
                    != campaign.maps[r["cell"]["map"]].get("code")})
    commit = stored["commit"].replace("+", " and changes on top of it")
    made = f"Counted at {commit} with {stored['compiler']}, "
    if not other:
        return made + ("before this run; the machine code of these maps is "
                       "the same in this build.")
    return made + (f"not on this build, whose {words.joined(other)} "
                   f"{'have' if len(other) > 1 else 'has'} other machine "
                   "code.")


def read(a, file=FILE):
    """(model, cells, origin, source) of the maps that the campaign has; None
    where the page has no use for them."""
    if not wanted(a):
        return None
    stored = json.loads(file.read_text(encoding="utf-8"))
    rows = [r for r in stored["cells"]
            if r["cell"]["map"] in a.campaign.maps]
    if not rows:
        return None
    return (stored["model"], [cell_of(r) for r in rows],
            origin(stored, rows, a.campaign), source(stored, file))
