# SPDX-License-Identifier: Apache-2.0
"""The limits of the search, fixed before it starts. `python3 -m report rule crossover`
prints them; stages.json stores them with their hash."""
from dataclasses import dataclass
from pathlib import Path

from report import stats
from report.decide.groups import MARGIN
from report.load import JournalError, strict_json
from report.staged import Rule

FORMAT, KIND = 1, "crossover"


@dataclass(frozen=True)
class Numbers:
    """`error` is the largest probability of a wrong verdict on a point, over all looks. Each look
    adds `blocks` blocks; an interval needs at least 7."""
    error: float = 0.05
    blocks: tuple[int, ...] = (7, 7, 14)

    @property
    def looks(self) -> int:
        """Largest number of looks at a point."""
        return len(self.blocks)

    @property
    def level(self) -> float:
        """Confidence level of each look's interval, so that the intervals of all looks at a point
        hold jointly (Bonferroni): 0.9833 for an error of 0.05 and 3 looks."""
        return 1.0 - self.error / self.looks

    @property
    def most(self) -> int:
        """Largest number of blocks of a point."""
        return sum(self.blocks)


NUMBERS = Numbers()


def wrong_in(rule: Rule) -> str | None:
    """Returns the reason why this version cannot follow a rule, or None if it can."""
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
    """Checks the rule in stages.json. Raises JournalError if this version cannot follow the
    rule."""
    wrong = wrong_in(rule)
    if wrong or rule.error is None:
        raise JournalError(f"{file}: the rule's {wrong}: use the report of the version that "
                           "started the search, or start again")
    return Numbers(rule.error, rule.blocks)


def main() -> int:
    """Prints the rule; returns the exit status."""
    print(strict_json.dumps({"blocks": NUMBERS.blocks, "error": NUMBERS.error, "format": FORMAT,
                             "kind": KIND, "margin": MARGIN}, indent=1))
    return 0
