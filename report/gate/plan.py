# SPDX-License-Identifier: Apache-2.0
"""Plans a gate run before its first pair: chooses its cells and its number of blocks.

    python3 -m report.gate.plan settings FAIL_AT
    python3 -m report.gate.plan cells MAPS CELLS SAME  <plan.json
    python3 -m report.gate.plan blocks DIR SECONDS

`settings` checks FAIL_AT and prints the rules of a run for runner/regress.sh: the seconds allowed,
the blocks of a calibration, repeat-wait and repeat-most. `cells` prints the ids of the chosen cells
and of the controls. MAPS are ids, separated by commas or spaces; CELLS are globs of names or ids,
separated by commas (names contain spaces); '' selects all. The maps SAME have equal programs in
base and head, so their cells are left out; if no other cell is left, so are the controls. `blocks`
reads DIR, a campaign of base and its copy; SECONDS limits the time of all blocks. The command
prints the number of blocks, and a note for campaign.json from which the gate recomputes that
number. Warnings go to standard error. Exit status: 0, or 2 for usage or input errors.
"""
import fnmatch
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from report import ending
from report.cell_id import identity
from report.ending import InputError
from report.gate import blocks, schema
from report.gate.blocks import Noise
from report.gate.campaign import is_advice, last_of, read_attempts, read_meta
from report.gate.model import Contrast, Role, Sized
from report.gate.names import CONTROLS, name_of
from report.gate.pairs import pairs_of
from report.gate.rules import Rules, fail_at_of, load_rules
from report.load import Trial, strict_json

DIGITS = 6  # decimals of a ln ratio, that is, a resolution of 0.0001 %


# ---- blocks -----------------------------------------------------------------

def seconds_of(trials: Sequence[Trial], folder: Path) -> float:
    """Time that the trials took [s]. It ignores started_utc, whose clock may be adjusted."""
    total_ns = 0.0
    for trial in trials:
        if trial.wall_ns is None:
            raise InputError(f"{folder / 'trials.jsonl'}: {trial.cell} block {trial.block}: lacks "
                             "wall_ns")
        total_ns += trial.wall_ns
    return total_ns / 1e9


def noise_of(folder: Path, allowed_s: float) -> Noise:
    """Reads the calibration from a campaign of base and its copy: the pairs of the cells that
    the gate will judge."""
    meta, sealed = read_meta(folder)
    timed = {c.id: c for c in meta.cells if c.measure == "throughput"}
    attempts = read_attempts(folder, meta, sealed)
    every = [t for tries in attempts.values() for t in tries if t.cell in timed]
    trials = [t for t in last_of(attempts, meta, folder) if t.cell in timed]
    if not trials:
        raise InputError(f"{folder}: base ran no timed trial")
    gated = [c for c in timed.values() if not c.skip and not is_advice(c, meta.machine.cpus)
             and c.workload not in CONTROLS]
    pairs = [pairs_of(trials, Contrast(Role.GATE, c.id, "base", "copy", ()), c.blocks).d
             for c in gated]
    block_s = seconds_of(every, folder) / max(c.blocks for c in timed.values())
    return Noise(tuple(identity(c.id) for c in gated),
                 tuple(np.round(d, DIGITS) for d in pairs), round(max(block_s, 1e-3), 3),
                 allowed_s)


def note_of(noise: Noise) -> str:
    """Formats the calibration as a note for campaign.json."""
    pairs = {cell: [None if math.isnan(x) else float(x) for x in d]
             for cell, d in zip(noise.cells, noise.pairs)}
    return strict_json.dumps({"pairs": pairs, "block_s": noise.block_s,
                              "allowed_s": noise.allowed_s}, separators=(",", ":"), sort_keys=True)


def minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min" if seconds >= 100 else f"{seconds:.0f} s"


def too_few(noise: Noise, sized: Sized, rules: Rules) -> str:
    """Formats the warning that the allowed time does not suffice."""
    needs, advice = "more blocks than can be measured", ""
    if sized.needed:
        seconds = sized.needed * noise.block_s
        needs = f"{sized.needed} blocks, {minutes(seconds)}"
        advice = f", or MINUTES={math.ceil(seconds / 60) + 1}"
    return (f"too few: detecting {100 * rules.tolerance:g} % with {100 * rules.power:g} % power "
            f"needs {needs}; allowed are {minutes(noise.allowed_s)}: use a quieter machine, fewer "
            f"cells (MAPS=, CELLS=){advice}")


