# SPDX-License-Identifier: Apache-2.0
"""May one act on the answer: the word and each reason of it, derived from
the journal (docs/verdicts.md), in the sentence and in its table."""
import re

from report.lint import derive, say
from report.lint.controls import controls

RULE, TABLE = "trust", "trust table"
WORDS = ("trust", "with care", "do not act")  # from best to worst
OPENING = {"Trust it": "trust", "Act with care": "with care",
           "Do not act on it": "do not act"}
SAID = re.compile(rf"({'|'.join(OPENING)})\b.*?\.(?=\s|$)", re.S)
ADVICE = re.compile(r": (?:use it|take (?:either|any of them)) at ")
BUSY, BROKEN, ALIKE, WAITED = 0.10, 0.29, derive.CLEAR, 0.20
N = say.NUMBER
REASONS = {  # how each is said; its groups are numbers
    "no leader": r"no map is ranked",
    "no rival": r"[\w.-]+ was compared with no other map",
    "size": rf"[\w.-]+ is ({N}) to ({N}) times as fast as [\w.-]+, the size "
            "of its lead is uncertain",
    "apart": rf"they may differ by ({N})[ \u00a0]%",
    "failed": r"a control failed",
    "blind": r"no control could decide",
    "open": rf"the controls leave room for an error of ({N})[ \u00a0]%",
    "missing": rf"({N}) of ({N}) trials? (?:is|are) missing",
    "disturbed": rf"other programs disturbed ({N}) of ({N}) trials?",
    "rivals": rf"({N}) of ({N}) rivals? (?:is|are) not ranked",
    "checks": rf"[\w., -]+ passed only ({N}) of ({N}) checks? of "
              "verification",
}
GOOD = re.compile(
    rf"Trust it on this machine: (?:(?P<first>[\w.-]+) is at least (?P<least>"
    rf"{N}) times as fast as each rival|they differ by (?P<most>{N})[ \u00a0]%"
    rf" at most), the controls leave room for an error of (?P<open>{N})[ "
    rf"\u00a0]%, of (?P<of>{N}) trials? (?P<gone>{N}) are missing and "
    rf"(?P<busy>{N}) were disturbed by other programs, (?:all (?P<checks>{N}) "
    r"checks|the only check) of verification passed\.")


