# SPDX-License-Identifier: Apache-2.0
"""What a search for crossovers found, as JSON: every boundary with what it
lies between, which factor moves it most, and each point with its blocks.

Words are those of docs/verdicts.md; A is the base, B the contender, ratios
are B / A, paired by block. All of it is computed from plan.json, stages.json
and the journals of complete stages: the same files, the same bytes.
"""
import json

from report import verdicts, words
from report.sweep import grid, lines, moves, next as following, outcome, rows
from report.sweep import rule as rules

DONE, INCOMPLETE = 0, 3


def counts(search):
    """Points of the lattice by what became of them; they add up."""
    states = search.states.values()
    planned = search.lattice.points()
    usable = [p for p in planned if not p.skip]
    return {"planned": len(planned), "skipped": len(planned) - len(usable),
            "not_needed": len(usable) - len(states),
            "measured": len(states)} | {
                side.replace(" ", "_"): sum(s.side == side for s in states)
                for side in (outcome.BASE, outcome.CONTENDER, outcome.TIED,
                             outcome.NONE)}


def skipped(lattice):
    """Reasons why points cannot run, with their numbers."""
    found = {}
    for point in lattice.points():
        if point.skip:
            found[point.skip] = found.get(point.skip, 0) + 1
    return [{"why": why, "points": n} for why, n in sorted(found.items())]


def axes(search, found):
    """Per axis: lines searched, with a flip, and without one."""
    told = rows.line_rows(search, found)
    result = []
    for axis in grid.ORDERED:
        here = [r for r in told if r["axis"] == axis]
        result.append({"axis": axis, "lines": len(here),
                       "flipping": sum(r["flips"] > 0 for r in here),
                       "flips": sum(r["flips"] for r in here)})
    return result


def lost(staged):
    """cell id -> in words, what became of its trials that do not count."""
    found = {}
    for campaign in staged.stages:
        for cell in campaign.cells.values():
            told = ", ".join(verdicts.lost(cell))
            if told and cell.measure == "throughput":
                why = cell.reason and f" ({cell.reason})"
                found[cell.id] = f"{cell.map}: {told}{why}"
    return found


def results(staged):
    """What became of the trials of all complete stages."""
    trials = [(c, t) for s in staged.stages for c in s.cells.values()
              for t in c.trials if c.measure == "throughput"]
    return {"counted": sum(len(c.ok) for s in staged.stages
                           for c in s.cells.values()
                           if c.measure == "throughput"),
            **{status: sum(t["status"] == status for _, t in trials)
               for status in ("void", "failed", "skipped")},
            "disturbed": sum(isinstance(t.get("disturbed"), str)
                             for _, t in trials)}


def doubts(staged):
    """The sentence before all others where a map's answers were wrong in some
    stage: one that is wrong may well be fast."""
    wrong = {}
    for campaign in staged.stages:
        for name, why in campaign.failed_maps.items():
            wrong.setdefault(name, why)
    return [f"{name} failed verification ({why}): no lead that is told here "
            "is to be relied on." for name, why in sorted(wrong.items())]


def headline(search, found, told, ended):
    """The first sentences: where it flips, what moves it, how far known."""
    one, two = search.lattice.maps
    number = counts(search)
    text = [f"{one} against {two}: of "
            f"{words.plural(number['measured'], 'measured point')} {one} leads"
            f" at {number['base']} and {two} at {number['contender']}; they "
            f"are not told apart at {number['tied']}, and have no interval at "
            f"{number['no_interval']}."]
    for row in axes(search, found):
        if row["lines"]:
            text.append(f"Along {moves.name_of(row['axis'])} the ranking "
                        f"flips on {row['flipping']} of "
                        f"{words.plural(row['lines'], 'line')}.")
    text.append(moves.ranking(search.lattice, search.states, found)["words"])
    open_ends = sum(not r["resolved"] for r in told)
    if open_ends:
        text.append(f"Of {words.plural(len(told), 'place')} where a lead "
                    f"turns or ends {words.count(open_ends)} are not known to"
                    " the step of the grid.")
    return text + [f"The search {ended}."]


def played(staged):
    """(Search after its complete stages, its boundaries)."""
    search = following.played(staged)
    return search, lines.boundaries(search.lattice, search.states,
                                    search.stages)


def decided(staged, play=None):
    """All of it, as an object that json can write; "finished" is false while
    a stage is to come.

    play -- what played() gave, where the caller has it
    """
    search, found = play or played(staged)
    asked, _ = search.next()
    told = rows.boundaries(search, found)
    varied = search.lattice.varied()
    finished = asked["stage"] is None
    ended = asked["why"] if finished else (
        f"is not at its end: stage {asked['stage']} is to run")
    return {
        "format": 1, "kind": "crossover", "maps": search.lattice.maps,
        "finished": finished, "why": ended,
        "machine": staged.machine(), "source": staged.source(),
        "plan_sha256": staged.meta["plan_sha256"],
        "seed": staged.meta.get("seed"), "rule": search.rule,
        "level": rules.level(search.rule), "stages": len(search.stages),
        "trials": search.trials, "budget_trials": search.budget,
        "results": results(staged), "counts": counts(search),
        "skipped": skipped(search.lattice), "axes": axes(search, found),
        "words": doubts(staged) + headline(search, found, told, ended),
        "moves": moves.ranking(search.lattice, search.states, found),
        "boundaries": [r | {"words": rows.sentence(r, varied)}
                       for r in told],
        "points": rows.points(search, lost=lost(staged))}


def rows_of(staged, play=None):
    """All that the page's sections draw of it, as rows.rows() has it; play
    as of decided()."""
    search, found = play or played(staged)
    return rows.rows(search, found, lost(staged))


def text_of(found):
    """What decided() gave, as it is printed and kept."""
    return json.dumps(found, indent=1, ensure_ascii=False)


def main(staged):
    """Prints the decisions of a staged campaign -> exit status."""
    found = decided(staged)
    print(text_of(found))
    return DONE if found["finished"] else INCOMPLETE
