# SPDX-License-Identifier: Apache-2.0
"""make regress, before its first pair: what to run, and how often.

    python3 -m report.regress_plan settings
    python3 -m report.regress_plan cells MAPS CELLS SAME  <plan.json
    python3 -m report.regress_plan blocks DIR SECONDS

`settings`: what regress.json says of runs, as words for runner/regress.sh:
seconds allowed, blocks of a calibration, repeat-wait, repeat-most.
`cells`: ids of the plan's cells that are chosen, and of the controls; MAPS
are ids, separated by commas or spaces, CELLS globs of names or ids, by
commas (names have spaces); '' is all. The cells of the maps SAME, whose
programs are equal in base and head, are left out; without another, so are the
controls.
`blocks`: DIR is a campaign of base against its copy, SECONDS what all blocks
may take; prints the number of blocks, and a note for campaign.json from which
report.regress computes it again; what a person must know goes to stderr.
Status: 0; 2 usage or input.
"""
import datetime
import fnmatch
import json
import math
import sys
from pathlib import Path

from report import (damage, ending, gate, gate_campaign, gate_plan, gate_rules,
                    journal, strict_json)
from report.rows import rows_of

DIGITS = 6  # of a ln ratio: a ten thousandth of a per cent


def time_of(text):
    """Seconds since 1970 of "2026-11-20T08:01:02.345Z"."""
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


def seconds_of(rows):
    """From the first timed trial to the end of the last [s]."""
    begun = [time_of(row["started_utc"]) for row in rows]
    ended = [at + row["wall_ns"] / 1e9 for at, row in zip(begun, rows)]
    return max(ended) - min(begun)


def pairs_of(meta, rows):
    """cell -> ln ratios of its pairs, None where one is missing; of the
    cells that the gate will decide on."""
    found, cpus = {}, meta["machine"]["cpus"]
    for cell in meta["cells"]:
        if cell["measure"] != "throughput" or cell["skip"] or \
                gate_campaign.is_advice(cell, cpus) or \
                cell["workload"] in gate_campaign.CONTROLS:
            continue
        contrast = {"cell": cell["id"], "base": "base", "head": "copy",
                    "verified": []}
        d = gate.pairs_of(rows, contrast, cell["blocks"])["d"]
        found[gate.identity(cell["id"])] = [
            None if math.isnan(x) else round(float(x), DIGITS) for x in d]
    return found


def noise_of(folder, allowed_s):
    """What gate_plan.plan() wants, of a campaign of base and its copy."""
    try:
        meta = journal.read_meta(folder)
        rows = rows_of(folder, damage.is_sealed(meta))
    except journal.JournalError as error:
        raise ending.InputError(str(error)) from error
    timed = {c["id"]: c for c in meta["cells"]
             if c["measure"] == "throughput"}
    rows = [row for row in rows if row["cell"] in timed]
    if not rows:
        raise ending.InputError(f"{folder}: base ran no timed trial")
    blocks = max(c["blocks"] for c in timed.values())
    return {"pairs": pairs_of(meta, rows), "allowed_s": float(allowed_s),
            "block_s": round(max(seconds_of(rows) / blocks, 1e-3), 3)}


def minutes(seconds):
    return f"{seconds / 60:.1f} min" if seconds >= 100 else f"{seconds:.0f} s"


def too_few(noise, plan, rules):
    """What the time that is allowed does not suffice for."""
    asked, how = "more blocks than anybody measures", ""
    if plan["needed"]:
        seconds = plan["needed"] * noise["block_s"]
        asked = f"{plan['needed']} blocks, {minutes(seconds)}"
        how = f", or MINUTES={math.ceil(seconds / 60) + 1}"
    return (f"too few: {100 * rules['tolerance']:g} % with "
            f"{100 * rules['power']:g} % power would need {asked}; allowed "
            f"are {minutes(noise['allowed_s'])}: a quieter machine, fewer "
            f"cells (MAPS=, CELLS=){how}")


