# SPDX-License-Identifier: Apache-2.0
"""Forms of where a claim is decided: factors that an article leaves open, and
cells that stand for others. Each function makes a campaign's claims and cells
(again_forms.Form)."""
from again_told import N

PAIR = ("syncmap", "gomap_rw")
REAL = ("go_sync_map", "go_map_rw")
SIDE = {"side": "above", "against": "gomap_rw"}


def sides(made, workload, ratios, maps=PAIR, n=7, **more):
    """A pair of cells at each value of a factor, {factor: {value: ratio}}; a
    ratio of None: the other side is not planned there."""
    (factor, at), = ratios.items()
    for value, ratio in at.items():
        made.put(workload, maps[0], made.near(10 * (ratio or 1), n),
                 **more | {factor: value})
        if ratio:
            made.put(workload, maps[1], made.near(10, n),
                     **more | {factor: value})


def open_one(made):
    """One factor, of a line that names its value, another's, or none; the
    tests of all places are of the family."""
    for where in ("threads=2", "threads=8", "measure=throughput",
                  "threads=most", "threads=least dist=uni*"):
        for at in ({1: 2, 2: 2, 4: 2}, {1: 2, 2: .5, 4: 2}, {2: 2},
                   {1: 2, 2: None, 4: .5}, {1: None, 2: 2, 4: None},
                   {1: 1, 2: 2}, {1: None}):
            w = made.say("direction", cells=where, free="threads", **SIDE)
            sides(made, w, {"threads": at})
    for at in ({1: 2, 2: 2}, {1: .5, 2: 2}):
        w = made.say("direction", cells="threads=2", free="threads",
                     speaks="speed", **SIDE)
        sides(made, w, {"threads": at}, n=N)


def open_many(made):
    """Several factors, several lines, lines that meet at one cell."""
    kinds = [f"write_kind={k} threads=2" for k in ("update", "churn")]
    for cells in (kinds, kinds[::-1], kinds[:1], ["threads=2"]):
        w = made.say("direction", cells=cells, free="write_kind dist", **SIDE)
        for kind, ratio in (("update", 2), ("churn", 2), ("fresh", .5)):
            sides(made, w, {"dist": {"uniform": 2, "zipf:0.99": ratio}},
                  write_kind=kind)
        sides(made, w, {"dist": {"uniform": .1}}, threads=4)
    w = made.say("direction", free="keys threads", **SIDE)
    for threads in (1, 2):
        sides(made, w, {"keys": {1000: 2, 2000: 2}}, threads=threads)
    made.put(w, "syncmap", made.near(5), keys=3000)
    made.put(w, "gomap_rw", made.near(5), keys=3000, threads=4)


def open_each(made):
    """Each factor that may be free, beside one that is not."""
    for factor, at in (
            ("threads", (2, 1)), ("keys", (1000, 9)), ("shape", (
                "u64x8", "str16x8")), ("write_share", (0.03, 0.5)),
            ("write_kind", ("update", "fresh")), ("miss_share", (0.0, 0.5)),
            ("dist", ("uniform", "zipf:0.99"))):
        for free in (factor, None):
            w = made.say("ratio", claimed="2", cells=f"{factor}={at[0]:.4g}"
                         if isinstance(at[0], float) else f"{factor}={at[0]}",
                         free=free, against="gomap_rw")
            sides(made, w, {factor: dict(zip(at, (2, 9)))})


def open_loose(made):
    """Lines that leave a factor loose which is not free: most and least of
    it, or several cells on a side."""
    for cells in ("threads=2", "threads=2 dist=uniform", "dist=zipf:1",
                  "measure=throughput", "threads=2 keys=most",
                  "threads=2 keys=least"):
        for lost in (None, "zipf:1"):
            w = made.say("direction", cells=cells, free="threads", **SIDE)
            for threads in (1, 2):
                for dist in ("uniform", "zipf:1"):
                    sides(made, w, {"keys": {
                        1000 * threads: None if dist == lost else 2}},
                        threads=threads, dist=dist)


def open_alone(made):
    """Claims of one map: figures and counts, and cells without a value."""
    for rule, more, good, bad in (
            ("figure", {"claimed": "5"}, 5, 9), ("never", {}, 0, 1),
            ("count", {"claimed": "5", "tolerance": "1"}, 5, 6),
            ("can-happen", {}, 1, 0)):
        for values in ((good, bad), (bad, good), (good, good)):
            w = made.say(rule, cells="keys=1000", free="keys", **more)
            for keys, value in zip((1000, 2000), values):
                made.put(w, "syncmap", [value] * N, keys=keys)
    for lost in ({"status": "crash"}, {"skip": "no such thing here"}):
        w = made.say("figure", cells="keys=1000", free="keys", claimed="5")
        made.put(w, "syncmap", [5] * N)
        made.put(w, "syncmap", [] if "skip" in lost else [5] * N, keys=2000,
                 **lost)


