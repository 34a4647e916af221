# SPDX-License-Identifier: Apache-2.0
"""Forms of claims and journals that a seed rarely meets, each on purpose: a
campaign has one ledger with all claims of a function below."""
import again_campaigns as base
import again_places
import again_told
from again_told import N


class Form(base.Made):
    """A campaign with helpers for one claim a line."""

    def __init__(self, seed):
        super().__init__(seed)
        self.count = 0

    def say(self, rule, **keys):
        """A claim of its own workload; -> the workload."""
        self.count += 1
        name = f"S0-{self.count:02d}"
        keys = {"workload": name.lower(), "cells": "keys=1000",
                "subject": "syncmap", "statistic": "x", "rule": rule,
                "speaks": "count"} | keys
        self.claim(name, keys)
        return keys["workload"]

    def put(self, workload, name, values, keys=1000, status="ok", **more):
        """A cell, and its trials by block; None: no trial of that block."""
        cell = self.cell(workload, name, keys, max(len(values), 1), **more)
        cell["id"] = cell["id"].replace(
            "/m0/", f"/m{100 * cell['miss_share']:g}/")
        cell["id"] += "" if cell["loop"] == "mix" else "/" + cell["loop"]
        for block, each in enumerate(values):
            if each is not None:
                each = each if isinstance(each, dict) else {"x": each}
                self.trial(cell, block, each, status)
        return cell

    def near(self, middle, n=N, sd=0.02):
        return base.drawn(self.rng, (middle, sd), n)

    def pair(self, workload, ratio, maps=("syncmap", "gomap_rw"), n=N,
             **more):
        self.put(workload, maps[0], self.near(10 * ratio, n), **more)
        self.put(workload, maps[1], self.near(10, n), **more)


def go(made):
    """Go's own maps: planned, run, failed, in part; agreeing or not."""
    ours, theirs = ("syncmap", "gomap_rw"), ("go_sync_map", "go_map_rw")
    for about in ("go", "any"):
        for port, real in ((2, 2), (2, .5), (None, 2), (2, None)):
            w = made.say("direction", side="above", against="gomap_rw",
                         go="go_sync_map / go_map_rw", about=about,
                         speaks="speed")
            if port:
                made.pair(w, port)
            if real:
                made.pair(w, real, theirs)
    for how in ("failed", "none", "few", "one side"):
        w = made.say("direction", side="above", against="gomap_rw",
                     go="go_sync_map / go_map_rw", about="go")
        made.pair(w, 2, ours)
        for name in theirs:
            values = {"none": [], "few": [5] * 4}.get(how, [5] * N)
            bad = how == "failed" or how == "one side" and name == theirs[0]
            made.put(w, name, values, status="crash" if bad else "ok")
    w = made.say("direction", side="above", against="gomap_rw", about="go",
                 go="go_sync_map / go_map_rw",
                 cells=["keys=1000", "keys=2000"])
    made.pair(w, 2)
    made.pair(w, 2, keys=2000)
    made.pair(w, .5, theirs)


def go_alone(made):
    """A subject that is Go's own, and has no port."""
    for values in ([.1] * N, [.3] * N, None):
        w = made.say("figure", subject="go_sync_map", go="go_sync_map",
                     about="go", claimed="0.1")
        if values:
            made.put(w, "go_sync_map", values)


def needs(made):
    """What a machine must have."""
    for asked in ("cpus: 16", "cpus: 2", "cpus: 3", "counters"):
        w = made.say("figure", needs=asked, claimed="5")
        made.put(w, "syncmap", [5] * N)
        made.say("figure", needs=asked, claimed="5")
    made.put(made.say("figure", numbers="counters", claimed="5"), "syncmap",
             [5] * N, measure="counters")
    made.say("none", lacks="hardware: a thing")
    made.say("none", lacks="cpus: 16")


def replayed(made):
    """Counters of a recording, which some other machine may have made."""
    made.backend = "replay"
    needs(made)


