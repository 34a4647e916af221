# SPDX-License-Identifier: Apache-2.0
"""timeline_format.py FILE checks that a file is a Chrome trace that Perfetto can read.

The format is "Trace Event Format" in its JSON object form. Each event has ph, ts, pid, tid and
name; B and E events nest in each thread; b and e events pair up by id; the times in a thread never
decrease.
"""
import json
import sys

PHASES = {"B", "E", "b", "e", "M"}


def errors(trace):
    """Yields a message for each error in a trace."""
    events = trace.get("traceEvents")
    if not isinstance(events, list):
        yield "traceEvents is not a list"
        return
    if trace.get("displayTimeUnit") not in ("ms", "ns"):
        yield "displayTimeUnit is neither ms nor ns"
    latest, stacks, states = {}, {}, {}
    for i, event in enumerate(events):
        lacking = [m for m in ("ph", "ts", "pid", "tid", "name")
                   if m not in event]
        if lacking:
            yield f"event {i} lacks {lacking}"
            continue
        if event["ph"] not in PHASES:
            yield f"event {i} has ph {event['ph']!r}"
        if not all(isinstance(event[m], int) for m in ("pid", "tid")):
            yield f"event {i}: pid and tid must be integers"
        if not isinstance(event["ts"], (int, float)) or event["ts"] < 0:
            yield f"event {i}: ts {event['ts']!r}"
        if event["ph"] == "M":
            if "name" not in event.get("args", {}):
                yield f"event {i} has no name"
            continue
        thread = event["pid"], event["tid"]
        if event["ts"] < latest.get(thread, 0):
            yield f"event {i}: time goes back in thread {thread}"
        latest[thread] = event["ts"]
        yield from nesting(i, event, stacks.setdefault(thread, []))
        if event["ph"] in "be":
            if "id" not in event or "cat" not in event:
                yield f"event {i}: a state without id or cat"
            key = event["cat"], event["id"], event["name"]
            states.setdefault(key, []).append((event["ts"], event["ph"]))
    for thread, stack in stacks.items():
        if stack:
            yield f"thread {thread} does not end {stack}"
    for key, edges in states.items():
        depth = 0
        for _, phase in sorted(edges, key=lambda e: (e[0], e[1] == "b")):
            depth += 1 if phase == "b" else -1
            if depth < 0:
                yield f"state {key} ends before it begins"
        if depth:
            yield f"state {key} does not end"


def nesting(i, event, stack):
    if event["ph"] == "B":
        stack.append(event["name"])
    elif event["ph"] == "E":
        if not stack:
            yield f"event {i} ends an event that has not begun"
        elif stack.pop() != event["name"]:
            yield f"event {i} ends {event['name']} inside of another"


def spans(trace):
    """Returns (name, tid, start, end) of each pair of B and E events."""
    found, stacks = [], {}
    for event in trace["traceEvents"]:
        stack = stacks.setdefault(event["tid"], [])
        if event["ph"] == "B":
            stack.append(event)
        elif event["ph"] == "E":
            begun = stack.pop()
            found.append((begun["name"], begun["tid"], begun["ts"],
                          event["ts"]))
    return found


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        wrong = list(errors(json.load(file)))
    print("\n".join(wrong[:10]))
    sys.exit(bool(wrong))
