#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Simulates campaigns in which disturbed trials are repeated, to find whether the 95 % interval
contains the true ratio in 95 of 100 campaigns.

    tests/report/repeated_campaigns.py      prints a table

Rates, waiting times and the kernel's accounts of other programs are simulated. The rules that
choose attempts, and the intervals (report/stats), are the real ones. The true ratio is the ratio on
an otherwise idle machine (docs/adr/0024). The map `plain` never sleeps. The map `sleeps` blocks in
its lock: its threads are woken many times and wait for a CPU each time, even on an idle machine,
and it is slower in trials in which they sleep more often. The map thus causes the waiting, whose
amount depends on the rate. The map `collects` has collector and compiler threads, as in Go and
Java; for part of the time its measured threads wait for those threads and are slower.
"""
import itertools
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from report import stats  # noqa: E402

LIFE_MS, WINDOW_MS, TICK_MS, CPUS = 83.0, 24.0, 10.0, 2
LIMIT, MOST, WAKE_UP_MS = 0.2, 3, 0.1  # repeat-wait, repeat-most; wake_up_ns of repeat.c
SHARE = 0.5  # repeat-share
SPEED = {"plain": 5.0, "sleeps": 1.0, "collects": 3.0}  # when undisturbed
NOISE = 0.15  # standard deviation of ln rate between trials


@dataclass
class World:
    """The disturbances: other programs run during a share of the trials, in bursts."""
    others: float = 0.15
    burst: float = 0.5  # probability that the next attempt is disturbed like this one
    taken: tuple = (0.05, 0.5)  # share of the threads' time that other programs take
    wake_up_us: float = 15.0  # time that an undisturbed thread waits after a wake-up
    filler: bool = False  # true if work of the lowest priority uses idle CPUs
    collector: float = 0.1  # CPU time of collector threads, as a share of the threads' time


@dataclass
class Trials:
    """One attempt at each trial; all arrays have the same shape."""
    rate: np.ndarray
    waited: np.ndarray  # time on the run queue, as a share of the threads' time
    sleeps: np.ndarray  # wake-ups per ms and thread
    others: np.ndarray  # share of the CPUs' time, by the kernel's accounts
    ran: np.ndarray  # CPU time of collector threads, as a share of the CPUs' time


def accounts(rng, taken):
    """Returns the kernel's accounts of other programs, in whole ticks. These programs took `taken`
    of each CPU during the window, and ran for all or part of the rest of the program's life."""
    shape = taken.shape
    rest = np.where(rng.random(shape) < 0.7, 1.0, rng.random(shape))
    there_ms = taken * (WINDOW_MS + rest * (LIFE_MS - WINDOW_MS))
    seen_ms = np.zeros(shape)
    for own_ms in (LIFE_MS, WINDOW_MS):  # one thread also fills and verifies
        own_ms = own_ms * (1 - taken)
        ticks = np.floor(rng.random(shape) + (own_ms + there_ms) / TICK_MS)
        seen_ms += ticks * TICK_MS - own_ms
    return np.clip(seen_ms / (CPUS * LIFE_MS), 0, 1)


def attempt(rng, name, present, world):
    """Simulates one attempt at each trial; other programs run if `present`."""
    shape = present.shape
    taken = np.where(present, rng.uniform(*world.taken, shape), 0.0)
    log_rate = np.log(SPEED[name]) + rng.normal(0, NOISE, shape)
    sleeps, own, ran, away = np.zeros((4, *shape))
    harm = taken
    if name == "sleeps":
        often = rng.normal(0, 0.4, shape)  # how often it sleeps, as ln
        sleeps = 10 * np.exp(often)
        own = sleeps * world.wake_up_us / 1000 * np.exp(
            rng.normal(0, 0.3, shape))
        log_rate = log_rate - 0.5 * often
        harm = taken * rng.uniform(0.6, 1.0, shape)  # other programs do not slow a map that sleeps
    if name == "collects":
        ran = world.collector * np.exp(rng.normal(0, 0.5, shape))
        own = ran * rng.uniform(0.3, 1.0, shape)
        away = ran - own  # the rest ran on CPUs on which no measured thread waited
        log_rate = log_rate + np.log1p(-np.minimum(own, 0.9))
    others = accounts(rng, taken)
    # CPU time of the program itself is subtracted from the busy time of the cell's CPUs
    others = np.maximum(others - away, 0)
    if world.filler and name == "sleeps":
        others = np.maximum(others, 0.5)  # the filler used the idle time
    return Trials(np.exp(log_rate) * (1 - harm), np.minimum(own + harm, 1),
                  sleeps, others, ran)


