# SPDX-License-Identifier: Apache-2.0
"""Puts the report together: reads, analyses, adds sections, writes."""
import json
from pathlib import Path

from report import (checks, damage, datafiles, facts, journal,
                    quality, quick, ranking, sentences, tables, topology,
                    trust, words)
from report.analysis import Analysis
from report.gate.names import CONTROLS
from report.journal import JournalError
from report.page import Report, chip, details, esc
from report.sections import (answer, cache, causes, go,
                             guarantees, latency, loops, machine, matrix,
                             memory, production, ratio, rest, scaling,
                             simulated, validity)

TERMINAL_ROWS = 5
NO_COUNTERS = "no counters: "  # begins why such a cell is skipped


def skipped_words(reasons):
    """What this machine cannot count, and what the plan itself leaves out."""
    blind = sum(why.startswith(NO_COUNTERS) for why in reasons)
    parts = ((blind, "more need counters that this machine does not give"),
             (len(reasons) - blind, "more skipped by plan"))
    return "".join(f", {words.count(n)} {what}" for n, what in parts if n)


def status(campaign, invalid=None):
    """(sentence, is it incomplete) of the campaign as a whole."""
    planned, missing = campaign.planned, campaign.missing
    done = len(planned) - len(missing)
    text = (f"{words.count(done)} of {words.plural(len(planned), 'cell')} "
            "have results")
    skipped = [c.skip for c in campaign.cells.values() if c.skip]
    if skipped:
        text += skipped_words(skipped)
    if campaign.to_come:
        text += f"; {campaign.to_come}, resumable"
    failed = sorted(campaign.failed_maps)
    if failed:
        text += f"; failed verification: {words.joined(failed)}"
    incomplete = bool(missing or campaign.to_come or not planned)
    word = "incomplete: " if incomplete else "complete: "
    return ("INVALID, a control failed; " if invalid else "") + word + text, \
        incomplete


def banner(a, invalid, incomplete, text):
    """Red lines above everything."""
    lines = []
    if a.campaign.meta.get("synthetic"):
        lines.append("<b>Synthetic.</b> No number on this page was measured: "
                     "the campaign was written by a program.")
    replayed = (a.campaign.meta.get("counters") or {}).get("backend")
    if replayed == "replay":
        lines.append("<b>Replayed counters.</b> Counter values come from a "
                     "recording, not from this machine.")
    if invalid:
        lines.append(f"<b>{esc(invalid)}</b>")
    if incomplete:
        lines.append(esc(text[0].upper() + text[1:]) + ".")
    return "".join(f'<div class="banner" role="note">{line}</div>'
                   for line in lines)


def machine_words(a):
    """CPU, how many, virtual or not, and what the trials took."""
    machine = a.campaign.meta.get("machine") or {}
    known = {name: text for name, status, text in facts.flatten(machine)
             if status == "ok"}
    virtual = {"yes": "virtual machine", "no": "not virtual"}.get(
        known.get("hypervisor_flag"), "virtual or not: unknown")
    cpus = machine.get("cpus")
    cost = sum(t.get("wall_ns") or 0 for _, t in a.campaign.ran) / 60e9
    return [known.get("cpu_name", "CPU unknown"),
            words.plural(cpus, "CPU") if cpus else "", virtual,
            f"trials took {words.sig(cost)} min" if cost else ""]


def header(a, text):
    """Title, on what machine and how long, and what was run."""
    meta = a.campaign.meta
    names = ", ".join(w["name"] for w in meta.get("workloads") or [])
    build = meta.get("build") or {}
    planned = {c.map for c in a.campaign.cells.values()}
    bits = [meta.get("created_utc", ""), f"machine {sentences.machine(a)}",
            f"mode {meta['mode']}" if meta.get("mode") else "",
            f"workloads {names}" if names else "",
            words.plural(a.campaign.started, "trial"),
            words.plural(len(a.campaign.cells), "cell"),
            words.plural(len(planned), "map"),
            f"commit {words.commit(build)}",
            damage.unsealed_word(meta)]
    where, what = (esc(" · ".join(b for b in part if b))
                   for part in (machine_words(a), bits))
    return ("<header><h1>Readmostly: concurrent maps under read-mostly load"
            "</h1>" + details(where, f'<p class="meta">{what}</p>'
                              f'<p class="meta">{esc(text)}</p>',
                              css="print") + "</header>")


def legend(a):
    """One button per map; it highlights the map in every figure."""
    planned = {c.map for c in a.campaign.cells.values()}
    keys = "".join(
        f'<button type="button" data-map="{esc(m)}" aria-pressed="false">'
        f'{chip(a.look, m)} <span class="meta">'
        f"{esc(what(about))}</span></button>"
        for m, about in a.campaign.maps.items() if m in planned)
    return ('<details class="legend"><summary>Maps; colour = '
            'family, shape = member.<span class="hint"> Press one to '
            "highlight it in every figure.</span></summary>"
            f"<div>{keys}</div></details>")


