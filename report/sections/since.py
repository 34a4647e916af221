# SPDX-License-Identifier: Apache-2.0
"""1c Since the campaign before: the headline's maps, then and now."""
from report import checks, previous, words
from report.page import chip, esc

COLUMNS = ("mops_then", "mops", "ratio", "low", "high", "n_then", "word",
           "why")
WIDER = ("; the words of those that are not in the table hold for all cells "
         "at once")
QUESTION = ("Did the maps become faster or slower since the last campaign of "
            "this machine?")


def span(row):
    """"1.02 [0.90, 1.10]"."""
    if row["ratio"] is None:
        return "none"
    return (f"{words.sig(row['ratio'])} "
            f"{words.between(row['low'], row['high'])}")


def sentence(a, earlier, rows):
    """"Since 2026-11-20 (NAME), at ...: shard_seg × 1.02 [0.90, 1.10]"."""
    told = [f"{r['map']} × {span(r)}" for r in rows
            if r["low"] is not None and a.peer(r["map"])]
    return (f"Since {previous.when(earlier)[:10]} ({esc(earlier.name)}), at "
            f"{esc(a.place(a.headline()))}: "
            + (", ".join(told) or "no cell with an interval in both") + ".")


def table(report, a, rows):
    body = [[chip(a.look, r["map"]),
             words.sig(r.get("mops_then")), words.sig(r["mops"]), span(r),
             r["n_then"], r["n"], r["word"] or r["why"]] for r in rows]
    return report.table(
        "since", "Throughput now ÷ then. The trials are not paired: median of "
        "all differences of ln rate, Moses' 95 % interval, wider if each block "
        "is like the one before. It holds for the trials, not for what else "
        "differs between two days. “Faster” and “slower” are beyond 2 % for "
        "all rows at once (Bonferroni)", [
            ("map", "html"), ("Mop/s then", "num"), ("Mop/s now", "num"),
            ("now ÷ then [95 %]", "num"), ("n then", "num"),
            ("n now", "num"), ("word", "text")], body)


def add(report, a, earlier, invalid=None):
    """The section, where an earlier campaign was named; without words where
    a control failed on either day."""
    if earlier is None or a.headline() is None:
        return
    rows = list(previous.rows_of(a, earlier))
    doubt = previous.doubt(checks.refusal(earlier), invalid)
    if doubt:
        rows = previous.wordless(rows)
    here = {c.id for m, c in a.at(a.headline()).items()}
    shown = sorted((r for r in rows if r["cell"] in here),
                   key=lambda r: (-(r["mops"] or 0), r["map"]))
    link = report.data("since-all", COLUMNS, rows)
    said = previous.floor_warnings(shown) + previous.warnings(
        a.campaign, earlier)
    items = "".join(
        f"<li{' class=warn' if bad else ''}>{'⚠ ' if bad else ''}{esc(text)}"
        "</li>" for bad, text in sorted(said, key=lambda s: not s[0]))
    report.section(
        "since", "1c Since the campaign before", QUESTION,
        f"<p>{sentence(a, earlier, shown)}{esc(doubt)}</p>",
        table(report, a, shown),
        f"<p>What else differs:</p><ul class='text'>{items}</ul>" if items
        else "", f"<p>Every cell: {link}{WIDER * (len(rows) > len(shown))}."
        "</p>")
