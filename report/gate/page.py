# SPDX-License-Identifier: Apache-2.0
"""Writes the page of a regression check, DIR/report/index.html, from
templates/page.html.j2."""
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment

from report import folders
from report.gate import history
from report.gate.campaign import Campaign
from report.gate.model import Row, Verdicts
from report.gate.outputs import claim, number, title_of
from report.render import text

SPAN = 12.0  # largest value of the axis in percent; longer bars are cut off and end in an arrow
WIDTH = 240  # width of the area of a bar [px]


@dataclass(frozen=True)
class Bar:
    """A row's interval and estimate in the figure [px], or None if missing."""
    low: float | None
    high: float | None
    centre: float | None
    cut: bool  # the estimate lies outside the axis


@dataclass(frozen=True)
class Axis:
    """The axis that all bars share [%]."""
    low: float
    high: float

    def at(self, percent: float) -> float:
        """Distance from the left edge in pixels."""
        share = (min(max(percent, self.low), self.high) - self.low) / (self.high - self.low)
        return round(share * WIDTH, 1)

    def bar(self, row: Row) -> Bar:
        shown = row.shown
        low, high, centre = (None if x is None else self.at(x) for x in (
            shown.low_percent, shown.high_percent, shown.slowdown_percent))
        cut = shown.slowdown_percent is not None and not (
            self.low <= shown.slowdown_percent <= self.high)
        return Bar(low, high, centre, cut)


def axis_of(verdicts: Verdicts) -> Axis:
    """Returns an axis that shows all intervals, the margin and the tolerance, but at most SPAN [%]
    in each direction."""
    ends = [x for row in verdicts.rows for x in (
        row.shown.low_percent, row.shown.high_percent, row.shown.slowdown_percent)
        if x is not None]
    return Axis(max(min([-200 * verdicts.margin, *ends]), -SPAN),
                min(max([150 * verdicts.tolerance, *ends]), SPAN))


def environment() -> Environment:
    found = text.environment(True, Path(__file__).with_name("templates"))
    found.filters |= {"percent": number, "claim": claim, "title": title_of,
                      "ns": lambda value: number(value, "{:.2f}")}
    return found


def page(campaign: Campaign, verdicts: Verdicts, lines: Sequence[history.Line],
         problems: Sequence[str]) -> str:
    """Renders the page as text; `lines` are the comparable runs of the history."""
    return environment().get_template("page.html.j2").render(
        campaign=campaign, meta=campaign.meta, verdicts=verdicts, axis=axis_of(verdicts),
        width=WIDTH, runs=len(lines), equal=history.one_sided(lines),
        advice=[*history.advice(lines), *problems])


def build(folder: Path, campaign: Campaign, verdicts: Verdicts) -> Path:
    """Writes DIR/report/index.html and returns its path."""
    lines, problems = history.read(folder.resolve().parent / history.NAME)
    lines = history.comparable(lines, campaign.meta.machine.id, verdicts.plan_sha256)
    path = folder / "report" / "index.html"
    folders.replace(path, page(campaign, verdicts, lines, problems))
    return path
