# SPDX-License-Identifier: Apache-2.0
"""Version against version on one machine: every cell then and now, by the
statistics of the report's "since the campaign before" (report/previous.py).
Trials of two days are not paired."""
from report import previous, verdicts
from report.compare import admit
from report.compare.contrast import Side

COLUMNS = ("machine", "map", "mops_then", "mops", "ratio", "low", "high",
           "n_then", "word", "why")
WORDS = ("faster", "slower", "not shown to differ")


class Version:
    """Two campaigns of one machine that differ in the version only."""
    doubt = ""  # a sentence, where a control of either failed

    def __init__(self, then, now):
        self.then, self.now = then, now
        self.label = f"{then.label} → {now.label}"
        side = Side(now)
        cells = side.a.by_measure.get("throughput", [])
        level = 1 - 0.05 / max(len(cells), 1)
        self.rows = [previous.row_of(
            then.campaign.cells.get(cell.id), cell, level, previous.wrong(
                then.campaign, now.campaign, cell.map))
                     | {"map": cell.map, "mops": side.a.mops(cell),
                        "machine": self.label} for cell in cells]
        self.doubt = previous.doubt(then.invalid, now.invalid)
        if self.doubt:
            self.rows = previous.wordless(self.rows)
        self.head = side.a.headline()
        self.here = {c.id for c in side.a.at(self.head).values()}
        self.look, self.place = side.a.look, (
            side.a.place(self.head) if self.head else "")

    def counted(self):
        """word -> how many cells."""
        said = [r["word"] for r in self.rows]
        found = {word: said.count(word) for word in WORDS} | {
            "no interval": said.count("")}
        withheld = said.count(verdicts.WITHHELD)
        return found | ({verdicts.WITHHELD: withheld} if withheld else {})

    def differs(self):
        """What is another version, in words."""
        return admit.version(self.then.campaign, self.now.campaign,
                             "then it was")

    def warnings(self):
        """Texts of what else differs, the warned of first."""
        said = previous.floor_warnings([r for r in self.rows
                                        if r["cell"] in self.here])
        said += previous.warnings(self.now.campaign, self.then.campaign)
        return sorted(said, key=lambda s: not s[0])


def of(found):
    return [Version(then, now) for then, now in found.versions]
