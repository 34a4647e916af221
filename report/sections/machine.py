# SPDX-License-Identifier: Apache-2.0
"""9 Machine: what results depend on besides the maps; the pin map."""
import base64

from report import words
from report.page import esc, none, slug
from report.plot_grid import pin_map

DRAWING = 2_000_000  # bytes of topology.svg that may go into the page
MANY_CPUS = 512
FINE = ("ok",)
QUESTION = ("What does the result depend on besides the maps, and what was "
            "left uncontrolled?")


def facts(machine, prefix=""):
    """(name, status, text) of every fact, nested ones by their path."""
    for name, value in machine.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and "status" in value:
            text = value.get("text")
            yield path, value["status"], "" if text is None else str(text)
            extra = {k: v for k, v in value.items()
                     if isinstance(v, (dict, list))}
            yield from facts(extra, f"{path}.")
        elif isinstance(value, dict):
            yield from facts(value, f"{path}.")
        elif isinstance(value, list):
            simple = all(not isinstance(v, (dict, list)) for v in value)
            yield path, "ok", (", ".join(map(str, value)) if simple
                               else f"{len(value)} entries")
        else:
            yield path, "ok" if value is not None else "absent", str(value)


def label(name):
    return name.replace("_", " ").replace(".", ": ")


def tables_of(report, a):
    """Facts that were read, and in red those that are not controlled."""
    machine = a.campaign.meta.get("machine") or {}
    good, red = [], []
    for name, status, text in facts(machine):
        if status in FINE:
            good.append([label(name), text])
        else:
            red.append([label(name), f'<b class="warn">{esc(status)}</b>',
                        text or "–"])
    build = a.campaign.meta.get("build") or {}
    for name, status, text in facts(build):
        if text not in ("", "None"):
            good.append([f"build: {label(name)}", text])
    meta = a.campaign.meta
    good += [["seed", meta.get("seed", "none")],
             ["plan sha256", meta.get("plan_sha256", "none")],
             ["counters", (meta.get("counters") or {}).get("backend",
                                                           "none")]]
    parts = ['<div class="two"><div>', report.table(
        "machine", f"Recorded of machine {esc(str(machine.get('id')))}",
        [("property", "text"), ("value", "text")], good), "</div><div>"]
    if red:
        parts.append(report.table(
            "uncontrolled", '<b class="warn">⚠ Not controlled or not readable'
            " on this machine</b>", [("what", "text"), ("status", "html"),
                                     ("text", "text")], red))
    else:
        parts.append("<p>Every fact was read; none is marked as not "
                     "controlled.</p>")
    return "".join(parts) + "</div></div>"


def pins(report, a, where):
    """One pin map per placement, at its largest thread count."""
    best = {}
    for cell in a.campaign.cells.values():
        if cell.cpus and cell.threads > len(best.get(cell.placement, [])):
            best[cell.placement] = cell.cpus
    if not best:
        return none("a pin map: no cell names CPUs (placement none)")
    known = where or {cpu: (0, i, 0) for i, cpu in enumerate(sorted(
        {c for cpus in best.values() for c in cpus}))}
    if len(known) > MANY_CPUS:
        return none(f"a pin map: {len(known)} CPUs are too many to draw; the "
                    "CPUs of every thread are in campaign.json")
    panels, rows = [], []
    for placement, cpus in sorted(best.items()):
        on = {}
        for thread, cpu in enumerate(cpus):
            on.setdefault(cpu, []).append(thread)
            socket, core, smt = known.get(cpu, (None, None, None))
            rows.append({"placement": placement, "thread": thread,
                         "cpu": cpu, "socket": socket, "core": core,
                         "smt": smt})
        spots = dict(known)
        for cpu in on:
            spots.setdefault(cpu, (-1, len(spots), 0))
        wide = max(c for _, c, _ in spots.values()) + 1
        deep = sum(max(s for p, _, s in spots.values() if p == socket) + 2
                   for socket in {p for p, _, _ in spots.values()})
        cell_px = min(44, max(18, 900 / (wide + 2)))
        panels.append(report.panel(
            slug("pins", placement), f"Pin map, placement {placement}",
            f"{words.plural(len(cpus), 'thread')} on "
            f"{words.plural(len(on), 'CPU')} of {len(spots)}: "
            + ", ".join(f"thread {t} on cpu {c}"
                        for t, c in list(enumerate(cpus))[:64]) + ".",
            ((wide + 3) * cell_px + 60, deep * cell_px + 40), pin_map,
            spots, on, "lock", f"placement {placement}, "
            f"{words.plural(len(cpus), 'thread')}"))
    source = ("" if where else " <b class='warn'>topology.xml is missing or "
              "unreadable: sockets and cores are not known, CPUs are in "
              "number order.</b>")
    caption = ("<b>Where the threads ran</b>, at the largest thread count of "
               "each placement. Number = thread; “0+2” = thread 0 and two "
               "more; idle = no thread; rows below the first = further "
               "hardware threads of a core." + source)
    return report.figure("pins", caption, panels, (
        "placement", "thread", "cpu", "socket", "core", "smt"), rows, "m")


def drawing(a):
    """lstopo's picture, folded, if the campaign has one."""
    path = a.campaign.path / "topology.svg"
    try:
        data = path.read_bytes()
    except OSError:
        return ""
    if len(data) > DRAWING:
        return none(f"the topology drawing ({words.size(len(data))}) is too "
                    "large for the page; it is in topology.svg")
    picture = base64.b64encode(data).decode()
    return ('<details><summary>Topology as lstopo draws it</summary><div '
            'class="scroll" tabindex="0" role="region" aria-label="topology">'
            '<img class="topo" alt="lstopo drawing of sockets, caches, cores '
            f'and hardware threads" src="data:image/svg+xml;base64,{picture}">'
            "</div></details>")


def add(report, a, where):
    report.section("machine", "9 Machine", QUESTION, pins(report, a, where),
                   drawing(a), tables_of(report, a))
