# SPDX-License-Identifier: Apache-2.0
"""Names beside markers stand where they can be read: inside the frame, off
markers and other names; off bars where there is room."""
import random


from report import plot_scatter


def inside(box):
    return (box.x0 >= 0 and box.y0 >= 0 and box.x1 <= 400 and box.y1 <= 300)


def test_the_outermost_are_those_that_no_other_beats_in_both():
    """By brute force, with ties: of two alike one stands for both."""
    chance = random.Random(1)
    for _ in range(200):
        rows = [{"x": chance.randint(1, 6), "mops": chance.randint(1, 6)}
                for _ in range(8)]
        kept = [(r["x"], r["mops"]) for r in plot_scatter.outermost(rows)]
        assert kept == sorted({
            (r["x"], r["mops"]) for r in rows if not any(
                o["x"] <= r["x"] and o["mops"] >= r["mops"] and
                (o["x"], o["mops"]) != (r["x"], r["mops"]) for o in rows)})
