# SPDX-License-Identifier: Apache-2.0
"""Production traffic: rows, table, sentence and figure of the clusters, from
their trials, those of the reference, and the public table."""
import csv
import math
import re

from report.lint import claim, decisions, derive, flips, say
from report.lint.read_page import clean
from report.lint.rows import TOP

RULE, KEY, WHERE = "production traffic", "production", "index.html#production"
PUBLISHED = TOP / "workloads/production/twitter-2020.tsv"
REFERENCE, SHARE = "uniform-97-3", 0.03
SAME, APART, OTHER, OPEN = ("the same map", "not told apart", "another map",
                            "not decided")


def table_of(path):
    """cluster -> (bytes of a key, of a value), as they are published."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader((line for line in file if line[0] != "#"),
                              delimiter="\t")
        return {row["cluster"]: (row["key_bytes"], row["value_bytes"])
                for row in rows}


LENGTHS = table_of(PUBLISHED)


def cluster(group):
    """Its number; None of a group that is of no cluster."""
    match = re.fullmatch(r"cluster-0*(\d+)", group.place["workload"])
    return match[1] if match and match[1] in LENGTHS else None


def groups(c):
    return [g for g in c.rows.groups if cluster(g)]


# ---- what the rows say ------------------------------------------------------

def reference(c, group):
    """The group with uniform keys of 8 bytes and as many threads that is
    nearest in keys, then in its share of writes; None without one."""
    here = group.place
    fits = [g for g in c.rows.groups for p in [g.place]
            if REFERENCE in c.rows.shared[id(g)].split(" + ")
            and (p["shape"], p["dist"], p["write_kind"]) == (
                "u64x8", "uniform", "update")
            and p["write_share"] > 0 and p["threads"] == here["threads"]]
    return min(fits, default=None, key=lambda g: (
        abs(math.log(g.place["keys"] / here["keys"])),
        abs(g.place["write_share"] - SHARE)))


def named(traffic, uniform):
    """What the leader under uniform keys is under a cluster's traffic."""
    decided = (*derive.LEADS, "tied")
    if (uniform is None or uniform.word not in derive.LEADS
            or traffic.word not in decided):
        return OPEN
    if uniform.leader == traffic.leader:
        return APART if traffic.word == "tied" else SAME
    rival = traffic.rival(uniform.leader)
    return {"behind": OTHER, "tied": APART}.get(rival and rival.outcome,
                                                OPEN)


def told(c, group):
    """What a row about a cluster holds, but for the ratio."""
    d, other = c.decision(group), reference(c, group)
    uniform = other and c.decision(other)
    key, value = re.fullmatch(r"(?:u64|str(\d+))x(\d+)",
                              group.place["shape"]).groups()
    word = {"nothing": "not ranked"}
    lengths = LENGTHS[cluster(group)]
    return {
        "cluster": cluster(group), "miss_ratio": group.place["miss_share"],
        "key_bytes_table": lengths[0], "key_bytes": int(key or 8),
        "value_bytes_table": lengths[1], "value_bytes": int(value),
        "leader": d.front[0] if d.front else "",
        "word": word.get(d.word, d.word), "n": d.n,
        "uniform_leader": uniform.front[0] if uniform and uniform.front
        else "", "uniform_word": uniform and word.get(uniform.word,
                                                      uniform.word),
        "uniform_keys": other and other.place["keys"],
        "uniform_names": named(d, uniform)}


def ratios(d):
    """Each (ratio, low, high) to the rival of the weakest comparison, and
    what that reached."""
    if not d.front:
        return []
    return [(r.pair.centre, *span, d.levels[r.map].centre) for r in d.rivals
            if r.map in decisions.weakest(d) for span in r.pair.spans()]


def traffic(row):
    """Reader of tables/production-all.csv."""
    if row.group is None or not cluster(row.group):
        return []
    found = ratios(row.decision) or [(None, None, None, None)]
    return [told(row.c, row.group)
            | dict(zip(("ratio", "low", "high", "weakest_mops"), r))
            for r in found]


# ---- what the page says -----------------------------------------------------

def check(c):
    here, section = groups(c), c.page.section(KEY)
    c.log.check(bool(here) == (section is not None), RULE, "index.html",
                "section 1d", "campaign.json", f"{len(here)} groups of "
                "clusters")
    if not here or section is None:
        return
    table, said = c.page.table(KEY), clean(section.text())
    for what, there in (("its table", table), ("its file", c.page.csv(
            "tables/production-all.csv"))):
        c.log.check((there is not None) == c.ranked, RULE, WHERE, what,
                    "verdicts.json", f"valid is {c.ranked}")
    if c.ranked:
        sentence(c, here, said)
    if table is not None:
        rows(c, here, table)
    figure(c, here, c.ranked)


def sentence(c, here, said):
    """"Uniform keys of 8 bytes name another map in 1 of 3 (33 %) decided
    places: cluster 4, 2 threads."."""
    found = [(g, told(c, g)["uniform_names"]) for g in in_order(here)]
    wrong = [g for g, name in found if name == OTHER]
    decided = sum(name != OPEN for _, name in found)
    match = re.search(r"Uniform keys of 8 bytes name another map in (.*?)\.",
                      said)
    if not decided or not match:
        c.log.check(not decided and not match and "No place is decided both "
                    "here and under uniform keys." in said, RULE, WHERE,
                    match[0] if match else "no such sentence",
                    "tables/production-all.csv", f"{decided} are decided")
        return
    form, values = say.part(len(wrong), decided)
    places = "; ".join(f"cluster {cluster(g)}, {threads(g)}" for g in wrong)
    form += " decided places" + (f": {places}" if wrong else "")
    c.log.check(say.told(match[1], form, *values), RULE, WHERE, match[0],
                "tables/production-all.csv", form.format(*values))


