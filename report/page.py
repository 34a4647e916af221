# SPDX-License-Identifier: Apache-2.0
"""Collects sections, figures and tables, draws the figures, writes files.

A section asks for panels and gets place holders; all panels are drawn at
the end by a pool of processes, in a fixed order, and put in their places.
"""
import base64
import gc
import html
import itertools
import multiprocessing
import os
from pathlib import Path
from string import Template

import matplotlib
matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib import font_manager

from report import datafiles, folders, glossary, latex, look, svg, tables, words

HERE = Path(__file__).parent
PAGE = "index.html"
NOTHING = '<p class="none">'  # begins what stands for a missing part
HELD = 250_000  # letters of the longest CSV that the page itself holds
ALL_DATA = "<!--all data-->"  # the place of that link
JOBS = []  # set before the pool forks; workers find their panel in it
esc = html.escape


def fonts(families):
    """Those of the style that are here: matplotlib complains of each that is
    not at each text that it draws."""
    here = {font.name for font in font_manager.fontManager.ttflist
            if os.path.getsize(font.fname)}
    return [family for family in families if family in here] or families[-1:]


def mixes(rows):
    """The mixes of a figure's rows, in words."""
    return " ".join({words.mix(row["write_share"], row["write_kind"])
                     for row in rows if row.get("write_share") is not None})


def dotted(caption, sentence):
    """A sentence behind a caption, which need not end with a full stop."""
    return sentence and "." * (not caption.endswith(".")) + sentence


class Panel:
    """One drawing: draw(ax, *args) on axes of width x height CSS pixels."""

    def __init__(self, key, name, alt, size, draw, args):
        self.key, self.name, self.alt = key, name, alt
        self.size, self.draw, self.args = size, draw, args

    @property
    def slot(self):
        return f"<!--panel {self.key}-->"

    def make(self, folder, pdf):
        """Draws it, writes KEY.svg (and .pdf), returns the inline SVG."""
        fig, ax = plt.subplots(figsize=(self.size[0] / 72,
                                        self.size[1] / 72))
        ax.set_title("")  # by the style's axes.titley, also where none is set
        self.draw(ax, *self.args)
        text, box = svg.drawn(fig)
        folders.write(folder / f"{self.key}.svg", svg.stand_alone(text))
        if pdf:  # costs as much as all the rest: fonts are embedded
            fig.savefig(folder / f"{self.key}.pdf", bbox_inches=box,
                        metadata={"CreationDate": None})
        plt.close(fig)
        return svg.panel(text, self.key, self.name, self.alt)


def draw_one(job):
    index, *how = job
    return JOBS[index].make(*how)


def draw_all(panels, folder, pdf=False):
    """Every panel's inline SVG, in order; in parallel where that pays."""
    JOBS[:] = panels
    jobs = [(i, folder, pdf) for i in range(len(panels))]
    workers = min(len(os.sched_getaffinity(0)), 8, len(panels))
    if workers < 2:
        return [draw_one(job) for job in jobs]
    # A worker draws some panels and ends: nothing is worth collecting.
    with multiprocessing.get_context("fork").Pool(
            workers, initializer=gc.disable) as pool:
        return pool.map(draw_one, jobs, chunksize=1)


