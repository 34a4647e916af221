# SPDX-License-Identifier: Apache-2.0
"""Draws rates at three or more thread counts as SVG for the page, with matplotlib. figures.py
draws two thread counts as slopes."""
import io
import math
import re
from collections.abc import Mapping, Sequence

from report.model.result import Scaling
from report.render.figures import WIDTH, apart, trend

# matplotlib writes colours as hex; inline() replaces them by the colours of the page.
COLOURS = {"#000001": "var(--fg)", "#000002": "var(--line)", "#000003": "var(--mut)",
           "#000004": "var(--ok)", "#000005": "var(--bad)"}
FG, GRID, MUTED, UP, DOWN = COLOURS
TRENDS = {"up": UP, "down": DOWN, "flat": MUTED}
MARKERS = "osD^v<>Pp*hXd"
INCHES = (WIDTH / 72, 4.4)  # one point is one pixel of the page on a phone
LETTERS = 12.0  # size of letters in points


def curves(scaling: Sequence[Scaling], names: Mapping[str, str]) -> str | None:
    """Returns an <svg> element, or None if fewer than three thread counts were measured. `names`
    has the display names by id."""
    counts = sorted({t for one in scaling for t in one.threads})
    if len(counts) < 3:
        return None
    from matplotlib import style
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    colours = {"text.color": FG, "axes.edgecolor": GRID, "axes.labelcolor": MUTED,
               "xtick.color": MUTED, "ytick.color": MUTED, "grid.color": GRID}
    with style.context({"svg.fonttype": "none", "svg.hashsalt": "readmostly",
                        "font.size": LETTERS, **colours}, after_reset=True):
        figure = Figure(figsize=INCHES, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        ends = []
        for i, one in enumerate(scaling):
            points = [(t, e.value / 1e6) for t, e in zip(one.threads, one.rates)
                      if e.value is not None]
            if points:
                colour = TRENDS[trend(one.gain)]
                axes.plot(*zip(*points), color=colour, marker=MARKERS[i % len(MARKERS)],
                          markersize=4, linewidth=1.5)
                ends.append((points[-1][1], names.get(one.map, one.map), colour))
        axes.set_xscale("log", base=2)
        axes.set_xticks(counts, [str(t) for t in counts])
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_xlabel("threads")
        axes.grid(axis="y")
        axes.spines[["top", "right", "left"]].set_visible(False)
        label(axes, counts[-1], ends)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return inline(out.getvalue())


def label(axes: object, last: int, ends: Sequence[tuple[float, str, str]]) -> None:
    """Writes the names at the ends of the lines, without overlaps."""
    top = axes.get_ylim()[1]  # type: ignore[attr-defined]
    least = top * LETTERS * 1.25 / (INCHES[1] * 72 * 0.85)
    heights = apart([value for value, _, _ in ends], least, math.inf)
    for (value, name, colour), height in zip(ends, heights):
        axes.annotate(  # type: ignore[attr-defined]
            name, (last, value), (last * 1.12, height), textcoords="data", color=colour,
            va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": GRID, "shrinkB": 3})


def inline(svg: str) -> str:
    """Returns the <svg> element with the colours of the page and a text alternative."""
    svg = svg[svg.index("<svg"):]
    # a <style> element in the drawing would apply to the whole page
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.S)
    # in HTML, namespaces are implied, CSS sets the size, and `type` is obsolete
    svg = re.sub(r' (xmlns(:xlink)?|version|type)="[^"]*"', "", svg)
    svg = re.sub(r'^<svg( width="[^"]*"| height="[^"]*")*', "<svg", svg)
    for hexadecimal, name in COLOURS.items():
        svg = svg.replace(hexadecimal, name)
    return svg.replace("<svg ", '<svg role="img" aria-label="Throughput of each map by number '
                       'of threads; the table of throughput has the values" ', 1)