def warnings_of(noise: Noise, sized: Sized, rules: Rules) -> list[str]:
    """Returns the warnings that are printed before the run starts."""
    if sized.noise is None or sized.worst is None:
        return ["base has no pairs from which its noise can be estimated; the run uses the "
                f"minimum of {sized.blocks} blocks"]
    lines = [f"noise of base: at most {100 * sized.noise:.2f} % per pair in "
             f"{100 * rules.bulk:.0f} % of {sized.family} cells, {100 * sized.worst:.2f} % in "
             f"the noisiest; {sized.blocks} blocks, about {minutes(sized.blocks * noise.block_s)}"]
    if sized.needed is None or sized.needed > sized.most:
        lines.append(too_few(noise, sized, rules))
    if sized.blind:
        some = ", ".join(map(name_of, sized.blind[:3]))
        lines.append(f"likely INCONCLUSIVE, because their noise hides {100 * rules.tolerance:g} %: "
                     f"{len(sized.blind)} cells ({some}{', ...' if len(sized.blind) > 3 else ''})")
    return lines


# ---- cells ------------------------------------------------------------------

@dataclass(frozen=True)
class Choice:
    """A timed cell of the plan, with the names that select it."""
    id: str
    map: str
    workload: str

    def is_of(self, maps: Sequence[str], globs: Sequence[str]) -> bool:
        """True if MAPS and CELLS select it; empty lists select everything."""
        return (not maps or self.map in maps) and (not globs or any(
            fnmatch.fnmatchcase(name, glob) for glob in globs
            for name in (name_of(self.id), self.id)))


def listed(text: str) -> list[str]:
    return [x.strip() for x in text.split(",") if x.strip()]


def choose(plan: str, maps: str, globs: str, same: str = "") -> list[str]:
    """Returns the ids of the chosen timed cells, without the maps `same`. Raises InputError if a
    map or a glob selects no cell."""
    found: Any = schema.parse(plan, "standard input", "regress-rules", "/$defs/plan")
    timed = [Choice(c["id"], c["map"], c["workload"]) for c in found["cells"]
             if c["measure"] == "throughput"]
    gated = [c for c in timed if c.workload not in CONTROLS]
    wanted, patterns = listed(",".join(maps.split())), listed(globs)
    for name in wanted:
        if not any(c.is_of([name], []) for c in gated):
            raise InputError(f"MAPS={name}: no cell of the plan; expected some of "
                             + ", ".join(sorted({c.map for c in gated})))
    for glob in patterns:
        if not any(c.is_of([], [glob]) for c in gated):
            raise InputError(f"CELLS={glob}: no cell of the plan; expected some of "
                             + ", ".join(name_of(c.id) for c in gated))
    chosen = [c for c in gated if c.is_of(wanted, patterns)]
    if not chosen:
        raise InputError(f"MAPS={maps} CELLS={globs}: no cell of the plan matches both")
    chosen = [c for c in chosen if c.map not in same.split()]
    return [c.id for c in timed if c in chosen or chosen and c.workload in CONTROLS]


# ---- the command ------------------------------------------------------------

def lines_of(argv: Sequence[str]) -> list[str]:
    rules = load_rules()
    match argv:
        case ["settings", fail_at]:
            fail_at_of(fail_at, rules)
            return [f"{rules.allowed_s:g} {rules.calibration_blocks} "
                    f"{100 * rules.repeat_wait:g}% {rules.repeat_most}"]
        case ["cells", maps, globs, same]:
            return choose(sys.stdin.read(), maps, globs, same)
        case ["blocks", folder, seconds] if seconds.isdigit():
            noise = noise_of(Path(folder), float(seconds))
            sized = blocks.size(noise, rules)
            for line in warnings_of(noise, sized, rules):
                print(f"regress: {line}", file=sys.stderr)
            return [str(sized.blocks), note_of(noise)]
    raise InputError(f"{' '.join(argv)}: expected settings FAIL_AT, cells MAPS CELLS SAME or "
                     "blocks DIR SECONDS")


def main(argv: Sequence[str] | None = None) -> int:
    try:
        for line in lines_of(sys.argv[1:] if argv is None else argv):
            print(line)
    except InputError as error:
        print(f"regress: {error}", file=sys.stderr)
        return ending.USAGE
    return 0


if __name__ == "__main__":
    sys.exit(ending.end(main))
