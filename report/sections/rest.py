# SPDX-License-Identifier: Apache-2.0
"""10 machines, 11 regression (not in a campaign), 12 limits,
13 artefacts."""
import shlex
from pathlib import Path

from report import checks, damage, disturbed, modes, trust, words
from report.page import ALL_DATA, details, esc, none

FILES = [
    ["../campaign.json", "machine, build, plan, seeds: all to repeat it"],
    ["../trials.jsonl", "one line per trial: the only source of this page"],
    ["../histograms/", ".hlog of every latency trial"],
    ["../topology.xml", "hwloc's view of the machine"],
    ["figures/KEY.svg", "every panel as a file; as .pdf with --pdf"],
    ["figures/KEY.csv", "the rows every figure was drawn from, six digits"],
    ["tables/NAME.md, .tex, .csv", "every table but the matrix of section 1b; "
     ".tex needs booktabs, array and longtable; .csv: one number a column, "
     "words in note"],
    ["tables/matrix.csv", "the matrix, a row for each map and place, six "
     "digits"],
    ["tables/cells.csv, ranking.csv, latency.csv",
     "every planned cell; every comparison of every group; every "
     "percentile"],
    ["quick/*.gp, .csv", "gnuplot scripts and data, also for a terminal"],
    ["data.zip", "every CSV and JSON file of this folder"],
    ["verdicts.json", "status, controls and rankings for programs"],
]


def elsewhere(report):
    report.section("machines", "10 Other machines", "Does the answer hold "
                   "elsewhere?", none(
                       "one campaign is one machine; <code>python3 -m report "
                       "compare DIR...</code> sets several beside each "
                       "other: one ratio, flip map and crossover on each, "
                       "ranks and whether they hold, claims machine by "
                       "machine, machines of one kind, versions"))
    report.section("regression", "11 Regression: head against base",
                   "Did a change make a map slower?",
                   none("<code>make regress BASE=ref</code> is a run of its "
                        "own, with its own controls"))


def whose_maps(a):
    """What the maps' runtimes keep the page from saying: a map that names
    a program beside the runner's runs in that program."""
    maps = getattr(a.campaign, "maps", {})
    other = sorted(name for name, about in maps.items()
                   if about.get("program"))
    whose = "The maps" if not other else (
        "All maps but " + words.joined(
            f"<code>{esc(name)}</code>" for name in other))
    return (f"{whose} are compiled into the runner: nothing "
            f"{'of these' if other else 'here'} is about a managed runtime "
            "and its garbage collector.")


def doubts(a, controls):
    """What of this run itself is not to be relied on, the worst first."""
    some, of = disturbed.stayed(a)
    if some > trust.BUSY * of:
        yield (f"{disturbed.judged_words(some, of)}: section 8.")
    open_ = checks.undecidable(controls)
    if open_:
        yield f"{open_[0].upper()}{open_[1:]}."
    lost, planned = len(a.campaign.missing), len(a.campaign.planned)
    if lost:
        yield (f"{words.count(lost)} of {words.plural(planned, 'cell')} "
               f"{'has' if lost == 1 else 'have'} no result: section 8 says "
               "why.")