class Report:
    """The report under construction; `out` is DIR/report.

    pdf -- each panel as a PDF file, too
    told -- name of the file that says the same for programs; write() has its
            text. None: another one writes it, who may not want a page.
    """

    def __init__(self, out, pdf=False, told=None):
        self.out, self.sections, self.panels = Path(out), [], []
        self.told = told
        self.pdf, self.absent, self.legend = pdf, [], ""
        self.csvs, self.keys, self.files = {}, set(), set()
        self.source = datafiles.Source()  # of which cells and journal
        below = ("figures", "tables", "quick")
        folders.own(self.out, *below)
        for folder in below:
            folders.emptied(self.out / folder)
        # What fails from here on leaves no old answer beside new tables.
        for name in filter(None, (PAGE, datafiles.ARCHIVE, told)):
            (self.out / name).unlink(missing_ok=True)

    def section(self, key, title, question, *parts):
        """Adds a section; one that holds nothing but a reason why it is
        empty joins the others of its kind at the end."""
        if "".join(parts).startswith(NOTHING) and len(parts) == 1:
            self.absent.append((key, title, question, parts[0]))
            return
        self.sections.append((key, title, (
            f'<section id="{key}" aria-labelledby="{key}-h">'
            f'<h2 id="{key}-h">{title} <a class="anchor" href="#{key}" '
            'aria-label="# link to this section">#</a></h2>'
            f'<p class="question">{question}</p>{"".join(parts)}</section>')))

    def not_in_this_run(self):
        """The empty sections as one closed line."""
        if not self.absent:
            return
        inner = "".join(
            f'<section id="{key}" aria-labelledby="{key}-h"><h3 id="{key}-h">'
            f'{title}</h3><p class="question">{question}</p>{part}</section>'
            for key, title, question, part in self.absent)
        names = ", ".join(t.split(":")[0] for _, t, _, _ in self.absent)
        self.sections.append(("absent", "Not in this run", (
            '<section id="absent" aria-label="Not in this run">'
            + details(f"Not in this run: {names}", inner) + "</section>")))

    def panel(self, key, name, alt, size, draw, *args):
        """Asks for a drawing; returns its place holder. Words that are alike
        as a key, such as sync.map and sync-map, are told apart by a number."""
        plain, numbers = key, itertools.count(2)
        while key in self.keys:
            key = f"{plain}-{next(numbers)}"
        self.keys.add(key)
        panel = Panel(key, name, alt, size, draw, args)
        self.panels.append(panel)
        return panel.slot

    def figure(self, key, caption, panels, columns, rows, size="s",
               side=False):
        """A captioned set of panels and the rows they were drawn from."""
        caption += words.share_counts(caption + mixes(rows))
        text = self.source.csv(columns, rows)
        self.csvs[key] = text
        folders.write(self.out / "figures" / f"{key}.csv", text)
        link = self.link("figures", key, text,
                         f"data as CSV, {words.plural(len(rows), 'row')}")
        link = (f'<span class="files">{link}</span> <button type="button" '
                'class="step" hidden>next value</button> '
                '<output class="value"></output>')
        return (f'<figure id="fig-{key}"{" class=side" if side else ""}>'
                f'<div class="panels {size}">{"".join(panels)}</div>'
                f"<figcaption>{caption} {link}</figcaption></figure>")

    def once(self, name):
        """Two of one name would be one file, with the last one's rows."""
        if name in self.files:
            raise ValueError(f"two files tables/{name}.csv")
        self.files.add(name)

    def table(self, name, caption, columns, rows, **kw):
        """A table on the page and in tables/."""
        self.once(name)
        rows = [[str(v) for v in row] for row in rows]
        caption += dotted(caption, words.share_counts(
            caption + " ".join(v for row in rows for v in row)))
        for kind, text in (("md", tables.as_markdown(columns, rows)),
                           ("csv", datafiles.as_numbers(columns, rows)),
                           ("tex", latex.as_latex(name, caption, columns,
                                                  rows))):
            folders.write(self.out / "tables" / f"{name}.{kind}", text)
        return tables.as_html(caption, columns, rows, key=f"table-{name}",
                              **kw)

    def data(self, name, columns, rows):
        """A CSV of full precision that no table shows whole; a link to it."""
        self.once(name)
        text = self.source.csv(columns, rows)
        folders.write(self.out / "tables" / f"{name}.csv", text)
        return self.link("tables", name, text,
                         f"{name}.csv, {words.plural(len(rows), 'row')}")

    def link(self, folder, name, text, said):
        """A link that holds a CSV; a long one is named only, so that the
        page stays small and refers to no other file."""
        if len(text) > HELD:
            return f"{said}: <code>{folder}/{name}.csv</code>"
        data = base64.b64encode(text.encode()).decode()
        return (f'<a download="{name}.csv" href="data:text/csv;base64,{data}">'
                f"{said}</a>")

    def all_data(self):
        """A link that holds every data file of the report."""
        packed = datafiles.archive(self.out)
        data = base64.b64encode(packed).decode()
        return (f'<a download="{datafiles.ARCHIVE}" href="data:application/'
                f'zip;base64,{data}">all data of this page as one zip file, '
                f"{words.size(len(packed))}</a>")

    def write(self, title, head, banner, told=None):
        """Draws everything, then writes what programs are told, which the
        archive holds, too, and index.html; returns its path."""
        with plt.style.context(HERE / "style.mplstyle"):
            plt.rcParams["font.family"] = fonts(plt.rcParams["font.family"])
            if "text.parse_math" in plt.rcParams:  # a name may hold two $
                plt.rcParams["text.parse_math"] = False
            drawn = draw_all(self.panels, self.out / "figures", self.pdf)
        if self.told:
            folders.replace(self.out / self.told, told)
        self.not_in_this_run()
        terms = glossary.read()
        self.sections.append(("glossary", "Glossary", glossary.section(
            terms)))
        body = glossary.explained(head + "".join(
            text for _, _, text in self.sections), terms)
        # the legend stands above the first figure: the answer comes first
        body = body.replace("<figure", f"{self.legend}<figure", 1)
        body = body.replace(ALL_DATA, self.all_data(), 1)
        for panel, text in zip(self.panels, drawn):
            body = body.replace(panel.slot, text, 1)
        nav = "".join(f'<li><a href="#{key}">{title.split(":")[0]}</a></li>'
                      for key, title, _ in self.sections)
        if banner:
            banner = f'<aside aria-label="Warnings">{banner}</aside>'
        template = Template((HERE / "page.html").read_text(encoding="utf-8"))
        path = self.out / PAGE
        folders.replace(path, template.substitute(
            title=esc(title), banner=banner, nav=nav, body=body,
            light=look.css_colours(False), dark=look.css_colours(True)))
        return path


def chip(looks, name, text=None):
    """Colour, marker and name of a map, the same everywhere in the text."""
    return (f'<span class="chip" style="--c:var(--{looks.family[name]}-text)">'
            f'<i aria-hidden="true">{looks.glyph(name)}</i>'
            f"{esc(text or name)}</span>")


def details(summary, *parts, css=""):
    """A part to open; css "print": it is open on paper."""
    mark = f' class="{css}"' if css else ""
    return (f"<details{mark}><summary>{summary}</summary>{''.join(parts)}"
            "</details>")


def filter_box(table, name, example):
    """A line to type in that leaves only the rows of a table, by its name in
    tables/, with these words; the script shows it, and keeps it in the
    address as NAME."""
    return (f'<form class="filters" data-filters="{table}" hidden><label>rows '
            f'with <input type="search" name="{name}" size="32" placeholder="'
            f'{esc(example)}"></label> <output></output></form>')


def none(reason):
    """A section or part without rows: one sentence, no empty frame."""
    return f'{NOTHING}Not in this run: {reason}.</p>'


def slug(*parts):
    """A key from words: letters, digits and dashes."""
    text = "-".join(str(p) for p in parts)
    return "".join(c if c.isalnum() or c in "_-" else "-" for c in text)
