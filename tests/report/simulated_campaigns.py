# SPDX-License-Identifier: Apache-2.0
"""Makes campaigns in memory with a known truth and known faults: ten maps, 26 blocks, an A/A copy
of the leader, and a verification of each map.

    simulated_campaigns.py N    prints figures of N campaigns of each kind

ln rate = map + block + own noise. The maps of a block run next to each other (docs/adr/0056) and
share the block's effect. PLAN has the noise of a real campaign with that plan on two CPUs (results
of 2026-11-29T2029, 2 and 1 threads, 12 maps each). The own noise has a standard deviation (sd) of
0.12 and a lag-1 correlation of 0.12; block effects have sd 0.16 and lag-1 0.65, as in the earlier
plan.
"""
import collections
import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from report import stats  # noqa: E402
from report.decide import groups, trust  # noqa: E402
from report.load import Campaign, Cell, Trial  # noqa: E402
from report.load.plan import Arm, Factors, MapInfo, Plan  # noqa: E402
from report.load.repeats import Repeats  # noqa: E402
from report.load.trial import Result, Status, Verification  # noqa: E402
from report.model.number import Verdict  # noqa: E402
from report.model.place import Group, Outcome  # noqa: E402
from report.model.trust import Trust  # noqa: E402
from report.stats.power import autoregression  # noqa: E402

