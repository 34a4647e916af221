# SPDX-License-Identifier: Apache-2.0
"""Reports that were worked out by hand from docs/verdicts.md: a campaign
with rates in round numbers, and what its page has to say.

A file of pages/ has the lines of a shape (make_shape.py), and

    claim TEXT
    table PLACE | NAMES | MOPS | LEAD | WORD | N | PAIR
    group PLACE | LEADER | WORD | N | NEEDS | WEAKEST
    rival MAP | OUTCOME | RATIO | LOW | HIGH | GROUP_LOW | GROUP_HIGH | N | WHY
    crossover KEY=VALUE ...

"rival" lines belong to the "group" line above them.
"""
import csv
import html
import json
import math
from pathlib import Path

import numpy as np
from make_shape import Shape, pairs

PAGES = Path(__file__).parent / "pages"
GROUP = ("place", "leader", "word", "n", "needs", "weakest")
RIVAL = ("map", "outcome", "ratio", "low", "high", "group_low", "group_high",
         "n", "why")
CROSSOVER = ("workload", "keys", "write_kind", "write_share", "leads_below",
             "leads_above", "from_threads", "to_threads", "position", "low",
             "high", "n")
HEADS = ("workload and threads", "fastest", "Mop/s [95 %]", "lead [95 %]",
         "verdict", "n", "syncmap ÷ gomap_rw [95 %], and gomap_rw")


class Page(Shape):
    """A shape with a report that is known to be right."""

    def __init__(self, path):
        self.claim, self.rows, self.groups, self.crossovers = "", [], [], []
        super().__init__(path)
        self.spec["mode"] = None  # so that no longer one is the next step

    def read_claim(self, rest, _):
        self.claim = rest

    def read_table(self, rest, _):
        self.rows.append([v.strip() for v in rest.split("|")])

    def read_group(self, rest, _):
        self.groups.append(member(GROUP, rest) | {"rivals": []})

    def read_rival(self, rest, _):
        self.groups[-1]["rivals"].append(member(RIVAL, rest))

    def read_crossover(self, rest, _):
        self.crossovers.append(dict(pairs(rest)))

    def make(self, parent):
        """Campaign and report; -> the folder."""
        out = super().make(parent)
        (out / "report/tables").mkdir(parents=True)
        (out / "report/figures").mkdir()
        (out / "report/index.html").write_text(self.html(), "utf-8")
        (out / "report/verdicts.json").write_text(json.dumps({
            "format": 2, "valid": True, "claim": self.claim,
            "base": "gomap_rw", "contender": "syncmap",
            "decisions": self.groups}, indent=1, ensure_ascii=False),
            "utf-8")
        write(out / "report/tables/ranking.csv", (
            "cell", *RIVAL, "mops", "leader", "word"), self.ranking(out))
        write(out / "report/tables/crossovers.csv", CROSSOVER,
              self.crossovers)
        (out / "terminal").write_text(self.terminal(), "utf-8")
        return out

    def html(self):
        cells = lambda tag, row: "".join(
            f"<{tag}>{html.escape(v)}</{tag}>" for v in row)
        body = "".join(f"<tr>{cells('td', row)}</tr>" for row in self.rows)
        return (f'<html><body><section id="answer"><p id="claim">'
                f"{html.escape(self.claim)}</p>"
                f'<table id="table-decision"><thead><tr>{cells("th", HEADS)}'
                f"</tr></thead><tbody>{body}</tbody></table></section>"
                "</body></html>")

    def terminal(self):
        """Two columns' worth of blanks between columns."""
        return "\n".join(["  ".join(row) for row in [
            [*HEADS[:4], "n"], *([*r[:4], r[5]] for r in self.rows)]] + [
                "", self.claim, ""])

    def ranking(self, out):
        """A line for each rival: only the first group's, by its cell."""
        meta = json.loads((out / "campaign.json").read_text("utf-8"))
        ids = {(c["map"], c["threads"]): c["id"] for c in meta["cells"]
               if c["measure"] == "throughput"}
        for g in self.groups:
            threads = int(g["place"].split(" ")[0])
            for r in g["rivals"]:
                cell = ids[r["map"], threads]
                yield r | {"cell": cell, "mops": reached(out, cell),
                           "leader": g["leader"], "word": g["word"]}


def reached(out, cell):
    """Pseudo-median of a cell's trials, Mop/s; None without one."""
    logs = np.log([t["result"]["ops"] * 1e3 / t["result"]["elapsed_ns"]
                   for t in map(json.loads, (
                       out / "trials.jsonl").read_text("utf-8").splitlines())
                   if t["cell"] == cell and t["status"] == "ok"])
    i, j = np.triu_indices(len(logs))
    return math.exp(np.median((logs[i] + logs[j]) / 2)) if len(i) else None


def member(keys, rest):
    """Values of a line by name; "-" is null, numbers are numbers."""
    values = [v.strip() for v in rest.split("|")]
    return {k: value(v) for k, v in zip(keys, values, strict=True)}


def value(text):
    if text == "-":
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def write(path, columns, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, columns, extrasaction="ignore",
                             lineterminator="\n")
        out.writeheader()
        out.writerows({k: "" if v is None else v for k, v in r.items()}
                      for r in rows)
