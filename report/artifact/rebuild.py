# SPDX-License-Identifier: Apache-2.0
"""The pages of an artifact again, from its journals alone, and what differs.

Tables, verdicts and the rows of every figure have to be the same bytes
wherever they are made. A drawing is the work of matplotlib and its fonts:
where these are other versions than the packer's, lines may end elsewhere, and
then the page is compared without its drawings and that is said.
"""
import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

from report import staged
from report.journal import JournalError

LEFT_OUT = ("lock", "report")
DRAWN = (".svg", ".pdf", ".png")
INLINE = re.compile(rb"<svg.*?</svg>|base64,[A-Za-z0-9+/=]*", re.S)
PYTHON = "environment/python.json"


def versions():
    """What the bytes of a page depend on, beside its data and our code."""
    import matplotlib
    import numpy
    import scipy
    from matplotlib import font_manager
    font = font_manager.findfont("Liberation Sans")
    return {"python": sys.version.split()[0], "numpy": numpy.__version__,
            "scipy": scipy.__version__, "matplotlib": matplotlib.__version__,
            "zlib": zlib.ZLIB_RUNTIME_VERSION, "font": Path(font).name}


def kind_of(folder):
    """campaign, or crossover or claims of one in stages."""
    file = Path(folder) / "stages.json"
    if not file.exists():
        return "campaign"
    return staged.read(Path(folder)).kind


def campaigns_in(folder):
    """Folders with a journal: the campaign, or its stages."""
    stages = sorted(Path(folder).glob("stage-[0-9]*"))
    return stages or [Path(folder)]


def decided(folder):
    """What `python3 -m report decide` prints."""
    from report import staged_main
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        staged_main.main(["decide", str(folder)])
    return said.getvalue()


def make(folder):
    """Makes the page of a campaign's folder; of one in stages for claims
    that of its first stage, which has all of a run for claims."""
    os.environ["SOURCE_DATE_EPOCH"] = "0"  # whatever date the packer has
    from report import build, staged_page
    kind = kind_of(folder)
    if kind == "crossover":
        staged_page.build(folder)
        return Path(folder) / "report"
    of = Path(folder) / "stage-01" if kind == "claims" else Path(folder)
    build.build(of)
    return of / "report"


def journals(folder, into):
    """Copies a campaign's folder without what is made of it."""
    shutil.copytree(folder, into, symlinks=True,
                    ignore=lambda _, names: set(names) & set(LEFT_OUT))


def files_below(folder):
    return {path.relative_to(folder).as_posix(): path
            for path in sorted(folder.rglob("*")) if path.is_file()}


def same_data(name, one, other):
    """Is it the same but for drawings, and for how a zip is compressed?"""
    if name.endswith(DRAWN):
        return True
    if name.endswith(".zip"):
        with zipfile.ZipFile(one) as a, zipfile.ZipFile(other) as b:
            return ([(m, a.read(m)) for m in a.namelist()]
                    == [(m, b.read(m)) for m in b.namelist()])
    if name.endswith(".html"):
        return (INLINE.sub(b"", one.read_bytes())
                == INLINE.sub(b"", other.read_bytes()))
    return False


def compare(kept, made, same_tools):
    """(problems, drawings that differ, files that are the same) of two
    folders of a report."""
    kept, made, wrong = files_below(kept), files_below(made), []
    drawn = same = 0
    for name in sorted(kept.keys() | made.keys()):
        if name not in made:
            wrong.append(f"{name}: the data give no such file")
        elif name not in kept:
            wrong.append(f"{name}: missing, the data give it")
        elif kept[name].read_bytes() == made[name].read_bytes():
            same += 1
        elif not same_tools and same_data(name, kept[name], made[name]):
            drawn += 1
        else:
            wrong.append(f"{name}: not what the data give")
    return wrong, drawn, same


def again(folder, name, same_tools):
    """The same of the campaign `name` of an artifact; -> (problems, drawings
    that differ, files that are the same)."""
    of = Path(folder) / name
    with tempfile.TemporaryDirectory(prefix="readmostly-again-") as scratch:
        copy = Path(scratch) / of.name
        journals(of, copy)
        try:
            made = make(copy)
        except JournalError as error:
            return [f"{name}: no page: {error}"], 0, 0
        kept = of / made.relative_to(copy)
        wrong, drawn, same = compare(kept, made, same_tools)
        wrong = [f"{kept.relative_to(folder)}/{text}" for text in wrong]
        if kind_of(of) != "campaign" and decided(copy) != (
                of / "verdicts.json").read_text(encoding="utf-8"):
            wrong.append(f"{name}/verdicts.json: not what the data give")
    return wrong, drawn, same


def all_again(folder):
    """{"problems", "notes", "same"} of every campaign of an artifact."""
    folder = Path(folder)
    recorded = json.loads((folder / PYTHON).read_text(encoding="utf-8"))
    commit = (folder / "environment/commit.txt").read_text().strip()
    here, out = versions(), {"problems": [], "notes": [], "same": 0,
                             "commit": commit}
    other = [f"{k} {here[k]} (packed with {recorded.get(k)})" for k in here
             if here[k] != recorded.get(k)]
    for of in sorted((folder / "campaigns").iterdir()):
        wrong, drawn, same = again(folder, f"campaigns/{of.name}", not other)
        out["problems"] += wrong
        out["same"] += same
        if drawn:
            out["notes"].append(
                f"campaigns/{of.name}: {drawn} drawings, or files with "
                "drawings in them, are other bytes with the same data, and "
                "so are " + ", ".join(other))
    return out
