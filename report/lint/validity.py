# SPDX-License-Identifier: Apache-2.0
"""What the trials tell of themselves: worst over all, not of one cell; and
how many trials that is."""
import math
import re

from report.lint import say
from report.lint.intervals import depth
from report.lint.rows import LOOPS

RULE, COUNTS = "checks", "counts of trials"
DRIVER, EVEN, SPREAD, WAITED = 20.0, 0.8, 1.1, 0.05
UNABLE = re.compile(r"[Cc]ontrols?\b[^.]*(cannot|not decid|could not|"
                    r"none decid|no control)")
OF = re.compile(rf"({say.NUMBER}) of ({say.NUMBER})(?: (\w+))?")


def check(c):
    rows = checks(c)
    for row in rows:
        text = row[0].lower()
        for part, rule in RULES:
            if part in text:
                rule(c, row)
                break
        else:
            c.log.skip("index.html#validity", " | ".join(row),
                       "no rule for this check")
    denominators(c, rows)
    lost(c)
    controls(c)
    silence(c)


def checks(c):
    t = c.page.table("checks")
    if t is None:
        c.log.skip("index.html#validity", "checks", "there is no such table")
    return t.rows if t else []


def finished(c):
    """(cell, trial) of all timed trials that count."""
    return [(cell, t) for cell in c.rows.cells.values()
            if cell.measure != "verify" for t in cell.ok]


def says_ok(row):
    return "ok" in re.findall(r"\w+", row[-1])


def judge(c, row, worst, limit_kept, why):
    """State and worst value of a check over everything that was seen."""
    said, shown = " | ".join(row), re.search(say.NUMBER, row[1])
    right = says_ok(row) == limit_kept
    c.log.check(right, RULE, "index.html#validity", said, "trials.jsonl",
                why)
    if shown:
        c.log.check(say.same(shown[0], worst), RULE, "index.html#validity",
                    said, "trials.jsonl", why)


def counted(c, row, over, of, why):
    """Where trials are beyond a limit, their number has to be said."""
    if not over:
        return
    said = [(say.value(a), say.value(b)) for a, b, _ in
            OF.findall(" | ".join(row))]
    c.log.check(any(a == over and (of is None or b == of)
                    for a, b in said), RULE, "index.html#validity",
                " | ".join(row), "trials.jsonl", why)


def driver(c, row):
    """null_map's time over the fastest map's, in the worst group."""
    shares = []
    for g in c.rows.groups:
        d = c.decision(g)
        floor = d.levels.get("null_map")
        best = {m: v.centre for m, v in d.levels.items() if c.rows.peer(m)}
        if floor and best:
            shares.append((100 * max(best.values()) / floor.centre, str(g)))
    if not shares:
        return
    worst, where = max(shares)
    over = sum(s > DRIVER for s, _ in shares)
    why = (f"worst group {where}: {worst:.3g} %; {over} of {len(shares)} "
           f"groups are beyond {DRIVER:g} %")
    judge(c, row, worst, not over, why)
    counted(c, row, over, len(shares), why)


def even(c, row):
    """Slowest over fastest thread: the worst, and how many are below."""
    found = []
    for cell, t in finished(c):
        ops = [x["ops"] for x in t["result"].get("by_thread") or []]
        if cell.alone and len(ops) > 1 and max(ops):
            found.append((min(ops) / max(ops), cell))
    if not found:
        return
    worst = min(v for v, _ in found)
    below = sum(v < EVEN for v, _ in found)
    timed = [v for v, cell in found if cell.measure == "throughput"]
    why = (f"worst {worst:.3g}; {below} of {len(found)} timed trials are "
           f"below {EVEN} ({sum(v < EVEN for v in timed)} of {len(timed)} "
           "throughput trials)")
    judge(c, row, worst, not below, why)
    said = [(say.value(a), say.value(b)) for a, b, _ in
            OF.findall(" | ".join(row))]
    if below and (sum(v < EVEN for v in timed), len(timed)) not in said:
        counted(c, row, below, len(found), why)


