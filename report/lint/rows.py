# SPDX-License-Identifier: Apache-2.0
"""Reads trials.jsonl and campaign.json (results/README.md) for the linter.

It shares nothing with the report's own reader: what that one overlooks is
what this one is for.
"""
import functools
import json
import math
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((TOP / "docs/cell.schema.json").read_text("utf-8"))
LOOKS = json.loads((TOP / "report/families.json").read_text("utf-8"))
USUAL = {"shape": "u64x8", "miss_share": 0.0, "dist": "uniform",
         "placement": "cores", "memory": "first-touch", "presize": True} | {
             k: v["default"] for k, v in SCHEMA["properties"].items()
             if "default" in v}
PLACE = ("workload", "keys", "write_kind", "write_share", "threads",
         *USUAL)
LOOPS = ("mix", "closed", "open", "paced")


class Unreadable(Exception):
    """The folder is no campaign with a report: the text says why."""


def attempt(trial):
    """Number of the attempt that a line is of, from 1; 0: no line."""
    return trial.get("attempt", 1) if trial else 0


class Cell:
    """A planned cell and its trials of the arm "head"."""

    def __init__(self, factors):
        self.factors, self.lines, self.ok = factors, [], []
        self.place = {k: factors.get(k, USUAL.get(k)) for k in PLACE}
        self.map, self.measure = factors["map"], factors["measure"]
        self.blocks, self.skip = factors.get("blocks", 0), factors.get("skip")
        self.wrong = ""  # of a map with wrong answers: that, and the first one

    @property
    def id(self):
        return self.factors["id"]

    def add(self, trial):
        if usable(self.measure, trial):
            self.ok.append(trial)
        self.lines.append(trial)

    @property
    def state(self):
        """measured, skipped or not run; else the gravest that its trials
        ended with."""
        if self.ok or self.skip or not self.lines:
            return ("measured" if self.ok else "skipped" if self.skip
                    else "not run")
        ends = [self.end(t) for t in self.lines]
        return next((s for s in ("failed", "void", "skipped") if s in ends),
                    "failed")

    def end(self, trial):
        """A status; void where a rate has no operations."""
        empty = trial["status"] == "ok" and trial not in self.ok
        return "void" if empty and trial.get("result") else trial["status"]

    @property
    def why(self):
        """Why there is no result; "" where there is one."""
        if self.ok or self.skip or not self.lines:
            return ("" if self.ok else self.skip or "not run yet")
        trial = next((t for t in self.lines if self.end(t) == self.state),
                     self.lines[0])
        if trial["status"] == "ok":
            return "no operation finished in the window"
        return trial.get("reason") or f"exit {trial.get('exit')}"

    @property
    def lost(self):
        """What became of the blocks without a result: "1 void"."""
        ends = [self.end(t) for t in self.lines if t not in self.ok]
        told = [f"{ends.count(s)} {s}" for s in sorted(set(ends))]
        left = 0 if self.skip else self.blocks - len(self.lines)
        return told + ([f"{left} not run yet"] if left > 0 else [])

    @functools.cached_property
    def logs(self):
        """block -> ln of Mop/s."""
        return {t["block"]: math.log(t["result"]["ops"] * 1e3
                                     / t["result"]["elapsed_ns"])
                for t in self.ok}

    @property
    def alone(self):
        """Does each thread have a CPU to itself?"""
        cpus = self.factors.get("cpus") or []
        return len(set(cpus)) == self.place["threads"]


class Group:
    """The cells of all maps at one place."""

    def __init__(self, place):
        self.place, self.cells = place, {}

    def __str__(self):
        p = self.place
        more = [f"{k} {v}" for k, v in p.items()
                if k in USUAL and v != USUAL[k]]
        return (f"{p['workload']}, {p['threads']} threads, "
                f"{100 * p['write_share']:g} % {p['write_kind']}, "
                f"{p['keys']} keys" + "".join(", " + m for m in more))

    @property
    def spot(self):
        """Where on its board it is."""
        return tuple(self.place[k] for k in ("threads", "write_kind",
                                             "write_share"))

    @functools.cached_property
    def board(self):
        """All but threads and mix, as a key."""
        return tuple(sorted((k, str(v)) for k, v in self.place.items()
                            if k not in ("threads", "write_kind",
                                         "write_share")))


def nameless(group):
    """Its board without the workload's name."""
    return tuple(kv for kv in group.board if kv[0] != "workload")


def usable(measure, trial):
    """Finished, right, with operations where a rate is made of them."""
    result = trial.get("result")
    if trial["status"] != "ok" or not isinstance(result, dict):
        return False
    if measure in ("throughput", "causes"):
        return bool(result.get("ops") and result.get("elapsed_ns"))
    return True


