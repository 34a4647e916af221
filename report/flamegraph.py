# SPDX-License-Identifier: Apache-2.0
"""Turns the requests and samples of runner/flamegraph.sh into a flame graph's input.

    python3 -m report.flamegraph choose CPUS <REQUESTS >REQUEST
    python3 -m report.flamegraph fold perf|gperftools|go <SAMPLES >FOLDED
    python3 -m report.flamegraph shares <FOLDED
    python3 -m report.flamegraph caption REQUEST RESULT FOLDED NOTE... <SVG >SVG

REQUESTS are lines of `readmostly plan --requests`. SAMPLES is the output of `perf script -F
ip,sym`, of `google-pprof --collapsed` or of `go tool pprof -traces`. FOLDED has a line
FRAME;FRAME COUNT for each stack. `shares` prints the functions with the most samples.
Exit status: 0, or 2 for usage or input errors.
"""
import html
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from report import ending
from report.ending import InputError
from report.load import strict_json

# The threads of C maps and of Go maps spend the window in these functions.
WINDOW_C, WINDOW_GO = "run_window", "main.(*team).window"
# The tools add these suffixes: marks of inlined functions, and addresses of static functions.
MARKS = re.compile(r"( \((inline|inlined|partial-inline)\)|\[inline\]|<[0-9a-f]{16}>)$")
LINE_PX = 16  # height of a caption line
MOST_FUNCTIONS = 16  # largest number of rows in the table of shares
Stack = tuple[str, ...]  # frames of a stack, starting with the outermost call
Stacks = Iterator[tuple[Stack, int]]


def choose(lines: Iterable[str], cpus: int) -> dict[str, Any]:
    """Returns the request with the most threads that does not exceed the number of CPUs, else the
    request with the fewest threads."""
    requests: list[dict[str, Any]] = [json.loads(line) for line in lines]
    requests = [r for r in requests if r["cell"]["measure"] in ("throughput", "latency")]
    if not requests:
        raise InputError("no cell that runs here measures throughput or latency: choose another "
                         "(`readmostly plan --cells FILE --maps MAP` lists cells and reasons)")

    def rank(request: dict[str, Any]) -> int:
        threads = int(request["cell"]["threads"])
        return threads if threads <= cpus else -threads
    return max(requests, key=rank)


def name_of(frame: str) -> str:
    """Removes suffixes from a frame, and characters that would end its name in FOLDED and SVG."""
    return MARKS.sub("", frame.strip()).translate(str.maketrans(";\"'", ",``"))


def perf_stacks(text: str) -> Stacks:
    """Parses samples separated by empty lines; each starts with the innermost frame."""
    for block in re.split(r"\n\s*\n", text):
        frames = re.findall(r"^\s+[0-9a-f]+ (.+)$", block, re.MULTILINE)
        yield tuple(name_of(frame) for frame in reversed(frames)), 1


def collapsed_stacks(text: str) -> Stacks:
    """Parses stacks that start with the outermost call."""
    for line in text.splitlines():
        stack, count = line.rsplit(" ", 1)
        yield tuple(name_of(frame) for frame in stack.split(";")), int(count)


def go_stacks(text: str) -> Stacks:
    """Parses samples of go tool pprof. A ruler precedes each sample, which has optional labels, a
    line COUNT FRAME, and a line for each caller."""
    for block in re.split(r"^-+\+-+\n", text, flags=re.MULTILINE)[1:]:
        lines = [line for line in block.splitlines() if line.strip()]
        first = next((i for i, line in enumerate(lines) if re.match(r"\s*\d+ +\S", line)), None)
        if first is None:
            continue
        count, innermost = lines[first].split(maxsplit=1)
        frames = [innermost, *lines[first + 1:]]
        yield tuple(name_of(frame) for frame in reversed(frames)), int(count)


def fold(stacks: Stacks, marker: str, others: bool) -> Counter[Stack]:
    """Counts the stacks from the function `marker` inwards. A stack without it belongs to another
    phase and is left out. If `others`, the profile covers only the window, so such a stack belongs
    to the runtime and is kept."""
    folded: Counter[Stack] = Counter()
    for stack, count in stacks:
        if marker in stack:
            folded[stack[stack.index(marker):]] += count
        elif others and stack:
            folded[stack] += count
    if not folded:
        raise InputError(f"no sample has {marker} in its stack: expected some: "
                         "set a longer window (ARGS='--set window=20s')")
    return folded


