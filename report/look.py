# SPDX-License-Identifier: Apache-2.0
"""Colours, markers and dashes: one look per map, the same everywhere.

Colour says the family (how writers are kept away from readers), marker and
dash say the map. Names are written in a darker tone of the colour, because
text needs more contrast than a mark. The table is families.json; a map that is not in it gets
the first spare look that nobody in its family has.
"""
import json
from pathlib import Path

HERE = Path(__file__).parent
TABLE = json.loads((HERE / "families.json").read_text(encoding="utf-8"))
FAMILIES, GLYPHS = TABLE["families"], TABLE["glyphs"]

INK, MUTED, FAINT, GRID = "#1b1f24", "#5b6470", "#c9ced6", "#e3e6ea"
PAPER, AXIS, WARN, BAND = "#ffffff", "#9aa1ab", "#b00020", "#eef1f4"
NAMED = {INK: "ink", MUTED: "muted", FAINT: "faint", GRID: "grid",
         PAPER: "paper", AXIS: "axis", WARN: "warn", BAND: "band"}
DASHES = {"solid": "-", "dashed": (0, (5, 1.5)), "dotted": (0, (1, 1.5)),
          "dashdot": (0, (6, 1.5, 1, 1.5))}
SIZES = {"*": 8.5, "P": 8, "X": 8, "+": 8, "|": 8, "h": 7, "p": 7}
TINTS = (0.20, 0.40, 0.62)  # of a field, by how far apart two maps are
TINTS_DARK = (0.20, 0.34, 0.48)
DARK_PAPER = "#15181c"
UNKNOWN = "free"  # family of a map that names none


def rgb(colour):
    return [int(colour[i:i + 2], 16) for i in (1, 3, 5)]


def mixed(colour, paper, part):
    """`part` of a colour over the page."""
    pairs = zip(rgb(colour), rgb(paper))
    return "#%02x%02x%02x" % tuple(
        round(back + (front - back) * part) for front, back in pairs)


def tint(family, level, dark=False):
    """Field colour of a family: level 0, 1, 2 = light, middle, strong.

    Black is halved, so that text on it stays readable.
    """
    part = (TINTS_DARK if dark else TINTS)[level]
    part *= 0.5 if family == "free" else 1.0
    colour = FAMILIES[family]["dark" if dark else "light"]
    return mixed(colour, DARK_PAPER if dark else PAPER, part)


def css_names():
    """Hex colour in a figure -> name of the CSS variable that replaces it."""
    names = dict(NAMED)
    for family, look in FAMILIES.items():
        names[look["light"]] = family
        names[look["text"]] = f"{family}-text"
        for level in range(3):
            names.setdefault(tint(family, level), f"{family}-{level}")
    return names


def css_colours(dark):
    """The family colours and tints as CSS declarations."""
    parts = []
    for family, look in FAMILIES.items():
        parts.append(f"--{family}: {look['dark' if dark else 'light']};")
        parts.append(f"--{family}-text: "
                     f"{look['dark' if dark else 'text']};")
        parts += [f"--{family}-{i}: {tint(family, i, dark)};"
                  for i in range(3)]
    return " ".join(parts)


class Look:
    """The look of every map of a campaign."""

    def __init__(self, maps):
        """maps -- id -> map object of campaign.json"""
        self.family, self.shape, self.aside = {}, {}, {}
        taken = set()
        for name, about in maps.items():
            family = about.get("family")
            self.family[name] = family if family in FAMILIES else UNKNOWN
            known = TABLE["maps"].get(name)
            if known:
                self.shape[name] = known["marker"], known["dash"]
                taken.add((self.family[name], *self.shape[name]))
                if "aside" in known:
                    self.aside[name] = known["aside"]
        for name in sorted(set(maps) - set(self.shape)):
            free = [tuple(s) for s in TABLE["spare"]
                    if (self.family[name], *s) not in taken]
            # beyond the table looks repeat; names tell the maps apart
            self.shape[name] = free[0] if free else tuple(TABLE["spare"][0])
            taken.add((self.family[name], *self.shape[name]))

    def colour(self, name):
        return FAMILIES[self.family[name]]["light"]

    def text_colour(self, name):
        """For its name: at least 4.5 to 1 on the page."""
        return FAMILIES[self.family[name]]["text"]

    def marker(self, name):
        return self.shape[name][0]

    def size(self, name):
        return SIZES.get(self.marker(name), 5.5)

    def dash(self, name):
        return DASHES[self.shape[name][1]]

    def glyph(self, name):
        return GLYPHS[self.marker(name)]

    def bound(self, name):
        """Is it a bound or a floor, no peer in a ranking?"""
        return self.family[name] == "bound"
