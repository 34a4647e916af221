#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the workloads of production traffic from the public table of Twitter's
cache clusters: workloads/production/cluster-NN.conf, one for each cluster with
at least 90 % reads, and workloads/production.conf, the median of these.

    production.py            writes them anew
    production.py --table    the rows of docs/production.md

tests/report/test_production.py holds the committed files to this. What is done
to a number of the table is done here, in one function for each, and said in
the file beside the number.
"""
import statistics
import sys
import textwrap
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FOLDER = TOP / "workloads/production"
TABLE = FOLDER / "twitter-2020.tsv"
READS_LEAST = 0.9
KEYS_MOST = 1 << 20
KEY_SIZES = 16, 32, 64
VALUE_SIZES = 8, 24, 64, 256, 1024

MAPS = ("ck_ht gomap_mutex gomap_rw hashtriemap null_map rwlock_probe "
        "shard_rw_32 shard_seg syncmap unsync_probe urcu_lfht")
COLUMNS = ("key_bytes", "value_bytes", "get_share", "write_share",
           "miss_ratio", "zipf_alpha", "kqps", "working_set_mb")


def rows_of(text):
    """[{column: number, or None where the table has none}], in its order."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    names, found = lines[0].split("\t"), []
    for line in lines[1:]:
        row = dict(zip(names, line.split("\t")))
        found.append(row | {name: float(row[name]) if row[name] else None
                            for name in COLUMNS})
    return found


def chosen(rows):
    """Those that are read mostly."""
    return [row for row in rows if (row["get_share"] or 0) >= READS_LEAST]


def median_of(rows):
    """The median of each column, over the rows that have it; a working set of
    0 MB is one that the table does not have."""
    return {name: statistics.median(
        row[name] for row in rows if row[name] or name != "working_set_mb")
        for name in COLUMNS}


def rounded_up(size, sizes):
    """The next size that maps offer, or the largest."""
    return next((offered for offered in sizes if offered >= size), sizes[-1])


def sizes_of(row):
    """(bytes of a key, of a value) that are used."""
    return (rounded_up(row["key_bytes"], KEY_SIZES),
            rounded_up(row["value_bytes"], VALUE_SIZES))


def number(value):
    """A number as it is written in files: without a tail of zeros."""
    return f"{value:.10g}"


def percent(share):
    """A share of the table in %."""
    return number(round(share * 100, 8)) + "%"


def size_lines(row):
    """Lines of both lengths."""
    key, value = sizes_of(row)
    return [("shape", f"str{key}x{value}", "the table has keys of "
             f"{number(row['key_bytes'])} and values of "
             f"{number(row['value_bytes'])} bytes")]


def keys_of(row):
    """(number of keys, why)"""
    if not row["working_set_mb"]:
        return KEYS_MOST, "the table has no working set"
    entry = row["key_bytes"] + row["value_bytes"]
    keys = int(row["working_set_mb"] * 1e6 / entry)
    why = (f"{number(row['working_set_mb'])} MB / {number(entry)} bytes"
           f" = {keys}")
    return min(keys, KEYS_MOST), why + (", at most 1 Mi"
                                        if keys > KEYS_MOST else "")


def dist_of(row):
    if not row["zipf_alpha"]:
        return "uniform", "the table's alpha is 0"
    return f"zipf:{number(row['zipf_alpha'])}", ""


def lines_of(row):
    """(key, value, why) of each line of the file."""
    keys, why_keys = keys_of(row)
    dist, why_dist = dist_of(row)
    return [
        ("writes", percent(row["write_share"]), ""),
        ("write-kind", "update", "sets of keys that are there"),
        ("misses", percent(row["miss_ratio"]), "of production"),
        ("keys", keys, why_keys),
        *size_lines(row),
        ("dist", dist, why_dist),
        ("loop", "mix paced", ""),
        ("rate", number(row["kqps"] * 1000) + "/s",
         "as in the table, not scaled"),
        ("threads", "1 cpus", ""),
        ("maps", MAPS, ""),
        ("warm-up", "20ms", ""),
        ("window", "150ms", ""),
        ("blocks", 12, "")]


def settings_of(row):
    return "".join(
        f"{key:<10} = {value}" + (f"  # {why}" if why else "") + "\n"
        for key, value, why in lines_of(row))


def comment(*sentences):
    return textwrap.fill(" ".join(sentences), 79, initial_indent="# ",
                         subsequent_indent="# ", break_on_hyphens=False) + "\n"


def said(row):
    """The row of the table, in words."""
    return ", ".join(
        f"{name.replace('_', ' ')} " + ("none" if row[name] is None
                                        else number(row[name]))
        for name in COLUMNS)


WHY = ("Why: what production asks of a cache that is read mostly, where most "
       "workloads ask for uniform keys of 8 bytes. Made by "
       "tests/tools/production.py; what is done to the table's numbers stands "
       "beside them and in docs/production.md.")


def cluster_text(row):
    """The whole file of one cluster."""
    name = row["cluster"]
    return comment(f"Cluster {name} of Twitter's caches in March 2020.",
                   WHY) + comment(
        f"Source: row {name} of twitter-2020.tsv: {said(row)}, operations "
        f"{row['operations']}.") + settings_of(row)


def median_text(rows):
    """The whole file of the median."""
    row = median_of(rows)
    return comment(f"The median of the {len(rows)} clusters in production/, "
                   "column by column.", WHY) + comment(
        f"Source: medians of twitter-2020.tsv: {said(row)}."
    ) + settings_of(row)


def files():
    """path -> text, of all that is made."""
    rows = chosen(rows_of(TABLE.read_text(encoding="utf-8")))
    made = {FOLDER / f"cluster-{int(row['cluster']):02}.conf":
            cluster_text(row) for row in rows}
    return made | {TOP / "workloads/production.conf": median_text(rows)}


def table():
    """Rows of docs/production.md: what the table has, and what is used."""
    rows = chosen(rows_of(TABLE.read_text(encoding="utf-8")))
    for name, row in [*((r["cluster"], r) for r in rows),
                      ("median", median_of(rows))]:
        key, value = sizes_of(row)
        yield (f"| {name} | {percent(row['write_share'])} | "
               f"{percent(row['miss_ratio'])} | {dist_of(row)[0]} | "
               f"{number(row['key_bytes'])} → {key} | "
               f"{number(row['value_bytes'])} → {value} | {keys_of(row)[0]} | "
               f"{number(row['kqps'] * 1000)}/s |")


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        print("\n".join(table()))
    else:
        for path, text in files().items():
            path.write_text(text, encoding="utf-8")
