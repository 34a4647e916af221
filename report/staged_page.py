# SPDX-License-Identifier: Apache-2.0
"""The page of a search in stages: DIR/report/index.html, of a folder whose
stages look for where the ranking of two maps flips (docs/crossover.md)."""
import shlex
from pathlib import Path
from types import SimpleNamespace

from report import damage, datafiles, journal, staged, topology, words
from report.build import banner, machine_words
from report.journal import JournalError
from report.look import Look
from report.page import ALL_DATA, Report, chip, details, esc, none
from report.sections import crossover, machine, search
from report.sweep import decide

FILES = [
    ["../stages.json, ../plan.json", "rule, seed, budget; all cells that any "
     "stage may have: fixed before the first trial"],
    ["../stage-01/ and on", "the stages, each an ordinary campaign: all that "
     "this page is made of"],
    ["figures/flip.csv", "every planned point with its ratio, or why it has "
     "none"],
    ["tables/boundaries.csv", "every boundary, six digits"],
    ["tables/NAME.md, .tex, .csv", "every table"],
    ["data.zip", "every CSV and JSON file of this folder"],
    ["verdicts.json", "what `python3 -m report decide` prints"]]


class Found:
    """What every section of the page reads. Built once per page."""

    def __init__(self, of):
        self.staged = of
        self.search, _ = play = decide.played(of)
        self.said = decide.decided(of, play)
        self.rows = decide.rows_of(of, play)
        self.names, self.varied = of.maps(), self.search.lattice.varied()
        self.ran = [*of.stages, *filter(None, [of.begun])]
        self.campaign = self.whole()
        told = {m: about for c in self.ran for m, about in c.maps.items()}
        self.look = Look({m: told.get(m, {}) for m in self.names})
        self.spots = topology.spots(
            of.path / "stage-01" / "topology.xml")

    def whole(self):
        """All stages as one campaign, as far as the page shows them so: the
        first one's machine and build, the seed and plan of the search."""
        of = self.staged
        meta = dict(self.ran[0].meta) if self.ran else {}
        meta |= {"seed": of.meta.get("seed"), "synthetic":
                 of.source() == "synthetic" or bool(meta.get("synthetic")),
                 "plan_sha256": of.meta["plan_sha256"]}
        return SimpleNamespace(
            name=f"{of.path.resolve().name}/stage-*", meta=meta, arms={},
            ran=[pair for stage in of.stages for pair in stage.ran],
            cells={(i, c.id): c for i, stage in enumerate(of.stages)
                   for c in stage.cells.values()},
            planned=journal.read_cells(of.path, of.plan, of.plan_file.name))


def folder_of(of):
    """Its folder as commands name it: below results/, and a pair of --all
    one folder deeper."""
    parts = of.path.resolve().parts
    pair = parts[-1] == "-".join(of.maps())
    return "/".join(("results", *parts[-2 if pair else -1:]))


def commands(of):
    """(what for, command): each is whole on its line and can be pasted."""
    meta, folder = of.meta, shlex.quote(folder_of(of))
    again = ["readmostly", "dev", "crossover", *of.maps()]
    for option in ("mode", "seed"):
        if meta.get(option) is not None:
            again += [f"--{option}", str(meta[option])]
    again += ["--budget", str(meta["budget_trials"])]
    for line in meta.get("set") or []:
        again += ["--set", line]
    return {"search again": shlex.join(again),
            "this page again": f"make report CAMPAIGN={folder}",
            "go on where it was stopped":
                f"readmostly dev crossover -o {folder} --resume",
            "what was found, as JSON": f"python3 -m report decide {folder}",
            "is every trial as it was written":
                f"readmostly dev validate {folder}"}


def status(s):
    """(sentence, is it incomplete) of the search as a whole."""
    said, lost = s.said, s.said["counts"]["no_interval"]
    if not said["finished"]:
        text = f"incomplete: the search {said['why']}"
        if s.staged.begun:
            text += (f"; {s.staged.begun.path.name} was begun, and nothing of"
                     " it is on this page yet")
        resume = commands(s.staged)["go on where it was stopped"]
        return f"{text}; go on with: {resume}", True
    text = (f"{words.plural(said['stages'], 'stage')}, "
            f"{words.plural(said['counts']['measured'], 'measured point')}, "
            f"{words.count(said['trials'])} of "
            f"{words.plural(said['budget_trials'], 'trial')}")
    if lost:
        text += f"; without an interval: {words.plural(lost, 'point')}"
    return f"{'incomplete' if lost else 'complete'}: {text}", bool(lost)


def header(s, text):
    """Title, on what machine, what was searched."""
    meta, build = s.campaign.meta, s.campaign.meta.get("build") or {}
    what = [meta.get("created_utc", ""),
            f"machine {s.said['machine'] or 'unknown'}",
            f"mode {s.staged.meta['mode']}" if s.staged.meta.get("mode")
            else "", f"seed {meta['seed']}",
            f"commit {words.commit(build)}",
            damage.unsealed_word(meta) if s.ran else ""]
    one, two = map(esc, s.names)
    where, what = (esc(" · ".join(b for b in part if b))
                   for part in (machine_words(s), what))
    return (f"<header><h1>Readmostly: where the ranking of {one} and {two} "
            "flips</h1>" + details(where, f'<p class="meta">{what}</p>'
                                   f'<p class="meta">{esc(text)}</p>',
                                   css="print") + "</header>")


def box(s):
    """The claim box: all sentences of the search, the first one large."""
    first, *rest = s.said["words"]
    failed = {m: why for c in s.staged.stages
              for m, why in c.failed_maps.items()}
    return (f'<div class="claim"><p class="lead" id="claim">{esc(first)}</p>'
            + "".join(f"<p>{esc(text)}</p>" for text in rest)
            + "".join(f'<p class="warn">Failed verification: '
                      f"{chip(s.look, m)} ({esc(why)}).</p>"
                      for m, why in sorted(failed.items())) + "</div>")


def machine_section(report, s):
    report.section("machine", "9 Machine", machine.QUESTION,
                   machine.tables_of(report, s) if s.ran
                   else none("no stage has begun"))


def artefacts(report, s):
    text = "\n".join(f"# {why}\n{command}" for why, command
                     in commands(s.staged).items())
    report.section(
        "artefacts", "13 Artefacts", "How do I get the numbers, and search "
        "again?", f"<p>{ALL_DATA}</p>", f"<pre>{esc(text)}</pre>",
        report.table("files", "Files, relative to this page",
                     [("file", "text"), ("content", "text")], FILES))


def build(folder, pdf=False):
    """Writes FOLDER/report; -> (lines for the terminal, incomplete)."""
    of = staged.read(folder)
    if of.kind != "crossover":
        raise JournalError(f"{folder}: stages of {of.kind}: each stage has "
                           "its page (python3 -m report "
                           f"{folder}/stage-01), expected a crossover")
    s = Found(of)
    report = Report(Path(folder) / "report", pdf, "verdicts.json")
    report.source = datafiles.Source(SimpleNamespace(
        name=s.campaign.name, meta=s.campaign.meta, cells=s.campaign.planned))
    crossover.add(report, s)
    search.add(report, s)
    machine_section(report, s)
    artefacts(report, s)
    text, incomplete = status(s)
    path = report.write(
        f"Readmostly: where {' and '.join(s.names)} change places",
        header(s, text) + box(s), banner(s, None, incomplete, text),
        decide.text_of(s.said) + "\n")
    return [*s.said["words"], "", f"status: {text}", f"report: {path}"], \
        incomplete
