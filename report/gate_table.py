# SPDX-License-Identifier: Apache-2.0
"""The gate's verdicts as a table for the terminal."""
from report import gate

HEADER = ("cell", "base [ns]", "slower [%]", "99 % interval", "by",
          "MDE", "slot [%]", "n", "verdict")


def text(value, form="{:+.2f}"):
    """A number in its form, "-" where there is none."""
    return "-" if value is None else form.format(value)


def line_of(row):
    """The row's cells of the table, as texts."""
    verdict = f"{row['verdict']}: {row['words']}"
    if row["role"] == "advice":
        verdict = f"advice only, {verdict}"
    return (gate.ROLES[row["role"]] + gate.name_of(row["cell"]),
            text(row["base_ns_per_op"], "{:.2f}"),
            text(row["slowdown_percent"]),
            "[{}, {}]".format(text(row["low_percent"]),
                              text(row["high_percent"])),
            row["by"], text(row["mde_percent"], "{:.2f}"),
            text(row["slot_percent"]), str(row["n"]), verdict)


def table(verdicts):
    """The whole answer as text, its last line the verdict."""
    rows = verdicts["controls"] + verdicts["cells"] + verdicts["advice"]
    lines = [HEADER] + [line_of(row) for row in rows]
    width = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
    out = []
    for line in lines:
        cells = [line[0].ljust(width[0])]
        cells += [c.rjust(w) for c, w in zip(line[1:-1], width[1:-1])]
        out.append("  ".join(cells + [line[-1]]))
    out += [f"PASS: same program: {name}" for name in verdicts["same"]]
    out += [f"not run: {s['cell']} ({s['reason']})"
            for s in verdicts["skipped"]]
    out += verdicts.get("said", [])
    out.append("attempt {attempt}, alpha {alpha:g} over {family} cells, "
               "plan {plan}".format(plan=verdicts["plan_sha256"][:12],
                                    **{k: verdicts[k] for k in
                                       ("attempt", "alpha", "family")}))
    for before in verdicts["earlier"]:
        out.append("  attempt {attempt}: {verdict} ({name})".format(**before))
    reason = f" ({verdicts['reason']})" if verdicts["reason"] else ""
    return "\n".join(out + [f"verdict: {verdicts['verdict']}{reason}"])