def below_zero(made):
    """Figures of speed with values that have no logarithm, in a family of
    others that are not what is claimed."""
    for low in (0, 1, 2, 3, 6):
        w = made.say("figure", claimed="5", speaks="speed")
        made.put(w, "syncmap", made.near(5, 20 - low) + [-1 - i for i in range(
            low)])
    for _ in range(20):
        w = made.say("figure", claimed="5", speaks="speed")
        made.put(w, "syncmap", made.near(8, 20))


def parts(made):
    """Sides and cells that the plan has not, or skips, or has twice."""
    for sides in (("syncmap",), ("gomap_rw",), ()):
        w = made.say("direction", side="above", against="gomap_rw")
        for name in sides:
            made.put(w, name, [5] * N)
    w = made.say("figure", claimed="5", cells=["keys=1000", "keys=2000"])
    made.put(w, "syncmap", [5] * N)
    w = made.say("figure", claimed="5", cells="threads=2")
    for keys in (1000, 2000):
        made.put(w, "syncmap", [5] * N, keys=keys)
    made.put(made.say("figure", claimed="5"), "syncmap", [],
             skip="no such thing here")
    made.put(made.say("never"), "syncmap", [], skip="no such thing here")
    made.put(made.say("figure", claimed="5"), "syncmap", [None, None, None])
    w = made.say("direction", side="above", against="gomap_rw")
    made.put(w, "syncmap", [9] * 10 + [None] * 10)
    made.put(w, "gomap_rw", [None] * 10 + [5] * 10)
    w = made.say("direction", side="above", against="gomap_rw")
    made.put(w, "syncmap", [9] * 13 + [None] * 7)
    made.put(w, "gomap_rw", [None] * 7 + [5] * 13)


def edges(made):
    """most and least, and what more a subject's cell has."""
    for wish in ("most", "least"):
        w = made.say("figure", claimed="1000" if wish == "least" else "4000",
                     cells=f"keys={wish}", tolerance="1")
        for keys in (1000, 2000, 4000):
            made.put(w, "syncmap", [keys] * N, keys=keys)
    w = made.say("direction", side="below", subject="syncmap presize=yes",
                 against="syncmap presize=no", cells="measure=throughput")
    made.put(w, "syncmap", made.near(5))
    made.put(w, "syncmap", made.near(9), presize=False)
    w = made.say("ratio", claimed="4", subject="syncmap keys=4000",
                 against="syncmap keys=1000", cells="measure=thr*")
    for keys in (1000, 4000):
        made.put(w, "syncmap", made.near(keys), keys=keys)
    w = made.say("ratio", claimed="4", subject="syncmap keys=most",
                 against="gomap_rw keys=least", cells="threads=2 dist=uni*")
    for keys in (1000, 2000, 4000):
        made.put(w, "syncmap", made.near(keys), keys=keys)
        made.put(w, "gomap_rw", made.near(keys), keys=keys)


def failures(made):
    """Trials that fail: crashes, wrong answers, a planted misuse, and
    failures that are what is counted."""
    for status in ("ok", "failed", "crash", "void"):
        for name, other in (("stock_single", "gomap_rw"),
                            ("stock_single", None)):
            for statistic in ("failed", "x"):
                w = made.say("can-happen", subject=name, against=other,
                             statistic=statistic)
                made.put(w, name, [1] * N, status=status)
                if other:
                    made.put(w, other, [0] * N)


ENDS = (  # of trials without a result
    {"exit": "signal 11"}, {"exit": "signal 6"}, {"exit": "signal 9"},
    {"exit": "deadline"}, {"exit": "status 2", "reason": "ended with status "
                           "2: fatal error: concurrent map writes"},
    {"exit": "status 2", "reason": "ended with status 2: request: no cell"},
    {"exit": "signal 6", "reason": "ended by signal 6 (Aborted) when it held "
     "90 MiB of the 99 MiB that it may"},
    {"exit": "not started", "status": "skipped", "result": None})


def crashes(made):
    """Processes that died, alone and between others, and refusals."""
    for end in ENDS:
        for rule, claimed in (("can-happen", None), ("never", None),
                              ("count", "1")):
            for others in ((), ("ok", "failed", "void")):
                w = made.say(rule, statistic="crashed+failed" if others else
                             "crashed", claimed=claimed)
                cell = made.put(w, "syncmap", [None] * 9)
                for block, status in enumerate(others):
                    made.trial(cell, block, {"x": 1}, status)
                for block in range(len(others), 9):
                    made.trial(cell, block, {}, **{"status": "crash"} | end)
    w = made.say("can-happen", statistic="failed")
    cell = made.put(w, "syncmap", [0] * 5)
    made.trial(cell, 5, {}, "crash", result={"status": "failed"})


