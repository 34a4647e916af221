# SPDX-License-Identifier: Apache-2.0
"""An answer as one paragraph of plain text, in the words of the page."""
import textwrap

from report import sentences, trust, verdicts, words
from report.advise import decide, places, questions
from report.advise.questions import said

WIDTH = 78
FEW = 2  # corners that are told in full


def wrapped(text):
    """The paragraph; ids of cells and numbers with units are not torn."""
    return "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False,
                                   break_on_hyphens=False))


# ---- who --------------------------------------------------------------------

def compared(c):
    """"X is 1.62 [1.50, 1.71] times as fast as Y, which reached 20.1 Mop/s
    [...] (centre of 16 ratios, one per block)": the ratio and its base."""
    text = (f"{c['first']} is {words.sig(c['ratio'])} "
            f"{words.between(c['low'], c['high'])} times as fast as "
            f"{c['second']}, which reached {words.sig(c['second_mops'])} "
            f"Mop/s {words.between(c['second_low'], c['second_high'])}, "
            f"centre of {words.plural(c['n'], 'ratio')}, one per block")
    weakest = c["group"]["weakest"]
    if c["word"] in verdicts.LEADS and weakest != c["second"]:
        r = sentences.weakest(c["group"])
        text += (f"; its least certain lead is {words.sig(r['ratio'])} "
                 f"{words.between(r['low'], r['high'])} times {weakest}")
    return text


def verdict(c):
    """One measured place: who is in front, by which word and ratio."""
    group, word = c["group"], c["word"]
    if word == verdicts.OPEN:
        return (f"not ranked: {words.plural(group['n'], 'block')} measured, "
                f"{words.plural(group['maps'], 'map')} need "
                f"{group['needs']}")
    if word == verdicts.ALONE:
        return (f"alone: {c['first']} is the only ranked map with a result, "
                f"{words.sig(c['first_mops'])} Mop/s "
                f"{words.between(c['first_low'], c['first_high'])}")
    if word == verdicts.TIED:
        return (f"tied: {words.joined(c['front'])} are not told apart; "
                f"{compared(c)}")
    return (f"first choice {c['first']}, second choice {c['second']}, "
            f"{word}: {compared(c)}")


def corner_name(c, between):
    """"1 Ki keys" of a corner, by what lies between."""
    return ", ".join(said(f, questions.value_at(c["place"], f))
                     for f in between)


def each(result):
    """Every corner with its verdict; of more than two who is in front, and
    the verdict of the nearest and of the least certain one."""
    corners = result["corners"]
    if len(corners) <= FEW:
        return "; ".join(at_corner(result, c) for c in corners)
    near = places.nearest([c["place"] for c in corners], result["asked"])
    first = next(c for c in corners if c["place"] == near)
    least = min((c for c in corners if c["low"] is not None),
                key=lambda c: c["low"], default=first)
    told = in_front(result) + [at_corner(result, first, "the nearest, ")]
    if least is not first:
        told.append(at_corner(result, least, "the least certain, "))
    return "; ".join(told)


def at_corner(result, c, how=""):
    return f"at {how}{corner_name(c, result['between'])}: {verdict(c)}"


def in_front(result):
    """"syncmap in front at 1 % writes, 2 threads and 3 % writes, 2 threads"
    for each that is, where the corners disagree."""
    if result["word"] != decide.DEPENDS:
        return []
    groups = {}
    for c in result["corners"]:
        groups.setdefault((words.joined(c["front"]), c["word"]), []).append(
            f"({corner_name(c, result['between'])})")
    return [f"{front}, {word}, at {words.joined(names)}"
            for (front, word), names in groups.items()]


def ends(result):
    """"between 1Ki and 64Ki keys": what was measured around the question."""
    at = [c["place"] for c in result["corners"]]
    return ", ".join(
        f"{questions.name_of(f)} "
        + words.joined(questions.written(f, v)
                       for v in places.values_of(at, f))
        for f in result["between"])


def choice(result):
    """The first sentence: what to take at the place, and how sure it is."""
    place = questions.place_text(result["asked"], result["a"].cpus)
    word, front = result["word"], result["front"]
    if word == decide.INVALID:
        return f"At {place} no choice is named. {result['trust']['invalid']}"
    if not result["between"]:
        return f"At {place}: {verdict(result['corners'][0])}."
    where = f"{place}, which lies between measured {ends(result)}"
    if word == decide.DEPENDS:
        both = decide.common([c for c in result["corners"]])
        tail = (f" In front at each of them: {words.joined(both)}."
                if both else "")
        return (f"It depends at {where}: they disagree; {each(result)}."
                + tail)
    if word in verdicts.LEADS:
        return (f"At {where}, the first choice is {front[0]}, {word}, for "
                f"they agree; {each(result)}.")
    if word == verdicts.TIED:
        return (f"At {where}, {words.joined(front)} are tied, for they "
                f"agree: take any of them; {each(result)}.")
    return f"At {where}: {word}; {each(result)}."