def in_order(here):
    return sorted(here, key=lambda g: int(cluster(g)))


def threads(group):
    n = group.place["threads"]
    return f"{n} thread{'' if n == 1 else 's'}"


def rows(c, here, table):
    """A row for each place, by cluster."""
    left = in_order(here)
    for row in table.rows:
        cells = dict(zip(table.heads, row))
        group = next((g for g in left if fits(g, cells)), None)
        c.log.check(group is not None, RULE, WHERE, " | ".join(row),
                    "campaign.json", "no such place, or it stands twice")
        if group is not None:
            left.remove(group)
            cells_of(c, group, cells)
    order = [int(row[0]) for row in table.rows if row[0].isdigit()]
    c.log.check(not left and order == sorted(order), RULE, WHERE,
                f"clusters {order}", "campaign.json",
                f"{len(left)} places have no row")


def fits(group, cells):
    """Is a row of this place: cluster, threads, and all of its traffic?"""
    place, text = group.place, cells["traffic"]
    misses = re.search(rf", ({say.NUMBER}) % misses$", text)
    rest = text[:misses.start()] if misses else text
    mix = say.mixes(rest)
    return (cells["cluster"] == cluster(group)
            and cells["threads"] == str(place["threads"])
            and mix is not None and say.fits_mix(place, mix)
            and rest.split(", ")[2 - (mix[0] in (0, 1)):] == [place["dist"]]
            and (say.same(misses[1], 100 * place["miss_share"]) if misses
                 else not place["miss_share"])
            and say.keys(f"{cells['keys']} keys") == place["keys"])


def cells_of(c, group, cells):
    """The other columns, each by its heading."""
    true, d = told(c, group), c.decision(group)
    wanted = {
        "bytes of a key": f"{true['key_bytes_table']} → {true['key_bytes']}",
        "bytes of a value":
        f"{true['value_bytes_table']} → {true['value_bytes']}",
        "leader": true["leader"] or "none", "verdict": true["word"],
        "leader, uniform keys": true["uniform_leader"] or "none",
        "uniform keys name": true["uniform_names"]}
    said = " | ".join(cells.values())
    for head, text in wanted.items():
        c.log.check(cells.get(head) == text, RULE, WHERE, said, group,
                    f"{head}: {text}")
    ratio, found = cells["× weakest comparison"], ratios(d)
    three, base = say.TRIPLE.search(ratio), cells["that rival, Mop/s"]
    right = (ratio == base == "none" if not found else bool(three) and any(
        claim.fits(three.groups(), r[:3]) and say.same(base, r[3])
        for r in found))
    c.log.check(right, RULE, WHERE, said, group, d.told())
    known = {"cluster", "traffic", "keys", "threads", "× weakest comparison",
             "that rival, Mop/s"}
    c.log.check(set(cells) == known | set(wanted), RULE, WHERE,
                ", ".join(cells), "report/lint/production.py",
                "a column has no rule")


# ---- the figure -------------------------------------------------------------

def figure(c, here, ranked):
    """A field for each place, each with a tool tip of its own."""
    panel = next(iter(c.page.panels(KEY)), None)
    if panel is None or not c.two:
        c.log.skip(WHERE, "its figure", "there is none, or no two maps")
        return
    caption = clean(c.page.figures[KEY].text())
    c.log.check(f"{c.contender} ÷ {c.base} under" in caption, RULE, WHERE,
                caption, "verdicts.json", f"{c.contender}, {c.base}")
    left = in_order(here)
    for tip in panel.tips:
        group = next((g for g in left if names_place(g, tip)), None)
        c.log.check(group is not None, RULE, WHERE, tip, "campaign.json",
                    "no such place, or it has another field")
        if group is not None:
            left.remove(group)
            field(c, group, tip)
    c.log.check(not left, RULE, WHERE, panel.name, "campaign.json",
                f"{len(left)} places have no field")
    alt(c, [c.field(g) for g in here], panel, ranked)


def names_place(group, tip):
    return tip.startswith(f"cluster {cluster(group)}, {threads(group)}")


def field(c, group, tip):
    f = c.field(group)
    if f.pair.n:
        mix = say.mixes(tip)
        c.log.check(mix is not None and say.fits_mix(group.place, mix),
                    RULE, WHERE, tip, group, "its mix is another")
        flips.flip_tip(c, f, tip)
    else:
        c.log.check(tip.endswith(f": {f.why}"), RULE, WHERE, tip, group,
                    f.why)


def alt(c, fields, panel, ranked):
    """"Of 25 fields syncmap has the lead in 3, gomap_rw in 20."; where a
    control failed nobody leads."""
    known = [f for f in fields if f.pair.n]
    form, values = ("{} ratios, no winner: a control failed.",
                    (len(known),))
    if ranked:
        form, values = ("Of {} fields {} has the lead in {}, {} in {}.", (
            len(known), c.contender,
            sum(f.ahead == c.contender for f in known), c.base,
            sum(f.ahead == c.base for f in known)))
    c.log.check(say.told(clean(panel.alt), form, *values), RULE, WHERE,
                panel.alt, panel.name, form.format(*values))