def wrong_answers(made):
    """A map that failed its verification once has no figures."""
    cell = made.put("s0-01", "syncmap", [5] * N)
    made.say("figure", claimed="5")
    made.put(made.say("figure", claimed="5"), "syncmap", [5] * N)
    made.put(made.say("never"), "syncmap", [0] * N)
    made.put(made.say("can-happen", statistic="failed"), "syncmap", [0] * N)
    made.put(made.say("never", statistic="failed"), "syncmap", [0] * N)
    made.pair(made.say("direction", side="above", against="gomap_rw"), 2)
    made.put(made.say("figure", claimed="5", subject="gomap_rw"), "gomap_rw",
             [5] * N)
    made.trial(cell, 0, {"x": 5}, "failed", attempt=2)


def slopes(made):
    """A line over three sizes: each in a line of its own, or all in one."""
    for power in (1.0, .3, 2.0):
        for cells in ([f"keys={k}" for k in (1000, 8000, 64000)],
                      "measure=throughput"):
            w = made.say("slope", axis="keys", claimed="0.8 .. 1.2",
                         cells=cells)
            for keys in (1000, 8000, 64000):
                made.put(w, "syncmap", made.near(keys ** power), keys=keys)
    for sizes in ((1000, 2000, 64000), (1000, 64000)):
        for speaks in ("count", "speed"):
            w = made.say("slope", axis="keys", claimed="0.8 .. 1.2",
                         cells="measure=throughput", speaks=speaks)
            for keys in sizes:
                made.put(w, "syncmap", made.near(keys, sd=.3), keys=keys)
    for lost in ("crash", "few", "none"):
        w = made.say("slope", axis="keys", claimed="0.8 .. 1.2",
                     cells="measure=throughput")
        for keys in (1000, 8000, 64000):
            if lost == "few":
                made.put(w, "syncmap", made.near(keys, 3), keys=keys)
            elif lost != "none" or keys > 1000:
                made.put(w, "syncmap", made.near(keys), keys=keys,
                         status=lost if keys == 1000 else "ok")


def kinds(made):
    """Claims that leave out what others say: conditions, what they speak
    of; of claims of speed those whose rule has no test."""
    for conditions in (None, "stated", "unstated"):
        for values in ((5, 9), (9, 5), (5, 5)):
            w = made.say("figure", claimed="5", conditions=conditions,
                         cells=["keys=1000", "keys=2000"])
            made.put(w, "syncmap", made.near(values[0]))
            made.put(w, "syncmap", made.near(values[1]), keys=2000)
    for n in (N, 6, 8, 4):
        for rule, more in (("count", {"claimed": "5"}), ("never", {}),
                           ("can-happen", {})):
            made.put(made.say(rule, speaks=None, **more), "syncmap",
                     [0 if rule == "never" else 5] * n)
    w = made.say("figure", claimed="2", against="gomap_rw")
    made.pair(w, 2)
    for n in (55, 120):
        made.pair(made.say("ratio", claimed="1.5", against="gomap_rw",
                           speaks="speed"), 1.5, n=n)
    made.pair(made.say("ratio", claimed="0 .. 10%", tolerance="1",
                       against="gomap_rw"), 0.05)
    made.pair(made.say("ratio", claimed="0 .. 10%", tolerance="1",
                       against="gomap_rw"), 0.3)


def empty(made):
    """Trials in which nothing ran."""
    for measure in ("throughput", "causes", "counters"):
        w = made.say("figure", claimed="5", cells=f"measure={measure}")
        made.put(w, "syncmap", [{"ops": 0, "x": 5}] * 9 + [{"x": 5}] * 11,
                 measure=measure)
        w = made.say("direction", side="above", against="gomap_rw",
                     statistic="ops/elapsed_s")
        made.put(w, "syncmap", [{"ops": 0}] * 5 + [{"ops": 900}] * 15)
        made.put(w, "gomap_rw", [{"ops": 500}] * N)


