# SPDX-License-Identifier: Apache-2.0
"""Plots made of fields: flip map, winner map, pin map."""
from matplotlib.patches import Rectangle

from report import words
from report.look import BAND, FAINT, INK, MUTED, PAPER, WARN, tint

DEPTH = (1.5, 4.0)  # ratios from which a field is deeper
GLYPH = {"*": 9, "P": 8.5, "X": 8.5}
FIELD = 78  # CSS pixels a field is wide
ROW, ROW_TIGHT = 42, 36  # the second for more than 8 rows


def size_of(columns, rows, left=120):
    """CSS pixels of a panel with that many fields; `left` for the labels."""
    row = ROW if rows <= 8 else ROW_TIGHT
    return left + FIELD * columns, 74 + max(row * rows, 3 * ROW)


def field(ax, x, y, face, tip, hatched=False, edge=PAPER):
    ax.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fc=face, ec=edge, lw=1,
                           hatch="////" if hatched else None,
                           gid=f"tip||{tip}"))


def grid_axes(ax, columns, rows, title, xlabel, ylabel, marks=()):
    """Labels of the fields; rows[0] is at the bottom."""
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-0.5, len(rows) - 0.5),
           xticks=range(len(columns)), yticks=range(len(rows)),
           xlabel=xlabel, ylabel=ylabel)
    ax.set_xticklabels([str(c) for c in columns])
    ax.set_yticklabels(rows)
    ax.grid(False)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_title(title, pad=20 if marks else 8)
    top = len(rows) - 0.5
    for at, text in marks:
        x = sum(1 for c in columns if c < at) - 0.5
        ax.plot([x, x], [top, top + 0.14], color=MUTED, lw=0.8,
                clip_on=False)
        ax.text(x + 0.04, top + 0.04, text, fontsize=9.5, color=MUTED,
                va="bottom")


def heavy_line(ax, won, kinds):
    """Between fields that share no winner. None: not run, no line.

    won -- (row, column) -> set of winners; kinds: write kind of each row,
    for rows of different kinds are not neighbours
    """
    for (y, x), here in won.items():
        right, above = won.get((y, x + 1)), won.get((y + 1, x))
        if here and right and not here & right:
            ax.plot([x + 0.5] * 2, [y - 0.5, y + 0.5], color=INK, lw=2.4,
                    solid_capstyle="projecting", zorder=5)
        if not here or not above or kinds[y] != kinds[y + 1]:
            continue
        if not here & above:
            ax.plot([x - 0.5, x + 0.5], [y + 0.5] * 2, color=INK, lw=2.4,
                    solid_capstyle="projecting", zorder=5)


def kind_gaps(ax, kinds, columns):
    """White band between the write kinds."""
    for y in range(len(kinds) - 1):
        if kinds[y] != kinds[y + 1]:
            ax.plot([-0.5, columns - 0.5], [y + 0.5] * 2, color=PAPER, lw=5,
                    solid_capstyle="butt", zorder=4)


def flip_map(ax, rows, columns, lines, names, look, title, marks, hue):
    """Threads x write kind and share; hue = the faster of two maps.

    rows  -- from ranking.flips()
    names -- (base, contender)
    hue   -- False: a control failed, no field has a winner
    """
    base, other = names
    index = {(n.kind, n.share): i for i, n in enumerate(lines)}
    won = {}
    for r in rows:
        x = columns.index(r["threads"])
        y = index[r["write_kind"], r["write_share"]]
        if r["ratio"] is None:
            ax.text(x, y, "not run", ha="center", va="center", fontsize=9.5,
                    color=WARN, gid=f"tip||{r['why']}")
            won[y, x] = None
            continue
        side = r["side"] if hue else 0
        won[y, x] = {side}
        away = max(r["ratio"], 1 / r["ratio"])
        level = sum(away >= limit for limit in DEPTH)
        face = (tint(look.family[other if side > 0 else base], level)
                if side else BAND)
        span = words.between(r["low"], r["high"], r["verdict"])
        tip = (f"{words.plural(r['threads'], 'thread')}, "
               f"{words.mix_kind(r['write_share'], r['write_kind'])}: {other}"
               f" / {base} = {words.sig(r['ratio'])} {span}, n = {r['n']}, "
               f"{words.phrase(r['verdict'], r['mde'])}; {base} "
               f"{words.sig(r['base_mops'])} Mop/s")
        field(ax, x, y, face, tip, hatched=not side)
        ax.text(x, y + 0.13, words.sig(r["ratio"]), ha="center", va="center",
                fontsize=12.5, color=INK,
                weight="bold" if side else "normal")
        ax.text(x, y - 0.25, span.strip("[]()").replace(", ", "–"),
                ha="center", va="center", fontsize=9.5, color=INK)
    kinds = [n.kind for n in lines]
    if hue:
        heavy_line(ax, won, kinds)
    kind_gaps(ax, kinds, len(columns))
    grid_axes(ax, columns, [row_label(n) for n in lines], title, "threads",
              "writes per 100 operations", marks)