FOLDERS: dict[str, Callable[[str], Counter[Stack]]] = {
    "perf": lambda text: fold(perf_stacks(text), WINDOW_C, False),
    "gperftools": lambda text: fold(collapsed_stacks(text), WINDOW_C, False),
    "go": lambda text: fold(go_stacks(text), WINDOW_GO, True)}


def shares(folded: Iterable[tuple[Stack, int]]) -> Iterator[str]:
    """Yields a line for each function: its share of the samples, alone and with its callees."""
    alone, with_callees = Counter[str](), Counter[str]()
    for stack, count in folded:
        alone[stack[-1]] += count
        with_callees.update(dict.fromkeys(stack, count))
    yield "  own %  with callees %  function"
    for name, count in with_callees.most_common(MOST_FUNCTIONS):
        yield f"{100 * alone[name] / alone.total():7.1f}{100 * count / alone.total():16.1f}  {name}"


def state(request: dict[str, Any], result: dict[str, Any], samples: int) -> list[str]:
    """Formats the map, the request and the number of samples for the caption."""
    cell = request["cell"]
    if result["verification"]["status"] != "ok":
        raise InputError(f"the trial's answers are wrong: {result['verification']['reason']}")
    go = result["environment"].get("go")
    # the CPU time is unknown if goroutines are not bound to threads
    cpu_ns = [thread["cpu_ns"] for thread in result["by_thread"]]
    cpu = "" if None in cpu_ns else f" in {sum(cpu_ns) / 1e9:.2f} s of CPU time,"
    return [f"map {cell['map']}{f' ({go})' if go else ''}, workload {cell['workload']}, "
            f"threads {cell['threads']}: {samples:,} samples{cpu} in a window of "
            f"{result['elapsed_ns'] / 1e9:.1f} s",
            f"cell: {cell['id']}"]


def caption(svg: str, lines: list[str]) -> str:
    """Adds `lines` below the drawing."""
    size = re.search(r'<svg[^>]* width="(\d+)" height="(\d+)"[^>]* viewBox="0 0 \1 \2"', svg)
    if not size:
        raise InputError("the drawing has no size: expected an SVG of flamegraph")
    width, height = int(size[1]), int(size[2])
    taller = height + LINE_PX * (len(lines) + 1)
    texts = "".join(f'<text x="10" y="{height + LINE_PX * i}" font-size="12" '
                    f'font-family="Verdana, sans-serif">{html.escape(line)}</text>\n'
                    for i, line in enumerate(lines, 1))
    head = size[0].replace(f'height="{height}"', f'height="{taller}"')
    head = head.replace(f'"0 0 {width} {height}"', f'"0 0 {width} {taller}"')
    return svg.replace(size[0], head, 1).replace("</svg>", texts + "</svg>", 1)


def command() -> int:
    """Runs the command of sys.argv and returns the exit status."""
    match sys.argv[1:]:
        case ["choose", cpus]:
            print(strict_json.dumps(choose(sys.stdin, int(cpus))))
        case ["fold", kind] if kind in FOLDERS:
            for stack, count in sorted(FOLDERS[kind](sys.stdin.read()).items()):
                print(";".join(stack), count)
        case ["shares"]:
            print(*shares(collapsed_stacks(sys.stdin.read())), sep="\n")
        case ["caption", request, result, folded, *notes]:
            samples = sum(count for _, count in collapsed_stacks(Path(folded).read_text("utf-8")))
            documents = [json.loads(Path(file).read_text("utf-8")) for file in (request, result)]
            lines = [*state(documents[0], documents[1], samples), *notes]
            print(caption(sys.stdin.read(), lines), end="")
        case _:
            raise InputError(f"expected a command of\n{__doc__}")
    return 0


if __name__ == "__main__":
    sys.exit(ending.end(lambda: ending.refusing(command, "flamegraph", InputError)))
