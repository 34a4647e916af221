# SPDX-License-Identifier: Apache-2.0
"""The environment of the templates, which escapes text for pages but not for the terminal."""
import re
import shlex
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import CodeType

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, pass_environment
from jinja2.bccache import Bucket
from markupsafe import Markup

from report import folders
from report.model.cards import Card, full_names, short_names
from report.model.result import Result
from report.render import formats
from report.render.view import Number, View, wrapped

FOLDER = Path(__file__).with_name("templates")
# The command that runs a mode in a source tree or in an installation.
BENCH = "make bench MODE=" if (Path(__file__).parents[2] / "Makefile").exists() else \
    "readmostly run --mode "


class Compiled(BytecodeCache):
    """Shares compiled templates between the environments of this process. Jinja2 evaluates a filter
    of a constant at compile time, but filters such as `named` depend on the environment. No
    template may therefore apply such a filter to a constant."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.codes[bucket.key, bucket.checksum] = bucket.code


COMPILED = {html: Compiled() for html in (False, True)}  # keys: autoescape


def environment(html: bool, folder: Path = FOLDER, cards: Sequence[Card] = ()) -> Environment:
    """Makes an environment with the filters and tests of this file.

    - folder: of a package whose own templates may import these
    - cards: of the maps, for the filters `named`, `link`, `short` and `design`
    """
    env = Environment(loader=FileSystemLoader([folder, FOLDER]), undefined=StrictUndefined,
                      autoescape=html, trim_blocks=True, lstrip_blocks=True,
                      bytecode_cache=COMPILED[html])
    filters: dict[str, Callable[..., object]] = {
        "num": number, "anchor": anchor, "day": day, "fit": fit, "pad": pad,
        "tight": tight, "link": link, "wbr": wbr, "plain_cpu": plain_cpu,
        "named": lambda name: full.get(name, name),
        "short": lambda name: known.get(name, name), "design": lambda name: designs[name]}
    full, known = full_names(cards), short_names(cards)
    designs = {card.id: card.design or card.id for card in cards}
    env.filters.update(filters)
    env.globals["bench"] = BENCH
    env.tests["number_of_model"] = lambda item: isinstance(item, Number)
    return env


def context(result: Result) -> dict[str, object]:
    """Returns the variables of every template: the result, its first group, and cards."""
    places = {card.id: i for i, card in enumerate(result.cards)}

    def card(name: str) -> object:
        return wrapped(result.cards[places[name]], f"cards.{places[name]}")

    head = View(result.groups[0], "groups.0") if result.groups else None
    return {"r": View(result, ""), "head": head, "card": card}


def place(campaign: Path, result: Result) -> dict[str, str]:
    """Returns variables for next steps: the campaign's folder, quoted for a shell; the process that
    still runs the campaign, or ""; and the first damage of its journal, or ""."""
    running = folders.owner(campaign)
    damage = [str(row[-1]) for table in result.tables if table.id == "lost"
              for row in table.rows if row[-2] == "problem" and result.runs.trials]
    return {"folder": shlex.quote(str(campaign)), "running": running,
            "damage": f"{campaign}/{damage[0]}" if damage and not running else ""}


@pass_environment
def number(env: Environment, item: object, kind: str, tag: str = "data") -> str:
    """Formats a number from the model, or the value of an estimate.

    On a page, the number becomes an element that names its path. A missing number becomes a dash
    whose tooltip gives the reason.
    """
    reason = ""
    if isinstance(item, View):
        reason = str(getattr(item, "reason", None) or "")
        item = getattr(item, "value")
    if item is not None and not isinstance(item, Number):
        raise TypeError(f"{item!r}: expected a number from the model")
    text = formats.text(kind, None if item is None else item.value)
    if not env.autoescape:
        return text
    if item is None:
        title = Markup(' title="{}"').format(reason) if reason else ""
        return Markup("<span class=none{}>{}</span>").format(title, text)
    return Markup('<{0} {1}="{2!r}" data-ref="{3}" data-kind="{4}">{5}</{0}>'
                  ).format(tag, "value" if tag == "data" else "data-value",
                           item.value, item.ref, kind, text)


def anchor(name: str) -> str:
    """Converts a name to an id of an HTML element."""
    return "map-" + re.sub(r"[^A-Za-z0-9_.-]", "-", name)


@pass_environment
def link(env: Environment, name: str) -> str:
    """Returns a map's display name; on a page, with a link to its card."""
    text: str = env.filters["named"](name)
    if not env.autoescape:
        return text
    return Markup('<a href="#{}">{}</a>').format(anchor(name), wbr(text))


def wbr(text: str) -> str:
    """Allows line breaks after / and _ (HTML's <wbr>)."""
    return Markup(re.sub(r"([/_])", r"\1<wbr>", str(Markup.escape(text))))


def plain_cpu(name: str) -> str:
    """Removes trade marks and the clock speed from a CPU's name."""
    return tight(re.sub(r"\((?:R|TM)\)|\bProcessor\b|\bCPU\b|@.*", " ", name))


def day(created: str) -> str:
    """Formats 2026-11-29T07:48:01Z as 29 Nov 2026."""
    when = datetime.fromisoformat(created)
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    return f"{when.day} {months[when.month - 1]} {when.year}"


def fit(text: str, width: int) -> str:
    """Cuts a text to `width` characters, with an ellipsis."""
    if len(text) <= width:
        return text
    tail = width // 3
    return text[:width - tail - 1] + "…" + text[-tail:]


def pad(text: object, width: int) -> str:
    """Pads a text to `width` columns; a negative width pads on the left."""
    plain = str(text)
    return plain.ljust(width) if width >= 0 else plain.rjust(-width)


def tight(text: object) -> str:
    """Collapses white space, including line breaks, to single blanks."""
    return " ".join(str(text).split())