def limits(report, a, controls):
    """What should keep a reader from believing this, from the data."""
    meta = a.campaign.meta
    said = [*map(esc, doubts(a, controls)),
            "One machine, one build, one day. Absolute numbers do not carry "
            "over to another machine; where the ranking flips may not either.",
            whose_maps(a)]
    if meta.get("synthetic"):
        said.insert(0, '<b class="warn">Every number is synthetic: nothing '
                    "was measured.</b>")
    if {b.dist for b in a.grid} == {"uniform"}:
        said.append("All throughput cells draw keys uniformly; skewed keys "
                    "change contention and cache hits.")
    if (meta.get("build") or {}).get("dirty"):
        said.append('<b class="warn">The source tree had changes that are in '
                    "no commit.</b>")
    if not (meta.get("counters") or {}).get("events") and \
            (meta.get("counters") or {}).get("backend", "none") == "none":
        said.append("No hardware counters: why a map is fast is not shown.")
    if damage.unsealed_word(meta):
        said.append(f'<b class="warn">{damage.unsealed_word(meta)}</b>: the '
                    "journal is older than checksums of its lines; a number "
                    "that was changed since is not seen.")
    crowded = sum(a.crowded(cells) for cells in a.groups())
    if crowded:
        said.append(f"{words.plural(crowded, 'cell group')} had more threads "
                    f"than CPUs: {'it shows' if crowded == 1 else 'they show'}"
                    " the scheduler as much as the map.")
    for m in meta.get("skipped_maps") or []:
        said.append(f"Map <code>{esc(m['id'])}</code> is not in this build: "
                    f"it needs {esc(str(m['needs']))}.")
    for name, why in sorted(a.look.aside.items()):
        said.append(f"<code>{esc(name)}</code> is measured but not ranked: "
                    f"{esc(why)}.")
    said.append("Intervals hold one at a time, verdicts one group of maps at "
                "a time: of a hundred intervals, or groups, five may miss. "
                "Corrections since an earlier report: none recorded.")
    report.section("limits", "12 Limits", "What should keep you from "
                   "believing this?", "<ul class='text'>"
                   + "".join(f"<li>{s}</li>" for s in said) + "</ul>")


def commands(a):
    """(what for, command): each is whole on its line and can be pasted.

    The folder is called as the campaign is, wherever it lies now: the page of
    a renamed folder is the same page.
    """
    folder = shlex.quote(str(Path("results", *folders_of(a.campaign))))
    mode = a.campaign.meta.get("mode")
    if is_stage_of_claims(a.campaign):
        return claims_commands(a, folder, mode.partition("-")[2])
    files = " ".join(shlex.quote(w.get("file") or w["name"]) for w in
                     a.campaign.meta.get("workloads") or [])
    return [
        ("measure again, then report", modes.make_bench(mode)
         if mode else f"readmostly run {files} -o results/again"),
        page_again(a, folder),
        ("go on where it was stopped", f"readmostly run -o {folder} --resume"),
        *drawings(folder)]


def page_again(a, folder):
    return ("this page again", f"make report CAMPAIGN={folder}" + (
        f" PREVIOUS={shlex.quote('results/' + a.earlier.name)}"
        if a.earlier else ""))


def drawings(folder):
    return [("draw with gnuplot, also with --terminal",
             f"python3 -m report {folder} --quick"),
            ("draw again what that drew",
             f"cd {folder}/report/quick && gnuplot scaling.gp")]


def folders_of(campaign):
    """Its folder's name; of a stage also that of the folder of all stages,
    in which its cells were named."""
    cells = Path((campaign.meta.get("cells_from") or {}).get("file") or "")
    if cells.parent.name != campaign.name or not cells.parent.parent.name:
        return (campaign.name,)
    return cells.parent.parent.name, campaign.name


def is_stage_of_claims(campaign):
    return str(campaign.meta.get("mode") or "").startswith("claims-") and \
        len(folders_of(campaign)) == 2


def claims_commands(a, folder, mode):
    """Of a run for claims: its stage is no campaign that was begun alone."""
    stages = folder.rpartition("/")[0]
    return [("measure again, then report", modes.make_bench(f"claims-{mode}")),
            page_again(a, folder),
            ("go on where it was stopped",
             f"readmostly dev claims run -o {stages} --resume"),
            *drawings(folder)]


def artefacts(report, a):
    """Files and the commands that make them again."""
    text = "\n".join(f"# {why}\n{command}" for why, command in commands(a))
    texts = "".join(
        details(f"Workload {esc(w['name'])}", f"<pre>{esc(w['text'])}</pre>",
                css="screen")
        for w in a.campaign.meta.get("workloads") or [] if w.get("text"))
    report.section(
        "artefacts", "13 Artefacts", "How do I get the numbers, rebuild the "
        "page, and run it again?", f"<p>{ALL_DATA}</p>", f"<pre>{esc(text)}</pre>",
        report.table("files", "Files, relative to this page",
                     [("file", "text"), ("content", "text")], FILES), texts)
