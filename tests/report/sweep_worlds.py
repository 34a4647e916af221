# SPDX-License-Identifier: Apache-2.0
"""Makes surfaces with known boundaries, and the noise of trials on them, for testing the search for
crossovers. Everything is simulated.

ln r(x, y, z) is the log ratio B / A at a point; x, y and z go from 0 to 1 along the write shares,
threads and keys. B leads if ln r is above 0, and A if ln r is below 0.
"""
import functools
import math

import numpy as np

from report.load.decode import decode
from report.load.plan import Factors
from report.sweep import grid, next as following
from report.sweep import rule as rules

MAPS = ("gomap_rw", "syncmap")
SPREAD = 0.05  # standard deviation of ln rate of one trial
BLOCK = 0.05  # standard deviation of the effect that both maps of a block share
TAIL, HEAVY = 0.03, 0.3  # share of trials that are slowed down, and by how much
KINDS = ("one", "two", "none", "tie band", "diagonal")
# Numbers of write shares, thread counts and sizes. `here` is as in
# workloads/crossover-sweep.conf on 2 CPUs.
SHAPES = {"here": (8, 3, 5), "middle": (13, 5, 3), "large": (17, 7, 5)}


def cell(name, share, threads, keys, **more):
    """Makes a cell of plan.json, with the members that the search reads."""
    c = {"workload": "crossover-fine", "map": name, "shape": "u64x8", "keys": keys,
         "write_share": share, "miss_share": 0.0, "write_kind": "update", "dist": "uniform",
         "loop": "mix", "rate_per_s": 0, "arrivals": "poisson", "threads": threads,
         "placement": "cores", "memory": "first-touch", "presize": True, "measure": "throughput",
         "blocks": 21, "base": MAPS[0], "skip": None, "cpus": []} | more
    return {"id": f"{c['workload']}/{name}/{c['shape']}/n{keys}/w{100 * share:g}/"
            f"{c['write_kind']}/m0/{c['dist']}/t{threads}/{c['placement']}/{c['measure']}"} | c


def plan(shape, **more):
    """Makes the cells of a whole grid with `shape` points along the three axes."""
    shares = np.round(np.geomspace(0.001, 0.5, shape[0]), 6).tolist()
    return {"seed": 7, "order": [], "same": [], "cells": [
        cell(name, share, 2 ** t, 4 ** k * 1024, **more) for share in shares
        for t in range(shape[1]) for k in range(shape[2]) for name in MAPS]}


def lattice_of(plan, maps=MAPS):
    return grid.lattice([decode(Factors, c) for c in plan["cells"]], maps, "plan.json")


@functools.lru_cache
def whole(shape):
    """Returns the lattice of one of SHAPES."""
    return lattice_of(plan(SHAPES[shape]))


def surface(kind, rng):
    """Makes a function of x, y, z that returns the ln ratio. The slopes are as steep as for
    measured maps, whose ratio goes from 1/3 to 3 along an axis."""
    sign, steep = rng.choice([-1, 1]), rng.uniform(2.0, 4.0)
    tilt, bend = rng.uniform(-0.3, 0.3, 2)
    x0 = rng.uniform(0.15, 0.85)
    if kind == "one":
        return lambda x, y, z: sign * steep * (
            x - x0 - 0.15 * tilt * (y - 0.5) - 0.15 * bend * (z - 0.5))
    if kind == "two":
        left = rng.uniform(0.1, 0.3)
        right = left + rng.uniform(0.3, 0.55)
        return lambda x, y, z: sign * 2 * steep * (
            (x - left) * (right - x)) + 0.05 * tilt * (y - 0.5)
    if kind == "none":
        return lambda x, y, z: sign * (0.2 + 0.3 * steep * x + 0.1 * y)
    if kind == "tie band":
        half = rng.uniform(0.05, 0.15)
        return lambda x, y, z: sign * steep * math.copysign(max(abs(x - x0) - half, 0.0), x - x0)
    angle = rng.uniform(0.25, 1.3)
    offset = x0 * math.cos(angle) + 0.5 * math.sin(angle)
    return lambda x, y, z: sign * steep * (
        x * math.cos(angle) + y * math.sin(angle) - offset + 0.1 * bend * z)


def flat(ratio=1.0):
    """Makes a surface with the same ratio everywhere."""
    return lambda x, y, z: math.log(ratio)


def at(lattice, point):
    """Returns x, y, z of a point, each from 0 to 1 along its axis."""
    return [i / max(len(values) - 1, 1)
            for values, i in zip(lattice.groups[point.group].axes, point.at)]


def trials(lattice, truth, points, blocks, rng, spread=SPREAD):
    """Returns the rates of one stage by cell and block: with normal noise, an effect that the
    trials of a block share, and some slowed trials."""
    shared, size = BLOCK * rng.standard_normal(blocks), (len(points), 2, blocks)
    ln = np.array([truth(*at(lattice, p)) for p in points])
    slowed = rng.random(size) < TAIL
    noise = shared + spread * rng.standard_normal(size) - slowed * rng.exponential(HEAVY, size)
    noise += np.stack([-ln / 2, ln / 2], 1)[:, :, None]
    return {cell: dict(enumerate(row)) for point, both in zip(
        points, (5e7 * np.exp(noise)).tolist()) for cell, row in zip(point.cells, both)}


def search(plan, truth, seed, budget=10 ** 9, spread=SPREAD, lose=lambda rates, rng: rates):
    """Runs a whole search in memory, and returns the Search; its last answer is in `.ended`.
    `plan` is a plan or its lattice; `lose` removes rates from a stage."""
    lattice = lattice_of(plan) if isinstance(plan, dict) else plan
    found = following.Search(lattice, rules.NUMBERS, budget)
    rng = np.random.default_rng(seed)
    while True:
        asked = found.next()
        if asked.end:
            found.ended = asked
            return found
        rates = trials(lattice, truth, asked.points, asked.blocks, rng, spread)
        found.take(asked, lose(rates, rng))


def whole_grid(lattice):
    """Returns the trials of the whole grid if each cell gets the largest number of blocks."""
    return 2 * len(lattice.usable()) * rules.NUMBERS.most
