# SPDX-License-Identifier: Apache-2.0
"""What the trials tell of themselves: worst over all, not of one cell; and
how many trials that is."""
import itertools
import math
import re

from report.lint import controls as controls_of
from report.lint import noise, say, trust
from report.lint.intervals import depth
from report.lint.rows import LOOPS

RULE, COUNTS = "checks", "counts of trials"
DRIVER, EVEN, SPREAD, WAITED = 20.0, 0.8, 1.1, 0.05
UNABLE = re.compile(r"[Cc]ontrols?\b[^.]*(cannot|not decid|could not|"
                    r"none decid|no control)")
BLIND = re.compile(r"controls cannot decide: ([^()]*) \(n = (\d+)\)")
DRIFT = re.compile(rf"Here it is of ({say.NUMBER}) blocks? with "
                   rf"({say.NUMBER}) undisturbed trials? of ({say.NUMBER}) cells?")
OF = re.compile(rf"({say.NUMBER}) of ({say.NUMBER})(?: (\w+))?")


def check(c):
    rows = checks(c)
    lines = [" | ".join(row) for row in rows]
    if c.head() is None:  # of which place those of the headline are, is open
        lines = [re.sub(r"; headline [^|;]*%", "", line) for line in lines
                 if "headline cell" not in line]
    for said, wanted in itertools.zip_longest(lines, expected(c)):
        form, values = wanted or ("no such row", ())
        c.log.check(said is not None and say.told(said, form, *values), RULE,
                    "index.html#validity", said or "(no row)",
                    "trials.jsonl", f"{form} of {values}")
    denominators(c, rows)
    lost(c)
    controls(c)
    silence(c)


def checks(c):
    t = c.page.table("checks")
    if t is None:
        c.log.skip("index.html#validity", "checks", "there is no such table")
    return t.rows if t else []


def expected(c):
    """(form, values) of each row of the table."""
    if c.page.table("checks") is None:
        return
    yield placed(c)
    yield from mix(c)
    yield from missed(c)
    yield from even(c)
    yield from steady(c)
    yield from driver(c)
    yield from noise.checks(c.rows)


def finished(c):
    """(cell, trial) of all timed trials that count."""
    return [(cell, t) for cell in c.rows.cells.values()
            if cell.measure != "verify" for t in cell.ok]


def ok(good, bad="not met"):
    return "✓ ok" if good else f"✗ {bad}"


def placed(c):
    """Trials with every thread where the plan put it."""
    seen = off = 0
    for cell, t in finished(c):
        threads = t["result"].get("by_thread") or []
        if cell.factors.get("cpus") and threads:
            seen += 1
            off += any(x.get(k) not in (None, x["cpu"]) for x in threads
                       for k in ("cpu_start", "cpu_end"))
    form, values = say.part(seen - off, seen)
    return ("trials with every thread on its planned CPU | "
            f"{form} | all | {ok(not off)}", values)


def mix(c):
    """Standard errors of the shares, of the worst trial."""
    for name in ("write", "miss"):
        found = [(off, cell.map) for cell, t in finished(c)
                 if cell.factors["loop"] in LOOPS
                 if name == "write" or not holds_nothing(c, cell)
                 for off in [deviation(cell, t["result"], name)]
                 if off is not None]
        if found:
            off, where = max(found, key=lambda f: f[0])
            yield (f"{name} share, achieved − asked less one draw, worst | "
                   "{} standard errors ({}) | ≤ 6 standard errors | "
                   + ok(off <= 6),
                   (off if math.isfinite(off) else "unbounded", where))


def holds_nothing(c, cell):
    """Such a map finds every key, also those that nobody put in."""
    return "no-state" in (c.rows.maps.get(cell.map, {}).get("caps") or ())