def open_subjects(made):
    """Settings of a subject stay, of free factors, too."""
    w = made.say("ratio", claimed="2", subject="syncmap presize=yes",
                 against="syncmap presize=no", cells="keys=1000", free="keys")
    for keys, ratio in ((1000, 2), (2000, 9)):
        made.put(w, "syncmap", made.near(10 * ratio), keys=keys)
        made.put(w, "syncmap", made.near(10), keys=keys, presize=False)
    w = made.say("ratio", claimed="2", subject="syncmap keys=2000",
                 against="syncmap keys=1000", cells="threads=2", free="keys")
    for keys in (1000, 2000, 4000):
        made.put(w, "syncmap", made.near(keys), keys=keys)
    w = made.say("direction", side="above", free="keys", cells=[
        "keys=1000 | against = gomap_rw", "keys=2000 | against = null_map"])
    for name, value in (("syncmap", 5), ("gomap_rw", 2), ("null_map", 9)):
        for keys in (1000, 2000, 4000):
            made.put(w, name, made.near(value), keys=keys)


def open_lines(made):
    """Two lines of one WHERE that ask their cells of different things: each
    has its own further places."""
    for bad in (None, 1, 2, 4):
        w = made.say("figure", claimed="5", free="threads", cells=[
            "threads=2", "threads=2 | claimed = 7 | statistic = y"])
        v = made.say("direction", side="above", free="threads", cells=[
            "threads=2 | against = gomap_rw", "threads=2 | against = null_map"])
        for threads in (1, 2, 4):
            made.put(w, "syncmap", [
                {"x": 5, "y": 9 if threads == bad else 7}] * N,
                threads=threads)
            made.put(v, "syncmap", made.near(5), threads=threads)
            made.put(v, "gomap_rw", made.near(2), threads=threads)
            made.put(v, "null_map", made.near(
                9 if threads == bad else 2), threads=threads)


def open_go(made):
    """Go's own maps where they ran, at other places than the ports."""
    for at in ({1: 2, 2: 2}, {1: .5, 2: 2}, {4: .5, 2: 2}, {4: 2}, {}):
        for lines in (None, ["threads=2 | go = go_sync_map / go_map_rw"]):
            w = made.say("direction", cells="threads=2", free="threads",
                         about="go", go_cells=lines,
                         go="go_sync_map / go_map_rw", **SIDE)
            sides(made, w, {"threads": {1: 2, 2: 2, 4: .5}})
            sides(made, w, {"threads": at}, maps=REAL)


def twins(made):
    """A placement that is another one on this machine, and did not run."""
    made.more["same"] = []
    for claimed in ("5", "9"):
        for where in ("placement=compact", "placement=cores", "keys=1000",
                      "placement=compact memory=interleave",
                      "placement=c* memory=bind:0", "memory=bind:1"):
            w = made.say("figure", claimed=claimed, cells=where)
            cell = made.put(w, "syncmap", [5] * N)
            made.more["same"] += [
                {"id": cell["id"].replace("/cores/", other),
                 "as": cell["id"]}
                for other in ("/compact/", "/compact/interleave/",
                              "/cores/bind:0/")]


def one_cell(made):
    """Two sides that are the same cell on this machine."""
    made.more["same"] = []
    for rule, more in (("direction", {"side": "above"}), ("equal", {}),
                       ("ratio", {"claimed": "2"})):
        w = made.say(rule, subject="syncmap placement=compact",
                     against="syncmap placement=cores", **more)
        cell = made.put(w, "syncmap", made.near(5))
        made.more["same"].append({"id": cell["id"].replace(
            "/cores/", "/compact/"), "as": cell["id"]})
        w = made.say(rule, subject="syncmap keys=most", cells="threads=2",
                     against="syncmap keys=least", **more)
        made.put(w, "syncmap", made.near(5))


OPEN = {f.__name__: f for f in (
    open_one, open_many, open_each, open_loose, open_alone, open_subjects,
    open_lines, open_go)}
FORMS = OPEN | {f.__name__: f for f in (twins, one_cell)}
