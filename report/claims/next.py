# SPDX-License-Identifier: Apache-2.0
"""The stages of a run for claims: one, with the cells of its claims."""
import json

from report import words
from report.claims import ledger, show


def asked(staged):
    """What is to run next, as `report next` prints it. LedgerError."""
    if staged.stages:
        return {"format": 1, "stage": None, "cells": [],
                "why": "stopped because every cell of the claims has run"}
    claims = show.chosen(ledger.read(), staged.meta.ids or [])
    plan = show.plan_in(staged.plan_file)
    cells = show.cells_of(plan, claims)
    if not cells:
        raise ledger.LedgerError(
            f"{staged.plan_file}: none of its cells is of "
            + ("a claim" if len(claims) != 1 else next(iter(claims)))
            + ": run another mode, or see what the claim lacks "
            "(readmostly dev claims show ID)")
    return {"format": 1, "stage": 1, "cells": cells, "blocks": None,
            "trials": sum(plan.cells[name].blocks for name in cells
                          if not plan.cells[name].skip),
            "why": f"the cells of {words.plural(len(claims), 'claim')}"}


def main(staged):
    """Prints it -> exit status."""
    print(json.dumps(asked(staged), indent=1, ensure_ascii=False))
    return 0
