# SPDX-License-Identifier: Apache-2.0
"""What a comparison says in sentences, each from the rows that the page and
comparison.json show."""
from report import verdicts, words

PERIOD = "."


def who(labels, most=4):
    """Names of machines, as many as read well."""
    labels = list(labels)
    if len(labels) <= most:
        return words.joined(labels)
    return ", ".join(labels[:most]) + f" and {len(labels) - most} more"


def counted(c):
    """Who takes part; what is missing is never left to be counted."""
    found = c.found
    text = (f"Of {words.plural(found.wanted, 'campaign')} "
            f"{words.count(len(c.sides))} are compared")
    if found.versions:
        text += (f", and {words.plural(len(found.versions), 'other version')}"
                 " on one of these machines")
    for what, entries in (("refused", found.refused),
                          ("missing", [(a, b) for a, b, _ in found.absent])):
        if entries:
            text += f", {what}: {words.joined(e[0] for e in entries)}"
    part = [m.label for m in found.members if not m.whole]
    if part:
        text += f"; incomplete: {words.joined(part)}"
    return text + PERIOD


def pair(c, rows):
    """The pair at the headline place: on which machines who is ahead."""
    told = [r for r in rows if r["ratio"] is not None]
    if not told:
        return (f"{c.contender} and {c.base} have no ratio on any machine at "
                f"{c.head.text()}.")
    by = {}
    for r in told:
        by.setdefault(r["side"], []).append(r["machine"])
    said = {"ahead": f"{c.contender} is ahead of {c.base}",
            "behind": f"{c.contender} is behind {c.base}",
            verdicts.TIED: "they are not told apart",
            verdicts.NONE: "there is no interval",
            verdicts.WITHHELD: verdicts.WITHHELD}
    text = "; ".join(f"{said[side]} on {who(by[side])}" for side in said
                     if side in by)
    told = [r for r in told if r["side"] != verdicts.WITHHELD]
    if not told:
        return f"At {c.head.text()}: {text}."
    low = min(told, key=lambda r: r["ratio"])
    high = max(told, key=lambda r: r["ratio"])
    span = (f": from {ratio(low)} on {low['machine']} to {ratio(high)} on "
            f"{high['machine']}" if low is not high
            else f": {ratio(low)} on {low['machine']}")
    return (f"At {c.head.text()}: {text}; {c.contender} ÷ {c.base}{span}.")


def ratio(row):
    return (f"{words.sig(row['ratio'])} "
            f"{words.between(row['low'], row['high'], row['why'])}")


def leaders(c, groups):
    """Who is fastest at the headline place, machine by machine."""
    by = {}
    for side in c.sides:
        group = groups.get((side.label, c.head))
        if group is None:
            continue
        said = group["word"]
        name = group["leader"] if said in verdicts.LEADS else said
        by.setdefault(name, []).append(side.label)
    told = [f"{name} on {who(labels)}" for name, labels in
            sorted(by.items(), key=lambda kv: (-len(kv[1]), kv[0]))]
    return f"Fastest there: {'; '.join(told)}." if told else ""


def reversals(agree):
    """How often two maps change places between two machines."""
    if not agree:
        return ""
    decided = sum(r["alike"] + r["reversed"] for r in agree)
    turned = sum(r["reversed"] for r in agree)
    if not decided:
        return ("No order of two maps is decided on two machines: more "
                "blocks would tell.")
    return (f"Of {words.plural(decided, 'order')} of two maps that two "
            f"machines both decide, {words.count(turned)} "
            f"{'is' if turned == 1 else 'are'} reversed.")


def twins(rows):
    """How far machines of a kind disagree, the worst pair."""
    if not rows:
        return ("No two machines are of one kind: how far such machines "
                "differ, which no interval of one machine has in it, is not "
                "known here.")
    worst = max(rows, key=lambda r: (r["left_out_percent"] or 0,
                                     r["apart"]))
    text = (f"{words.joined(worst['machines'])} are of one kind and disagree "
            f"beyond their intervals in {worst['apart']} of "
            f"{words.plural(worst['ratios'], 'ratio')} (5{words.NARROW}% "
            "would by chance)")
    if worst["left_out_percent"]:
        text += (": what one machine's 95 % interval leaves out is ± "
                 f"{words.percent(worst['left_out_percent'])}")
    elif worst["left_out_percent"] is not None:
        text += ": no more than their intervals explain"
    return text + PERIOD


def all_of(c, head_rows, groups, agree, twin_rows):
    said = [counted(c)]
    if c.head is not None:
        said += [pair(c, head_rows), leaders(c, groups)]
    return [s for s in (*said, reversals(agree), twins(twin_rows)) if s]
