# SPDX-License-Identifier: Apache-2.0
"""The verdicts as sentences and table cells (docs/verdicts.md): page,
terminal and verdicts.json say the same words."""
from report import modes, trust, verdicts, words
from report.page import chip, esc

TAIL = {verdicts.LEAD: "", verdicts.SMALL: " by a small lead",
        verdicts.UNCERTAIN: ", by how much is uncertain"}


def claim(a, rows, invalid, found):
    """The sentences of the first screen, as plain text, in order; found: of
    trust.judge()."""
    if invalid or not rows or not rows[0]["group"]["maps"]:
        return [invalid or no_ranking(a), trust.sentence(found, "")]
    group = rows[0]["group"]
    step = next_step(a, group)
    said = [answer(rows[0], found["word"] != trust.NOT),
            trust.sentence(found, step), limit(a),
            pair_sentence(a, rows[0]), left_out(group), step]
    return [text for text in said if text]


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


def limit(a):
    """Where the answer ends; part of it, for most ask of larger machines."""
    cpus = (a.campaign.meta.get("machine") or {}).get("cpus")
    return (f"Measured on {words.plural(cpus, 'CPU')}: this says nothing of "
            "more threads that run at once." if cpus else "")


def machine(a):
    return str((a.campaign.meta.get("machine") or {}).get("id", "unknown"))


# ---- the answer -----------------------------------------------------------

def answer(row, advised=True):
    """The first sentence: who, what to do about it, and how sure.

    advised -- may one act on it; of an answer on which one must not the
    sentence says what was seen, and not what to take.
    """
    group, first = row["group"], row["group"]["leader"]
    word, place = group["word"], row["place"]
    if word == verdicts.OPEN:
        return (f"Not ranked: {words.plural(group['n'], 'block')} measured, "
                f"{group['maps']} maps need {group['needs']}: measure more "
                f"at {place}.")
    level = row["level"]
    reached = (f"reached {words.sig(level['centre'])} Mop/s "
               + words.between(level["low"], level["high"], level["reason"]))
    if word == verdicts.ALONE:
        return (f"{first} is the only ranked map with a result: there is no "
                f"choice at {place}; it {reached} in "
                f"{words.plural(group['n'], 'block')}.")
    if word == verdicts.TIED:
        return tied_sentence(group, place, f"{first} {reached}", advised)
    where = place + (" where nothing else decides"
                     if word == verdicts.SMALL else "")
    seen = f"use it at {where}; it" if advised else f"at {place} it"
    ranked = sum(r["outcome"] != verdicts.NONE for r in group["rivals"])
    among = (f"Of the {words.plural(1 + ranked, 'map')} with enough blocks "
             if any(map(higher, group["rivals"])) else "")
    return (f"{among}{first} was fastest{TAIL[word]}: {seen} {reached}, "
            f"{all_behind(group)}it is {nearest(group)}.")


def higher(rival):
    """Whether a rival that is not ranked was faster where it ran."""
    return (rival["outcome"] == verdicts.NONE
            and rival["ratio"] is not None and rival["ratio"] < 1)


def tied_sentence(group, place, reached, advised):
    names, rest = group["front"], behind(group)
    which = "either" if len(names) == 2 else "any of them"
    seen = (f"take {which} at {place}, by what else it must do; {reached}"
            if advised else f"at {place} {reached}")
    tail = (f", {words.plural(len(rest), 'other rival')} "
            f"{'is' if len(rest) == 1 else 'are'} behind" if rest else "")
    return (f"{words.joined(names)} are not told apart: {seen}, "
            f"{nearest(group)}{tail}.")


def behind(group):
    return [r for r in group["rivals"] if r["outcome"] == verdicts.BEHIND]


def all_behind(group):
    """"all 8 rivals are behind; " before the weakest comparison."""
    n, every = len(behind(group)), len(group["rivals"])
    kind = "" if n == every else " with an interval"
    if n == 1:
        return f"its rival{kind} is behind; "
    return f"all {n} rivals{kind} are behind; "


def weakest(group):
    return next(r for r in group["rivals"] if r["map"] == group["weakest"])


def nearest(group):
    """"2.04 [1.94, 2.16] times as fast as ck_ht (centre of 28 ratios, one
    per block), the least certain lead": the weakest comparison, which need
    not be the smallest ratio, nor the quotient of the two speeds."""
    r = weakest(group)
    call = (", the least certain lead" if group["word"] != verdicts.TIED
            and len(behind(group)) > 1 else "")
    return (f"{words.sig(r['ratio'])} {words.between(r['low'], r['high'])} "
            f"times as fast as {r['map']} (centre of {words.count(r['n'])} "
            f"ratios, one per block){call}")


def left_out(group):
    """The rivals without an interval, each with its n and why."""
    if group["word"] == verdicts.OPEN:
        return ""
    lacking = [f"{r['map']} ({r['why']}{'; faster' * higher(r)})"
               for r in group["rivals"] if r["outcome"] == verdicts.NONE]
    return f"Not ranked: {', '.join(lacking)}." if lacking else ""


def next_step(a, group):
    """The next command to type, from the files of the modes."""
    step = modes.next_mode(a.campaign.meta.get("mode"), group["needs"])
    if step is None:
        return ""
    name, minutes = step
    span = (f"{minutes:.0f} min" if minutes < 120
            else f"{minutes / 60:.0f} h")
    return (f"Next: make bench MODE={name} on an idle machine, at most "
            f"{span}: more workloads and sizes.")