Floats = npt.NDArray[np.float64]
MAPS, BLOCKS = 10, 26
NAMES = tuple(f"map{i}" for i in range(MAPS))
BEHIND = (1.0, 0.76, 0.74, 0.57, 0.45, 0.36, 0.34, 0.31, 0.12)  # rates of the other maps; map1 = 1
RUN = 9  # number of blocks that are resampled together
REAL = json.loads(Path(__file__).with_name("noise.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Noise:
    """`own_sd` and `own_lag1` are the noise of a single map; `block_*` is shared by the maps of a
    block. If `real` is set, a real campaign with this number of threads is resampled instead,
    with the chosen maps of that campaign (None: chosen at random)."""
    own_sd: float = 0.12
    own_lag1: float = 0.12
    block_sd: float = 0.16
    block_lag1: float = 0.65
    real: str | None = None
    maps: tuple[int, ...] | None = None

    def rates(self, rng: np.random.Generator) -> Floats:
        """Returns ln rates (MAPS + 1, BLOCKS); the last row is the A/A copy of map0."""
        if self.real:
            return self.resampled(rng)
        block = self.block_sd * autoregression(rng, 1, BLOCKS, self.block_lag1)
        own = self.own_sd * autoregression(rng, MAPS, BLOCKS, self.own_lag1)
        copy = self.own_sd * rng.normal(size=BLOCKS)
        rates: Floats = block + np.vstack((own, copy))
        return rates

    def resampled(self, rng: np.random.Generator) -> Floats:
        """Resamples circular runs of RUN blocks: the block effects, and for each map the noise of a
        randomly chosen map. The copy of map0 gets noise of the same map."""
        board = REAL[self.real]
        own = np.array(list(board["own"].values()))
        own -= stats.hodges_lehmann(own)[:, None]
        at = np.array([blocks(rng) for _ in range(MAPS + 2)])
        chosen = rng.integers(len(own), size=MAPS) if self.maps is None else np.array(self.maps)
        noise = own[np.append(chosen, chosen[0])[:, None], at[1:]]
        rates: Floats = np.array(board["block"])[at[0]] + noise
        return rates


def blocks(rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Returns the indices of BLOCKS resampled blocks."""
    starts = rng.integers(BLOCKS, size=-(-BLOCKS // RUN))
    return ((starts[:, None] + np.arange(RUN)) % BLOCKS).ravel()[:BLOCKS]


NOISES: Mapping[str, Noise] = {
    "independent": Noise(own_lag1=0.0), "AR(1)": Noise(),
    "resampled, 2 threads": Noise(real="2"), "resampled, 1 thread": Noise(real="1")}


def factors(name: str, measure: str, blocks: int) -> Factors:
    """Makes a cell at the headline's place."""
    return Factors(f"uniform-97-3/{name}/{measure}", "uniform-97-3", name, "u64x8", 65536, 0.03,
                   "update", "uniform", "mix", 2, "cores", measure, blocks, cpus=(0, 1))


def trials(cell: Factors, ln_rates: Floats, arm: str = "head",
           disturbed: frozenset[int] = frozenset()) -> tuple[Trial, ...]:
    """Makes a trial for each block; nan becomes a void trial."""
    return tuple(Trial(
        cell.id, block, Status.VOID if math.isnan(ln) else Status.OK, arm,
        disturbed="others" if block in disturbed else None, others_share=0.0,
        result=None if math.isnan(ln) else Result(
            "ok", ops=round(5e7 * math.exp(ln)), elapsed_ns=1e9,
            verification=Verification("ok")))
        for block, ln in enumerate(ln_rates.tolist()))


@dataclass(frozen=True)
class Truth:
    """The true values of a campaign.

    - levels: ln of each map's true rate (MAPS,) or, by block, (MAPS, BLOCKS)
    - copy: ln of A/A copy / original
    - disturbed: the maps whose trials were all disturbed
    """
    levels: Floats = field(default_factory=lambda: np.zeros(MAPS))
    copy: float = 0.0
    disturbed: frozenset[int] = frozenset()
    slot: float = 0.0  # ln slowdown in the second half of a block
    has_copy: bool = True


def lead(ratio: float) -> Floats:
    """Makes map0 faster than map1 by this ratio. The ratios of the other maps are as in the real
    campaign."""
    return np.log([ratio, *BEHIND])


def lead_of_nine(ratio: float) -> Floats:
    """Makes map0 faster than nine equal maps by this ratio."""
    return np.log([ratio, *[1.0] * (MAPS - 1)])


def later(ratio: float, chosen: int | None = None) -> Floats:
    """Makes a change in the second half of the run for one map or for all, as ln."""
    change = np.zeros((MAPS, BLOCKS))
    change[slice(None) if chosen is None else chosen, BLOCKS // 2:] = math.log(ratio)
    return change


LEAD = 1.3
FAULTS: Mapping[str, Callable[[np.random.Generator], Truth]] = {
    "copy 12 % slower": lambda rng: Truth(lead(LEAD), copy=-math.log(1.12)),
    "copy 12 % faster": lambda rng: Truth(lead(LEAD), copy=math.log(1.12)),
    "a phase slows one map by 25 %": lambda rng: Truth(
        lead(LEAD)[:, None] + later(0.75, int(rng.integers(MAPS)))),
    "one map was disturbed": lambda rng: Truth(
        lead(LEAD), disturbed=frozenset({int(rng.integers(MAPS))})),
    "a lead in the second half alone": lambda rng: Truth(lead(1.0)[:, None] + later(LEAD, 0)),
}
HARMLESS: Mapping[str, Callable[[np.random.Generator], Truth]] = {
    "a phase slows all maps by 25 %": lambda rng: Truth(lead(LEAD)[:, None] + later(0.75)),
    "a slot effect of 3 %": lambda rng: Truth(lead(LEAD), slot=0.03),
    "nothing": lambda rng: Truth(lead(LEAD)),
}


def made(truth: Truth, noise: Noise, rng: np.random.Generator) -> Campaign:
    levels = truth.levels if truth.levels.ndim == 2 else truth.levels[:, None]
    rates = noise.rates(rng) + np.vstack((levels, levels[:1] + truth.copy))
    late = rng.permuted(np.tile(np.arange(MAPS + 1) > MAPS // 2, (BLOCKS, 1)), axis=1).T
    return campaign(rates[:MAPS] - truth.slot * late[:MAPS],
                    rates[MAPS] - truth.slot * late[MAPS] if truth.has_copy else None,
                    truth.disturbed)


def campaign(rates: Floats, copy: Floats | None = None,
             disturbed: frozenset[int] = frozenset()) -> Campaign:
    """Makes a campaign with these ln rates (maps, blocks), and the rates of map0's copy."""
    cells, arms = {}, {}
    for i, row in enumerate(rates):
        timed, checked = factors(NAMES[i], "throughput", len(row)), factors(NAMES[i], "verify", 1)
        every = frozenset(range(len(row))) if i in disturbed else frozenset()
        cells[timed.id] = Cell(timed, trials(timed, row, disturbed=every))
        cells[checked.id] = Cell(checked, trials(checked, np.zeros(1)))
        if i == 0 and copy is not None:
            arms["aa", timed.id] = trials(timed, copy, "aa")
    plan = Plan(1, tuple(c.factors for c in cells.values()),
                tuple(MapInfo(n, n, "sync") for n in NAMES[:len(rates)]),
                arms=(Arm(), Arm("aa")) if arms else (Arm(),))
    ran = tuple((c, t) for c in cells.values() for t in c.trials)
    return Campaign(Path("memory"), plan, cells, arms, ran, (), Repeats(), len(ran))


# ---- results of report/ for these campaigns ----------------------------------------

def judged(made_campaign: Campaign) -> tuple[groups.Measured, Group]:
    """Returns the campaign's only group, and its ranking."""
    [measured] = groups.measured_groups(made_campaign)
    [ranking] = groups.judge_all(made_campaign, [measured])
    return measured, ranking


def verdicts(truth: Callable[[np.random.Generator], Truth], noise: Noise, campaigns: int,
             seed: int) -> collections.Counter[Trust]:
    """Counts how often each verdict on a run is reached."""
    rng = np.random.default_rng(seed)
    found: collections.Counter[Trust] = collections.Counter()
    for _ in range(campaigns):
        simulated = made(truth(rng), noise, rng)
        measured, ranking = judged(simulated)
        ranking = groups.with_visible(measured, ranking)
        found[trust.assess(simulated, measured, ranking).verdict] += 1
    return found


@dataclass(frozen=True)
class Rates:
    """Shares of campaigns: printed 95 % ratios that contain the truth, false leads, and leads of
    map0 over map1 and over all maps that were found. `width` is the median of ln(high / low)."""
    cover: float
    false: float
    ahead: float
    decided: float
    width: float


def rates(levels: Floats, noise: Noise, campaigns: int, seed: int) -> Rates:
    """Returns the Rates of rankings of maps with these true ln rates."""
    rng = np.random.default_rng(seed)
    cover, widths, found = [], [], np.zeros(3)
    for _ in range(campaigns):
        _, ranking = judged(made(Truth(levels, has_copy=False), noise, rng))
        wrong = False
        for c in ranking.comparisons:
            true = math.exp(levels[NAMES.index(c.map)] - levels[NAMES.index(c.against)])
            assert c.ratio.low is not None and c.ratio.high is not None
            cover.append(c.ratio.low <= true <= c.ratio.high)
            widths.append(math.log(c.ratio.high / c.ratio.low))
            wrong |= c.verdict is Verdict.FASTER and true <= groups.MARGIN
        first = ranking.comparison(NAMES[1])
        found += (wrong, first is not None and first.verdict is Verdict.FASTER,
                  ranking.outcome is Outcome.DECIDED and ranking.leader == NAMES[0])
    false, ahead, decided = (found / campaigns).tolist()
    return Rates(float(np.mean(cover)), false, ahead, decided, float(np.median(widths)))


def seen(noise: Noise, campaigns: int, seed: int) -> float:
    """Returns the share of campaigns that find a lead of map0 over map1, if the lead has the size
    that another campaign with the same noise can detect."""
    rng = np.random.default_rng(seed)
    decided = 0
    for _ in range(campaigns):
        same = replace(noise, maps=tuple(rng.integers(12, size=MAPS).tolist()))
        one, two = (groups.measured_groups(made(Truth(lead(1.0), has_copy=False), same, rng))[0]
                    for _ in range(2))
        least = groups.visible(one, *NAMES[:2])
        [contrast] = groups.contrasts([(two, NAMES[0], NAMES[1])]).values()
        assert least is not None and contrast.joint.low is not None
        decided += contrast.joint.low * least > groups.MARGIN
    return decided / campaigns


def main(campaigns: int) -> None:
    """Prints the figures of docs/adr/0057."""
    for name, noise in NOISES.items():
        print(name, f"seen {seen(noise, campaigns, 1):.3f}", flush=True)
        for what, levels in (("equal", lead_of_nine(1.0)), ("1.2", lead(1.2)), ("1.3", lead(1.3)),
                             ("1.3 of nine", lead_of_nine(1.3))):
            print(f"  {what:12}", rates(levels, noise, campaigns, 2), flush=True)
        for what, truth in {**FAULTS, **HARMLESS}.items():
            found = verdicts(truth, noise, campaigns, 3)
            print(f"  {what:32}", *(f"{100 * found[t] / campaigns:5.1f}" for t in trust.ORDER),
                  flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
