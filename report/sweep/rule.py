# SPDX-License-Identifier: Apache-2.0
"""The numbers of the search, fixed before it starts. `python3 -m report rule crossover`
prints them; stages.json keeps them under its hash."""
from dataclasses import dataclass
from pathlib import Path

from report import stats
from report.decide.groups import MARGIN
from report.load import JournalError, strict_json
from report.staged import Rule

FORMAT, KIND = 1, "crossover"


@dataclass(frozen=True)
class Numbers:
    """error   largest probability of a wrong verdict on a point, over all looks
    blocks  added by each look; 7 is the least number with an interval
    """
    error: float = 0.05
    blocks: tuple[int, ...] = (7, 7, 14)

    @property
    def looks(self) -> int:
        """Most looks at a point."""
        return len(self.blocks)

    @property
    def level(self) -> float:
        """Level of each look's interval such that all looks at a point hold jointly
        (Bonferroni over looks): 0.9833 for 0.05 and 3."""
        return 1.0 - self.error / self.looks

    @property
    def most(self) -> int:
        """Most blocks of a point: 28."""
        return sum(self.blocks)


NUMBERS = Numbers()


def wrong_in(rule: Rule) -> str | None:
    """Why this version cannot follow a rule; None if it can."""
    for name, value, expected in (("format", rule.format, FORMAT), ("kind", rule.kind, KIND),
                                  ("margin", rule.margin, MARGIN)):
        if value != expected:
            return f"{name} is {value!r}, expected {expected!r}"
    if rule.error is None or not 0 < rule.error < 0.5:
        return f"error is {rule.error!r}, expected 0 to 0.5"
    if not 1 <= len(rule.blocks) <= 10:
        return f"blocks is {list(rule.blocks)!r}, expected 1 to 10 numbers"
    least = stats.needed_n_walsh(Numbers(rule.error, rule.blocks).level)
    if min(rule.blocks) < 1 or rule.blocks[0] < least:
        return (f"blocks is {list(rule.blocks)!r}, expected numbers of at least 1, and a first of "
                f"{least} or more")
    return None


def checked(rule: Rule, file: Path) -> Numbers:
    """The rule of stages.json; JournalError if another version wrote it."""
    wrong = wrong_in(rule)
    if wrong or rule.error is None:
        raise JournalError(f"{file}: rule: {wrong}: use the report of the version that started "
                           "this, or start again")
    return Numbers(rule.error, rule.blocks)


def main() -> int:
    """Prints the numbers; returns the exit status."""
    print(strict_json.dumps({"blocks": NUMBERS.blocks, "error": NUMBERS.error, "format": FORMAT,
                             "kind": KIND, "margin": MARGIN}, indent=1))
    return 0
