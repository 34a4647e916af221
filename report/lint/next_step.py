# SPDX-License-Identifier: Apache-2.0
"""The next command: the mode that would ask more, from the modes' files."""
import re

from report.lint.rows import TOP

RULE = "next step"
SAID = re.compile(r"Next: make bench MODE=(\S+) on an idle machine, at most "
                  r"(\S+) (min|h): more workloads and sizes\.")
MINUTES = {"s": 1 / 60, "min": 1.0, "h": 60.0}


def modes():
    """[(minutes, name, blocks)], the shortest first; not of a mode whose
    workloads lie in a folder, nor of claims, for it asks something else."""
    found = []
    for file in (TOP / "workloads/modes").glob("*.conf"):
        head = file.read_text("utf-8").partition("\n[")[0]
        budget = re.search(r"^budget\s*=\s*([\d.]+)(s|min|h)\s*$", head, re.M)
        blocks = re.search(r"^blocks\s*=\s*(\d+)\s*$", head, re.M)
        apart = re.search(r"^workloads\s*=[^#\n]*/", head, re.M)
        apart = apart or file.stem.startswith("claims-")
        if budget and blocks and not apart:
            found.append((float(budget[1]) * MINUTES[budget[2]], file.stem,
                          int(blocks[1])))
    return sorted(found)


def true(c):
    """(name, minutes) of the shortest longer mode with blocks enough."""
    own = next((m for m, name, _ in modes()
                if name == c.rows.meta.get("mode")), None)
    need = c.decision(c.head()).needs
    return next(((name, minutes) for minutes, name, blocks in modes()
                 if own is not None and minutes > own and blocks >= need),
                None)


def check(c):
    """Wherever the sentences of the first screen stand."""
    if c.head() is None or c.decision(c.head()).word == "nothing":
        return
    told = c.page.verdicts.get("claim") or ""
    step = true(c)
    for file, text in (("index.html", c.page.claim()),
                       ("verdicts.json", told if isinstance(told, str)
                        else " ".join(map(str, told))),
                       ("terminal", c.page.terminal)):
        if text is None:
            continue
        match = SAID.search(text)
        said = match and (match[1], float(match[2]) * MINUTES[match[3]])
        c.log.check(bool(match) == ("Next:" in text) and (
            step is None and not match or bool(match) and step is not None
            and said[0] == step[0] and abs(said[1] - step[1])
            <= 0.5 * MINUTES[match[3]]), RULE, file,
            match[0] if match else text, "workloads/modes", f"{step}")
