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
SINGLE = re.compile("<g id='([^'>]*)'>")
CLASS = re.compile(r"[^A-Za-z0-9_-]")


def class_of(map_id):
    """CSS class of a map."""
    return "m-" + CLASS.sub("-", map_id)


def drawn(figure):
    """(SVG text of a figure cut to what it shows, its box [inch]).

    The canvas is drawn whole, once, and cut by its viewBox afterwards: the
    library's own way to a tight box draws it twice more. A matplotlib
    before 3.6 does not tell the box, and gets that way.
    """
    try:
        text = raw(figure)
        # by itself the figure counts its axes among these, and once more
        inside = [artist for ax in figure.axes
                  for artist in ax.get_default_bbox_extra_artists()]
        box = figure.get_tightbbox(bbox_extra_artists=inside).padded(MARGIN)
    except TypeError:
        return raw(figure, bbox_inches="tight", pad_inches=MARGIN), "tight"
    return cut(text, box, figure.get_figheight()), box


def raw(figure, **how):
    """SVG text of a figure, without date and creator. A gid with " in it
    comes in ', and is put in " as all others."""
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True,
                   metadata={"Date": None, "Creator": None}, **how)
    return SINGLE.sub(lambda m: '<g id="{}">'.format(
        m[1].replace('"', "&quot;")), out.getvalue())


def cut(text, box, height):
    """The part of a drawing of this height that the box [inch] encloses."""
    x, y = 72 * box.x0, 72 * (height - box.y1)
    wide, high = 72 * box.width, 72 * box.height
    return re.sub(r'width="[^"]*" height="[^"]*" viewBox="[^"]*"|'
                  r'viewBox="[^"]*"', lambda m: (
                      f'width="{wide:.2f}pt" height="{high:.2f}pt" '
                      f'viewBox="{x:.2f} {y:.2f} {wide:.2f} {high:.2f}"'),
                  text, count=1)


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
    width = float(re.search(r'viewBox="\S+ \S+ ([\d.]+)', body)[1])
    said = html.escape(name)
    head = (f'role="img" aria-label="{said}" aria-describedby="{key}-d">'
            f'<title>{said}</title>'
            f'<desc id="{key}-d">{html.escape(alt)}</desc>')
    body = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>',
                  lambda m: f'<svg viewBox="{m[1]}" {head}', body, count=1)
    return f'<div class="panel" style="--w:{width:.0f}px">{body}</div>'