class Found:
    """The six questions to the headline's group; None: there is none."""

    def __init__(self, c, group):
        self.c, self.reasons = c, {}  # key -> (word, numbers)
        self.d = c.decision(group) if group else None
        self.cells = [x for m, x in group.cells.items() if c.rows.ranked(m)
                      and not x.skip] if group else []
        self.front = self.in_front()
        self.least, self.most = self.ends()
        for question in (self.lead, self.others, self.open, self.missing,
                         self.disturbed, self.checks):
            question()
        self.word = max((w for w, _ in self.reasons.values()),
                        key=WORDS.index, default="trust")

    def add(self, key, word, *numbers):
        self.reasons[key] = word, numbers

    def in_front(self):
        if not self.d or self.d.word in ("not ranked", "nothing"):
            return set()
        return self.d.tied if self.d.word == "tied" else {
            self.d.leader or next(iter(self.d.cells))}

    def ends(self):
        """Of the least sure lead; of a tie the most that two may differ."""
        if not self.d or self.d.word not in (*derive.LEADS, "tied"):
            return None, None
        if self.d.word == "tied":
            tied = self.d.those("tied")
            return 1.0, max([max(r.high, 1 / r.low) for r in tied]
                            + [x.high / y.low for x in tied for y in tied
                               if x is not y])
        return self.d.weakest.low, self.d.weakest.high

    def lead(self):
        if not self.front:
            self.add("no leader", "do not act")
        elif self.least is None:
            self.add("no rival", "do not act")
        elif self.d.word == "lead of uncertain size":
            self.add("size", "with care", self.least, self.most)
        elif self.d.word == "tied" and self.most > ALIKE:
            self.add("apart", "with care", 100 * (self.most - 1))

    def others(self):
        """Rivals without an interval; one without a trial is one, too."""
        self.rivals = len(self.cells) - bool(self.d and self.d.leader)
        used = [] if not self.d else [
            r for r in self.d.rivals if r.outcome != "no interval"]
        self.unranked = self.rivals - len(used)
        if self.unranked > 0:
            self.add("rivals", "with care", self.unranked, self.rivals)

    def open(self):
        all_ = controls(self.c.rows)
        offs = [x.off for x in all_]
        self.off = None if None in offs else max(offs)
        bar = self.least if self.least and self.d.word != "tied" else ALIKE
        if any(x.failed for x in all_):
            self.add("failed", "do not act")
        elif self.off is None:
            self.add("blind", "with care")
        elif self.off >= bar:
            self.add("open", "with care", 100 * (self.off - 1))

    def missing(self):
        self.of = sum(x.blocks for x in self.cells)
        self.gone = self.of - sum(len(x.ok) for x in self.cells)
        if self.gone:
            self.add("missing", "with care", self.gone, self.of)

    def disturbed(self):
        trials = [(x, t) for x in self.cells for t in x.ok]
        self.busy, self.counted = sum(taken(*p) for p in trials), len(trials)
        share = self.busy / self.counted if trials else 0
        if share > BUSY:
            self.add("disturbed", "do not act" if share > BROKEN
                     else "with care", self.busy, self.counted)

    def checks(self):
        planned = [x for x in self.c.rows.cells.values() if x.measure ==
                   "verify" and x.map in self.front and not x.skip]
        self.passed = sum(bool(x.ok) for x in planned)
        self.planned = len(planned)
        short = {m for m in self.front if not [
            x for x in planned if x.map == m] or any(
            not x.ok for x in planned if x.map == m)}
        self.short = short
        if short:
            mine = [x for x in planned if x.map in short]
            self.add("checks", "with care", sum(bool(x.ok) for x in mine),
                     len(mine))

    def named(self, key, names):
        """Are these the maps, in this order, that a reason is of?"""
        if key == "size":
            return names[:1] == [self.d.leader] and len(names) == 2 and (
                names[1] in {r.map for r in self.d.shown()})
        if key == "checks":
            return set(names) == self.short
        return set(names) == (self.front if key == "no rival" else set())

    def told(self):
        return (f"{self.word}: " + ("; ".join(
            f"{k} {', '.join(f'{v:.4g}' for v in numbers)} ({w})"
            for k, (w, numbers) in self.reasons.items()) or "no reason")
            + f"; leads {self.least} to {self.most}, controls {self.off}, "
            f"{self.gone} of {self.of} missing, {self.busy} disturbed, "
            f"{self.passed} of {self.planned} checks")


def taken(cell, trial):
    """Did others take its CPUs: as the runner says, or as it waited where
    the runner could not say."""
    if trial.get("disturbed"):
        return True
    threads = trial["result"].get("by_thread") or []
    waits = [x.get("runqueue_wait_ns") for x in threads]
    if trial.get("others_share") is not None or not cell.alone or not waits \
            or None in waits:
        return False
    return sum(waits) > WAITED * sum(x["elapsed_ns"] for x in threads)


def check(c):
    found = Found(c, c.head())
    if c.head() is None and "failed" in found.reasons:
        del found.reasons["no leader"]  # INVALID names no place
    claim = c.page.verdicts.get("claim") or ""
    told = claim if isinstance(claim, str) else " ".join(map(str, claim))
    texts = {"index.html": c.page.claim(), "verdicts.json": told}
    if c.page.terminal is not None:
        texts["terminal"] = c.page.terminal
    for file, text in texts.items():
        said = [m[0] for m in SAID.finditer(text)]
        c.log.check(len(said) == 1, RULE, file, " / ".join(said) or text,
                    "docs/verdicts.md", "one sentence says whether to act on "
                    f"it; {found.told()}")
        c.log.check(found.word != "do not act" or not ADVICE.search(text), RULE,
                    file, text, "the same sentences", "names what to take, and "
                    "says that one must not act on it")
        for one in said:
            sentence(c, file, one, text, found)
    member(c, found)
    table(c, found)


