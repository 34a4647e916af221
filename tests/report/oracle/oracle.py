# SPDX-License-Identifier: Apache-2.0
"""Recomputes a campaign's result from trials.jsonl and campaign.json.

This is a second implementation of docs/reference/verdicts.md and docs/method/statistics.md in plain
Python. It imports nothing from report/. An error in a filter, centre, interval, rank, leader, count
or byte of either implementation therefore makes their results differ.
"""
import base64
import collections
import itertools
import json
import math
import statistics
import struct
import zlib
from pathlib import Path

from scipy.stats import binom, rankdata

TOP = Path(__file__).resolve().parents[3]
LOOPS = ("mix", "closed", "open", "paced")
PLACE = {"workload": None, "loop": None, "keys": None, "write_kind": None,
         "write_share": None, "threads": None, "shape": "u64x8", "miss_share": 0.0,
         "dist": "uniform", "placement": "cores", "memory": "first-touch", "presize": True} | {
    name: member["default"] for name, member in json.loads(
        (TOP / "docs/cell.schema.json").read_text("utf-8"))["properties"].items()
    if "default" in member}
MARGIN = 1.02


# ---- statistics -------------------------------------------------------------------

def averages(values):
    """Returns the averages of all pairs, including a value with itself, in ascending order."""
    return sorted((a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2))


def end_rank(n, error):
    """Returns the index, from either end, of the average that bounds the interval of n values.
    Computed from all 2^n patterns of signs. 0 means that n is too small for an interval."""
    ways = {0: 1}  # sum of the positive ranks -> number of sign patterns
    for rank in range(1, n + 1):
        ways = collections.Counter(ways) + collections.Counter(
            {total + rank: w for total, w in ways.items()})
    beyond = itertools.accumulate(ways[t] for t in range(max(ways) + 1))
    return sum(2 * w <= (error + 2e-12) * 2 ** n for w in beyond)


def lag1(values):
    """Correlation between the ranks of neighbours, corrected for its bias."""
    n = len(values)
    ranks = rankdata(values) - (n + 1) / 2
    square = float(ranks @ ranks)
    r = float(ranks[1:] @ ranks[:-1]) / square if square else 0
    return (n * r + 1) / max(n - 4, 1)


def shared_lag1(rows):
    """lag1() of the noise of at least three maps in their common blocks."""
    rows = [[v - statistics.median(row) for v in row] for row in rows]
    own = [[row[b] - statistics.median(other[b] for other in rows if other is not row)
            for b in range(len(row))] for row in rows]
    error = ((len(rows) - 1) * (len(rows[0]) - 3)) ** -0.5
    return statistics.mean(map(lag1, own)) + error / 2


def interval(values, error=0.05, shared=None):
    """Returns (centre, low, high) of values above 0 in the order of blocks. If there are too few
    values, only the centre is known."""
    logs = [math.log(v) for v in values]
    if not logs:
        return None, None, None
    all_averages, k = averages(logs), end_rank(len(logs), error)
    middle = statistics.median(all_averages)
    if not k:
        return math.exp(middle), None, None
    off = (len(logs) - 3) ** -0.5
    r = lag1(logs) + off if shared is None else max(shared, lag1(logs) - off)
    r = min(max(r, 0), 0.95)
    wider = math.sqrt((1 + r) / (1 - r))
    return tuple(math.exp(middle + wider * (end - middle)) for end in (
        middle, all_averages[k - 1], all_averages[-k]))


def median(values):
    """Returns (centre, low, high) by order statistics; each tail is at most 2.5 %."""
    x, n = sorted(values), len(values)
    if not x:
        return None, None, None
    ranks = [k for k in range(1, n + 1) if binom.cdf(k - 1, n, 0.5) <= 0.025 + 1e-12]
    ends = (x[ranks[-1] - 1], x[-ranks[-1]]) if ranks else (None, None)
    return statistics.median(x), *ends


def joint_error(maps):
    """Divides 5 % among all pairs of this many maps."""
    return 0.05 / max(math.comb(maps, 2), 1)


def needed_blocks(maps):
    """Returns the fewest blocks with which an interval at joint_error() exists."""
    return next(n for n in itertools.count(6) if 2 ** (1 - n) <= joint_error(maps) + 1e-12)


# ---- the campaign -----------------------------------------------------------------

