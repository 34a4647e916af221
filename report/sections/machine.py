# SPDX-License-Identifier: Apache-2.0
"""9 Machine: what results depend on besides the maps; the pin map."""
import base64

from report import checks, facts, words
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
            (main if lead else other).append([
                facts.label(name), facts.said(name, text) or "none"])
    for name, status, text in facts.flatten(build):
        if text:
            main.append([f"build: {facts.label(name)}",
                         facts.said(name, text)])
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
    parts = []
    if red:
        parts.append(report.table(
            "uncontrolled", '<b class="warn">⚠ Not controlled on this machine'
            "</b>", [("what", "text"), ("state", "text")], red, css="red"))
    else:
        parts.append("<p>Nothing known is left uncontrolled.</p>")
    parts.append(report.table(
        "machine", f"Recorded of machine {esc(str(machine.get('id')))}",
        columns, main))
    parts.append(absent(machine))
    if other:
        parts.append(details(
            f"{len(other)} more facts", report.table(
                "machine-more", "Further facts", columns, other)))
    return "".join(parts)


def placements(a):
    """placement -> the cell whose CPUs are drawn: the headline's where it has
    that placement, else the one of most threads that have a CPU each."""
    best, head = {}, a.headline()
    for cell in a.campaign.cells.values():
        if checks.alone(cell) and (
                cell.placement not in best
                or cell.threads > best[cell.placement].threads):
            best[cell.placement] = cell
    for cell in a.at(head).values():
        if cell.cpus:
            best[cell.placement] = cell
    return best


def pin_panel(report, placement, cpus, known, headline):
    """One placement: which thread is on which CPU."""
    on, spots = {}, dict(known)
    for thread, cpu in enumerate(cpus):
        on.setdefault(cpu, []).append(thread)
        spots.setdefault(cpu, (-1, len(spots), 0))
    wide = max(c for _, c, _ in spots.values()) + 1
    deep = sum(max(s for p, _, s in spots.values() if p == socket) + 2
               for socket in {p for p, _, _ in spots.values()})
    cell_px = min(44, max(18, 900 / (wide + 2)))
    threads = words.plural(len(cpus), "thread")
    return report.panel(
        slug("pins", placement), f"Pin map, placement {placement}",
        f"{threads} on {words.plural(len(on), 'CPU')} of {len(spots)}: "
        + ", ".join(f"thread {t} on cpu {c}"
                    for t, c in list(enumerate(cpus))[:64]) + ".",
        ((wide + 3) * cell_px + 60, deep * cell_px + 40), pin_map, spots, on,
        "lock", f"placement {placement}, {threads}"
        + (", the headline's" if headline else ""))


def pins(report, a, where):
    """One pin map per placement, the headline's first."""
    best = placements(a)
    first = a.headline() and a.headline()[0].placement
    if not best:
        return none("a pin map: no placement gives each thread a CPU")
    known = where or {cpu: (0, i, 0) for i, cpu in enumerate(sorted(
        {c for cell in best.values() for c in cell.cpus}))}
    if len(known) > MANY_CPUS:
        return none(f"a pin map: {len(known)} CPUs are too many to draw; the "
                    "CPUs of every thread are in campaign.json")
    panels, rows = [], []
    for placement, cell in sorted(best.items(), key=lambda p: (
            p[0] != first, p[0])):
        cpus = cell.cpus
        panels.append(pin_panel(report, placement, cpus, known,
                                placement == first))
        for thread, cpu in enumerate(cpus):
            socket, core, smt = known.get(cpu, (None, None, None))
            rows.append({"cell": cell.id, "n": len(cell.ok),
                         "placement": placement, "thread": thread,
                         "cpu": cpu, "socket": socket, "core": core,
                         "smt": smt})
    source = ("" if where else " <b class='warn'>topology.xml is missing or "
              "unreadable: sockets and cores are not known, CPUs are in "
              "number order.</b>")
    shared = any(len(set(cpus)) < len(cpus) for cpus in (
        cell.cpus for cell in best.values()))
    caption = ("<b>Where the threads ran</b>: those of the headline, and of "
               "other placements at the most threads that have a CPU each. "
               "Number = thread; " + ("“0+2” = thread 0 and two more; "
                                      if shared else "")
               + "idle = no thread; rows below the first = further hardware "
               "threads of a core." + source)
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
