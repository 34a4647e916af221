# SPDX-License-Identifier: Apache-2.0
"""The page of a regression check: DIR/report/index.html (report.regress)."""
import math
import os
from pathlib import Path
from types import SimpleNamespace

from report import exact, gate, gate_campaign, gate_history, stats, words
from report.why import story

FIGURE = ("label", "role", "cell", "slowdown_percent", "low_percent",
          "high_percent", "by", "mde_percent", "slot_percent", "n", "verdict")
TABLE = [("cell", "text"), ("base, ns per operation", "num"),
         ("slower [99 %], %", "num"), ("by", "text"), ("MDE, %", "num"),
         ("slot effect [99 %], %", "num"), ("pairs", "num"),
         ("p slower", "num"), ("p within", "num"), ("verdict", "text")]
RUN = ("label", "run", "date", "head", "ns_per_op", "percent", "changed")
WHY = "What does head do that base does not?"
PAIR = ("label", "block", "percent", "base_first")


def number(value, sign=False):
    return "none" if value is None else (
        "+" if sign and value > 0 else "") + words.sig(value, 3)


def table_row(row):
    """One row of the table, as texts."""
    return [row["label"], number(row["base_ns_per_op"]),
            f"{number(row['slowdown_percent'], True)} "
            + words.between(row["low_percent"], row["high_percent"]),
            row["by"], number(row["mde_percent"]),
            f"{number(row['slot_percent'], True)} "
            + words.between(row["slot_low_percent"], row["slot_high_percent"]),
            str(row["n"]), f"{row['p_slower']:.2g}", f"{row['p_within']:.2g}",
            f"{row['verdict']}: {row['words']}"]


def labelled(verdicts):
    """All rows, controls first, each with its label."""
    rows = verdicts["controls"] + verdicts["cells"] + verdicts["advice"]
    for row in rows:
        row["label"] = gate.ROLES[row["role"]] + gate.name_of(row["cell"]) + (
            " (advice)" if row["role"] == "advice" else "")
    return rows


def pair_rows(campaign, rows, shown):
    """One dict per pair that has both trials."""
    by_key = {(row["cell"], row["role"]): row["label"] for row in shown}
    result = []
    for contrast in campaign["contrasts"]:
        pair = gate.pairs_of(rows, contrast, campaign["plan"]["blocks"])
        label = by_key[contrast["cell"], contrast["role"]]
        result += [{"label": label, "block": block,
                    "percent": float(stats.percent(d)),
                    "base_first": bool(pair["base_first"][block])}
                   for block, d in enumerate(pair["d"]) if not math.isnan(d)]
    return result


def sentence(verdicts, campaign):
    """The answer in one sentence."""
    ref = campaign["ref"] or "base"
    text = f"{verdicts['verdict']}: head against {ref}"
    if verdicts["reason"]:
        return f"{text}: {verdicts['reason']}."
    within = f"less than {100 * campaign['plan']['tolerance']:g} % slower"
    accepted = [gate.name_of(row["cell"]) for row in verdicts["cells"]
                if "accepted" in row]
    cells = words.plural(verdicts["family"], "cell")
    if not accepted:
        return f"{text}: each of {cells} is shown to be {within}."
    # What somebody accepts is PASS, too, but was shown to be slower.
    shown = verdicts["family"] - len(accepted)
    return (f"{text}: {words.count(shown)} of {cells} "
            f"{'is' if shown == 1 else 'are'} shown to be {within}; accepted "
            f"as slower: {words.joined(accepted)}.")


def answer(report, verdicts, campaign, esc):
    earlier = "".join(
        f"<li>attempt {e['attempt']}: {esc(e['verdict'])} ({esc(e['name'])})"
        "</li>"
        for e in verdicts["earlier"])
    earlier += "".join(f"<li>{esc(said)}</li>" for said in verdicts["said"])
    bad = " bad" if verdicts["verdict"] in ("FAIL", "INVALID") else ""
    report.section(
        "answer", "1 The answer", "Did this change slow a map?",
        f'<div class="claim{bad}"><p class="lead" id="claim">'
        f"{esc(sentence(verdicts, campaign))}</p>"
        f"<p>Attempt {verdicts['attempt']} of these two programs with this "
        "plan; a second attempt overwrites none.</p>"
        f"<ul class=text>{earlier}</ul>"
        f'<p class="meta">alpha {verdicts["alpha"]:g} over '
        f"{words.plural(verdicts['family'], 'gated cell')} (max-T), "
        f"{words.plural(verdicts['blocks'], 'block')}, seed "
        f"{verdicts['seed']}, plan SHA-256 {verdicts['plan_sha256']}.</p>"
        "</div>")