def placed(c, row):
    """Trials with every thread where the plan put it."""
    seen = off = 0
    for cell, t in finished(c):
        threads = t["result"].get("by_thread") or []
        if cell.factors.get("cpus") and threads:
            seen += 1
            off += any(x.get(k) not in (None, x["cpu"]) for x in threads
                       for k in ("cpu_start", "cpu_end"))
    said = OF.search(row[1])
    why = f"{seen - off} of {seen} that name their CPUs"
    c.log.check(bool(said) and say.value(said[1]) == seen - off
                and says_ok(row) == (not off), RULE, "index.html#validity",
                " | ".join(row), "trials.jsonl", why)


def steal(c, row):
    """Of the timed trials that count, or of all that were started."""
    counts = []
    for trials in ([t for _, t in finished(c)], [
            t for cell in c.rows.cells.values() for t in cell.lines]):
        known = [t["steal_ticks"] for t in trials
                 if t.get("steal_ticks") is not None]
        counts.append((sum(v > 0 for v in known), len(known)))
    said = OF.search(row[1])
    if not any(n for _, n in counts):
        c.log.check(not said, RULE, "index.html#validity", " | ".join(row),
                    "trials.jsonl", "no trial could read it")
        return
    c.log.check(bool(said) and say.value(said[1]) in [a for a, _ in counts],
                RULE, "index.html#validity", " | ".join(row), "trials.jsonl",
                " or ".join(f"{a} of {b}" for a, b in counts))


def mix(c, row):
    """Standard errors of the write share; churn and fresh write in pairs:
    a key is added and another taken out. Other loops draw nothing."""
    worst = 0.0, None
    name = "miss" if "miss" in row[0] else "write"
    for cell, t in finished(c):
        if cell.factors["loop"] not in LOOPS:
            continue
        worst = max(worst, (deviation(cell, t["result"], name), cell.map),
                    key=lambda w: w[0])
    judge(c, row, worst[0], worst[0] <= 6,
          f"worst {worst[0]:.3g} standard errors, {worst[1]}")


def deviation(cell, result, name):
    asked = cell.factors.get(f"{name}_share") or 0.0
    got, ops = result.get(f"achieved_{name}_share"), result.get("ops")
    if got is None or not ops or (name == "miss" and not asked):
        return 0.0
    pairs = 2 if cell.place["write_kind"] in ("churn", "fresh") else 1
    if name == "miss":
        ops = result.get("lookups") or ops
    off = max(abs(got - asked) - pairs / ops, 0.0)
    # a pair is two writes of (2 - asked) n decisions (docs/method.md)
    times = 2 - asked if pairs == 2 else 1
    error = math.sqrt(times * asked * (1 - asked) / ops)
    return off / error if error else (math.inf if off else 0.0)


def missed(c, row):
    shares = [100 * t["result"]["misses_resident"] / t["result"]["lookups"]
              for _, t in finished(c)
              if t["result"].get("misses_resident") is not None
              and t["result"].get("lookups")]
    if shares:
        judge(c, row, max(shares), max(shares) <= 0.5,
              f"worst {max(shares):.3g} %")


def floor(c, row):
    """"2.41 ns per operation and thread" of null_map, headline."""
    head = c.head()
    match = re.search(say.NUMBER, row[1])
    level = c.decision(head).levels.get("null_map") if head else None
    if match and level:
        ns = 1e3 * head.place["threads"] / level.centre
        c.log.check(say.same(match[0], ns), RULE, "index.html#validity",
                    " | ".join(row), head, f"{ns:.4g} ns")


RULES = (("driver's share", driver), ("slowest ÷ fastest", even),
         ("planned cpu", placed), ("steal", steal), ("achieved", mix),
         ("missed a resident", missed), ("the driver alone", floor))


# ---- denominators ---------------------------------------------------------

