# SPDX-License-Identifier: Apache-2.0
"""make regress-again: the tally's runs, decided once more from their pairs.

    python3 -m report.regress_again [--tally FILE] [--out FILE]

A verdict is a function of pairs and rules. Where the rules of the gate have
changed, what was measured has not: docs/tally/regress.jsonl keeps each pair's
ratio and order, and this decides them by the rules of today, into
docs/tally/regress-again.jsonl, which report.regress_bars shows beside what was
said at the time. Numbers of blocks stay those of the time. Runs that these
rules have decided already are kept. Status: 0; 2 usage or input.
"""
import argparse
import json
import math
import sys

import numpy as np

from report import (ending, folders, gate, gate_campaign, gate_rules,
                    strict_json)
from report.regress_tally import TALLY, VERDICTS, read_tally

AGAIN = "docs/tally/regress-again.jsonl"
KEYS = {"created_utc", "rules_sha256", "verdict", "reason"}
EXTRA = 0.02  # of the slowed control: FILE+2% (runner/regress.sh)


def contrast_of(name, cpus):
    """A contrast as gate.py judges it, of a name in "pairs"."""
    for role in ("aa", "control"):
        if name.startswith(gate.ROLES[role]):
            return {"cell": f"x/{name.removeprefix(gate.ROLES[role])}",
                    "role": role}
    threads = int(name.rpartition(" t")[2])
    advice = gate_campaign.is_advice({"threads": threads}, cpus)
    return {"cell": f"x/{name}", "role": "advice" if advice else "gate"}


def pair_of(d, first):
    """What gate.pairs_of() makes of a cell, but for base's cost."""
    d = np.array([math.nan if x is None else x for x in d], float)
    return {"d": d, "base_ns": np.full(len(d), math.nan),
            "base_first": np.array([x == "1" for x in first]), "lost": []}


def judged(line, rules):
    """(gated rows, controls' rows) of a line of the tally."""
    found = [(contrast_of(name, line["cpus"]), pair_of(*pairs))
             for name, pairs in line["pairs"].items()]
    plan = rules | {"control_extra": EXTRA}

    def rows(some):
        return gate.judge_pairs([c for c, _ in some], [p for _, p in some],
                                plan)
    return (rows([x for x in found if x[0]["role"] == "gate"]),
            [row for x in found if x[0]["role"] in ("aa", "control")
             for row in rows([x])])


def again(line, rules, digest):
    """The line of AGAIN for one of the tally."""
    gated, controls = judged(line, rules)
    verdict, reason = gate.verdict_of_run(gated, controls, [])
    return {"created_utc": line["created_utc"], "rules_sha256": digest,
            "verdict": verdict, "reason": reason}


def read_again(path):
    """Lines of AGAIN by created_utc; {} where there is none yet."""
    try:
        with open(path, encoding="utf-8", newline="\n") as file:
            lines = [strict_json.loads(line) for line in file]
            if not all(isinstance(x, dict) and KEYS <= set(x)
                       and x["verdict"] in VERDICTS for x in lines):
                raise ValueError(f"expected lines with {', '.join(sorted(KEYS))}")
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ending.InputError(f"{path}: {error}") from error
    return {line["created_utc"]: line for line in lines}


def decide_all(tally, out):
    """Writes AGAIN anew, a run at a time, so that a kill loses one."""
    rules, digest = gate_rules.load_rules()
    known = {when: line for when, line in read_again(out).items()
             if line["rules_sha256"] == digest}
    lines = [line for line in read_tally(tally)
             if line.get("pairs") and line.get("kind")]
    said = []
    for line in lines:
        when = line["created_utc"]
        if when not in known:
            known[when] = again(line, rules, digest)
            print(f"{when} {line['kind']}: {line['verdict']} -> "
                  f"{known[when]['verdict']}", flush=True)
        said.append(json.dumps(known[when], sort_keys=True) + "\n")
        if len(said) % 10 == 0 or line is lines[-1]:
            rest = [json.dumps(known[x["created_utc"]], sort_keys=True) + "\n"
                    for x in lines[len(said):] if x["created_utc"] in known]
            folders.replace(out, "".join(said + rest))
    return 0


def main(argv=None):
    p = argparse.ArgumentParser(prog="python3 -m report.regress_again",
                                description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--tally", default=TALLY, metavar="FILE")
    p.add_argument("--out", default=AGAIN, metavar="FILE")
    args = p.parse_args(argv)
    return ending.refusing(lambda: decide_all(args.tally, args.out),
                           "regress-again", ending.InputError)


if __name__ == "__main__":
    sys.exit(ending.end(main))
