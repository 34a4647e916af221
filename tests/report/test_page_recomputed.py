# SPDX-License-Identifier: Apache-2.0
"""A page's numbers and words again, by docs/method.md and docs/verdicts.md:
plain Python that reads the journal, and no line of report/."""
import itertools
import json
import math
from collections import defaultdict
from statistics import NormalDist, median

import pytest
from report_helpers import Built, edit, make_journal

RANKED = ("gomap_rw", "shard_rw_32", "snapshot", "syncmap", "urcu_lfht")
SPEED = dict(zip(("null_map", *RANKED), (900, 10, 10.6, .2, 19, 10.5)))
BLOCKS, FEWEST, MARGIN = 14, 6, 1.02
MOST = {50: 1, 90: 36, 99: 368, 99.9: 3688}  # operations that each needs
Z = NormalDist().inv_cdf


def speed_of(c, block):
    """Noise of each cell and block, by an arithmetic of its own; syncmap is
    slower than gomap_rw with one thread, faster with four."""
    at = sum(map(ord, c["map"])) * 31 + block * 17 + c["threads"]
    slow = .4 if (c["map"], c["threads"]) == ("syncmap", 1) else 1
    return (SPEED[c["map"]] * slow * c["threads"]
            * math.exp((at * 7919 % 1000 - 500) / 9000))


def spoil(trial):
    """All trials of one map are void, of another all but one failed."""
    if trial["cell"].endswith("/throughput"):
        if "/shard_rw_32/" in trial["cell"]:
            trial["status"] = trial["result"]["status"] = "void"
            trial["reason"] = trial["result"]["reason"] = "thread 1 slept"
        elif "/urcu_lfht/" in trial["cell"] and trial["block"]:
            trial |= {"status": "failed", "exit": "signal 11",
                      "reason": "signal 11", "result": None}
    return trial


@pytest.fixture(scope="module", params=[None, spoil], ids=["sound", "spoilt"])
def built(request, tmp_path_factory):
    folder = make_journal.make(
        tmp_path_factory.mktemp("page"), maps=tuple(SPEED), threads=(1, 4),
        keys=(65536,), kinds=("update",), blocks=BLOCKS, cores=4,
        rates=(10000,), plant={"mops": speed_of})
    if request.param:
        edit(folder, request.param)
    return Built(folder)


# ---- from the journal -------------------------------------------------------

class Journal:
    def __init__(self, folder):
        self.meta = json.loads((folder / "campaign.json").read_text())
        self.trials = defaultdict(dict)  # cell -> block -> result
        for line in (folder / "trials.jsonl").read_text().splitlines():
            trial = json.loads(line)
            if trial["status"] == "ok":
                self.trials[trial["cell"]][trial["block"]] = trial["result"]

    def rates(self, cell):
        """block -> ln of Mop/s."""
        return {b: math.log(r["ops"] / r["elapsed_ns"] * 1e3)
                for b, r in sorted(self.trials[cell].items())}

    def ratios(self, one, other):
        one, other = self.rates(one), self.rates(other)
        return [one[b] - other[b] for b in one if b in other]

    def groups(self):
        """Of each thread count {ranked map: its cell}."""
        found = defaultdict(dict)
        for c in self.meta["cells"]:
            if c["measure"] == "throughput" and c["map"] in RANKED:
                found[c["threads"]][c["map"]] = c["id"]
        return found


@pytest.fixture(scope="module")
def journal(built):
    return Journal(built.folder)


def cut_off(n, tail):
    """How many of the means an interval leaves out at each end, and one: as
    many sums of ranks have P(sum <= theirs) <= tail; 0: no interval."""
    ways = [1]
    for rank in range(1, n + 1):
        ways = [(ways[w] if w < len(ways) else 0)
                + (ways[w - rank] if w >= rank else 0)
                for w in range(len(ways) + rank)]
    return sum(1 for _ in itertools.takewhile(
        lambda upto: upto <= tail * 2 ** n, itertools.accumulate(ways)))


