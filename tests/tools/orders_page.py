# SPDX-License-Identifier: Apache-2.0
"""The page of orders_tally.py, and the notes on what it does not find.

tests/fixtures/orders/notes.tsv says of each edit that is not found alone what
else covers it: where it is (file, function, which access of that function),
the edit, "covered" or "needs less" and whether that is argued or shown by an
excerpt, and the words.
"""
from pathlib import Path

import orders
from stamp import commit

NOTES = Path("tests/fixtures/orders/notes.tsv")
HEAD = """# Weakened orders: which of them `explore` finds

Made by `make orders-tally`. Each order of an atomic access in the files below is
weakened by one step, one at a time, by `tests/tools/orders.py`, in a copy; the
map is explored under each row of `tests/fixtures/orders/settings.tsv` until a
schedule fails. Schedules are all that were tried up to that one. What may be
concluded is in [exploring.md](../exploring.md): that an order is needed, where
it is found; nothing, where it is not.

What covers an order that is not found is argued, or *shown by an excerpt*: ten or
eleven accesses to one object by three or four threads, written by hand
(`tests/fixtures/orders/protocol.tsv`), of which `tests/tools/orders_protocol.py`
tries all executions that C11 allows. With either order weakened alone none of them
frees what a reader may still find; with both some do, and explore's model of
memory has these, too (`tests/unit/sim/test_explore_protocol.c`). That is no proof
of the whole file. The letters are those of the argument in
`impls/support/epoch.h`.
"""


def table(columns, rows):
    return ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns),
            *("| " + " | ".join(map(str, row)) + " |" for row in rows)]


def place(edit):
    a = edit.access
    return f"{a.path.removeprefix('impls/')}:{a.line}"


def change(edit):
    a = edit.access
    what = "compare_exchange" if a.role else a.call
    return f"{what} `{a.variable}`", f"{a.order} -> {edit.to}"


def whole(rows):
    return f"{sum(r['schedules'] for r in rows):,}"


def is_found(rows):
    return bool(rows and rows[-1]["found"])


def key_of(edit, accesses):
    """What a note calls it: lines move, functions seldom."""
    a = edit.access
    same = [b for b in accesses[a.path] if b.function == a.function]
    return (a.path, a.function, str(same.index(a) + 1),
            f"{a.order} -> {edit.to}")


def read_notes():
    lines = NOTES.read_text(encoding="utf-8").splitlines() \
        if NOTES.exists() else []
    rows = [line.split("\t") for line in lines if line and line[0] != "#"]
    return {tuple(row[:4]): row[4:] for row in rows}


def wrong_notes(notes, found, alone):
    """Notes on what is no edit, or is found, and edits without one."""
    missed = {key_of(e, found) for (e,), rows in alone.items()
              if not is_found(rows)}
    return ([f"{NOTES}: {' '.join(key)}: not an edit that is not found"
             for key in notes if key not in missed]
            + [f"{NOTES}: no note on {' '.join(key)}"
               for key in sorted(missed) if key not in notes])


def sums(found, alone):
    """A row a file, and the total."""
    rows = []
    for path, accesses in found.items():
        mine = [r for (e,), r in alone.items() if e.access.path == path]
        rows.append((path, len(accesses),
                     sum(not orders.edits(a) for a in accesses), len(mine),
                     sum(map(is_found, mine))))
    rows.append(("all", *(sum(r[i] for r in rows) for i in range(1, 5))))
    return rows


def found_rows(alone):
    for (edit,), rows in alone.items():
        if is_found(rows):
            last = rows[-1]
            yield (f"`{place(edit)}`", f"`{edit.access.function}`",
                   *change(edit), last["found"],
                   f"`{last['map']}`, {last['setting']}, seed {last['seed']}",
                   whole(rows), f"{sum(r['seconds'] for r in rows):.1f}")


def missed_rows(found, alone, covered, notes):
    for (edit,), rows in alone.items():
        if is_found(rows):
            continue
        note = notes.get(key_of(edit, found), ["not known", ""])
        other, both = covered.get(edit, (None, None))
        yield (f"`{place(edit)}`", f"`{edit.access.function}`",
               *change(edit), whole(rows),
               f"`{place(other)}` {change(other)[1]}: {both[-1]['found']}, "
               f"{whole(both)} schedules" if other else "no pair",
               note[0], note[1])


def page(found, alone, covered, bare, args, today):
    notes = read_notes()
    total = len(alone)
    direct = sum(map(is_found, alone.values()))
    accused = sorted({r["map"] for r in bare if r["found"]})
    lines = [
        HEAD, f"{today}, commit {commit()}: {args.schedules:,} schedules of "
        f"each setting that says no other number, {args.seeds} seeds from {args.seed} on. Maps "
        f"without an edit, {whole(bare)} schedules of the same: "
        + (f"ACCUSED: {', '.join(accused)}" if accused else "none accused")
        + ".\n",
        f"**{direct} of {total} edits are found directly, "
        f"{100 * direct / total:.0f} %.** "
        + ("Pairs were not tried.\n" if args.no_pairs else f"{len(covered)} "
           "more are found together with another one.\n"),
        *table(("file", "accesses", "relaxed already", "edits",
                "found directly"), sums(found, alone)),
        "\n## Found\n",
        *table(("place", "function", "access", "order", "finding", "with",
                "schedules", "seconds"), found_rows(alone)),
        "\n## Not found alone\n",
        *table(("place", "function", "access", "order", "schedules",
                "found together with", "verdict", "why"),
               missed_rows(found, alone, covered, notes)), ""]
    return "\n".join(lines), wrong_notes(notes, found, alone)
