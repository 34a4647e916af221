# SPDX-License-Identifier: Apache-2.0
"""What every rule reads: rows, page, log, and words derived once."""
import re
from pathlib import Path

from report.lint import derive, say
from report.lint.log import Log

HERE = Path(__file__).parent
REFERENCE = "uniform-97-3"


def each_line(name):
    """The lines of a text file but those that explain it."""
    return [line for line in (HERE / name).read_text("utf-8").splitlines()
            if line and not line.startswith("#")]


def patterns(name):
    """(word, regular expression) of each line of a text file."""
    return [tuple(line.split("\t", 1)) for line in each_line(name)]


PHRASES, CELLS = patterns("phrases.txt"), patterns("cells.txt")


class Context:
    def __init__(self, rows, page, log):
        self.rows, self.page, self.log = rows, page, log
        self.made, self.heads = rows.made, None
        self.base = page.verdicts.get("base") or self.planned_base()
        self.contender = page.verdicts.get("contender")
        names = [g.place["workload"] for g in rows.groups]
        self.places = say.Places(rows, {
            REFERENCE if REFERENCE in names else names[0]} if names
            else set())
        self.phrases = [(word, re.compile(self.filled(text)))
                        for word, text in PHRASES]

    def planned_base(self):
        votes = [c.factors.get("base") for c in self.rows.cells.values()]
        return max(sorted(set(votes) - {None}), key=votes.count,
                   default=None)

    def filled(self, text):
        one = "|".join(re.escape(m) for m in sorted(
            self.rows.maps, key=len, reverse=True))
        several = rf"(?:(?:{one})(?:, | and )?)+"
        return (text.replace("{MS}", f"(?P<maps>{several})")
                .replace("{M}", f"(?P<maps>{one})"))

    def decision(self, group):
        key = "decision", id(group)
        if key not in self.made:
            self.made[key] = derive.Decision(self.rows, group)
        return self.made[key]

    def field(self, group):
        key = "field", id(group), self.base, self.contender
        if key not in self.made:
            self.made[key] = derive.Field(group, self.base, self.contender)
        return self.made[key]

    def ratio(self, over, under):
        """over / under, paired by block, of two cells or None; None where
        they have no block in common."""
        if over is None or under is None:
            return None
        key = "ratio", over.id, under.id
        if key not in self.made:
            self.made[key] = derive.ratio(over, under)
        return self.made[key] if self.made[key].n else None

    def level(self, cell):
        """Throughput of a cell; None without a result."""
        group = cell and self.rows.group_of.get(cell.id)
        return group and self.decision(group).levels.get(cell.map)

    def centre(self, cell):
        level = self.level(cell)
        return level and level.centre

    def names(self, text):
        return say.names(text, self.rows.maps)

    @property
    def ranked(self):
        """May any word rank: has no control failed?"""
        return self.page.verdicts.get("valid", True)

    @property
    def two(self):
        """Are there a base and a contender to compare?"""
        return bool(self.base and self.contender)

    def head(self):
        """The group of the first screen."""
        if self.heads is None:
            self.heads = [self.head_told()]
        return self.heads[0]

    def head_told(self):
        """The claim's, else that of the first decision."""
        decisions = self.page.verdicts.get("decisions") or [{}]
        for text in (self.page.claim(), decisions[0].get("place")):
            found = self.places.of(text) if text else []
            if len(found) == 1:
                return found[0]
        return None

    def one(self, file, said, found):
        """The only group of those that fit a place. None, and said so,
        where there are more; a place that nobody planned is a finding."""
        if len(found) == 1:
            return found[0]
        if found:
            self.log.skip(file, said, f"its place fits {len(found)} groups")
        else:
            self.log.found("place", file, said, "campaign.json",
                           "no throughput cell was planned there")
        return None


    def best(self, file, said, found, rule):
        """Runs rule(group) on the group of `found` that it suits best: a
        row whose columns fit two places may be right of either."""
        if len(found) < 2:
            group = self.one(file, said, found)
            return rule(group) if group else None
        kept, logs = self.log, []
        for group in found:
            self.log = Log()
            rule(group)
            logs.append(self.log)
        self.log = kept
        return kept.add(min(logs, key=lambda log: len(log.findings)))


def word_of(text):
    """What a cell calls a comparison; None where no pattern fits."""
    for word, pattern in CELLS:
        if re.fullmatch(pattern, text.strip()):
            return word
    return None