class Cell:
    """A planned cell and its trials of the arm "head"."""

    def __init__(self, plan):
        self.plan, self.id, self.map, self.last = plan, plan["id"], plan["map"], {}
        self.place = tuple(str(plan.get(k, usual)) for k, usual in PLACE.items())

    def counts(self, trial):
        """True if the trial finished with correct answers and, if timed, with operations."""
        result = trial.get("result")
        timed = self.plan["measure"] in ("throughput", "causes")
        return trial["status"] == "ok" and isinstance(result, dict) and (
            not timed or bool(result.get("ops") and result.get("elapsed_ns")))

    @property
    def ok(self):
        """Returns the valid trials by block."""
        return {b: t for b, t in sorted(self.last.items()) if self.counts(t)}

    @property
    def rates(self):
        """Returns the operations per second by block."""
        return {b: t["result"]["ops"] * 1e9 / t["result"]["elapsed_ns"]
                for b, t in self.ok.items()}


def is_trial(line):
    return (isinstance(line, dict) and isinstance(line.get("cell"), str)
            and isinstance(line.get("block"), int)
            and line.get("status") in ("ok", "void", "failed", "skipped"))


class Campaign:
    """The plan and the trials in a campaign's folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        meta = json.loads((self.folder / "campaign.json").read_text("utf-8"))
        self.maps = {m["id"]: m for m in meta["maps"]}
        self.cells = {c["id"]: Cell(c) for c in meta["cells"]}
        self.copies = {}  # cell -> {block: trial} of its A/A arm
        self.read(self.folder / "trials.jsonl")
        self.failed = {c.map for c in self.cells.values() for t in c.last.values()
                       if ((t.get("result") or {}).get("verification") or {}).get(
                           "status") == "failed"}
        places = collections.defaultdict(dict)
        for c in self.cells.values():
            if (c.plan["measure"] == "throughput" and c.plan["loop"] in LOOPS
                    and not c.plan.get("skip")):
                places[c.place][c.map] = c
        self.groups = [Group(self, cells) for cells in places.values()]

    def read(self, file):
        """Reads the journal. The last attempt at a trial counts. Ignores unfinished lines, and
        lines that do not follow the previous attempt."""
        tried = collections.Counter()
        for line in file.read_bytes().split(b"\n")[:-1]:
            try:
                trial = json.loads(line)
            except ValueError:
                continue
            if not is_trial(trial) or trial["cell"] not in self.cells:
                continue
            identity = trial.get("arm", "head"), trial["cell"], trial["block"]
            if trial.get("attempt", 1) != tried[identity] + 1:
                continue
            tried[identity] += 1
            if identity[0] == "head":
                self.cells[trial["cell"]].last[trial["block"]] = trial
            elif identity[0].startswith("aa"):
                self.copies.setdefault(trial["cell"], {})[trial["block"]] = trial

    def may_rank(self, name):
        about = self.maps[name]
        return (about.get("family") != "bound" and about.get("sync") != "leak"
                and not about.get("misuse") and name not in self.failed)

    def missing(self):
        """Returns the planned cells without a result, except misuses, which are expected to
        fail."""
        return {c.id for c in self.cells.values() if not c.plan.get("skip") and not c.ok and not (
            self.maps[c.map].get("misuse")
            and "failed" in {t["status"] for t in c.last.values()})}

    def copy_ratios(self, name):
        """Returns the ratio A/A copy / original of a cell, by block."""
        cell = self.cells[name]
        copy = Cell(cell.plan)
        copy.last = self.copies[name]
        return [copy.rates[b] / cell.rates[b] for b in copy.rates if b in cell.rates]


class Group:
    """The maps at one place: leader, rivals and front."""

    def __init__(self, campaign, cells):
        self.cells = cells
        self.able = {m: c for m, c in cells.items() if campaign.may_rank(m) and c.ok}
        self.needs, self.error = needed_blocks(len(self.able)), joint_error(len(self.able))
        common = sorted(set.intersection(*(set(c.rates) for c in self.able.values()))
                        if self.able else ())
        self.shared = shared_lag1([[math.log(c.rates[b]) for b in common]
                                   for c in self.able.values()]) \
            if len(self.able) > 2 and len(common) > 5 else None
        self.level = statistics.mean(
            lag1([math.log(c.rates[b]) for b in common]) for c in self.able.values()) \
            + (len(common) - 3) ** -0.5 if self.shared is not None else None
        self.centre = {m: interval(c.rates.values())[0] for m, c in cells.items()}

    def ratios(self, one, two):
        """Returns the ratios by block, in the blocks that both maps have."""
        a, b = self.cells[one].rates, self.cells[two].rates
        return [a[k] / b[k] for k in sorted(a.keys() & b.keys())]

    def is_slower(self, one, two):
        """True if there are enough common blocks, and they show that the map is slower."""
        ratios = self.ratios(one, two)
        return len(ratios) >= self.needs and interval(ratios)[0] < 1

    def may_lead(self, name):
        """True if no rival is faster in common blocks. Among maps with enough trials, the one with
        the highest centre leads. If no map has enough trials, any map may lead."""
        if name is None:
            return not self.able
        full = [m for m, c in self.able.items() if len(c.rates) >= self.needs] or self.able
        first = min(full, key=lambda m: (-self.centre[m], m))
        fine = [m for m in full if not any(self.is_slower(m, r) for r in full if r != m)]
        return name == first if first in fine else name in (fine or full)

    def verdict(self, leader, rival):
        """Returns the 95 % interval of leader / rival, its joint ends, and the verdict."""
        ratios = self.ratios(leader, rival)
        _, low, high = interval(ratios, self.error, self.shared)
        if low is None:
            word = "invalid"
        elif low > MARGIN or high < 1 / MARGIN:
            word = "faster" if low > MARGIN else "slower"
        else:
            word = "equivalent" if low > 1 / MARGIN and high < MARGIN else "undecided"
        return interval(ratios, 0.05, self.shared), (low, high), word

    def is_below(self, name, leader):
        """Exact rank test for a map with too few blocks: true if all of its trials are slower than
        the leader's, and this is unlikely for equal maps."""
        few, many = (sorted(self.cells[m].rates.values()) for m in (name, leader))
        orders = math.factorial(len(few) + len(many))
        chance = math.factorial(len(few)) * math.factorial(len(many)) / orders
        return few[-1] < many[0] and chance <= self.error

    def outcome(self, leader):
        """Returns the outcome and the leading maps."""
        rivals = [m for m in self.able if m != leader]
        words = {m: self.verdict(leader, m)[2] for m in rivals}
        if leader is None or rivals and set(words.values()) == {"invalid"}:
            return "too few runs", ()
        front = sorted(m for m in rivals if words[m] != "faster" and not (
            words[m] == "invalid" and self.is_below(m, leader)))
        word = ("one map only" if not rivals else "tied" if front else "decided")
        return word, (leader, *front)


