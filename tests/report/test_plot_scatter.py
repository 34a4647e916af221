# SPDX-License-Identifier: Apache-2.0
"""Names beside markers stand where they can be read: inside the frame, off
markers and other names; off bars where there is room."""
import random

import pytest
from matplotlib.transforms import Bbox

from report import plot_scatter

FRAME = Bbox.from_bounds(0, 0, 400, 300)


def inside(box):
    return (box.x0 >= 0 and box.y0 >= 0 and box.x1 <= 400 and box.y1 <= 300)


def apart(box, other):
    return (box.x1 <= other.x0 or other.x1 <= box.x0
            or box.y1 <= other.y0 or other.y1 <= box.y0)


@pytest.mark.parametrize("seed", range(20))
def test_names_are_inside_and_apart(seed):
    chance = random.Random(seed)
    marks = [(chance.uniform(0, 400), chance.uniform(0, 300))
             for _ in range(12)]
    sizes = [(chance.uniform(20, 90), 12) for _ in marks]
    found = [box for box in plot_scatter.place(sizes, marks, FRAME) if box]
    assert len(found) >= 10
    for number, box in enumerate(found):
        assert inside(box)
        assert all(apart(box, other) for other in found[:number])
        assert not any(box.contains(*mark) for mark in marks)


@pytest.mark.parametrize("mark", [(1, 1), (399, 1), (1, 299), (399, 299)])
def test_in_a_corner_the_whole_name_is_inside(mark):
    box, = plot_scatter.place([(80, 12)], [mark], FRAME)
    assert inside(box)


def test_a_bar_is_kept_clear_where_there_is_room():
    bar = Bbox.from_bounds(200, 100, 199, 100)
    box, = plot_scatter.place([(60, 12)], [(200, 150)], FRAME, [bar])
    assert inside(box) and apart(box, bar)


def test_a_name_that_has_no_room_has_no_box():
    assert plot_scatter.place([(500, 12)], [(200, 150)], FRAME) == [None]


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