def estimate(x, level=0.95):
    """(centre, low, high) of logarithms, as ratios; None: there is none."""
    if not x:
        return None, None, None
    means = sorted((a + b) / 2 for a, b in
                   itertools.combinations_with_replacement(x, 2))
    cut = cut_off(len(x), (1 - level) / 2) if len(x) >= FEWEST else 0
    ends = (means[cut - 1], means[-cut]) if cut else (None, None)
    return tuple(v if v is None else math.exp(v)
                 for v in (median(means), *ends))


def verdict(journal, cells):
    """(leader, word, weakest, {rival: (outcome, ratio, low, high, group_low,
    group_high, n)}) of the maps of one place."""
    centres = {m: estimate([*journal.rates(c).values()])[0]
               for m, c in cells.items() if journal.trials[c]}
    pairs = max(len(centres) * (len(centres) - 1) // 2, 1)
    needs = max(FEWEST, math.ceil(math.log2(2 * pairs / 0.05)))
    leader = min((m for m in centres
                  if len(journal.trials[cells[m]]) >= needs),
                 key=lambda m: (-centres[m], m))
    rivals = {}
    for m in cells.keys() - {leader}:
        d = journal.ratios(cells[leader], cells[m])
        group = estimate(d, 1 - 0.05 / pairs)[1:]
        outcome = ("no interval" if len(d) < needs else
                   "behind" if group[0] > MARGIN else "tied")
        rivals[m] = (outcome, *estimate(d),
                     *(group if len(d) >= needs else (None, None)), len(d))
    low = {m: r[4] for m, r in rivals.items() if r[4]}
    weakest = min(low, key=low.get)
    word = ("tied" if any(r[0] == "tied" for r in rivals.values()) else
            "clear lead" if low[weakest] >= 1.1 else
            "small lead" if rivals[weakest][5] < 1.1 else
            "lead of uncertain size")
    return leader, word, weakest, rivals


def number(text):
    return float(text) if text else None


def near(mine, said):
    """The page keeps six digits."""
    return mine == said is None or said == pytest.approx(mine, rel=1e-5)


# ---- the page says so -------------------------------------------------------

def test_each_cell_has_its_centre_and_interval(built, journal):
    rows = [r for r in built.rows("tables/cells.csv")
            if r["measure"] == "throughput"]
    assert len(rows) == 2 * len(SPEED)
    for row in rows:
        logs = [*journal.rates(row["cell"]).values()]
        assert int(row["n"]) == len(logs)
        for mine, name in zip(estimate(logs), ("mops", "low", "high")):
            assert near(mine, number(row[name])), row


def test_each_rival_has_its_ratio_and_its_word(built, journal):
    said = defaultdict(dict)
    for row in built.rows("tables/ranking.csv"):
        said[int(row["threads"])][row["map"]] = row
    for threads, cells in journal.groups().items():
        leader, word, weakest, rivals = verdict(journal, cells)
        assert said[threads].keys() == rivals.keys()
        for name, (outcome, *numbers, n) in rivals.items():
            row = said[threads][name]
            assert [row[k] for k in ("leader", "word", "weakest", "outcome",
                                     "n")] == [leader, word, weakest,
                                               outcome, str(n)]
            for mine, key in zip(numbers, ("ratio", "low", "high",
                                           "group_low", "group_high")):
                assert near(mine, number(row[key])), (key, row)


def test_the_answer_is_that_of_the_most_threads(built, journal):
    leader, word, weakest, rivals = verdict(journal, journal.groups()[4])
    assert (leader, word) == ("syncmap", "clear lead")
    decided = sum(r[0] == "behind" for r in rivals.values())
    first = built.verdicts["claim"][0]
    assert f"{leader} was fastest: use it at 4 threads" in first
    assert f"all {decided} rivals" in first
    centre, low, high = rivals[weakest][1:4]
    assert (f"it is {centre:.2f} [{low:.2f}, {high:.2f}] times as fast as "
            f"{weakest} (centre of {rivals[weakest][-1]} ratios" in first)
    trust = built.verdicts["claim"][1]
    lost = BLOCKS * len(RANKED) - sum(
        len(journal.trials[c]) for c in journal.groups()[4].values())
    assert (f"{lost} are missing" if not lost else
            f"{lost} of {BLOCKS * len(RANKED)} trials are missing") in trust


def test_the_pair_changes_places_where_its_ratios_do(built, journal):
    """Both counts are decided; the zero of the medians over log2 threads."""
    row, = built.rows("tables/crossovers.csv")
    at = {}
    for threads, cells in journal.groups().items():
        d = journal.ratios(cells["syncmap"], cells["gomap_rw"])
        at[threads] = median(d)
        low, high = estimate(d)[1:]
        assert low > MARGIN if threads == 4 else high < 1 / MARGIN
    assert (row["leads_below"], row["leads_above"]) == ("gomap_rw", "syncmap")
    zero = 2 ** (2 * at[1] / (at[1] - at[4]))
    assert number(row["position"]) == pytest.approx(zero, rel=1e-4)
    assert number(row["low"]) < zero < number(row["high"])


def test_percentiles_are_medians_of_trials(built, journal):
    rows = built.rows("tables/latency.csv")
    assert rows
    for row in rows:
        found = [e for result in journal.trials[row["cell"]].values()
                 for e in result["latency"] if (
                     e["operation"], str(e["was_there"]), e["clock"]) == (
                     row["operation"], row["was_there"], row["clock"])]
        p = float(row["percentile"])
        least = min(e["count"] for e in found)
        if p == 100:
            assert number(row["ns"]) == max(e["max_ns"] for e in found)
        elif least < MOST[p]:
            assert not row["ns"] and row["why"]
        else:
            name = f"p{row['percentile'].replace('.', '')}_ns"
            x = sorted(e[name] for e in found)
            tail = [sum(math.comb(len(x), i) for i in range(k + 1))
                    / 2 ** len(x) for k in range(len(x))]
            k = sum(t <= 0.025 for t in tail)
            assert near(median(x), number(row["ns"]))
            assert near(x[k - 1], number(row["low"]))
            assert near(x[-k], number(row["high"]))


def test_what_could_be_seen_follows_from_the_interval(built, journal):
    """The smallest effect found 19 times of 20, one comparison at a time."""
    rows = built.rows("tables/mde.csv")
    assert {r["map"] for r in rows} == {
        m for cells in journal.groups().values() for m, c in cells.items()
        if journal.trials[c]} - {"gomap_rw"}
    for row in rows:
        cells = journal.groups()[int(row["threads"])]
        _, low, high = estimate(journal.ratios(cells[row["map"]],
                                               cells["gomap_rw"]))
        mine = None if low is None else 100 * math.expm1(
            (Z(0.975) + Z(0.95)) * math.log(high / low) / (2 * Z(0.975)))
        assert near(mine, number(row["mde_percent"])), row


def test_the_slot_control_is_of_halves_of_blocks(built, journal):
    rest = {}
    for c in journal.meta["cells"]:
        cost = {b: -v for b, v in journal.rates(c["id"]).items()} \
            if c["measure"] == "throughput" else {}
        if 2 * len(cost) >= BLOCKS:
            middle = median(cost.values())
            rest[c["id"]] = {b: v - middle for b, v in cost.items()}
    d = []
    for block, order in enumerate(journal.meta["order"]):
        ids = [journal.meta["cells"][i]["id"] for i in order]
        here = [rest[i][block] for i in ids if block in rest.get(i, ())]
        half = len(here) // 2
        d.append(median(here[-half:]) - median(here[:half]))
    row = built.rows("figures/controls.csv")[0]
    assert row["name"].startswith("slot") and int(row["n"]) == BLOCKS
    for mine, name in zip(estimate(d), ("percent", "low", "high")):
        assert number(row[name]) == pytest.approx(100 * (mine - 1), rel=1e-4)