# ---- two maps -------------------------------------------------------------

def pair_sentence(a, row):
    """Base or contender? Over all thread counts of the headline's line."""
    if a.contender is None or a.contender == a.base:
        return ""
    board, line, threads = row["where"]
    fields = [f for f in verdicts.fields(a, board)
              if (f["write_kind"], f["write_share"]) == line]
    if all(f["ratio"] is None for f in fields):
        return ""
    text = f"{a.contender} or {a.base}? {who_leads(a, fields)}"
    if row["pair"] is not None and row["pair"]["low"] is not None:
        text += (f"; at {words.plural(threads, 'thread')} {a.contender} is "
                 f"{words.estimate(row['pair'])} times as fast as {a.base}, "
                 f"which reached {words.estimate(row['base_level'])} Mop/s")
    return text + "." + "".join(
        f" They change places at about {words.sig(c['position'])} threads "
        f"{span(c)} (interpolated)."
        for c in verdicts.crossovers(a, board, line) if c["position"])


def span(crossover):
    """The interval of an interpolated position; it may leave the range."""
    edge = lambda value: "open" if value is None else words.sig(value)
    return f"[{edge(crossover['low'])}, {edge(crossover['high'])}]"


def who_leads(a, fields):
    """"gomap_rw leads at 1 thread, syncmap leads at 2 and 4 threads"."""
    groups = {}
    for f in fields:
        side = verdicts.led(a, f["side"])
        word = (f"{side} leads" if side else "not told apart"
                if f["side"] == verdicts.TIED else "not run"
                if f.get("empty") == "not run" else "no interval")
        groups.setdefault(word, []).append(f["threads"])
    return ", ".join(
        f"{word} at {words.joined(words.count(t) for t in counts)} "
        f"thread{'' if counts == [1] else 's'}"
        for word, counts in groups.items())


def changes(a, rows, head):
    """What would change the answer of the pair, from the flip map."""
    board, line, threads = head
    here = next((r for r in rows if r["threads"] == threads
                 and r["write_kind"] == line.kind
                 and r["write_share"] == line.share), None)
    if here is None or here["side"] not in ("base", "contender"):
        return []
    groups = {}
    for r in rows:
        if r["side"] not in (here["side"], verdicts.NONE):
            key = words.mix(r["write_share"], r["write_kind"]), r["side"]
            groups.setdefault(key, []).append(str(r["threads"]))
    return [f"{mix} at {words.joined(t)} thread{'s' * (t != ['1'])} "
            + (f"({name} leads)" if (name := verdicts.led(a, side))
               else "(not told apart)") for (mix, side), t in groups.items()]


# ---- the decision table ---------------------------------------------------

WEAKEST = "× weakest comparison [95 %]"


def deciding(rival):
    """The interval that its outcome is by; empty where there is none."""
    return ("simultaneous "
            + words.between(rival["group_low"], rival["group_high"]))


def decision_columns(a):
    """Headings that name the pair; its base has its absolute value (R1)."""
    return [("workload and threads", "text"), ("fastest", "html"),
            ("Mop/s [95 %]", "num"), ("verdict", "text"),
            (WEAKEST, "html"), ("blocks", "num"),
            (f"{a.contender} ÷ {a.base} [95 %], and {a.base}", "html")]


def pair_verdict(a, pair, side, why=""):
    """"syncmap × 0.646 [0.511, 0.832], gomap_rw leads"."""
    if side == verdicts.NONE:
        return f"{verdicts.NONE} ({why})"
    name = verdicts.led(a, side)
    return (f"{a.contender} × {words.estimate(pair)}, "
            + (f"{name} leads" if name else "not told apart"))


def pair_cell(a, row):
    """The ratio of contender and base, who leads, the base's value."""
    base, pair = row["base_level"], row["pair"]
    text = esc(pair_verdict(a, pair, row["pair_side"], row["pair_why"]))
    if {a.base, a.contender} & set(a.failed):
        return f'<span class="warn">{text}</span>'
    if pair is None:
        return f'<span class="warn">not run</span><br><small>' \
               f'{esc(row["pair_why"])}</small>'
    return (f"{text}<br><small>{esc(a.base)} {esc(words.estimate(base))} Mop/s"
            "</small>")


def word_text(group):
    """The group's word as it is printed: "not ranked (6)"."""
    if group["word"] == verdicts.OPEN:
        return f"{verdicts.OPEN} ({group['n']})"
    return group["word"]


def decision_cells(a, row):
    """One row of the decision table, cells as HTML."""
    group, two = row["group"], pair_cell(a, row)
    if group["word"] == verdicts.OPEN:
        return [row["place"], "–", "–", word_text(group),
                f"{group['maps']} maps need {group['needs']}", group["n"],
                two]
    ratio = "–"
    if group["weakest"]:
        r = weakest(group)
        ratio = (f"× {words.sig(r['ratio'])} "
                 f"{words.between(r['low'], r['high'])}<br><small>over "
                 f"{esc(r['map'])}, {deciding(r)}</small>")
    names = " ≈ ".join(chip(a.look, m) for m in group["front"])
    return [row["place"], names, words.estimate(row["level"]),
            word_text(group), ratio, group["n"], two]
