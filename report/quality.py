# SPDX-License-Identifier: Apache-2.0
"""How quiet the machine was while it measured, and what this run can see.

Read from the journal alone. A trial records the speed of its slowest CPU before
and after its window, the time its threads waited for a CPU, the time that the
hypervisor took, and its attempt. No trial is dropped for any of these.
"""
import functools
import math
import statistics

import numpy as np

from report import checks, disturbed, journal, verdicts, words

TICK_NS = 10 ** 7  # USER_HZ is 100 on every Linux
WAITS = disturbed.LIMIT  # above it a trial's threads waited
WAITING = ("last attempts with a CPU per thread, also void ones and "
           "verification")
SPEED_RANGE = (1, 99)  # percentiles: one slow reading is no change of speed
UNEQUAL = 2  # shares of repeated trials further apart mark a contrast
BROKEN = 0.29  # a pseudo-median follows more wrong values wherever they go
COLLECTIONS = 5  # in a window, to show what they cost
SEEDED = 2  # repetitions below which a share says nothing


# ---- what each trial tells --------------------------------------------------

def speed(trial):
    """Dependent additions per ns of the slowest CPU of the cell, which is its
    frequency in GHz: mean of before and after the window; nan: unknown."""
    about = (trial.get("result") or {}).get("environment") or {}
    known = [about.get("adds_per_ns_" + when) for when in ("before", "after")]
    known = [v for v in known if v]
    return sum(known) / len(known) if known else math.nan


def stolen(trial, cpus):
    """What the hypervisor took, in per cent of all CPUs' time."""
    ticks, wall = trial.get("steal_ticks"), trial.get("wall_ns")
    if ticks is None or not wall:
        return math.nan
    return 100 * ticks * TICK_NS / (wall * cpus)


class Noise:
    """All started trials in the order they ran, as arrays."""

    def __init__(self, a):
        machine = a.campaign.meta.get("machine") or {}
        cpus = machine.get("cpus") or 1
        ran = [(c, t) for c, t in a.campaign.ran
               if t.get("exit") != "not started"]
        self.cells = [c for c, _ in ran]
        self.trials = [t for _, t in ran]
        self.speed = np.array([speed(t) for t in self.trials])
        self.waited = np.array([disturbed.waited(t) for t in self.trials])
        self.stolen = np.array([stolen(t, cpus) for t in self.trials])
        self.alone = np.array([checks.alone(c) for c in self.cells], bool)
        self.attempt = np.array([t.get("attempt", 1) for t in self.trials],
                                int)
        self.round_of = a.campaign.round_of
        old = replaced(a)
        self.last = np.array([id(t) not in old for t in self.trials], bool)

    def __len__(self):
        return len(self.trials)

    def readings(self):
        """(attempts whose speed is known, all)."""
        return int((~np.isnan(self.speed)).sum()), len(self)

    def speeds(self):
        """(slow, fast): all but the ends of the range; None: not known."""
        known = self.speed[~np.isnan(self.speed)]
        return np.percentile(known, SPEED_RANGE) if len(known) else None

    def waiting(self, of=True):
        """Waiting of the last attempts that know it, with a CPU per thread;
        of -- which trials, as an array."""
        return self.waited[of & self.last & self.alone
                           & ~np.isnan(self.waited)]

    def waits(self):
        """(trials whose threads waited although each had a CPU, of all such
        that know it); not what the runner calls disturbed: this waiting may
        be the map's own doing."""
        known = self.waiting()
        return int((known > WAITS).sum()), len(known)

    def taken(self):
        """(trials with steal, trials where it is readable): last attempts."""
        known = self.stolen[self.last & ~np.isnan(self.stolen)]
        return int((known > 0).sum()), len(known)

    def most_taken(self):
        """The largest share that was stolen from a last attempt, in per
        cent of the time of its cell's CPUs; 0: none, or not known."""
        return max((100 * (t.get("stolen_share") or 0)
                    for t, last in zip(self.trials, self.last) if last),
                   default=0)

    def rows(self):
        """One row per trial, for the strip and its CSV."""
        number = lambda v: None if math.isnan(v) else float(v)
        return [{"cell": c.id, "n": 1,
                 "trial": i + 1, "block": t["block"],
                 "round": self.round_of.get((c.id, t["block"]), t["block"]),
                 "map": c.map,
                 "threads": c.threads, "measure": c.measure,
                 "attempt": int(self.attempt[i]), "status": t["status"],
                 "adds_per_ns": number(self.speed[i]),
                 "waited_percent": number(self.waited[i]),
                 "steal_percent": number(self.stolen[i])}
                for i, (c, t) in enumerate(zip(self.cells, self.trials))]


@functools.lru_cache(maxsize=1)
def noise_of(a):
    """The one Noise of an analysis."""
    return Noise(a)


# ---- repetitions ------------------------------------------------------------

