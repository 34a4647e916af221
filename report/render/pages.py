# SPDX-License-Identifier: Apache-2.0
"""Renders the HTML pages of a result."""
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from report.advise import questions
from report.model.cards import short_names
from report.model.place import Place
from report.model.result import Condition, Result
from report.render import curves, figures, formats, text
from report.render.sheets import Sheet

PAGES = ("index", "numbers", "validity", "machine", "cache", "claims")
CONDITIONS = 12  # rows in the table of other winners
CARDS = 16  # if there are more cards, they are folded


def pages(result: Result, sheets: Sequence[Sheet], drawn: bool, folder: Path) -> dict[str, str]:
    """Renders each HTML file by name. `drawn` is true if gnuplot drew the figures for papers.
    `folder` is the folder of the campaign."""
    env = text.environment(html=True, cards=result.cards)
    maps = [row for row in result.board if not result.card(row.map).misuse]
    refs = {card.id for card in result.cards if card.reference}
    shared: dict[str, object] = {
        **text.context(result), **text.place(folder, result), "sheets": sheets,
        "ids": {sheet.id for sheet in sheets}, "drawn": drawn,
        "bars": figures.bars(maps, refs),
        "slopes": figures.lines(result.scaling),
        "curves": markup(curves.curves(result.scaling, short_names(result.cards))),
        "counts": sorted({t for one in result.scaling for t in one.threads}),
        "dots": figures.dots(result.latency), "tick": tick,
        "has": {name for name in ("scaling", "memory", "lookup") for row in maps
                if (one := getattr(row, name)) and one.value is not None},
        "refs": refs,
        "some_fixed": any(not result.card(row.map).grows for row in maps),
        "some_duty": any(result.card(row.map).duty != "none" for row in maps),
        "varying": factors(result), "shown": shown(result),
        "goroutines": sorted({e.scheduling for group in result.groups[:1]
                              for e in group.entries if e.scheduling}),
        "many": len(result.cards) > CARDS, "asked": asked(result)}
    return {f"{page}.html": env.get_template(
        "index.html.j2" if page == "index" else "linked.html.j2").render(
            page=page, **shared) for page in PAGES}


def markup(svg: str | None) -> Markup | None:
    """Marks an element from curves.py as safe, because matplotlib has escaped its texts."""
    return None if svg is None else Markup(svg)


def tick(value: float) -> str:
    return formats.text("window", value)


def asked(result: Result) -> str | None:
    """Formats the options of advise that select the place of the first sentence. Returns None if
    there is no ranking, or if advise has no option for a factor of the place."""
    spot = questions.spot_of(result.groups[0].place) if result.groups else None
    return questions.options_of(spot) if spot and spot[-3:] == questions.USUAL[-3:] else None


def parts(place: Place) -> dict[str, object]:
    """Returns the factors of a place, combined as in the table of conditions."""
    return {"mix": (place.write_share, place.miss_share),
            "writes": place.write_kind, "threads": place.threads,
            "keys": place.keys, "dist": place.dist, "shape": place.shape, "options": place.options,
            "placement": (place.placement, place.memory)}


def factors(result: Result) -> list[str]:
    """Returns the factors that differ among the printed conditions and the headline."""
    places = [result.conditions[i].place for i in shown(result)]
    places += [group.place for group in result.groups[:1]]
    all_ = [parts(place) for place in places]
    return [name for name in (all_[0] if all_ else ())
            if any(one[name] != all_[0][name] for one in all_)]


def shown(result: Result) -> list[int]:
    """Returns the indices of the conditions to print. Conditions with another winner than the
    headline come first."""
    leader = result.groups[0].leader if result.groups else None

    def same(one: Condition) -> bool:
        return one.fastest is None or leader in one.fastest.maps

    order = sorted(range(len(result.conditions)),
                   key=lambda i: same(result.conditions[i]))
    return sorted(order[:CONDITIONS])
