# SPDX-License-Identifier: Apache-2.0
"""1d Production traffic: who leads under the traffic of each cluster of the
public table, and where uniform keys of 8 bytes name another map."""
import csv
import functools
import math
import re
from pathlib import Path

from report import factors, verdicts, words
from report.analysis import REFERENCE, REFERENCE_SHARE
from report.page import chip, esc
from report.plot_grid import flip_rows, size_of
from report.sections.fields import FLIP_COLUMNS, weakest

TABLE = (Path(__file__).resolve().parents[2]
         / "workloads/production/twitter-2020.tsv")
CLUSTER = re.compile(r"cluster-(\d+)")
REACHED = "that rival, Mop/s"
SAME, APART, OTHER, OPEN = ("the same map", "not told apart", "another map",
                            "not decided")
COLUMNS = ("cluster", "workload", "keys", "write_kind", "write_share",
           "miss_ratio", "dist", "key_bytes_table", "key_bytes",
           "value_bytes_table", "value_bytes", "threads", "leader", "word",
           "ratio", "low", "high", "weakest_mops", "n", "uniform_leader",
           "uniform_word", "uniform_keys", "uniform_names")
QUESTION = ("Which map leads under the traffic of production, and would "
            "uniform keys of 8 bytes have named the same one?")


@functools.lru_cache(maxsize=None)
def published():
    """cluster -> its row of the public table."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines()
             if not line.startswith("#")]
    return {row["cluster"]: row
            for row in csv.DictReader(lines, delimiter="\t")}


def clusters(a):
    """[(cluster, board)] of those that this campaign has, by number."""
    found = []
    for board in a.grid:
        match = CLUSTER.fullmatch(board.workload)
        if match and str(int(match[1])) in published():
            found.append((str(int(match[1])), board))
    return sorted(found, key=lambda pair: int(pair[0]))


def used_sizes(board):
    """(bytes of a key, of a value) that were measured."""
    said = dict(zip(factors.OPTIONAL, board.optional))
    key, value = factors.lengths(board.shape)
    return said.get("key_bytes") or key, said.get("value_bytes") or value


def reference(a, board, threads):
    """The place with uniform keys of 8 bytes that is nearest in its number
    of keys; None where none was planned at so many threads."""
    places = [(b, line, threads) for b in a.grid for line in a.grid[b]
              if REFERENCE in b.workloads and b.shape == "u64x8"
              and b.dist == "uniform" and line.kind == "update"
              and line.share > 0 and threads in a.grid[b][line]]
    return min(places, default=None, key=lambda at: (
        abs(math.log(at[0].keys / board.keys)),
        abs(at[1].share - REFERENCE_SHARE), a.boards().index(at[0])))


def named(traffic, uniform):
    """What the leader under uniform keys is under a cluster's traffic: only
    comparisons that are decided in both count."""
    if uniform is None or uniform["word"] not in verdicts.LEADS:
        return OPEN
    if traffic["word"] not in (*verdicts.LEADS, verdicts.TIED):
        return OPEN
    name = uniform["leader"]
    if name == traffic["leader"]:
        return APART if traffic["word"] == verdicts.TIED else SAME
    rival = next((r for r in traffic["rivals"] if r["map"] == name), None)
    return {verdicts.BEHIND: OTHER, verdicts.TIED: APART}.get(
        rival and rival["outcome"], OPEN)


def row_of(a, cluster, board, line, threads):
    """One place of one cluster, for the table and its CSV."""
    at, told = (board, line, threads), published()[cluster]
    group, other = a.verdicts[at], reference(a, board, threads)
    uniform = a.verdicts[other] if other else None
    key, value = used_sizes(board)
    return {
        "cell": group["cell"], "cluster": cluster,
        "workload": board.workload, "keys": board.keys,
        "write_kind": line.kind, "write_share": line.share,
        "miss_ratio": board.miss_share, "dist": board.dist,
        "key_bytes_table": told["key_bytes"], "key_bytes": key,
        "value_bytes_table": told["value_bytes"], "value_bytes": value,
        "threads": threads, "word": group["word"], "n": group["n"],
        "leader": group["leader"] if group["front"] else None,
        "uniform_leader": uniform["leader"] if uniform and uniform["front"]
        else None, "uniform_word": uniform and uniform["word"],
        "uniform_keys": other and other[0].keys,
        "uniform_names": named(group, uniform),
        **weakest(a, at)}


def rows_of(a, found):
    return [row_of(a, cluster, board, line, threads)
            for cluster, board in found for line in a.lines_of(board)
            for threads in sorted(a.grid[board][line])]


def sizes(row, name):
    """"19 → 32": bytes of the table, bytes that were measured."""
    return f"{row[name + '_table']} → {row[name]}"


def traffic(row):
    parts = [words.mix(row["write_share"], row["write_kind"]), row["dist"]]
    if row["miss_ratio"]:
        parts.append(f"{words.share(row['miss_ratio'])} % misses")
    return ", ".join(parts)


def table(report, a, rows):
    body = [[
        r["cluster"], traffic(r), words.keys(r["keys"]),
        sizes(r, "key_bytes"), sizes(r, "value_bytes"), r["threads"],
        chip(a.look, r["leader"]) if r["leader"] else "none", r["word"],
        f"× {words.sig(r['ratio'])} {words.between(r['low'], r['high'])}"
        if r["ratio"] is not None else "none", words.sig(r["weakest_mops"]),
        chip(a.look, r["uniform_leader"]) if r["uniform_leader"] else "none",
        r["uniform_names"]] for r in rows]
    return report.table(
        "production", "The leader under the traffic of each cluster, its "
        "ratio in the weakest comparison [95 %] (the verdict is by the "
        "simultaneous interval, in ranking.csv), and the leader "
        f"of {REFERENCE} (uniform keys of 8 bytes, as many threads, the "
        "nearest number of keys). Bytes: of the table → as measured", [
            ("cluster", "num"), ("traffic", "text"), ("keys", "num"),
            ("bytes of a key", "num"), ("bytes of a value", "num"),
            ("threads", "num"), ("leader", "html"), ("verdict", "text"),
            ("× weakest comparison", "num"), (REACHED, "num"),
            ("leader, uniform keys", "html"),
            ("uniform keys name", "text")], body)


def sentence(rows):
    """How often uniform keys name another map, and where."""
    decided = [r for r in rows if r["uniform_names"] != OPEN]
    wrong = [r for r in rows if r["uniform_names"] == OTHER]
    if not decided:
        return "No place is decided both here and under uniform keys."
    where = "; ".join(
        f"cluster {r['cluster']}, {words.plural(r['threads'], 'thread')}"
        for r in wrong)
    return ("Uniform keys of 8 bytes name another map in "
            f"{words.part(len(wrong), len(decided))} decided places"
            + (f": {where}." if wrong else "."))


def flip_figure(report, a, found, hue):
    """Base and contender, a row for each cluster."""
    rows = [row | {"row": i, "miss_ratio": board.miss_share}
            for i, (_, board) in enumerate(found)
            for row in verdicts.fields(a, board)]
    if not hue:
        rows = verdicts.withhold(rows, "side")
    threads = sorted({r["threads"] for r in rows})
    known = [r for r in rows if r["ratio"] is not None]
    sides = [r["side"] for r in known]
    labels = [f"cluster {cluster}" for cluster, _ in found]
    panel = report.panel(
        "production", "Two maps under the traffic of each cluster",
        f"Of {len(known)} fields {a.contender} has the lead in "
        f"{sides.count('contender')}, {a.base} in {sides.count('base')}."
        if hue else f"{len(known)} ratios, no winner: {verdicts.WITHHELD}.",
        size_of(len(threads), len(found)), flip_rows, rows, threads, labels,
        (a.base, a.contender), a.look, "production traffic", hue)
    caption = (f"<b>{esc(a.contender)} ÷ {esc(a.base)} under the traffic of "
               "each cluster</b>, paired by block, with its 95 % interval. "
               "Hue: the faster map, as in the flip maps; hatched: tied, or "
               "no interval.")
    return report.figure("production", caption, [panel], FLIP_COLUMNS, rows,
                         "f")


NOTE = ("Shares, skew, misses and lengths are those of a public table of "
        "production caches (54 clusters, a week of March 2020; source, "
        "licence and what was done to its numbers: "
        "<code>docs/production.md</code>). Lengths are rounded up to the next "
        "one that maps offer, beyond the largest one to that. Rates are the "
        "table's, of one cache server, and not scaled; throughput is that of "
        "a closed loop. Every map under each cluster: the matrix and the flip "
        "maps have a column and a panel for each.")


def add(report, a, invalid):
    """The section, where workloads of production were run."""
    found = clusters(a)
    if not found or not a.rates:
        return
    ranked = link = ""
    if not invalid:
        rows = rows_of(a, found)
        link = report.data("production-all", COLUMNS, rows)
        link = f"<p>Every place: {link}.</p>"
        ranked = (f'<p id="production-names">{esc(sentence(rows))}</p>'
                  + table(report, a, rows))
    report.section("production", "1d Production traffic", QUESTION, ranked,
                   flip_figure(report, a, found, not invalid),
                   f"<p class='text'>{NOTE}</p>{link}")