class Rows:
    """All that the linter derives words from."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.meta = self.load("campaign.json")
        try:
            cells = [Cell(c) for c in self.meta["cells"]]
            self.maps = {m["id"]: m for m in self.meta["maps"]}
        except (KeyError, TypeError) as error:
            raise Unreadable(f"campaign.json: {error} missing") from None
        self.cells = {c.id: c for c in cells}
        self.made = {}  # what was derived from it, by what it is
        self.started, self.lines, self.arms, self.ran = 0, 0, {}, []
        self.read_trials()
        self.failed = {}
        for c, t in [(c, t) for c in cells for t in c.lines]:
            told = verification(t)
            if told.get("status") == "failed":
                self.failed.setdefault(c.map, told.get("reason")
                                       or t.get("reason") or "no reason")
        for c in cells:
            if c.map in self.failed:
                c.wrong = f"failed verification: {self.failed[c.map]}"
        self.groups = self.grouped()
        self.group_of = {c.id: g for g in self.groups
                         for c in g.cells.values()}

    @property
    def planned(self):
        """Cells that were meant to run."""
        return [c for c in self.cells.values() if not c.skip]

    def has_result(self, cell):
        """A planted misuse is meant to fail: that is its result."""
        misuse = self.maps.get(cell.map, {}).get("misuse")
        return bool(cell.ok) or bool(misuse) and any(
            t["status"] == "failed" for t in cell.lines)

    def load(self, name):
        try:
            return json.loads((self.folder / name).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise Unreadable(f"{name}: {error}") from None

    def read_trials(self):
        """Each identity counts once: its last attempt, and of an attempt the
        first line; a torn line never."""
        path, last = self.folder / "trials.jsonl", {}
        data = path.read_bytes() if path.is_file() else b""
        for line in data.split(b"\n")[:-1]:
            try:
                t = json.loads(line)
                identity = t["cell"], t["block"], t.get("arm", "head")
                t["status"]
            except (ValueError, KeyError, TypeError):
                continue
            if t["cell"] not in self.cells:
                continue
            if attempt(t) > attempt(last.get(identity)):
                last[identity] = t
                self.ran.append(t)
        self.last = {id(t) for t in last.values()}
        for identity, t in last.items():
            self.lines += 1
            self.started += t.get("exit") != "not started"
            if identity[2] == "head":
                self.cells[t["cell"]].add(t)
            else:
                self.arms.setdefault(identity[::2], []).append(t)

    def grouped(self):
        """Groups of the throughput cells, in the order of the plan."""
        found = {}
        for c in self.cells.values():
            if c.measure == "throughput" and c.factors["loop"] in LOOPS:
                key = tuple(str(v) for v in c.place.values())
                found.setdefault(key, Group(c.place)).cells[c.map] = c
        return list(found.values())

    def peer(self, name):
        return self.maps.get(name, {}).get("family") != "bound"

    def ranked(self, name):
        """No bound, no floor, no misuse, right answers, not set aside."""
        about = self.maps.get(name, {})
        aside = LOOKS["maps"].get(name, {}).get("aside")
        return (self.peer(name) and name not in self.failed
                and not about.get("misuse") and not aside)

    @functools.cached_property
    def begun(self):
        """Every attempt that was started, in the order they ran."""
        return [t for t in self.ran if t.get("exit") != "not started"]

    @functools.cached_property
    def shared(self):
        """id(group) -> the name of its board: workloads that differ in
        nothing else share one, but where both have the same place."""
        alike, names = {}, {}
        for groups in self.boards():
            alike.setdefault(nameless(groups[0]), []).append(groups)
        for several in alike.values():
            joined = []  # [places, groups] of each board
            for groups in several:
                here = {g.spot for g in groups}
                fits = next((j for j in joined if not j[0] & here), None)
                if fits is None:
                    joined.append([here, list(groups)])
                else:
                    fits[0] |= here
                    fits[1].extend(groups)
            for _, groups in joined:
                name = " + ".join(dict.fromkeys(
                    g.place["workload"] for g in groups))
                names.update((id(g), name) for g in groups)
        return names

    def alike(self, one, other):
        """Are two groups on one board?"""
        return (self.shared[id(one)] == self.shared[id(other)]
                and nameless(one) == nameless(other))

    def boards(self):
        """Groups that differ in threads and mix only."""
        found = {}
        for g in self.groups:
            found.setdefault(g.board, []).append(g)
        return list(found.values())


def verification(trial):
    return (trial.get("result") or {}).get("verification") or {}
