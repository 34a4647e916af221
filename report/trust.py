# SPDX-License-Identifier: Apache-2.0
"""May one act on the answer? One word for the headline, and why
(docs/verdicts.md, "May one act on it").

The word is that of the worst of six questions to the journal; page and
terminal print its reasons as one sentence, section 8 all six as a table.
"""
import math

from report import disturbed, journal, quality, verdicts, words

TRUST, CARE, NOT = "trust", "with care", "do not act"
ORDER = (TRUST, CARE, NOT)
OPENING = {TRUST: "Trust it", CARE: "Act with care", NOT: "Do not act on it"}
BUSY = 0.10  # of the trials: others spoil four of ten attempts
BROKEN = quality.BROKEN
TIE = verdicts.CLEAR  # two maps that may differ by more are not alike


def grade(word, text="", **numbers):
    """The answer to one question: a word, and why where it is not trust."""
    return {"word": word, "why": text, **numbers}


def ranked_cells(a):
    """Cells of the headline's ranked maps, also those without a result."""
    return list(verdicts.entrants(a, a.at(a.headline())).values())


def spread(group):
    """(least, most) of leader ÷ rival for the weakest comparison; of a tie
    most is how far any two of it may be apart, either way."""
    used = [r for r in group["rivals"] if r["outcome"] != verdicts.NONE]
    if group["word"] == verdicts.TIED:
        # leader ÷ each of the tie, and the leader: the quotient of two is in
        # the quotient of their intervals, which hold jointly.
        ends = [(1.0, 1.0), *((r["group_low"], r["group_high"]) for r in used
                              if r["outcome"] == verdicts.TIED)]
        return 1.0, max(high / low for i, (low, _) in enumerate(ends)
                        for j, (_, high) in enumerate(ends) if i != j)
    weak = next(r for r in used if r["map"] == group["weakest"])
    return weak["group_low"], weak["group_high"]


# ---- six questions ----------------------------------------------------------

def of_lead(group):
    """Is it known who leads, and by how much?"""
    if group is None or not group["front"]:
        return grade(NOT, "no map is ranked", least=None, most=None)
    first = group["leader"]
    if group["word"] == verdicts.ALONE:
        return grade(NOT, f"{first} was compared with no other map",
                     least=None, most=None)
    least, most = spread(group)
    ends = {"least": least, "most": most}
    if group["word"] == verdicts.UNCERTAIN:
        return grade(CARE, f"{first} is {words.sig(least)} to "
                     f"{words.sig(most)} times as fast as "
                     f"{group['weakest']}, the size of its lead is uncertain",
                     **ends)
    if group["word"] == verdicts.TIED and most > TIE:
        return grade(CARE, f"they may differ by {percent(most)}", **ends)
    return grade(TRUST, **ends)


def percent(factor):
    return words.percent(100 * (factor - 1))


def left_open(rows):
    """The largest factor by which a control may be off what it must show;
    None: one has no interval, or there is none."""
    controls = [r for r in rows if r["control"]]
    if not controls or any(r["low"] is None for r in controls):
        return None
    return max(math.exp(abs(math.log1p(end / 100) - math.log1p(
        (r["limit_low"] + r["limit_high"]) / 200)))
        for r in controls for end in (r["low"], r["high"]))


def of_controls(rows, lead, tied):
    """Could what the controls leave open make the lead that is seen?"""
    open_ = left_open(rows)
    if any(r["control"] and r["word"] == "FAILED" for r in rows):
        return grade(NOT, "a control failed", open=open_)
    if open_ is None:
        return grade(CARE, "no control could decide", open=None)
    if open_ >= (TIE if tied or not lead["least"] else lead["least"]):
        return grade(CARE, "the controls leave room for an error of "
                     f"{percent(open_)}", open=open_)
    return grade(TRUST, open=open_)


def of_missing(cells):
    """Has each planned trial a result that counts?"""
    of = sum(c.blocks for c in cells)
    gone = of - sum(len(c.ok) for c in cells)
    if not gone:
        return grade(TRUST, some=0, of=of)
    return grade(CARE, f"{words.count(gone)} of {words.plural(of, 'trial')} "
                 f"{'is' if gone == 1 else 'are'} missing", some=gone, of=of)


def of_disturbed(cells):
    """How many of the trials that count were disturbed by others?"""
    counted = [(c, t) for c in cells for t in c.ok if journal.usable(t)]
    some = sum(disturbed.disturbed(*pair) for pair in counted)
    of = len(counted)
    share = some / of if of else 0
    word = NOT if share > BROKEN else CARE if share > BUSY else TRUST
    if word == TRUST:
        return grade(TRUST, some=some, of=of)
    return grade(word, f"other programs disturbed {words.count(some)} of "
                 f"{words.plural(of, 'trial')}", some=some, of=of)


def of_rivals(group):
    """Has each rival an interval?"""
    rivals = group["rivals"] if group else []
    gone = sum(r["outcome"] == verdicts.NONE for r in rivals)
    if not gone:
        return grade(TRUST, some=0, of=len(rivals))
    return grade(CARE, f"{words.count(gone)} of "
                 f"{words.plural(len(rivals), 'rival')} "
                 f"{'is' if gone == 1 else 'are'} not ranked", some=gone,
                 of=len(rivals))