def replaced(a):
    """Those trials (by id()) of which a later attempt counts."""
    return {id(t) for t in a.campaign.replaced}


def places(cell):
    """(places of the plan that were measured, those measured again)."""
    started = {t["block"] for t in cell.trials + cell.earlier
               if t.get("exit") != "not started"}
    return len(started), len({t["block"] for t in cell.earlier})


def repeated(a):
    """(places measured again, places measured) of the whole campaign."""
    found = [places(c) for c in a.campaign.cells.values()]
    return sum(n for _, n in found), sum(n for n, _ in found)


def budget_words(a):
    """What stayed as it was where the budget of repeats was spent; "":
    nothing."""
    left = a.campaign.budget.left
    return f"{words.plural(left, 'trial')} stayed void or disturbed" \
        if left else ""


def machine_words(a):
    """Of what machine the ratios are, where others disturbed so many trials
    that a pseudo-median follows them; "" else."""
    some, of = disturbed.stayed(a)
    if not of or some <= BROKEN * of:
        return ""
    return (f"{disturbed.judged_words(some, of)}: the ratios are those of a "
            "disturbed machine")


def unequal(first, second):
    """Were the two sides of a contrast repeated in shares that differ by
    more than a factor of two? A single repetition tells of no share."""
    (n, a), (m, b) = places(first), places(second)
    if not n or not m or max(a, b) < SEEDED:
        return False
    low, high = sorted((a / n, b / m))
    return high > UNEQUAL * low


def contrasts(a):
    """Rows of all pairs of maps that may be compared in a group of cells:
    place, both ids, what was repeated of each, and the mark."""
    rows = []
    if not repeated(a)[0]:
        return rows
    for board in a.boards():
        for line in a.lines_of(board):
            for threads, cells in sorted(a.grid[board][line].items()):
                names = [m for m, c in cells.items() if c.ok and a.peer(m)]
                rows += [{
                    "threads": threads, "first": x, "second": y,
                    "first_cell": cells[x].id, "second_cell": cells[y].id,
                    "first_repeated": places(cells[x])[1],
                    "second_repeated": places(cells[y])[1],
                    "n": min(places(cells[x])[0], places(cells[y])[0]),
                    "unequal": unequal(cells[x], cells[y])}
                    for i, x in enumerate(names) for y in names[i + 1:]]
    return rows


def map_rows(a, noise):
    """One row per map: its trials, and what disturbed them."""
    marks, per = contrasts(a), {}
    for cell, even in checks.evenness(a):
        per.setdefault(cell.map, []).append(even)
    rows, ran = [], np.array([c.map for c in noise.cells])
    for name in sorted(set(ran.tolist())):
        seen = noise.waiting(ran == name)
        cells = [places(c) for c in a.campaign.cells.values()
                 if c.map == name]
        own = [m for m in marks if name in (m["first"], m["second"])]
        even = per.get(name, [])
        taken, judged = disturbed.stayed(a, name)
        rows.append({
            "map": name, "places": sum(n for n, _ in cells),
            "repeated": sum(n for _, n in cells),
            "contrasts": len(own),
            "unequal": sum(m["unequal"] for m in own),
            "disturbed": taken, "judged": judged,
            "waiting_known": len(seen), "waited": int((seen > WAITS).sum()),
            "even_known": len(even),
            "uneven": sum(e < checks.EVEN for e in even),
            "least_even": min(even, default=None)})
    return rows


# ---- trials, in one line that adds up ---------------------------------------

def counts(a):
    """What became of each line of the journal that is in the plan; the
    members add up to "lines"."""
    got = dict.fromkeys(("count", "repeated", "void", "failed",
                         "not started"), 0)
    old = replaced(a)
    for _, trial in a.campaign.ran:
        if id(trial) in old:
            got["repeated"] += 1
        elif journal.usable(trial):
            got["count"] += 1
        elif trial.get("exit") == "not started":
            got["not started"] += 1
        else:
            got["void" if trial["status"] == "void" else "failed"] += 1
    return got | {"lines": len(a.campaign.ran)}


def counts_line(a):
    """One line whose numbers add up: the denominators of all other ones."""
    got = counts(a)
    lines = got.pop("lines")
    told = {"count": "count", "repeated": "were measured again",
            "void": "are void", "failed": "failed",
            "not started": "were not started"}
    said = words.joined(f"{words.count(n)} {told[k]}"
                        for k, n in got.items() if n or k == "count")
    started = lines - got["not started"] - got["repeated"]
    beside = "" if not got["repeated"] else (
        f", beside {words.plural(got['repeated'], 'repetition')}")
    return (f"Of {words.plural(lines, 'line')} of the journal {said}"
            f"; {words.plural(started, 'trial')} "
            f"{'was' if started == 1 else 'were'} started{beside}. No trial "
            "was dropped for its value.")