def words_of(noise, plan, rules):
    """What a person must know before it starts, as lines."""
    block_s, blocks = noise["block_s"], plan["blocks"]
    if plan["noise"] is None:
        return ["base gave no pairs to learn its noise from: "
                f"{blocks} blocks, the least"]
    tolerance = 100 * rules["tolerance"]
    lines = [f"noise of base here: {100 * plan['noise']:.2f} % a pair or less"
             f" in {100 * rules['bulk']:.0f} % of {plan['family']} cells, "
             f"{100 * plan['worst']:.2f} % in the noisiest; "
             f"{blocks} blocks, about {minutes(blocks * block_s)}"]
    if plan["needed"] is None or plan["needed"] > plan["most"]:
        lines.append(too_few(noise, plan, rules))
    if plan["blind"]:
        some = ", ".join(gate.name_of(c) for c in plan["blind"][:3])
        lines.append(f"likely INCONCLUSIVE, as their own noise hides "
                     f"{tolerance:g} %: {len(plan['blind'])} cells "
                     f"({some}{', ...' if len(plan['blind']) > 3 else ''})")
    return lines


def settings(rules):
    return "{allowed_s:g} {calibration_blocks:g} {wait:g}% {repeat_most:g}" \
        .format(wait=100 * rules["repeat_wait"], **rules)


def listed(text):
    """What stands between commas; None where nothing does."""
    return [x.strip() for x in text.split(",") if x.strip()] or None


def is_chosen(cell, maps, globs):
    if cell["workload"] in gate_campaign.CONTROLS:
        return True
    return (not maps or cell["map"] in maps) and (not globs or any(
        fnmatch.fnmatchcase(name, glob) for glob in globs
        for name in (gate.name_of(cell["id"]), cell["id"])))


def cells(plan, maps, globs, same=""):
    """Ids of the chosen timed cells; the maps `same` are left out. A wish
    that finds no cell is an InputError."""
    maps = ",".join(maps.split())
    timed = [c for c in plan["cells"] if c["measure"] == "throughput"]
    gated = [c for c in timed if c["workload"] not in gate_campaign.CONTROLS]
    for what, wishes, other in (("MAPS", listed(maps), "maps"),
                                ("CELLS", listed(globs), "globs")):
        for wish in wishes or []:
            one = {"maps": None, "globs": None, other: [wish]}
            if not any(is_chosen(c, **one) for c in gated):
                known = sorted({c["map"] for c in gated}) if other == "maps" \
                    else [gate.name_of(c["id"]) for c in gated]
                raise ending.InputError(
                    f"{what}={wish}: no cell of the plan; expected some of "
                    + ", ".join(known))
    chosen = [c for c in gated if is_chosen(c, listed(maps), listed(globs))]
    if not chosen:
        raise ending.InputError(f"MAPS={maps} CELLS={globs}: no cell of the "
                                 "plan is of both")
    chosen = [c for c in chosen if c["map"] not in same.split()]
    return [c["id"] for c in timed if c in chosen or
            chosen and c["workload"] in gate_campaign.CONTROLS]


def blocks(folder, allowed_s, rules):
    noise = noise_of(Path(folder), int(allowed_s))
    plan = gate_plan.plan(noise, rules)
    for line in words_of(noise, plan, rules):
        print(f"regress: {line}", file=sys.stderr)
    return [str(plan["blocks"]),
            json.dumps(noise, separators=(",", ":"), sort_keys=True)]


def lines_of(argv):
    """What main() prints; ValueError where the words are none of ours."""
    rules, _ = gate_rules.load_rules()
    match argv:
        case ["settings"]:
            return [settings(rules)]
        case ["cells", maps, globs, same]:
            return cells(strict_json.loads(sys.stdin.read()), maps, globs,
                         same)
        case ["blocks", folder, seconds] if seconds.isdigit():
            return blocks(folder, seconds, rules)
    raise ValueError(f"{' '.join(argv)}: expected settings, cells MAPS CELLS"
                     " SAME or blocks DIR SECONDS")


def main(argv=None):
    try:
        for line in lines_of(sys.argv[1:] if argv is None else argv):
            print(line)
    except (ending.InputError, ValueError) as error:
        print(f"regress: {error}", file=sys.stderr)
        return ending.USAGE
    return 0


if __name__ == "__main__":
    sys.exit(ending.end(main))
