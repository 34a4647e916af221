# SPDX-License-Identifier: Apache-2.0
"""The numbers of the search, fixed before it starts (`python3 -m report rule
crossover` prints them; stages.json keeps them under its hash)."""
import json

from report import stats, verdicts
from report.journal import JournalError

ERROR = 0.05  # of one point, over all looks at it: a wrong word at most
BLOCKS = [7, 7, 14]  # that each look adds; 7: the least n with an interval
NUMBERS = {"format": 1, "kind": "crossover", "error": ERROR,
           "blocks": BLOCKS, "margin": verdicts.MARGIN}


def looks(rule):
    """How often a point is looked at, at most."""
    return len(rule["blocks"])


def level(rule):
    """Level of each look's interval such that all looks at a point hold
    jointly (Bonferroni over looks): 0.9833 of 0.05 and 3."""
    return 1.0 - rule["error"] / looks(rule)


def most(rule):
    """Blocks that a point can have at most: 28."""
    return sum(rule["blocks"])


def wrong_in(rule):
    """Why a rule cannot be followed by this report; None: it can."""
    if not isinstance(rule, dict) or set(rule) != set(NUMBERS):
        return "expected the members " + ", ".join(sorted(NUMBERS))
    for name in ("format", "kind", "margin"):
        if rule[name] != NUMBERS[name]:
            return f"{name} is {rule[name]!r}, expected {NUMBERS[name]!r}"
    if type(rule["error"]) is not float or not 0 < rule["error"] < 0.5:
        return f"error is {rule['error']!r}, expected 0 to 0.5"
    blocks = rule["blocks"]
    if not isinstance(blocks, list) or not 1 <= len(blocks) <= 10:
        return f"blocks is {blocks!r}, expected a list of 1 to 10 numbers"
    least = stats.needed_n_walsh(level(rule))
    if any(type(b) is not int or b < 1 for b in blocks) or blocks[0] < least:
        return (f"blocks is {blocks!r}, expected whole numbers, the first "
                f"{least} or more")
    return None


def checked(rule, file):
    """The rule of stages.json; JournalError where it is another report's."""
    wrong = wrong_in(rule)
    if wrong:
        raise JournalError(f"{file}: rule: {wrong}: use the report that came "
                           "with what started this, or start anew")
    return rule


def main():
    """Prints the numbers -> exit status."""
    print(json.dumps(NUMBERS, indent=1, sort_keys=True))
    return 0
