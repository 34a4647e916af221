# SPDX-License-Identifier: Apache-2.0
"""The workload file that would settle a question (docs/adding-a-workload.md):
the place itself, with as many blocks as a claim needs."""
import shlex
import textwrap

from report import stats, verdicts, words
from report.advise import numbers, questions
from report.advise.questions import FACTORS

NAME = "question"
LINE = 190  # of a line of a workload file, less than the 197 it may have
WINDOW = {"warm-up": "50ms", "window": "200ms", "deadline": "60s"}
PLAIN = str.maketrans({words.NARROW: " ", words.THIN: " ", words.MINUS: "-"})


def times_of(a):
    """Warm-up, window and deadline of the campaign's first timed cell."""
    cells = a.by_measure.get("throughput") or []
    at = cells[0].factors if cells else {}
    if not {"warm_up_ns", "window_ns", "window_ops", "deadline_ns"} <= set(at):
        return dict(WINDOW)
    window = (f"{at['window_ops']}ops" if at["window_ops"]
              else numbers.time_text(at["window_ns"]))
    return {"warm-up": numbers.time_text(at["warm_up_ns"]), "window": window,
            "deadline": numbers.time_text(at["deadline_ns"])}


def maps_of(a):
    """The maps that may be ranked, by name; all where none of the campaign
    meets the needs."""
    return sorted(m for m in a.campaign.maps if a.ranked(m)) or ["all"]


def settings(a, asked):
    """key -> value of the file, in its order. What nobody can ask for is
    as usual, and not said."""
    at = dict(zip(FACTORS, asked))
    found = {axis.key: axis.write(at[axis.factor])
             for axis in questions.AXES}
    maps = maps_of(a)
    blocks = max(stats.VERDICT_NEEDS, verdicts.needs(len(maps)))
    found |= times_of(a) | {"blocks": str(blocks)}
    if len(f"maps       = {' '.join(maps)}") <= LINE:
        found["maps"] = " ".join(maps)
    return found


def commands(a, asked, wanted, folder=f"results/{NAME}"):
    """What to type, the file being called question.conf."""
    more = ("" if "maps" in settings(a, asked)
            else f' --maps "{" ".join(maps_of(a))}"')
    return [f"readmostly plan {NAME}.conf{more}",
            f"readmostly run {NAME}.conf -o {folder}{more}",
            again(folder, asked, wanted)]


def again(folder, asked, wanted):
    """The command that asks this question of a folder."""
    at = dict(zip(FACTORS, asked))
    said = [f"--{axis.key} {axis.write(at[axis.factor])}"
            for axis in questions.AXES if at[axis.factor] != axis.preset]
    said += [f"--needs {','.join(wanted)}"] if wanted else []
    return (f"python3 -m report advise {shlex.quote(str(folder))} "
            + " ".join(said))


def commented(text, indent=""):
    """Lines of a comment. Names of --maps may stand on several: its list is
    quoted, and the runner takes any blank between two of them."""
    return textwrap.wrap(text.translate(PLAIN), 78,
                         initial_indent="# " + indent,
                         subsequent_indent="# " + indent,
                         break_long_words=False, break_on_hyphens=False)


def text(a, asked, wanted, why):
    """The whole file; why -- sentences for its first comment."""
    lines = commented(f"Which map at {questions.place_text(asked)}? {why}")
    lines += commented(f"Settles it, if this file is called {NAME}.conf:")
    for command in commands(a, asked, wanted):
        lines += (commented(command, "  ") if "--maps" in command
                  else [f"#   {command}"])
    lines += [f"{key:<10} = {value}"
              for key, value in settings(a, asked).items()]
    return "\n".join(lines) + "\n"