# ---- what would change it, where it was measured ----------------------------

def changed(result):
    if not result["front"]:
        return ""
    told = [f"{said(f['factor'], f['value'])} ({f['leader']}, {f['word']})"
            for f in result["flips"]]
    if not told:
        return "At no measured place beside it does another map lead."
    return f"What would change the answer: {', '.join(told)}."


def cells(result):
    several = len(result["corners"]) > FEW  # then of the leader alone
    ids = [i for c in result["corners"]
           for i in c["cells"][:1 if several else None]]
    how = ("Nearest measured cells" if result["between"]
           else "Measured at this very place")
    return f"{how}: {' '.join(ids)}."


def filtered(result):
    told = [f"{m} ({', '.join(f'{need}: {why}' for need, why in whys)})"
            for m, whys in sorted(result["lacking"].items())
            if not result["a"].look.bound(m)]
    return f"Left out by the needs: {', '.join(told)}." if told else ""


# ---- what it does not know --------------------------------------------------

def unvaried(result):
    """The factors of a question that the campaign has one value of."""
    known = list(result["known"])
    return [f"{axis.key} ({questions.written(axis.factor, values[0])})"
            for axis in questions.AXES
            if len(values := places.values_of(known, axis.factor)) == 1]


def machine(a):
    """Whose speed this is."""
    meta = a.campaign.meta
    cpus = (f" with {words.plural(a.cpus, 'CPU')}" if a.cpus else "")
    told = [f"any machine but {sentences.machine(a)}{cpus}"]
    if meta.get("synthetic"):
        told.append("anything real: the campaign is synthetic, no number in "
                    "it was measured")
    busy = meta.get("busy")
    if busy:
        told.append("the machine without other work: when the campaign began "
                    f"it had some ({busy.get('text')})")
    return told


def lacking_maps(result):
    """Maps without a verdict here."""
    a, corners = result["a"], result["corners"]
    told = [f"{m}, which failed verification" for m in sorted(a.failed)]
    for c in corners:
        gone = sentences.left_out(c["group"])
        if gone:
            name = corner_name(c, result["between"])
            told.append(gone.rstrip(".").replace("Not ranked: ", "maps not "
                        "ranked" + f" at {name}" * bool(name) + ": ", 1))
        told += [f"why another workload of the same place has "
                 f"{words.joined(g['front']) or 'no ranking'} in front "
                 f"({g['where'][0].workload})" for g in c["others"]]
    return told


def unknown(result, left=()):
    """Everything that the answer does not know, as texts."""
    a = result["a"]
    told = []
    if result["between"]:
        told.append("the place itself, which no trial ran")
    fixed = unvaried(result)
    if fixed:
        told.append("the effect of what the campaign did not vary: "
                    + ", ".join(fixed))
    told += lacking_maps(result) + machine(a)
    if a.campaign.problems:
        told.append(f"{words.plural(len(a.campaign.problems), 'line')} of "
                    "the journal that could not be used")
    if left:
        told.append(f"{words.joined(left)}, not complete and left out")
    return told


def trusted(result):
    """May one act on it, by report.trust; a failed control is said first."""
    found = result["trust"]
    if found["word"] == trust.TRUST:
        what = "Trust what was measured," if result["between"] else \
            trust.OPENING[trust.TRUST]
        return f"{what} on this machine."
    return f"{trust.OPENING[found['word']]}: {'; '.join(found['why'])}."


def paragraph(result, left=()):
    """The answer in one paragraph; left -- stages that were left out."""
    parts = [choice(result), changed(result), cells(result),
             filtered(result), trusted(result),
             f"It does not know {'; '.join(unknown(result, left))}."]
    return wrapped(" ".join(part for part in parts if part))


def refused(result):
    """Why there is no answer, in one sentence or two."""
    place = questions.place_text(result["asked"], result["a"].cpus)
    return " ".join(part for part in (
        f"refused: {result['refusal'].why}; asked was {place}.",
        filtered(result)) if part)