def what(about):
    """What a map is, in its own words, and what it was made from."""
    source = about.get("source")
    return about.get("label", "") + (f", source: {source}" if source else "")


def ranking_data(report, a):
    """ranking.csv: every comparison of every group of cells."""
    report.data("ranking", (
        "workload", "shape", "keys", "miss_share", "dist", "placement",
        "memory", "presize", "write_kind", "write_share", "threads", "leader",
        "leader_cell", "word", "group_n", "needs", "maps", "weakest",
        *ranking.RIVAL, "mops"), list(ranking.ranking_rows(a)))


def verdicts(a, said, rows, controls, seen, invalid, text, found):
    """The text of verdicts.json: what programs may read."""
    data = {
        "format": 2, "campaign": a.campaign.name,
        "synthetic": bool(a.campaign.meta.get("synthetic")),
        "status": text, "valid": invalid is None, "invalid": invalid,
        "claim": said, "quality": seen,
        "trust": {"word": found["word"], "why": found["why"]},
        "base": a.base, "contender": a.contender,
        "failed_maps": a.failed,
        "controls": [{k: r[k] for k in ("name", "percent", "low", "high",
                                        "n", "control", "word")}
                     for r in controls],
        "decisions": ranking.decisions(rows),
        "missing_cells": [c.id for c in a.campaign.missing],
        "claims": [], "gate": None}
    return json.dumps(data, indent=1, sort_keys=True,
                      ensure_ascii=False) + "\n"


def terminal(a, rows, sentences_said, text, path):
    """A 5-row table, the sentences of the claim, the status, the path."""
    table = [["cell", "fastest", "Mop/s [95 %]", "verdict",
              sentences.WEAKEST.removesuffix(" [95 %]"), "blocks"]]
    for row in rows[:TERMINAL_ROWS]:
        cells, = tables.plain_rows(sentences.decision_columns(a),
                                   [sentences.decision_cells(a, row)])
        names = cells[1].split(" ≈ ")
        if len(names) > 3:
            cells[1] = " ≈ ".join(names[:2]) + f" ≈ {len(names) - 2} more"
        table.append(cells[:6])
    widths = [max(len(r[i]) for r in table) for i in range(6)]
    said = ["  ".join(v.ljust(w) for v, w in zip(r, widths)).rstrip()
            for r in table] if rows else []
    return said + ["", *sentences_said, f"status: {text}", f"report: {path}"]


def refuse_gate(campaign, folder):
    """A run of the gate has a page and a verdict of its own, which this page
    would replace; its controls have no arm "head", so that they would count
    as not run yet."""
    arms = {arm["workload"] for arm in campaign.meta.get("arms") or []}
    if arms & set(CONTROLS):
        raise JournalError(f"{folder}: expected a campaign; this is a run of "
                           "make regress, whose own page "
                           "`python3 -m report regress DIR` makes")


def build(folder, base=None, contender=None, pdf=False):
    """Writes FOLDER/report; -> (lines for the terminal, incomplete)."""
    campaign = journal.read(folder)
    refuse_gate(campaign, folder)
    for name in (base, contender):
        if name is not None and name not in campaign.maps:
            raise JournalError(f'no map "{name}" in this campaign')
    a = Analysis(campaign, base, contender)
    out = Path(folder) / "report"
    report = Report(out, pdf, "verdicts.json")
    report.source = datafiles.Source(campaign)
    where = topology.spots(campaign.path / "topology.xml")
    controls = checks.control_rows(a)
    invalid = checks.invalid(controls)
    text, incomplete = status(campaign, invalid)
    seen = quality.line(a, controls)
    found = trust.judge(a, controls)
    said, rows, box = answer.add(report, a, where, seen, invalid, found)
    matrix.add(report, a, invalid)
    production.add(report, a, invalid)
    go.add(report, a, invalid)
    scaling.add(report, a, where)
    ratio.add(report, a, invalid)
    latency.add(report, a, where)
    cache.add(report, a, where)
    simulated.add(report, a)
    causes.add(report, a)
    loops.add(report, a)
    memory.add(report, a, where)
    guarantees.add(report, a)
    validity.add(report, a, controls, found)
    machine.add(report, a, where)
    rest.elsewhere(report)
    rest.limits(report, a, controls)
    rest.artefacts(report, a)
    if not invalid:
        ranking_data(report, a)
    quick.write(a, quick.rows_of(a), out / "quick")
    report.legend = legend(a)
    path = report.write(f"Readmostly: {campaign.name}",
                        header(a, text) + box,
                        banner(a, invalid, incomplete, text),
                        verdicts(a, said, rows, controls, seen, invalid, text,
                                 found))
    return terminal(a, rows, said, text, path), incomplete