def of_verification(a, front):
    """Did each map in front pass every planned check of its answers?"""
    cells = [c for c in a.by_measure.get("verify", [])
             if c.map in front and not c.skip]
    done = {m: sum(bool(c.ok) for c in cells if c.map == m) for m in front}
    of = {m: sum(c.map == m for c in cells) for m in front}
    short = [m for m in front if not of[m] or done[m] < of[m]]
    numbers = {"some": sum(done.values()), "of": sum(of.values())}
    if not short:
        return grade(TRUST, **numbers)
    return grade(CARE, words.joined(short) + " passed only "
                 f"{words.count(sum(done[m] for m in short))} of "
                 f"{words.plural(sum(of[m] for m in short), 'check')} of "
                 "verification", **numbers)


def judge(a, controls):
    """The word and all answers: {"word", "why": [...], "group", "asked"}.

    controls -- checks.control_rows(a)
    """
    group = a.verdicts[a.headline()] if a.headline() else None
    cells = ranked_cells(a) if group else []
    lead = of_lead(group)
    tied = bool(group) and group["word"] == verdicts.TIED
    asked = {"lead": lead, "rivals": of_rivals(group),
             "controls": of_controls(controls, lead, tied),
             "missing": of_missing(cells), "disturbed": of_disturbed(cells),
             "verification": of_verification(a, group["front"]
                                             if group else [])}
    word = max((g["word"] for g in asked.values()), key=ORDER.index)
    return {"word": word, "group": group, "asked": asked,
            "why": [g["why"] for g in asked.values()
                    if g["word"] == word != TRUST]}


# ---- the sentence -----------------------------------------------------------

def sentence(found, step):
    """One plain sentence; step: is a next command named below it?"""
    first = ("take the next step first" if step
             else "measure again on an idle machine first")
    why = "; ".join(found["why"])
    if found["word"] == NOT:
        return f"{OPENING[NOT]}, because {why}: {first}."
    if found["word"] == CARE:
        return (f"{OPENING[CARE]}, because {why}: where much depends on it, "
                f"{first}.")
    asked, group = found["asked"], found["group"]
    lead, gone, busy, checked = (asked[k] for k in (
        "lead", "missing", "disturbed", "verification"))
    known = (f"they differ by {percent(lead['most'])} at most"
             if group["word"] == verdicts.TIED else
             f"{group['leader']} is at least {words.sig(lead['least'])} times "
             "as fast as each rival")
    return (f"{OPENING[TRUST]} on this machine: {known}, the controls leave "
            f"room for an error of {percent(asked['controls']['open'])}, of "
            f"{words.plural(gone['of'], 'trial')} {words.count(gone['some'])} "
            f"are missing and {words.count(busy['some'])} were disturbed by "
            f"other programs, {all_checks(checked['of'])} of verification "
            "passed.")


def all_checks(n):
    return "the only check" if n == 1 else f"all {words.count(n)} checks"


# ---- the table of section 8 -------------------------------------------------

COLUMNS = [("question", "text"), ("this run", "text"),
           ("trust it where", "text"), ("word", "text")]


def told(found, tied):
    """What this run has, for each question."""
    asked, control = found["asked"], found["asked"]["controls"]["open"]
    least, most = (asked["lead"][k] for k in ("least", "most"))
    lead = ("nothing to compare" if least is None else
            f"at most {percent(most)}" if tied else
            f"{words.sig(least)} to {words.sig(most)} times")
    text = {k: f"{words.count(g['some'])} of {words.count(g['of'])}"
            for k, g in asked.items() if "some" in g}
    return text | {"lead": lead, "controls": "cannot decide" if control is None
                   else percent(control)}


def limits(found, tied):
    """The question in words, and when the answer is to be trusted."""
    alike = f"below {percent(TIE)}"
    small = (alike if tied or found["asked"]["lead"]["least"] is None
             else "smaller than the least lead")
    first = ("how far the maps of the answer may differ" if tied
             else "the least sure lead over a rival")
    return {
        "lead": (f"{first}, all pairs at once", alike if tied else
                 "surely 10 % and more, or surely less"),
        "rivals": ("rivals that are not ranked", "none"),
        "controls": ("error that the controls leave room for",
                     f"{small}, and no control failed"),
        "missing": ("planned trials of the answer without a result", "none"),
        "disturbed": ("trials of the answer that other programs disturbed",
                      f"at most {words.percent(100 * BUSY, 2)}; do not act "
                      f"above {words.percent(100 * BROKEN, 2)}"),
        "verification": ("checks of verification that passed, maps of the "
                         "answer", "all, and at least one")}


def rows(found):
    """All six questions, for a table."""
    group, asked = found["group"], found["asked"]
    tied = bool(group) and group["word"] == verdicts.TIED
    text, here = limits(found, tied), told(found, tied)
    return [[text[k][0], here[k], text[k][1], asked[k]["word"]]
            for k in asked]
