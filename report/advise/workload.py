# SPDX-License-Identifier: Apache-2.0
"""Writes a workload file whose measurement would answer a question
(docs/reference/workload-file.md). The file measures the place in question with enough blocks for a
claim."""
import shlex

from report import stats
from report.advise import questions
from report.advise.decide import Answer
from report.advise.text import why, wrapped
from report.decide.groups import ERROR
from report.workload_values import text_of, time_text

NAME = "question"
LINE = 190  # bytes of a line; the runner accepts at most 197


def times_of(a: Answer) -> dict[str, str]:
    """Returns the warm-up, window and deadline of the campaign's first timed cell."""
    found = {"warm-up": "50ms", "window": "200ms", "deadline": "60s"}
    cell = next((c.factors for c in a.campaign.cells.values() if c.measure == "throughput"), None)
    if cell and (cell.window_ns or cell.window_ops):
        found["warm-up"] = time_text(int(cell.warm_up_ns))
        found["window"] = (f"{cell.window_ops}ops" if cell.window_ops
                           else time_text(int(cell.window_ns)))
    return found


def blocks_of(maps: int) -> int:
    """Returns the number of blocks that is enough for a claim and for a ranking of this many maps.
    """
    pairs = max(maps * (maps - 1) // 2, 1)
    return max(stats.VERDICT_NEEDS, stats.needed_n_walsh(1 - ERROR / pairs))


def settings(a: Answer) -> dict[str, str]:
    """Returns keys and values in the order of the file. Factors that no option sets have their
    defaults and are left out, and so is a list of maps that is too long for a line."""
    found = {axis.key: text_of(axis.factor, a.question.value(axis.factor))
             for axis in questions.AXES}
    maps = " ".join(a.maps or ("all",))
    found |= times_of(a) | {"blocks": str(blocks_of(len(a.maps)))}
    if len(f"maps       = {maps}") <= LINE:
        found["maps"] = maps
    return found


def repeat_command(a: Answer, folder: str) -> str:
    """Formats the command that repeats the question with the results in another folder."""
    needs = f" --needs {','.join(a.needs)}" if a.needs else ""
    return f"readmostly advise {shlex.quote(folder)} {questions.options_of(a.question)}{needs}"


def commands(a: Answer, folder: str = f"results/{NAME}") -> tuple[str, str, str]:
    """Formats the commands that the user types next, for a file that is called question.conf."""
    maps = "" if "maps" in settings(a) else f' --maps "{" ".join(a.maps)}"'
    return (f"readmostly plan {NAME}.conf{maps}", f"readmostly run {NAME}.conf -o {folder}{maps}",
            repeat_command(a, folder))


def text(a: Answer) -> str:
    """Formats the whole file. The file's first comment gives the question and the campaign's
    answer. The names of --maps may fill several lines, because the list is quoted and the runner
    accepts any white space between names."""
    lines = wrapped(f"Which map at {questions.in_words(a.question)}? The campaign "
                    f"{a.campaign.path} answers: {why(a)}.", "# ")
    lines.append(f"# If this file is {NAME}.conf, these commands measure the answer:")
    for command in commands(a):
        lines += wrapped(command, "#   ") if "--maps" in command else [f"#   {command}"]
    return "\n".join([*lines, *(f"{k:<10} = {v}" for k, v in settings(a).items())]) + "\n"