# ---- rules that classify attempts as disturbed -----------------------------

def never(trials):
    return np.zeros(trials.rate.shape, bool)


def any_wait(trials):
    """Attributes all waiting to other programs. This rule was rejected."""
    return trials.waited > LIMIT


def taken_by_others(trials):
    """Applies the rule of rm_repeat_disturbed() in runner/campaign/repeat.c."""
    unexplained = np.maximum(
        trials.waited - trials.sleeps * WAKE_UP_MS - trials.ran, 0)
    return np.maximum(unexplained,
                      np.minimum(trials.waited, trials.others)) > LIMIT


def own_laid_on_others(trials):
    """Attributes the waiting for the program's own threads to other programs, too. This rule was
    rejected, because it keeps only trials in which the map's collector ran little."""
    return taken_by_others(replace(trials, ran=np.zeros(trials.ran.shape)))


def without_accounts(trials, wake_up_ms=WAKE_UP_MS):
    """Applies the rule for short trials, for which the kernel's accounts are too coarse."""
    return trials.waited - trials.sleeps * wake_up_ms > LIMIT


def short_wake_ups(trials):
    """Assumes, without the kernel's accounts, that a wake-up explains 20 us of waiting. This rule
    was rejected, because it is wrong if a wake-up takes longer."""
    return without_accounts(trials, 0.02)


RULES = never, any_wait, taken_by_others, without_accounts, short_wake_ups


# ---- campaigns -------------------------------------------------------------

def attempts_of(rng, name, shape, rule, world):
    """Returns rates and disturbances of all attempts that a trial may need, on the first axis.
    unbounded() or within() decides how many of them are made."""
    present = rng.random(shape) < world.others
    rates, bad = [], []
    for _ in range(1 + MOST):
        trials = attempt(rng, name, present, world)
        rates.append(trials.rate)
        bad.append(rule(trials))
        present = np.where(rng.random(shape) < world.burst, present,
                           rng.random(shape) < world.others)
    return np.array(rates), np.array(bad)


def unbounded(bad):
    """Returns the number of repeats of each trial without a budget."""
    return np.cumprod(bad[:MOST], axis=0).sum(axis=0)


def within(orders, bad, share):
    """Returns the number of repeats with the budget of runner/campaign/repeat.c.

    - orders: the cells of each block; the axes are campaign, block, place
    - bad: the axes are attempt, campaign, block, cell
    """
    _, campaigns, blocks, cells = bad.shape
    repeats = np.zeros((campaigns, blocks, cells), int)
    made, every = np.zeros(campaigns, int), np.arange(campaigns)
    for block in range(blocks):
        allowed = share * cells * (block + 1)
        over = np.zeros(campaigns, bool)
        for k in range(MOST):
            for cell in orders[:, block].T:
                due = (repeats[every, block, cell] == k) & bad[
                    k, every, block, cell]
                over |= due & (made + 1 > allowed)
                paid = due & ~over
                repeats[every, block, cell] += paid
                made += paid
    return repeats


def last_of(values, repeats):
    """Returns the values of the last attempt of each trial, which is the attempt that counts."""
    return np.take_along_axis(values, repeats[None], 0)[0]


OTHER_MAPS = "plain", "plain", "sleeps", "sleeps"  # these maps share the budget


def campaigns_of(rng, pair, rule, world, shape, share):
    """Returns (rates, disturbed, repeats) of the attempts that count, for each map of the pair.
    `share` None: no budget."""
    names = pair if share is None else pair + OTHER_MAPS
    found = [attempts_of(rng, name, shape, rule, world) for name in names]
    if share is None:
        repeats = [unbounded(bad) for _, bad in found]
    else:
        bad = np.stack([bad for _, bad in found], -1)
        orders = rng.permuted(np.broadcast_to(
            np.arange(len(names)), bad.shape[1:]), axis=-1)
        repeats = np.moveaxis(within(orders, bad, share), -1, 0)
    return [(last_of(rates, n), last_of(bad, n), n)
            for (rates, bad), n in zip(found[:2], repeats)]


