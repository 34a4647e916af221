# SPDX-License-Identifier: Apache-2.0
"""From a matplotlib figure to an inline SVG and to files.

The figure is drawn once with fixed colours. For the page each colour
becomes a CSS variable (dark mode costs no second figure), ids get the
figure's key as a prefix (inline SVGs share one document), and gids become
tool tips: "tip|map|text" -> <title>, "map|id" -> a class to highlight.
"""
import html
import io
import re

from report import look

MARGIN = 0.04  # inch around a panel
NAMES = look.css_names()
COLOUR = re.compile("|".join(NAMES), re.I)
LONG = re.compile(r"(\d+\.\d{2})\d+")
GEOMETRY = re.compile(r'( (?:d|x|y|transform|width|height|viewBox)="[^"]*")')
TAGGED = re.compile(r'<g id="(tip|map)\|([^"|]*)\|?([^"]*)">')
CLASS = re.compile(r"[^A-Za-z0-9_-]")


def class_of(map_id):
    """CSS class of a map."""
    return "m-" + CLASS.sub("-", map_id)


def bounds(figure):
    """What is drawn, with a margin [inch]: found once for both files.
    A matplotlib before 3.6 finds it itself, for each of them."""
    try:
        figure.draw_without_rendering()
        return figure.get_tightbbox().padded(MARGIN)
    except (AttributeError, TypeError):
        return "tight"


def raw(figure, box="tight"):
    """SVG text of a figure, without date and creator."""
    out = io.StringIO()
    figure.savefig(out, format="svg", bbox_inches=box, pad_inches=MARGIN,
                   transparent=True, metadata={"Date": None, "Creator": None})
    return out.getvalue()


def tagged(match):
    """One artist with a gid: a group with class and tool tip."""
    kind, map_id, tip = match.groups()
    css = f"{kind} {class_of(map_id)}" if map_id else kind
    return f'<g class="{css}">' + (f"<title>{tip}</title>"
                                   if kind == "tip" else "")


def stand_alone(text):
    """The SVG as a file: tool tips stay, colours stay as they are."""
    return TAGGED.sub(lambda m: "<g>" + (f"<title>{m[3]}</title>"
                                         if m[1] == "tip" else ""), text)


def inline(text, key):
    """The SVG as part of the page."""
    text = text[text.index("<svg"):]
    text = re.sub(r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*|"
                  r"<style.*?</style>\s*", "", text, flags=re.S)
    text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text)
    text = text.replace("xlink:href", "href")
    text = TAGGED.sub(tagged, text)
    text = re.sub(r' id="(?![mph][0-9a-f]{9,10}")[^"]*"', "", text)
    text = re.sub(r'(id="|#)([mph][0-9a-f]{9,10})', rf"\g<1>{key}-\2", text)
    text = COLOUR.sub(lambda m: f"var(--{NAMES[m[0].lower()]})", text)
    text = re.sub(r"font: ([^;\"]*?px) [^;\"]*",
                  r"font: \1 var(--figure-font)", text)
    # geometry only: a tick label "99.999" must survive
    text = GEOMETRY.sub(lambda m: LONG.sub(r"\1", m[0]), text)
    return re.sub(r"\s*\n\s*", " ", text)


def panel(text, key, name, alt):
    """One inline SVG with a name and a text alternative."""
    body = inline(text, key)
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', body)[1])
    head = (rf'<svg viewBox="\1" role="img" aria-labelledby="{key}-t {key}-d"'
            rf'><title id="{key}-t">')
    body = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>',
                  lambda m: head.replace(r"\1", m[1]) + html.escape(name)
                  + f'</title><desc id="{key}-d">{html.escape(alt)}</desc>',
                  body, count=1)
    return (f'<div class="panel" tabindex="0" role="group" style="--w:'
            f'{width:.0f}px" aria-label="{html.escape(name)}">{body}</div>')