def denominators(c, rows):
    """Two lines that count trials count the same ones, or say which: a line
    with a word for its trials (a CPU each, headline cells) counts those."""
    last = None
    for row in rows:
        if "trials" not in row[0] or "a CPU each" in row[0]:
            continue
        for _, of, which in OF.findall(row[1]):
            true = say.value(of) == c.rows.started
            c.log.check(true or bool(which) or last in (None, of), COUNTS,
                        "index.html#validity", " | ".join(row),
                        f"the line above: of {last}",
                        f"{c.rows.started} trials were started")
            last = last if which else of


def lost(c):
    """"Void, failed and skipped: 1 of 2 404 trials": of those started."""
    t = c.page.table("lost")
    caption = t.caption if t else ""
    match = OF.search(caption)
    if match:
        gone = [x for cell in c.rows.cells.values() if not cell.skip
                for x in cell.lines if x not in cell.ok
                and x.get("exit") != "not started"]
        c.log.check((say.value(match[1]), say.value(match[2])) == (
            len(gone), c.rows.started), COUNTS, "index.html#validity",
            caption, "trials.jsonl", f"{len(gone)} of {c.rows.started} that "
            f"were started; {c.rows.lines} lines with those that were not")
    for header in c.page.root.all("header"):
        match = re.search(rf"({say.NUMBER}) trials?", header.text())
        if match:
            c.log.check(say.value(match[1]) == c.rows.started, COUNTS,
                        "index.html", match[0], "trials.jsonl",
                        f"{c.rows.started} were started")


# ---- controls, and what is not said at all --------------------------------

def controls(c):
    """Where so few blocks have no 99 % interval at all, no control can
    ever fail: the first screen says so."""
    rows = c.page.csv("figures/controls.csv") or []
    blocks = max((cell.blocks for cell in c.rows.cells.values()), default=0)
    for r in rows:
        few = re.search(r"fewer than (\d+) blocks", r.get("why") or "")
        c.log.check(not few or not r["percent"] or blocks < int(few[1]),
                    "reasons", "figures/controls.csv", r["name"], f"why = "
                    f"{r.get('why')}", f"it has a value, of {blocks} blocks")
    able = [r for r in rows if r.get("low") not in (None, "")
            and not r["name"].startswith("drift")]
    if not rows or able or depth(blocks, 0.99):
        c.log.looked("controls", len(rows))
        return
    answer = c.page.section("answer")
    text = str(c.page.verdicts.get("quality") or "") + (
        answer.text() if answer else "")
    c.log.check(bool(UNABLE.search(text)), "controls", "index.html#answer",
                "(nothing)", "figures/controls.csv", f"none of {len(rows)} "
                f"controls can decide: n = {blocks} has no 99 % interval")


def silence(c):
    """What moves most of the noise has to be named if the rows have it."""
    text = c.page.root.text().lower()
    speeds = [v for _, t in finished(c) for v in speeds_of(t)]
    if speeds and max(speeds) > SPREAD * min(speeds):
        c.log.check("cpu speed" in text or "speed of the cpu" in text,
                    "silence", "index.html", "(nothing)", "adds_per_ns",
                    f"CPU speed {min(speeds):.3g} to {max(speeds):.3g} "
                    "additions/ns")
    waits = [wait(t) for cell, t in finished(c) if cell.alone]
    waits = [w for w in waits if w is not None]
    many = sum(w > WAITED for w in waits)
    if many > WAITED * len(waits):
        c.log.check("waited" in text and "run queue" in text.replace("-", " ")
                    or "waited for a cpu" in text, "silence", "index.html",
                    "(nothing)", "runqueue_wait_ns", f"{many} of "
                    f"{len(waits)} trials waited more than 5 % of their time")


def speeds_of(t):
    e = t["result"].get("environment") or {}
    return [e[k] for k in ("adds_per_ns_before", "adds_per_ns_after")
            if isinstance(e.get(k), (int, float)) and e[k] > 0]


def wait(t):
    """Share of thread time in the run queue; None where not recorded."""
    threads = t["result"].get("by_thread") or []
    each = [x.get("runqueue_wait_ns") for x in threads]
    if not each or None in each:
        return None
    return sum(each) / max(sum(x["elapsed_ns"] for x in threads), 1)
