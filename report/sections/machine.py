# SPDX-License-Identifier: Apache-2.0
"""9 Machine: what results depend on besides the maps; the pin map."""
import base64

from report import facts, words
from report.page import details, esc, none, slug
from report.plot_grid import pin_map

DRAWING = 2_000_000  # bytes of topology.svg that may go into the page
MANY_CPUS = 512
QUESTION = ("What does the result depend on besides the maps, and what was "
            "left uncontrolled?")


def allocators(a):
    """One row: whose malloc() the trials had, as they read it back, and how
    many of their bytes lay in huge pages."""
    found = {}
    for cell in a.campaign.cells.values():
        for trial in cell.ok:
            result = trial["result"]
            name = (result.get("environment") or {}).get("allocator")
            huge = (result.get("footprint") or {}).get("huge_bytes")
            key = name, cell.huge_pages
            count, most = found.get(key, (0, 0))
            found[key] = count + 1, max(most, huge or 0)
    text = "; ".join(
        f"{name}, huge pages {pages}: {words.plural(count, 'trial')}, at most "
        f"{words.size(most)} in huge pages"
        for (name, pages), (count, most) in sorted(
            found.items(), key=str) if name)
    return [["allocators", text]] if text else []


def known_rows(a):
    """(main, other) rows of property and value, from machine and build."""
    meta = a.campaign.meta
    machine, build = meta.get("machine") or {}, meta.get("build") or {}
    below = set((machine.get("facts") or {}))
    main, other = [], []
    for name, status, text in facts.flatten(machine):
        if status == "ok":
            lead = name in facts.MAIN or name not in below
            (main if lead else other).append([facts.label(name),
                                              text or "none"])
    for name, status, text in facts.flatten(build):
        if text:
            main.append([f"build: {facts.label(name)}", text])
    main += allocators(a)
    main += [["seed", meta.get("seed", "none")],
             ["plan sha256", meta.get("plan_sha256", "none")]]
    return main, other


def absent(machine):
    """One sentence on what this machine does not have."""
    names = [facts.label(n) for n, status, _ in facts.flatten(machine)
             if status == "absent" and not n.startswith("env_")]
    return (f"<p>Not present here: {esc(', '.join(names))}.</p>" if names
            else "")


def tables_of(report, a):
    """In red what was not controlled; then the facts."""
    machine = a.campaign.meta.get("machine") or {}
    main, other = known_rows(a)
    red = [list(r) for r in facts.uncontrolled(machine)]
    columns = [("property", "text"), ("value", "text")]
    parts = ['<div class="two"><div>', report.table(
        "machine", f"Recorded of machine {esc(str(machine.get('id')))}",
        columns, main), "</div><div>"]
    if red:
        parts.append(report.table(
            "uncontrolled", '<b class="warn">⚠ Not controlled on this machine'
            "</b>", [("what", "text"), ("state", "text")], red, css="red"))
    else:
        parts.append("<p>Nothing known is left uncontrolled.</p>")
    parts.append(absent(machine))
    if other:
        parts.append(details(
            f"{len(other)} more facts", report.table(
                "machine-more", "Further facts", columns, other)))
    return "".join(parts) + "</div></div>"


def pins(report, a, where):
    """One pin map per placement, at its largest thread count."""
    best = {}
    for cell in a.campaign.cells.values():
        if cell.cpus and (cell.placement not in best or cell.threads
                          > best[cell.placement].threads):
            best[cell.placement] = cell
    if not best:
        return none("a pin map: no cell names CPUs (placement none)")
    known = where or {cpu: (0, i, 0) for i, cpu in enumerate(sorted(
        {c for cell in best.values() for c in cell.cpus}))}
    if len(known) > MANY_CPUS:
        return none(f"a pin map: {len(known)} CPUs are too many to draw; the "
                    "CPUs of every thread are in campaign.json")
    panels, rows = [], []
    for placement, cell in sorted(best.items()):
        on, cpus = {}, cell.cpus
        for thread, cpu in enumerate(cpus):
            on.setdefault(cpu, []).append(thread)
            socket, core, smt = known.get(cpu, (None, None, None))
            rows.append({"cell": cell.id, "n": len(cell.ok),
                         "placement": placement, "thread": thread,
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