def written(made):
    """The ledger's own grammar: keys of the whole file, comments, lines that
    go on, per cent, ranges."""
    made.text.append("""# a comment
speaks = count
conditions = unstated
workload = whole-file
cells = keys=1000
subject = syncmap
statistic = x
rule = figure
says = a sentence that \
    goes on in another line
article = unstated
environment = none
kind = direct
about = any""")
    for i, lines in enumerate((
            "claimed = 450% .. 5.5\ntolerance = 1", "claimed = 5",
            "claimed = 5.2\n# between\ntolerance = 1.01",
            "claimed = 5\ncells = keys=2000", "claimed=5\ncells=keys=2000\n"
            "cells = keys=1000", "claimed = 4.3\ntolerance = \\\n   1.5",
            "claimed = 500 %", "rule = count\nclaimed = 5e0\ntolerance = 1",
            "rule = equal\nband = 50%\nagainst = gomap_rw")):
        made.text.append(f"[S0-{i + 1:02d}]\n{lines}")
    made.put("whole-file", "syncmap", [5] * N)
    made.put("whole-file", "syncmap", [9] * N, keys=2000)
    made.put("whole-file", "gomap_rw", [4] * N)


def in_parts(made):
    """Cells that say more for themselves, parts of one statement, and cells
    and statistics of Go's own."""
    for conditions in ("parts", "stated", "unstated"):
        for other, go in ((1, None), (7, None), (1, (5, 1)), (7, (5, 1)),
                          (1, (5, 7)), (1, (5,)), (1, ())):
            w = made.say("figure", claimed="5", conditions=conditions,
                         cells=["keys=1000", "keys=1000 | subject = gomap_rw"
                                " | claimed = 1 .. 2"],
                         go_cells=None if go is None else [
                             "keys=1000 | go = go_sync_map",
                             "keys=1000 | claimed = 1 | go = go_map_rw"],
                         go_statistic=None if go is None else "y",
                         about="go")
            made.put(w, "syncmap", made.near(5))
            made.put(w, "gomap_rw", made.near(other))
            for name, value in zip(("go_sync_map", "go_map_rw"), go or ()):
                made.put(w, name, [{"y": v} for v in made.near(value)])
    for side in ("above", "below"):
        w = made.say("direction", side="above", against="gomap_rw",
                     conditions="parts", speaks="speed", cells=[
                         "keys=1000", f"keys=1000 | against = null_map"
                         f" | side = {side} | statistic = z"])
        for name, x, z in (("syncmap", 3, 4), ("gomap_rw", 1, 1),
                           ("null_map", 1, 9)):
            made.put(w, name, [{"x": a, "z": b} for a, b in zip(
                made.near(x), made.near(z))])


def parts_open(made):
    """Parts of which one is decided and another is not."""
    for first in (5, 9):
        for other in ([{"y": 1}] * N, made.near(6, sd=.3)):
            w = made.say("figure", claimed="5", conditions="parts",
                         cells=["keys=1000", "keys=2000"])
            made.put(w, "syncmap", made.near(first))
            made.put(w, "syncmap", other, keys=2000)


def loops(made):
    """A slope over the first number of a loop, of quotients, too."""
    for power in (1.0, 0.2):
        w = made.say("slope", axis="loop", claimed="0.8 .. 1.2",
                     cells="threads=2", against="gomap_rw")
        for n in (10, 100, 1000):
            made.put(w, "syncmap", made.near(n ** power), loop=f"hold:{n}:7")
            made.put(w, "gomap_rw", made.near(3), loop=f"hold:{n}:7")


FORMS = again_told.FORMS | again_places.FORMS | {f.__name__: f for f in (
    go, go_alone, needs, replayed, below_zero, parts, edges, failures, crashes,
    wrong_answers, slopes, kinds, empty, written, in_parts, parts_open, loops)}


def campaign(folder, name):
    made = Form(name)
    made.tells_go = "go1.19.8"
    FORMS[name](made)
    return made.write(folder)