# ---- latency and memory -----------------------------------------------------------

def counts_of(file):
    """Returns {bucket: count} of an .hlog file, from HdrHistogram's definition."""
    line = next(t for t in file.read_text().splitlines() if t.startswith("Tag="))
    plain = zlib.decompress(base64.b64decode(line.rsplit(",", 1)[1])[8:])
    assert struct.unpack(">i", plain[:4])[0] == 0x1C849313
    counts, index, at = {}, 0, 40
    while at < len(plain):
        word = 0
        for k in range(9):
            byte, at = plain[at], at + 1
            word |= (byte if k == 8 else byte & 127) << 7 * k
            if byte < 128:
                break
        value = word >> 1 if word % 2 == 0 else -(word + 1 >> 1)
        if value > 0:
            counts[index] = value
        index += 1 if value >= 0 else -value
    return counts


def upper(bucket):
    """Largest value in a bucket of 2048 sub-buckets."""
    if bucket < 2048:
        return bucket
    shift = bucket // 1024 - 1
    return ((bucket % 1024 + 1025) << shift) - 1


def quantile(counts, p):
    """Smallest value that a share p of all values does not exceed."""
    rank, cumulated = math.ceil(p * sum(counts.values()) - 1e-9), 0
    for bucket in sorted(counts):
        cumulated += counts[bucket]
        if cumulated >= max(rank, 1):
            return upper(bucket)
    return None


def look_up_times(campaign, cell, p):
    """The median, over trials, of the time of look-ups of present keys at quantile p."""
    values, least = [], None
    for trial in cell.ok.values():
        for e in trial["result"].get("latency") or ():
            if (e["operation"], e["was_there"], e["clock"]) == ("lookup", True, "service"):
                least = min(e["count"], e["count"] if least is None else least)
                values.append(quantile(counts_of(
                    campaign.folder / f"{e['histogram']}.hlog"), p))
    if least is None or min(p, 1 - p) ** least > 0.025 or max(p, 1 - p) ** least > 0.025:
        return None, None, None
    return median(values)


def bytes_per_entry(cell):
    """The median, over trials, of the memory that the fill added, per key."""
    found = []
    for t in cell.ok.values():
        sizes = t["result"].get("footprint") or {}
        empty, filled = (sizes.get(f"rss_{k}_bytes") for k in ("empty", "filled"))
        if None not in (empty, filled) and t["result"].get("keys_before"):
            found.append((filled - empty) / t["result"]["keys_before"])
    return median(found)