def deviation(cell, result, name):
    """None where nothing is known; churn and fresh write in pairs: a key is
    added and another taken out."""
    asked = cell.factors.get(f"{name}_share") or 0.0
    got, ops = result.get(f"achieved_{name}_share"), result.get("ops")
    if got is None or not ops or (name == "miss" and not asked):
        return None
    pairs = 2 if (name == "write" and cell.place["write_kind"] != "update"
                  ) else 1
    if name == "miss":
        ops = result.get("lookups") or ops
    off = max(abs(got - asked) - pairs / ops, 0.0)
    # a pair is two writes of (2 - asked) n decisions (docs/method.md)
    times = 2 - asked if pairs == 2 else 1
    error = math.sqrt(times * asked * (1 - asked) / ops)
    return off / error if error else (math.inf if off else 0.0)


def missed(c):
    shares = [(100 * t["result"]["misses_resident"] / t["result"]["lookups"],
               cell.map) for cell, t in finished(c)
              if t["result"].get("misses_resident") is not None
              and t["result"].get("lookups")]
    if shares:
        most, where = max(shares, key=lambda s: s[0])
        yield ("lookups that missed a resident key, worst | {} %"
               + f" ({where})" * bool(most) + " | ≤ 0.5 %, fresh and churn "
               "only | " + ok(most <= 0.5), (most,))


def even(c):
    """Slowest over fastest thread: how many are below, and the least. Of
    threads whose operations are scheduled it says nothing."""
    found = []
    for cell, t in finished(c):
        ops = [x["ops"] for x in t["result"].get("by_thread") or []]
        if cell.alone and len(ops) > 1 and max(ops) and cell.factors[
                "loop"] in ("mix", "closed"):
            found.append((min(ops) / max(ops), cell))
    head = c.head().cells.values() if c.head() else ()
    for name, these in (("all", found), ("headline cells", [
            f for f in found if f[1] in head])):
        below = sum(v < EVEN for v, _ in these)
        if these:
            form, values = say.part(below, len(these))
            least, cell = min(these, key=lambda f: f[0])
            yield ("timed closed-loop trials whose slowest thread did less "
                   "than 0.8 of its fastest's operations, a CPU each: "
                   f"{name} | {form}; "
                   f"least {{}} ({cell.map}) | no trial | "
                   + ok(not below, f"{say.plural(below, 'trial')} below"),
                   (*values, least))


def steady(c):
    """Whose virtual machine may still have compiled in the window."""
    late, n = {}, 0
    for cell, t in finished(c):
        if (t["result"].get("environment") or {}).get("vm"):
            n += 1
            if (t["result"].get("warm_up") or {}).get("steady") is not True:
                late.setdefault(cell.map, []).append(cell)
    off = sum(map(len, late.values()))
    form, values = say.part(n - off, n) if n else ("", ())
    maps = ", ".join(f"{{}} of {name} in {{}} cell"
                     + "s" * (len({id(x) for x in cells}) != 1)
                     for name, cells in late.items())
    if n:
        yield ("warm-ups that ended steady, of programs that are compiled "
               f"while they run | {form}" + f"; not: {maps}" * bool(late)
               + " | all | " + ok(not late, f"{off} not met"),
               (*values, *itertools.chain.from_iterable(
                   (len(cells), len({id(x) for x in cells}))
                   for cells in late.values())))