def sentence(c, file, said, text, found):
    """The word, and nothing but its reasons and their numbers."""
    word = OPENING[SAID.match(said)[1]]
    c.log.check(word == found.word, RULE, file, said, "trials.jsonl",
                found.told())
    if word != found.word:
        return
    if word == "trust":
        return trusted(c, file, said, found)
    step = re.search(r"(next step|measure again)", said)
    c.log.check(bool(step) and (step[1] == "next step") == (
        "Next: make bench " in text), RULE, file, said, "the next command",
        "there is one" if "Next: make bench " in text else "there is none")
    parts = re.split(r"; ", re.sub(
        rf"^(?:{'|'.join(OPENING)}), because (.*?): (?:where much depends on "
        r"it, )?(?:take the next step first|measure again on an idle machine "
        r"first)\.$", r"\1", said, flags=re.S))
    wanted = {k: v for k, (w, v) in found.reasons.items() if w == word}
    for part in parts:
        reason(c, file, part, wanted, found)
    for key in wanted:
        c.log.found(RULE, file, said, key, f"not said; {found.told()}")


def reason(c, file, part, wanted, found):
    """One reason: it holds, with these numbers, of these maps."""
    for key, pattern in REASONS.items():
        match = re.fullmatch(pattern, part)
        if not match:
            continue
        numbers = wanted.pop(key, None)
        c.log.check(numbers is not None and all(map(
            say.same, match.groups(), numbers)), RULE, file, part,
            "trials.jsonl", found.told())
        c.log.check(found.named(key, c.names(part)), RULE, file, part,
                    "trials.jsonl", f"of other maps; {found.told()}")
        return
    c.log.found(RULE, file, part, "docs/verdicts.md", "no reason is said so")


def trusted(c, file, said, found):
    match = GOOD.fullmatch(said)
    if not match:
        c.log.found(RULE, file, said, "docs/verdicts.md",
                    "not the sentence of a run that may be trusted")
        return
    got = match.groupdict()
    true = {"least": found.least, "most": 100 * ((found.most or 1) - 1),
            "open": 100 * (found.off - 1), "of": found.of,
            "gone": found.gone, "busy": found.busy, "checks": found.planned}
    right = all(say.same(got[k], v) for k, v in true.items() if got[k])
    right = right and (got["first"] in found.front if got["first"]
                       else found.d.word == "tied")
    right = right and (got["checks"] is not None or found.planned == 1)
    c.log.check(right, RULE, file, said, "trials.jsonl", found.told())


def member(c, found):
    """verdicts.json: the word for programs, and as many reasons."""
    told = c.page.verdicts.get("trust")
    if told is None:
        return
    wanted = [k for k, (w, _) in found.reasons.items() if w == found.word]
    c.log.check(told.get("word") == found.word and len(
        told.get("why") or []) == len(wanted), RULE, "verdicts.json",
        str(told), "trials.jsonl", found.told())


# ---- the table of section 8 -------------------------------------------------

QUESTIONS = (  # words of the question, reasons, numbers of a Found
    ("sure lead", ("no leader", "no rival", "size"), "least most"),
    ("may differ", ("apart",), "apart"),
    ("not ranked", ("rivals",), "unranked rivals"),
    ("controls leave room", ("failed", "blind", "open"), "error"),
    ("without a result", ("missing",), "gone of"),
    ("other programs", ("disturbed",), "busy counted"),
    ("verification", ("checks",), "passed planned"))


def table(c, found):
    t = c.page.table("trust")
    if t is None or c.head() is None:
        c.log.skip("index.html#validity", "May one act on the answer?",
                   "no such table" if t is None else "names no place")
        return
    for row in t.rows:
        part, keys, numbers = next(
            q for q in QUESTIONS if q[0] in row[0])
        words = [found.reasons[k][0] for k in keys if k in found.reasons]
        word = max(words, key=WORDS.index, default="trust")
        true = [100 * (found.most - 1) if k == "apart" else None
                if k == "error" and found.off is None else
                100 * (found.off - 1) if k == "error" else getattr(found, k)
                for k in numbers.split()]
        said = re.findall(N, row[1])
        right = (not said if None in true else len(said) == len(true)
                 and all(map(say.same, said, true)))
        c.log.check(right and row[-1] == word, TABLE, "index.html#validity",
                    " | ".join(row), "trials.jsonl", found.told())