def regression(report, verdicts, campaign, rows, esc):
    """The figure of slowdowns, the table, and every pair."""
    from report.plot_gate import height, pairs, slowdowns
    shown, plan = labelled(verdicts), campaign["plan"]
    limits = 100 * plan["margin"], 100 * plan["tolerance"]
    told = "; ".join(f"{r['label']} {number(r['slowdown_percent'], True)} %"
                     f" {r['verdict']}" for r in shown)
    figure = report.figure(
        "gate", "<b>Head against base, and the controls above them.</b> "
        "Bar: 99 % interval. Shaded: margin "
        f"± {limits[0]:g} %; dashes: tolerance {limits[1]:g} %. "
        "A row is one contrast, in ns per operation of paired fresh "
        "processes; the base's own cost is in the table. Figures are by the "
        "score that shows most of the pairs (table, column by): signed ranks, "
        "a biweight that sees through bursts, or, where only some of head's "
        "trials are slow, the mean.",
        [report.panel("gate", "Head against base", told + ".",
                      (640, height(shown)), slowdowns, shown, limits)],
        FIGURE, shown, "l")
    data = pair_rows(campaign, rows, shown)
    labels = [r["label"] for r in shown if r["n"]]
    raw = "" if not data else report.figure(
        "pairs", "<b>Every pair in the order run</b>: circle = base went "
        "first, triangle = head did; a row is ± 12 % high. None is dropped.",
        [report.panel("pairs", "Every pair",
                      f"{words.plural(len(data), 'pair')} of "
                      f"{words.plural(len(labels), 'contrast')}.",
                      (640, 60 + 40 * len(labels)), pairs, data, labels)],
        PAIR, data, "l")
    table = report.table("gate", "Verdict of every contrast", TABLE,
                         [table_row(row) for row in shown])
    lost = [f"<li>{esc(row['label'])}: {esc(text)}</li>"
            for row in shown for text in row["lost"][:5]]
    lost += [f"<li>{esc(name)}: PASS: same program in base and head</li>"
             for name in verdicts["same"]]
    lost += [f"<li>{esc(s['cell'])}: not run: {esc(s['reason'])}</li>"
             for s in verdicts["skipped"]]
    report.section("regression", "11 Head against base",
                   "By how much, and what could have been seen?", figure,
                   table, f"<ul class=text>{''.join(lost)}</ul>", raw)


def reasons(report, folder, verdicts, esc):
    """What is other in head than in base, map by map (report.why), where a
    cell is red; it is asked after the verdict, so the page is drawn again."""
    from report.page import details
    path = folder / "report" / "why" / "why.json"
    red = [row["label"] for row in verdicts["cells"]
           if row["verdict"] == "FAIL"]
    if not red:
        return
    if not path.exists():
        report.section(
            "why", "Why is it red?", WHY,
            f"<p>Not asked yet of {esc(', '.join(red))}: <code>make regress"
            "</code> asks after its verdict, unless WHY=no "
            "(docs/why-red.md).</p>")
        return
    parts = [details(esc(title), "<pre>" + esc("\n".join(lines)) + "</pre>",
                     css="print")
             for title, lines in story.by_map(exact.read_json(path))]
    report.section(
        "why", "Why is it red?", WHY,
        "<p>Read from the two programs that were timed; no verdict reads "
        "this. Counts are simulated, instructions are cachegrind's, code is "
        "objdump's (docs/why-red.md).</p>", *parts)