# ---- what this run can see --------------------------------------------------

def headline_mdes(a):
    """MDEs in per cent of the headline's comparisons, leader with each rival,
    all at once; (mdes, rivals with a trial, most n, the group's verdict)."""
    group = a.verdicts[a.headline()]
    rivals = [r for r in group["rivals"] if r["n"]]
    mdes = [100 * verdicts.smallest_seen(
        r["ratio"], (r["low"], r["high"]), (r["group_low"], r["group_high"]))
        - 100 for r in rivals if r["outcome"] != verdicts.NONE
        and r["low"] < r["high"]]
    return (sorted(mdes), len(rivals),
            max((r["n"] for r in rivals), default=0), group)


def seen_words(a):
    """The smallest difference that the headline's comparisons can see."""
    if a.headline() is None:
        return "nothing to compare in the headline"
    mdes, rivals, n, group = headline_mdes(a)
    if not rivals:
        return "nothing to compare in the headline"
    if not mdes:
        return (f"cannot see any difference in the headline (n = {n}, a "
                f"ranking of {group['maps']} maps needs {group['needs']})")
    middle = words.seen(statistics.median(mdes))
    if len(mdes) == 1 == rivals:
        return f"can see differences above {middle}"
    some = "" if len(mdes) == rivals else f"{words.count(len(mdes))} of "
    return (f"can see differences above {middle} in the median of {some}the "
            f"headline's {words.plural(rivals, 'comparison')}, above "
            f"{words.seen(mdes[0])} in the best")


def speed_range(noise):
    """Of what the slowest and the fastest speed are: not of all attempts,
    as programs of other languages read no speed."""
    known, of = noise.readings()
    some = "" if known == of else (
        f"; {words.count(known)} of {words.plural(of, 'attempt')} "
        f"{'has' if known == 1 else 'have'} a reading")
    return f"(1st to 99th percentile{some})"


def collections_words(a):
    """Which maps had a window with too few collections to show their share of
    the time, in words, or "". A map that does not allocate is always one of
    them."""
    few = set()
    for cell in a.campaign.cells.values():
        found = [t["result"].get("collections") for t in cell.ok
                 if cell.measure in ("throughput", "latency")
                 and a.peer(cell.map)]
        found = [n for n in found if n is not None]
        if found and statistics.median(found) < COLLECTIONS:
            few.add(cell.map)
    return "" if not few else (
        f"fewer than {words.count(COLLECTIONS)} garbage collections in "
        f"windows of {words.joined(sorted(few))}: their share of the time is "
        "not shown")


def parts(a, noise, rows):
    """The parts of line(): what is not known is not said."""
    yield seen_words(a)
    ends = noise.speeds()
    if ends is not None:
        yield (f"CPU speed changed × {words.sig(ends[1] / ends[0], 2)} "
               + speed_range(noise))
    waiting, known = noise.waits()
    if known:
        yield (f"in {words.percent(100 * waiting / known, 2)} of "
               f"{words.plural(known, 'trial')} ({WAITING}) threads waited "
               f"for their CPU in more than {WAITS} % of the window")
    stolen_from, known = noise.taken()
    if stolen_from:
        most = noise.most_taken()
        yield (f"the hypervisor took time in "
               f"{words.percent(100 * stolen_from / known, 2)} of "
               f"{words.plural(known, 'trial')}"
               + (f", at most {words.percent(most, 2)} of a trial's CPUs"
                  if most else ""))
    again, of = repeated(a)
    if again:
        yield f"{words.percent(100 * again / of, 2)} of the trials were " \
              "repeated"
    if budget_words(a):
        yield budget_words(a) + " where the budget of repeats was spent"
    if machine_words(a):
        yield machine_words(a)
    if collections_words(a):
        yield collections_words(a)
    open_ = checks.undecidable(rows)
    if open_:
        yield open_


def line(a, rows):
    """What this run can see and how disturbed it was, in one line for the
    claim box and verdicts.json; rows -- checks.control_rows(a)."""
    text = "; ".join(parts(a, noise_of(a), rows))
    return text[0].upper() + text[1:] + "."


def unranked(a):
    """workload -> most blocks that any of its groups has, of workloads with
    no group that has enough to rank its maps. A workload without a map that
    may be ranked lacks no blocks."""
    best = {}
    for board in a.boards():
        for line_ in a.lines_of(board):
            for cells in a.grid[board][line_].values():
                may = [c for m, c in cells.items() if a.ranked(m)]
                if not may:
                    continue
                ranked = [c for c in may if c.ok]
                n = max((len(c.ok) for c in ranked), default=0)
                old, enough = best.get(board.workload, (0, False))
                best[board.workload] = (
                    max(old, n), enough or n >= verdicts.needs(len(ranked)))
    return {name: n for name, (n, enough) in best.items() if not enough}
