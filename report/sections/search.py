# SPDX-License-Identifier: Apache-2.0
"""8 How it was searched: which points were asked for and which were not,
what became of the trials, the rule, and how the search ended."""
from report import words
from report.page import esc, none
from report.sweep import outcome, rows

TITLE = "8 How it was searched, and how that ended"
QUESTION = ("Was enough measured, did it count, and was the rule fixed "
            "before the first trial?")
PAIR = [("what", "text"), ("value", "text")]


def point_rows(s):
    """What became of the points of the plan; the numbers add up."""
    number, (one, two) = s.said["counts"], s.names
    word, why = rows.unasked(s.search)
    return [[text, words.count(number[key])] for text, key in (
        ("planned", "planned"), ("skipped by the plan", "skipped"),
        (f"{word} ({why})", "not_needed"), ("measured", "measured"),
        (f"of these: {one} leads", "base"),
        (f"of these: {two} leads", "contender"),
        ("of these: not told apart", "tied"),
        ("of these: no interval", "no_interval"))]


def trial_rows(s):
    """What became of the timed trials of complete stages."""
    found = s.said["results"]
    return [["planned in complete stages", words.part(
        s.said["trials"], s.said["budget_trials"]) + " of the budget"]] + [
            [text, words.count(found[key])] for text, key in (
                ("that count", "counted"), ("void", "void"),
                ("failed", "failed"),
                ("not started", "skipped"),
                ("disturbed by other programs", "disturbed"))]


def rule_rows(s):
    """What was fixed before the first trial."""
    rule, meta = s.search.rule, s.staged.meta
    first, *more = map(str, rule["blocks"])
    return [
        ["blocks of a look", ", then ".join(
            [first, *(f"{n} more" for n in more)])],
        ["wrong word at a point, over all its looks",
         f"at most {words.share(rule['error'])} %"],
        ["level of a look's interval", words.percent(100 * s.said["level"])],
        ["margin", f"× {words.sig(rule['margin'])}"],
        ["mode", esc(meta.get("mode") or "none")],
        ["seed", esc(str(meta.get("seed", "none")))],
        *([name, f"<code>{esc(meta[member])}</code>"] for name, member in (
            ("SHA-256 of stages.json: rule, seed, budget, maps", "sha256"),
            ("SHA-256 of the plan", "plan_sha256")))]


def stage_rows(s):
    """A row for each complete stage, and why it was run."""
    for number, (campaign, stage) in enumerate(
            zip(s.staged.stages, s.search.stages), 1):
        timed = [c for c in campaign.cells.values()
                 if c.measure == "throughput"]
        trials = [t for c in timed for t in c.trials]
        yield [number, len(stage.points), max(c.blocks for c in timed),
               len(trials), len(trials) - sum(len(c.ok) for c in timed),
               sum(isinstance(t.get("disturbed"), str) for t in trials),
               (campaign.meta.get("notes") or {}).get("why", "not recorded")]


def stages(report, s):
    if not s.staged.stages:
        return none("no stage is complete")
    return report.table("stages", "The stages, each chosen from those before",
                        [("stage", "num"), ("points", "num"),
                         ("blocks", "num"), ("trials", "num"),
                         ("do not count", "num"), ("disturbed", "num"),
                         ("why", "text")], list(stage_rows(s)))


def skipped(report, s):
    """Points that the plan cannot run, by reason."""
    found = s.said["skipped"]
    if not found:
        return "<p>The plan skips no point.</p>"
    return report.table("skipped", "Points that the plan skips", [
        ("reason", "text"), ("points", "num")],
        [[row["why"], words.count(row["points"])] for row in found])


def without(report, s):
    """Measured points of which nothing can be said."""
    found = [p for p in s.said["points"] if p["side"] == outcome.NONE]
    if not found:
        return "<p>Every measured point has an interval.</p>"
    return report.table("no-interval", "Measured points without an interval",
                        [("point", "text"), ("why", "text")],
                        [[rows.where(p, s.varied), p["why"]] for p in found])


def add(report, s):
    said = f'<p class="lead">The search {esc(s.said["why"])}.</p>'
    left = "".join((
        report.table("points", "Points", [("points", "text"),
                                          ("number", "num")], point_rows(s)),
        report.table("trials", "Timed trials; repeats and verifications are "
                     "on top", PAIR, trial_rows(s))))
    right = report.table("rule", "Fixed before the first trial", [
        PAIR[0], ("value", "html")], rule_rows(s))
    report.section("validity", TITLE, QUESTION, said,
                   f'<div class="two"><div>{left}</div><div>{right}</div>'
                   "</div>", stages(report, s), skipped(report, s),
                   without(report, s))
