# SPDX-License-Identifier: Apache-2.0
"""What plots draw, read back from the axes: where marks and intervals lie. No page
is built."""
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure

from report import look, plot_claims, plot_lines, plot_trials, plots

DRAWN = True  # its tests look at figures


@pytest.fixture(name="ax")
def axes():
    return Figure().subplots()


def marks(ax):
    """(x, y, marker) of every line that is a mark, in the order drawn."""
    return [(float(x), float(y), line.get_marker()) for line in ax.lines
            if line.get_marker() not in ("None", None, "")
            for x, y in zip(line.get_xdata(), line.get_ydata())]


def bars(ax):
    """(x0, x1, y) of every level line without a mark."""
    return [(*map(float, line.get_xdata()), float(line.get_ydata()[0]))
            for line in ax.lines if line.get_marker() == "None"
            and len(set(line.get_ydata())) == 1 and len(line.get_xdata()) == 2]


def said(ax):
    return [t.get_text() for t in ax.texts]


# ---- what all plots share --------------------------------------------------


def test_a_bar_is_its_interval_where_there_is_one(ax):
    plots.bar(ax, {"low": None, "high": None}, 1, "k")
    assert not ax.collections
    plots.bar(ax, {"low": 2.0, "high": 5.0}, 1, "k")
    plots.bar(ax, {"low": 2.0, "high": 5.0}, 1, "k", upright=True)
    level, upright = (c.get_segments()[0].tolist() for c in ax.collections)
    assert level == [[2, 1], [5, 1]] and upright == [[1, 2], [1, 5]]


# ---- claims ----------------------------------------------------------------

def claim(value, low=None, high=None, verdict="reproduced"):
    return {"id": "c", "value": value, "low": low or value * 0.9, "n": 9,
            "high": high or value * 1.1, "verdict": verdict}


def test_a_claim_is_marked_where_it_was_measured(ax):
    plot_claims.one(ax, claim(2.0, 1.5, 9.0), 3)
    assert bars(ax) == [(1.5, 8.0, 3.0)], "as far as the axis goes"
    assert marks(ax) == [(2.0, 3.0, "o")] and said(ax) == []


def test_each_claim_has_its_own_tolerance_shaded(ax):
    plot_claims.ratios(ax, [claim(1.0) | {"tolerance": 1.02},
                            claim(1.3) | {"tolerance": 1.5}])
    ends = [c.get_paths()[0].vertices for c in ax.collections]
    assert [(*v.min(0), *v.max(0)) for v in ends] == [
        pytest.approx((1 / 1.02, -0.5, 1.02, 0.5)),
        pytest.approx((1 / 1.5, 0.5, 1.5, 1.5))]


# ---- trials ----------------------------------------------------------------

def test_of_ticks_that_cover_each_other_the_highest_is_drawn():
    x, low = np.array([1.0, 1.2, 5.0]), np.zeros(3)
    path = plot_trials.ticks(x, low, np.array([2.0, 7.0, 3.0]), (2.0, 1.0))
    assert path.vertices.tolist() == [[1.2, 0], [1.2, 7], [5, 0], [5, 3]]
    assert list(path.codes) == [path.MOVETO, path.LINETO] * 2


# ---- latency ---------------------------------------------------------------

def test_a_time_of_none_is_not_on_a_logarithmic_axis(ax):
    """A clock that saw nothing pass says 0 ns; the axis is of the others."""
    looks = SimpleNamespace(
        colour=lambda _: look.INK, marker=lambda _: "o", size=lambda _: 5,
        dash=lambda _: "-", text_colour=lambda _: look.INK)
    plot_lines.latency(ax, [{
        "map": "a", "clock": "intended", "x": [2, 10, 100], "beyond": 10,
        "ns": [0.0, 150.0, 6000.0],
        "marks": [(10, 150.0, 100.0, 200.0, "tip"),
                  (100, 6000.0, None, None, "tip")]}], looks, "title", 0)
    assert ax.get_ylim() == pytest.approx((100, 9000))
    assert marks(ax) == [(10.0, 150.0, "o"), (100.0, 6000.0, "o")]
    sure, unsure = (list(line.get_xdata()) for line in ax.lines[:2])
    assert (sure, unsure) == ([2, 10], [100])
    assert [c.get_segments()[0].tolist() for c in ax.collections[:1]] == [
        [[10, 100], [10, 200]]], "the other has no interval"