def coverage(a, b, rule, world=None, campaigns=1000, blocks=16, seed=1,
             share=None, here=0.0):
    """Returns a dict with these keys:

    - covered: share of campaigns whose 95 % interval of the ratio a / b contains the true ratio
    - bias: mean error of ln ratio
    - width: width of the interval
    - repeated: repeats per trial
    - disturbed: share of the trials that count

    `share` is the share of the repeat budget, or None if there is no budget. `here` is ln of the
    machine's effect on the ratio, if the ratio on this machine is wanted instead of the ratio on an
    idle one.
    """
    rng, world = np.random.default_rng(seed), world or World()
    one, two = campaigns_of(rng, (a, b), rule, world, (campaigns, blocks),
                            share)
    centre, low, high = stats.signed_rank_interval(
        stats.log_ratio(two[0], one[0]))
    planted = np.log(SPEED[a] / SPEED[b]) + here
    return {"covered": float(np.mean((low <= planted) & (planted <= high))),
            "bias": float(np.mean(centre - planted)),
            "width": float(np.mean(high - low)),
            "repeated": [float(one[2].mean()), float(two[2].mean())],
            "disturbed": float((one[1].mean() + two[1].mean()) / 2)}


def idle_ratio(a, b, world):
    """Returns how far a garbage collector shifts ln(a / b) on an idle machine, in addition to the
    ratio of the speeds in SPEED."""
    return coverage(a, b, never, replace(world, others=0.0),
                    campaigns=10_000)["bias"]


# One of two CPUs has a busy loop that never ends. On the first machine, only a tenth of the trials
# are below the limit of waiting; on the second, none.
STEADY = World(others=1.0, taken=(0.19, 0.31))
FULL = World(others=1.0, taken=(0.25, 0.5))


def budgets():
    """Prints the effect of the budget on increasingly busy machines, compared with no repeats and
    with unlimited repeats."""
    print("machine pair budget covered bias width repeated_a repeated_b "
          "disturbed covered_here")
    machines = {f"others={share}": World(others=share)
                for share in (0.15, 0.3, 0.4, 0.5, 0.6, 0.8)}
    for (name, world), pair in itertools.product(
            (machines | {"steady": STEADY, "full": FULL}).items(),
            (("plain", "plain"), ("plain", "sleeps"))):
        here = coverage(*pair, never, world, campaigns=10_000)["bias"]
        for label, rule, share in (("nothing", never, None),
                                   ("none", taken_by_others, None),
                                   ("half", taken_by_others, SHARE)):
            c, own = (coverage(*pair, rule, world, campaigns=10_000,
                               share=share, here=of) for of in (0.0, here))
            print(name, ":".join(pair), label,
                  "%.3f %+.4f %.3f" % (c["covered"], c["bias"], c["width"]),
                  "%.2f %.2f" % tuple(c["repeated"]),
                  "%.2f %.3f" % (c["disturbed"], own["covered"]), flush=True)


def collectors():
    """Prints the figures of docs/adr/0024."""
    print("collector rule pair covered bias width")
    for share, rule, pair in itertools.product(
            (0.05, 0.1, 0.2, 0.3), (taken_by_others, own_laid_on_others),
            (("plain", "collects"), ("collects", "sleeps"))):
        world = World(collector=share)
        c = coverage(*pair, rule, world, here=idle_ratio(*pair, world))
        print(share, rule.__name__, ":".join(pair), "%.3f %+.4f %.3f" % (
            c["covered"], c["bias"], c["width"]), flush=True)


def main():
    collectors()
    budgets()
    print("others burst wake_up_us filler rule pair covered bias width "
          "repeated_a repeated_b")
    pairs = ("plain", "plain"), ("plain", "sleeps"), ("sleeps", "sleeps")
    for row in itertools.product(
            (0.0, 0.15, 0.3), (0.0, 0.8), (5, 15, 20, 40), (False, True),
            RULES, pairs):
        *world, rule, pair = row
        c = coverage(*pair, rule, World(*world), campaigns=10_000)
        print(*world, rule.__name__, ":".join(pair),
              "%.3f %+.4f %.3f" % (c["covered"], c["bias"], c["width"]),
              "%.2f %.2f" % tuple(c["repeated"]), flush=True)


if __name__ == "__main__":
    main()
