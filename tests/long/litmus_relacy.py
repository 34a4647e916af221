#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the litmus tests of `explore` in Relacy (Dmitry Vyukov), an independent implementation of
the C++11 memory model.

    litmus_relacy.py TABLE FOLDER [RUNS]

Writes a C++ program for the rows of TABLE (tests/fixtures/litmus.tsv) into FOLDER, builds and runs
it, and prints each row whose outcomes differ from the column c11, with the reason. Exit status: 1 a
difference is not explained; 2 Relacy (relacy-dev) is not installed.
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
    "IRIW sc loads": "C++11 allows it: its order of seq_cst operations does "
                     "not restrict loads of stores with weaker orders",
    "RMW that fails": "in Relacy a failing comparison reads the newest value",
    "SB rmw that fails": "in Relacy a failing comparison reads the newest value",
    "release sequence, own store": "C++11: stores of the same thread continue "
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
    """Returns the C++ code of a step, and whether it reads a value."""
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
        print("litmus_relacy: relacy-dev is not installed", file=sys.stderr)
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
    done = subprocess.run([folder / "litmus"], capture_output=True, text=True,
                          check=False)
    lines = [line for line in done.stdout.splitlines()
             if re.match(r"(stopped )?\d+:\d", line)]
    if len(lines) != len(rows):
        print(f"litmus_relacy: {len(lines)} of {len(rows)} rows:",
              done.stdout[-300:], done.stderr[-300:], file=sys.stderr)
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
                  f"{EXPLAINED.get(row[0], 'unexplained')} |")
    print(f"\n{len(rows)} tests, {runs} runs each under random schedules: "
          f"{differ} differ, {unexplained} unexplained.")
    sys.exit(1 if unexplained else 0)


main()