def row_label(line):
    if not line.share:
        return "0"
    return f"{line.kind}  {words.share(line.share)}"


def winner_map(ax, rows, columns, lines, look, title, marks, hue):
    """Hue = family of the fastest map; text = its id and its lead.

    rows -- dicts with threads, line index "row" and "won" of
            ranking.winner(), or None and "why"
    """
    winners = {}
    for r in rows:
        x, y, won = columns.index(r["threads"]), r["row"], r["won"]
        if won is None or won["word"].startswith("n <"):
            ax.text(x, y, "not run" if won is None else won["word"],
                    ha="center", va="center", fontsize=9.5, color=WARN,
                    gid=f"tip||{r['why']}")
            winners[y, x] = None
            continue
        winner_field(ax, x, y, won, look, hue)
        winners[y, x] = set(won["tied"])
    kinds = [n.kind for n in lines]
    if hue:
        heavy_line(ax, winners, kinds)
    kind_gaps(ax, kinds, len(columns))
    grid_axes(ax, columns, [row_label(n) for n in lines], title, "threads",
              "writes per 100 operations", marks)


def winner_field(ax, x, y, won, look, hue):
    """One field: marker, id, lead over the second or the tie."""
    tie = len(won["tied"]) > 1
    plain = tie or not hue
    family = look.family[won["first"]]
    tip = (f"fastest of {won['of']}: {won['first']}" if not tie
           else f"not told apart: {words.joined(won['tied'])}")
    if won["second"]:
        tip += (f"; {won['first']} / {won['second']} = {words.sig(won['lead'])}"
                f" {words.between(won['low'], won['high'])}, n = {won['n']}, "
                f"{words.phrase(won['word'], won['mde'])}")
    field(ax, x, y, PAPER if plain else tint(family, 0), tip, plain,
          FAINT if plain else PAPER)
    marker = look.marker(won["first"])
    ax.plot([x - 0.38], [y + 0.31], ls="none", marker=marker, mew=0.7,
            ms=GLYPH.get(marker, 6), color=look.colour(won["first"]),
            zorder=6)
    name = won["first"]
    ax.text(x + 0.04, y + 0.09, name, ha="center", va="center", color=INK,
            fontsize=10.5 if len(name) < 10 else 9.5, weight="bold")
    ax.text(x, y - 0.25, lead_text(won), ha="center", va="center", color=INK,
            fontsize=9.5)


def lead_text(won):
    tied = [m for m in won["tied"] if m != won["first"]]
    if len(tied) == 1:
        return f"≈ {tied[0]}"
    if tied:
        return f"≈ {len(tied) + 1} maps"
    return f"× {words.sig(won['lead'])}" if won["second"] else "alone"


def pin_map(ax, spots, threads_on, look_family, caption):
    """CPUs as squares by socket and core; the number is the thread there.

    spots      -- cpu -> (socket, core position, smt position)
    threads_on -- cpu -> list of threads
    """
    depth = max(smt for _, _, smt in spots.values()) + 1
    sockets = sorted({s for s, _, _ in spots.values()})
    for cpu, (socket, core, smt) in sorted(spots.items()):
        y = -sockets.index(socket) * (depth + 1.0) - smt
        threads = threads_on.get(cpu, [])
        used = bool(threads)
        text = str(threads[0]) if used else "idle"
        if len(threads) > 1:
            text += f"+{len(threads) - 1}"
        tip = (f"cpu {cpu}, socket {socket}, core {core}, hardware thread "
               f"{smt}: " + (f"threads {', '.join(map(str, threads))}" if used
                             else "no thread"))
        ax.add_patch(Rectangle(
            (core, y), 0.92, 0.92, ec=MUTED, lw=0.7, gid=f"tip||{tip}",
            fc=tint(look_family, 1 if smt == 0 else 0) if used else PAPER))
        ax.text(core + 0.46, y + 0.46, text, ha="center", va="center",
                fontsize=9.5, color=INK if used else MUTED)
    for i, socket in enumerate(sockets):
        ax.text(-0.25, -i * (depth + 1.0) + 0.46, f"socket {socket}",
                ha="right", va="center", fontsize=10, color=MUTED)
    wide = max(core for _, core, _ in spots.values()) + 1
    ax.set(xlim=(-1.4, wide + 0.1), xticks=[], yticks=[],
           ylim=(-(len(sockets) - 1) * (depth + 1.0) - depth + 0.8, 1.1))
    ax.set_aspect("equal")
    ax.grid(False)
    ax.set_title(caption)
    for spine in ax.spines.values():
        spine.set_visible(False)