def driver(c):
    """What the map that does nothing takes in the headline, of each program
    that has maps here; and the share that it has of the time of the fastest
    map, in the worst group."""
    head, shares, lost = c.head(), [], []
    nothing = {about.get("program"): name
               for name, about in c.rows.maps.items()
               if name == "null_map" or "no-state" in about.get("caps", ())}
    programs = [None] + [p for p in dict.fromkeys(
        about.get("program") for about in c.rows.maps.values()) if p]
    for program in programs if head else ():
        name = nothing.get(program) or program or "null_map"
        floor = c.decision(head).levels.get(name)
        yield (f"{name}: the driver alone, headline cell | " + (
            "{} ns per operation and thread | shown, never subtracted | –"
            if floor else "not run | shown, never subtracted | ✗ no floor"),
            (1e3 * head.place["threads"] / floor.centre,) if floor else ())
    for g in c.rows.groups:
        levels = c.decision(g).levels
        best = max(((v.centre, m) for m, v in levels.items()
                    if c.rows.peer(m)), default=None)
        name = best and nothing.get(
            c.rows.maps.get(best[1], {}).get("program"))
        if best and name not in levels:
            lost.append(g)
        elif best:
            shares.append((100 * best[0] / levels[name].centre, best[1], g,
                           (g.cells[best[1]], g.cells[name])))
    if shares:
        yield share(c, shares, lost)


def floorless(c, lost):
    """(form, values) of the groups without a floor's result."""
    named = lost if len(lost) <= 3 else []
    return ("; not known in {} more, without a floor's result" * bool(lost)
            + ": " * bool(named) + "; ".join(["({})"] * len(named)),
            [*[len(lost)] * bool(lost), *(
                lambda text: any(g in c.places.of(text) for g in lost)
                for _ in named)])


def share(c, shares, lost):
    """shares -- (per cent, map, group, its cell and the floor's)"""
    without, more = floorless(c, lost)
    worst, over = max(shares, key=lambda s: s[0]), [
        s for s in shares if s[0] > DRIVER]
    own = [s[0] for s in shares if s[2] is c.head()]
    n, unsure = len(shares), sum(any(
        spoilt(x) > trust.BROKEN * len(x.ok) for x in s[3]) for s in over)
    told = [f"{k} of {n} {what}" for k, what in (
        (len(over) - unsure, "over the limit"),
        (unsure, "not known: above it in disturbed trials")) if k]
    some = sum(map(spoilt, worst[3]))
    noise_ = (": {} of its {} trials "
              f"{'was' if some == 1 else 'were'} disturbed by others")
    return ("driver's share of the fastest map's time, worst of {} cell "
            f"group{'' if n == 1 else 's'} | {{}} % ({{}}, {{}})"
            + noise_ * bool(some) + "; headline {} %" * bool(own)
            + without + " | ≤ 20 % | " + ok(not over, ", ".join(told)),
            (n, worst[0], worst[1], lambda text: worst[2] in c.places.of(
                text), *[some, sum(len(x.ok) for x in worst[3])] * bool(some),
             *own, *more))


def spoilt(cell):
    """Its trials that count though others disturbed them."""
    return sum(trust.taken(cell, t) for t in cell.ok)


# ---- denominators ---------------------------------------------------------

def denominators(c, rows):
    """Two lines that count trials count the same ones, or say which: a line
    with a word for its trials (a CPU each, headline cells, timed)
    counts those."""
    last = None
    for row in rows:
        if "trials" not in row[0] or re.search("a CPU each|timed trials",
                                               row[0]):
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
    blind(c)
    drifted(c)
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


def blind(c):
    """What is lacking is that of the control with the fewest blocks."""
    found = controls_of.controls(c.rows)
    least = min((x for x in found if x.word == "cannot decide"),
                key=lambda x: x.estimate.n, default=None)
    wanted = [] if least is None or any(x.failed for x in found) else [
        (least.why, str(least.estimate.n))]
    said = BLIND.findall(str(c.page.verdicts.get("quality") or ""))
    c.log.check(not said or said == wanted, "controls", "verdicts.json",
                str(said), "trials.jsonl", f"cannot decide: {wanted}")


def drifted(c):
    """How much the drift is of."""
    section, true = c.page.section("validity"), controls_of.drift_of(c.rows)
    for said in DRIFT.findall(section.text() if section else ""):
        c.log.check(all(map(say.same, said, true)), "controls",
                    "index.html#validity", " ".join(said), "trials.jsonl",
                    f"blocks, trials, cells: {true}")


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
