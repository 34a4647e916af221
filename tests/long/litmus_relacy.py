#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The litmus tests of explore, run by another hand: Relacy (Dmitry Vyukov),
whose memory is C++11's.

    litmus_relacy.py TABLE FOLDER [RUNS]

Writes a C++ program of the rows of TABLE (tests/fixtures/litmus.tsv) into
FOLDER, builds and runs it, and prints each row whose outcomes are not those of
the column c11, too many or too few, and why. Status 1: a difference that
nothing here explains; 2: no Relacy (relacy-dev) here.
"""
import re
import subprocess
import sys
from pathlib import Path

STEP = re.compile(r"(?:(F)|([a-z])(?:=(\d)|(\+)1|(\?))?)\.(rlx|acq|rel|ar|sc)$")
ORDER = {"rlx": "relaxed", "acq": "acquire", "rel": "release",
         "ar": "acq_rel", "sc": "seq_cst"}
EXPLAINED = {
    "SB sc and fence": "Relacy orders seq_cst fences among themselves only, "
                       "not with seq_cst accesses",
    "IRIW sc loads": "C++11 allows it: its order of what is seq_cst says "
                     "nothing of loads beside stores that are not",
    "RMW that fails": "Relacy lets a comparison that fails read the newest",
    "SB rmw that fails": "Relacy lets a comparison that fails read the newest",
    "release sequence, own store": "C++11: a thread's own stores go on with "
                                   "its release sequence",
}
TEST = """struct T%(n)d : rl::test_suite<T%(n)d, %(threads)d> {
	rl::atomic<int> w, x, y, z;
	int seen[16];
	void before() { w($).store(0, rl::mo_relaxed); x($).store(0, rl::mo_relaxed);
		y($).store(0, rl::mo_relaxed); z($).store(0, rl::mo_relaxed); }
	void thread(unsigned t) { %(body)s }
	void after() { int code = 0; %(after)s counted[code]++; }
};
"""
MAIN = """#include <relacy/relacy.hpp>
#include <cstdio>
#include <cstring>
static long counted[1000000];
template <typename T> static void run(int digits, long runs)
{
	rl::test_params params;
	std::memset(counted, 0, sizeof(counted));
	params.iteration_count = runs;
	params.search_type = rl::random_scheduler_type;
	if (!rl::simulate<T>(params)) std::printf("stopped ");
	for (int i = 0; i < 1000000; i++)
		if (counted[i]) std::printf("%0*d:%ld ", digits, i, counted[i]);
	std::printf("\\n");
}
"""


def step(text, slot):
    """C++ of a step, and whether it sees something."""
    fence, at, value, add, compare, order = STEP.match(text).groups()
    order = "rl::mo_" + ORDER[order]
    if fence:
        return f"rl::atomic_thread_fence({order}, $);", False
    if value:
        return f"{at}($).store({value}, {order});", False
    if add:
        return f"seen[{slot}] = {at}($).fetch_add(1, {order});", True
    if compare:
        return (f"{{ int old = 9; {at}($).compare_exchange_strong(old, 9, "
                f"{order}); seen[{slot}] = old; }}", True)
    return f"seen[{slot}] = {at}($).load({order});", True


def program(n, text):
    body, _, finals = text.partition(" / ")
    slot, lines = 0, []
    threads = body.split(" | ")
    for t, thread in enumerate(threads):
        code = ""
        for word in thread.split():
            line, sees = step(word, slot)
            code += line + " "
            slot += sees
        lines.append(f"if (t == {t}) {{ {code}}}")
    after = "".join(f"code = code * 10 + seen[{i}]; " for i in range(slot))
    after += "".join(f"code = code * 10 + {at}($).load(rl::mo_relaxed); "
                     for at in finals.split())
    return TEST % {"n": n, "threads": len(threads), "body": " ".join(lines),
                   "after": after}, slot + len(finals.split())


def main():
    table, folder = Path(sys.argv[1]), Path(sys.argv[2])
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 100000
    if not Path("/usr/include/relacy/relacy.hpp").exists():
        print("litmus_relacy: no relacy-dev here", file=sys.stderr)
        sys.exit(2)
    rows = [line.split("\t") for line in table.read_text().splitlines()
            if line and not line.startswith("#")]
    source, calls = MAIN, ""
    for n, row in enumerate(rows):
        test, digits = program(n, row[1])
        source += test
        calls += f"\trun<T{n}>({digits}, {runs});\n"
    source += "int main()\n{\n" + calls + "}\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "litmus.cc").write_text(source)
    subprocess.run(["g++", "-std=c++11", "-O1", "-w", "-o",
                    folder / "litmus", folder / "litmus.cc"], check=True)
    said = subprocess.run([folder / "litmus"], capture_output=True, text=True,
                          check=False)
    lines = [line for line in said.stdout.splitlines()
             if re.match(r"(stopped )?\d+:\d", line)]
    if len(lines) != len(rows):
        print(f"litmus_relacy: {len(lines)} of {len(rows)} rows:",
              said.stdout[-300:], said.stderr[-300:], file=sys.stderr)
        sys.exit(1)
    differ, unexplained = 0, 0
    for row, line in zip(rows, lines):
        had = set(re.findall(r"(\d+):", line))
        allowed = set((row[2] + " " + row[4]).replace("!", "").split()) - {"-"}
        unseen = set(re.findall(r"!(\d+)", row[4]))
        if had != allowed - unseen:
            differ += 1
            unexplained += row[0] not in EXPLAINED
            print(f"| {row[0]} | {' '.join(sorted(had - allowed)) or '-'} | "
                  f"{' '.join(sorted(allowed - unseen - had)) or '-'} | "
                  f"{' '.join(sorted(had & unseen)) or '-'} | "
                  f"{EXPLAINED.get(row[0], 'nothing explains it')} |")
    print(f"\n{len(rows)} tests, {runs} runs each under random schedules: "
          f"{differ} differ, {unexplained} for no known reason.")
    sys.exit(1 if unexplained else 0)


main()