def history_rows(lines):
    """One dict per cell and run: how far head's cost is from the median of
    the cell's runs, and whether its level changed there."""
    changed = {(cell, place["run"])
               for cell, places in gate_history.level_changes(lines).items()
               for place in places}
    found = []
    for cell, (runs, values) in sorted(gate_history.series(lines).items()):
        middle = float(stats.hodges_lehmann(values))
        found += [{"label": gate.name_of(cell), "run": run + 1,
                   "date": lines[run]["created_utc"],
                   "head": lines[run].get("head"), "ns_per_op": ns,
                   "percent": 100 * (ns / middle - 1),
                   "changed": (cell, run) in changed}
                  for run, ns in zip(runs, values)]
    return found


def history(report, folder, campaign, verdicts, esc):
    """Runs of this machine with this plan, and advice from them."""
    from report.plot_gate import levels
    lines, problems = gate_history.read(gate_campaign.history_of(folder))
    lines = gate_history.comparable(lines, campaign["machine"].get("id"),
                                    verdicts["plan_sha256"])
    data = history_rows(lines)
    labels = list(dict.fromkeys(row["label"] for row in data))
    figure = "" if len(lines) < 2 or not data else report.figure(
        "history", "<b>Head's cost in each run</b>, against the pseudo-median "
        "of the cell's runs; a row is ± 12 % high, up is faster. A filled "
        "triangle: the level changes there. Advice: between two runs the day "
        "changes, too, and no verdict reads this.",
        [report.panel("history", "Runs of this plan here",
                      f"{words.plural(len(lines), 'run')} of "
                      f"{words.plural(len(labels), 'cell')}.",
                      (640, 60 + 40 * len(labels)), levels, data, labels)],
        RUN, data, "l")
    slower, faster, p = gate_history.one_sided(lines)
    said = [f"Runs of this machine with this plan: {len(lines)}, in "
            "history.jsonl beside this folder; none is changed or left out.",
            f"Of equal commits: slower in {slower} runs, faster in {faster} "
            f"(sign test, p = {p:.2g}).", *gate_history.advice(lines),
            *problems]
    report.section("history", "12 History", "Is there a trend that no single "
                   "run can show?", "<ul class=text>" + "".join(
                       f"<li>{esc(text)}</li>" for text in said) + "</ul>",
                   figure)


def artefacts(report, campaign, esc):
    arms = [[name, arm["program"], arm["sha256"],
             f"{100 * arm['control_extra']:g}"]
            for name, arm in sorted(campaign["arms"].items())]
    report.section(
        "artefacts", "13 Artefacts", "How do I redo it?",
        report.table("arms", "What ran in each arm", [
            ("arm", "text"), ("program", "text"), ("SHA-256", "text"),
            ("operations on top, %", "num")], arms),
        f"<p>Base: {esc(str(campaign['ref']))}, commit "
        f"{esc(str(campaign['commit']))}. Again: <code>make regress BASE="
        f"{esc(str(campaign['commit'] or 'REF'))} "
        f"ARGS=\"--seed {campaign['seed']}\"</code>. The page again: "
        "<code>python3 -m report.regress DIR</code>. Every trial: "
        "<code>trials.jsonl</code>.</p>")


def build(folder):
    """Writes DIR/report/index.html -> its path."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    from report.page import Report, esc
    from report.sections import machine
    folder = Path(folder)
    campaign, rows = gate_campaign.read(folder)
    verdicts = gate.decide(campaign, rows)
    report = Report(folder / "report")
    answer(report, verdicts, campaign, esc)
    regression(report, verdicts, campaign, rows, esc)
    reasons(report, folder, verdicts, esc)
    history(report, folder, campaign, verdicts, esc)
    report.section("machine", "9 Machine", machine.QUESTION,
                   machine.tables_of(report, SimpleNamespace(
                       campaign=SimpleNamespace(meta=campaign, cells={}))))
    artefacts(report, campaign, esc)
    alarm = verdicts["verdict"] in ("FAIL", "INVALID")
    return report.write(
        f"Readmostly: {campaign['name']}",
        "<header><h1>Readmostly: head against base</h1>"
        f'<p class="meta">{esc(campaign["created_utc"])}</p></header>',
        f'<div class="banner" role="note"><b>{esc(verdicts["verdict"])}</b>'
        "</div>" if alarm else "")
