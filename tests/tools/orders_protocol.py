#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks whether a memory order can be weakened because another order has the same effect.

Each row of tests/fixtures/orders/protocol.tsv has a few accesses of a protocol, in which some
orders are weakened. The row lists outcomes that must not occur, and whether C11 allows one of them.
The tool litmus_axioms.py, which shares no code with `explore`, tries all executions.
verify/tests/explore/test_explore_protocol.c checks that the memory model of `explore` has exactly
the same outcomes.

    orders_protocol.py [TABLE]      exits with 1 if a row differs
"""
import fnmatch
import sys
from pathlib import Path

import litmus_axioms

TABLE = Path("tests/fixtures/orders/protocol.tsv")


def rows(table):
    for line in Path(table).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def may_come(program, outcomes):
    """True if C11 allows an execution with one of these outcomes."""
    threads = [[litmus_axioms.Event(i, step) for step in thread.split()]
               for i, thread in enumerate(program.split(" | "))]
    for execution, _ in litmus_axioms.executions(threads):
        seen = "".join(str(litmus_axioms.value_of(w, execution.read))
                       for w in execution.read.values())
        if any(fnmatch.fnmatchcase(seen, o) for o in outcomes.split()) and \
                execution.c11():
            return True
    return False


def main():
    wrong = 0
    for edits, program, _, _, outcomes, recorded in rows(
            (sys.argv[1:] or [TABLE])[0]):
        right = "yes" if may_come(program, outcomes) else "no"
        wrong += right != recorded
        print(f"{'ok  ' if right == recorded else 'FAIL'} {edits}: {right}"
              + ("" if right == recorded else f", expected {recorded} as in the table"))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
