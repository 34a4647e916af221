# SPDX-License-Identifier: Apache-2.0
"""python3 -m report lint DIR: does every word follow from the rows?

A second hand for the words of a report: it derives leader, outcome, side
and count again from trials.jsonl by code of its own (docs/verdicts.md is
the contract) and names each word of page, terminal and verdicts.json that
does not follow. What no rule reads is named as not checked.

Exit status: 0 nothing found, 1 findings, 2 the folder cannot be read.
"""
import argparse
import sys
from pathlib import Path
from types import SimpleNamespace

from report.lint import (alts, articles, claim, claims, columns, compared,
                         copies, crossovers, decisions, flips, guarantees,
                         latency, method, next_step, other, production,
                         ranked, repeats, staged, trust, validity, winners)
from report.lint.context import Context
from report.lint.log import Log
from report.lint.read_page import Page
from report.lint.rows import Rows, Unreadable

RULES = (claim, trust, next_step, ranked, decisions, flips, winners,
         crossovers, production, validity, repeats, latency, articles,
         guarantees, claims, columns, alts, other, copies, method)


def lint(folder, terminal=None, rows=None):
    """The log of all rules over DIR; Unreadable where there is no report.

    terminal -- path of a file with what the report printed, or None
    rows     -- of the journal, where it was read before
    """
    if (Path(folder) / "stages.json").exists():
        return lint_stages(folder)
    if (Path(folder) / "report" / compared.FILE).exists():
        return compared.lint(folder)
    rows, log = rows or Rows(folder), Log()
    page = Page(rows.folder, terminal and Path(terminal).resolve())
    context = Context(rows, page, log)
    for rule in RULES:
        rule.check(context)
    return log


def lint_stages(folder):
    """The same of a search in stages, whose page is another one."""
    c = SimpleNamespace(search=staged.Search(folder), rows=None, log=Log(),
                        page=Page(Path(folder)))
    for rule in (staged, method):
        rule.check(c)
    return c.log


def main(argv):
    parser = argparse.ArgumentParser(
        prog="python3 -m report lint", description="Derives each word of a "
        "report from the journal's rows; names what does not follow.")
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--terminal", metavar="FILE",
                        help="what the report printed, to be checked, too")
    args = parser.parse_args(argv)
    try:
        log = lint(args.folder, args.terminal)
    except Unreadable as error:
        print(f"report lint: {error}", file=sys.stderr)
        return 2
    print("\n".join(log.lines()))
    return 1 if log.findings else 0
