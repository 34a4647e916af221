# SPDX-License-Identifier: Apache-2.0
"""The claim sentence and the decision table as text: page, terminal and
verdicts.json say the same words."""
from report import words
from report.page import chip, esc


def claim(a, rows, invalid):
    """The sentence, as plain text; verdicts, page and terminal share it."""
    if invalid:
        return invalid
    if not rows:
        return no_ranking(a)
    top = rows[0]
    won, level = top["won"], top["level"]
    if won is None:
        return no_ranking(a)
    if won["n"] < words.RANKING_NEEDS:
        return (f"No ranking: {words.plural(won['n'], 'block')} at "
                f"{top['place']}, a ranking needs {words.RANKING_NEEDS}.")
    text = f"On machine {machine(a)}, at {top['place']}, {first_words(won)}"
    text += (f" {words.sig(level['centre'])} Mop/s "
             f"{words.between(level['low'], level['high'])}")
    if len(won["tied"]) == 1 and won["second"]:
        text += (f", {words.sig(won['lead'])} times "
                 f"{words.between(won['low'], won['high'])} the second, "
                 f"{won['second']}")
    text += pair_words(a, top)
    return text + f" (n = {won['n']} blocks)."


def first_words(won):
    if len(won["tied"]) > 1:
        return (f"{words.joined(sorted(won['tied']))} are not told apart; "
                f"the highest median is {won['first']}'s,")
    if won["word"] == "alone":
        return f"{won['first']}, the only ranked map with a result, reaches"
    lead = {"clear": "clearly fastest", "small lead": "fastest by a small "
            "lead"}[won["word"]]
    return f"{won['first']} is {lead}: it reaches"


def pair_words(a, row):
    """"; syncmap reaches 8.17 times [..] the throughput of gomap_rw, ..."."""
    pair, base = row["pair"], row["base_level"]
    if pair is None or base is None or pair["low"] is None:
        return ""
    side = row["pair_side"]
    told = "" if side else ", which is not told apart from it"
    return (f"; {a.contender} reaches {words.sig(pair['centre'])} times "
            f"{words.between(pair['low'], pair['high'])} the throughput of "
            f"{a.base}, {words.sig(base['centre'])} Mop/s "
            f"{words.between(base['low'], base['high'], base['reason'])}"
            f"{told}")


def no_ranking(a):
    if not a.campaign.trials:
        return "No ranking: the journal has no trial yet."
    timed = [c.map for c in a.by_measure.get("throughput", [])]
    peers = {m for m in timed if a.peer(m)}
    if peers and peers <= set(a.failed):
        return ("No ranking: every map failed verification "
                f"({words.joined(sorted(peers))}).")
    if not timed:
        return "No ranking: the plan has no throughput cell."
    return "No ranking: no ranked map has a result yet."


def machine(a):
    return str((a.campaign.meta.get("machine") or {}).get("id", "unknown"))


def crossover_words(a, row):
    """Second sentence: where on the way up the two change places."""
    if row is None or not row["crossings"] or row["n"] < words.RANKING_NEEDS:
        return ""
    parts = []
    for c in row["crossings"]:
        name = a.contender if c["ahead"] == "contender" else a.base
        parts.append(f"from {words.sig(c['threads'])} threads on {name}")
    return (f"On the way up {row['ahead']} is ahead first, "
            + words.joined(parts) + " (interpolated).")


def changes(a, rows, head):
    """What would change the answer, from the flip map's fields."""
    board, line, threads = head
    here = next((r for r in rows if r["threads"] == threads
                 and r["write_kind"] == line.kind
                 and r["write_share"] == line.share), None)
    if here is None or not here["side"]:
        return []
    groups = {}
    for r in rows:
        if r["side"] != here["side"] and r["ratio"] is not None:
            key = words.mix_kind(r["write_share"], r["write_kind"]), r["side"]
            groups.setdefault(key, []).append(str(r["threads"]))
    lead = a.base if here["side"] > 0 else a.contender
    return [f"{mix} at {words.joined(t)} thread{'s' * (t != ['1'])} "
            + (f"({lead} ahead)" if side else "(tie or undecided)")
            for (mix, side), t in groups.items()]


def decision_columns(a):
    """Headings that name the pair; its base has its absolute value (R1)."""
    return [("workload and threads", "text"), ("fastest", "html"),
            ("Mop/s [95 %]", "num"), ("lead [95 %]", "html"),
            ("confidence", "text"), ("n", "num"),
            (f"{a.contender} ÷ {a.base} [95 %], and {a.base}", "html")]


def pair_cell(a, row):
    """Who leads of base and contender, the ratio, the base's value."""
    pair, base = row["pair"], row["base_level"]
    if pair is None:
        return f'<span class="warn">not run</span><br><small>' \
               f'{esc(row["pair_why"])}</small>'
    name = {1: a.contender, -1: a.base, 0: "tie"}[row["pair_side"]]
    if pair["n"] < words.RANKING_NEEDS:
        name = f"n < {words.RANKING_NEEDS}"
    return (f"<b>{esc(name)}</b> × {esc(words.estimate(pair))}<br><small>"
            f"{a.base} {esc(words.estimate(base))} Mop/s</small>")


def names_of(a, won):
    """The first and all that it is not told apart from."""
    names = [won["first"]] + [m for m in won["tied"] if m != won["first"]]
    return " ≈ ".join(chip(a.look, m) for m in names)


def decision_cells(a, row):
    """One row of the decision table, cells as HTML."""
    won, two = row["won"], pair_cell(a, row)
    if won is None:
        return [row["place"], "none", "none", "–",
                "no ranked map has a result", "0", two]
    if won["n"] < words.RANKING_NEEDS:
        return [row["place"], "–", "–", "–",
                f"n < {words.RANKING_NEEDS}: no ranking", won["n"], two]
    lead = "–" if not won["second"] else (
        f"× {words.sig(won['lead'])} {words.between(won['low'], won['high'])}"
        f"<br><small>over {esc(won['second'])}</small>")
    return [row["place"], names_of(a, won), words.estimate(row["level"]),
            lead, words.phrase(won["word"], won["mde"]), won["n"], two]
