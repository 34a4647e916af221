# SPDX-License-Identifier: Apache-2.0
"""Rebuilds the pages of an artifact from its journals, and lists differences.

Tables, verdicts and the data of each figure must have the same bytes on every machine. A drawing
depends on matplotlib, gnuplot and fonts. If these have other versions than at the time of packing,
pages are compared without their drawings, and a note reports it.
"""
import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
import zipfile
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

from report.artifact.contents import PAGES, Packed, all_packed
from report.load import JournalError, strict_json

LEFT_OUT = {"lock", PAGES}
DRAWN = (".svg", ".pdf", ".png")
INLINE = re.compile(rb"<svg.*?</svg>|base64,[A-Za-z0-9+/=]*", re.S)
PYTHON = "environment/python.json"


@dataclass(frozen=True)
class Difference:
    """The result of comparing two folders of pages: problems, differing drawings, equal files."""
    problems: list[str] = field(default_factory=list)
    drawings: int = 0
    same: int = 0


@dataclass(frozen=True)
class Rebuilt:
    """The output of `artifact again --json`."""
    problems: list[str]
    notes: list[str]
    same: int
    commit: str

    def json(self) -> str:
        return strict_json.dumps(asdict(self))


def versions() -> dict[str, str]:
    """Returns the versions of all software, except for our code, that affects the bytes of a page.
    """
    import jinja2
    import matplotlib
    import numpy
    import scipy
    from matplotlib import font_manager
    font = font_manager.findfont("Liberation Sans")
    gnuplot = shutil.which("gnuplot") or "none"
    return {"python": sys.version.split()[0], "numpy": numpy.__version__,
            "scipy": scipy.__version__, "matplotlib": matplotlib.__version__,
            "jinja2": str(jinja2.__version__), "zlib": zlib.ZLIB_RUNTIME_VERSION,
            "font": Path(font).name, "gnuplot": Path(gnuplot).name}


def decide(folder: Path) -> str:
    """Returns the output of `python3 -m report decide`."""
    from report import staged_main
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        staged_main.main(["decide", str(folder)])
    return out.getvalue()


def make(packed: Packed) -> Path:
    """Makes the page of a campaign and returns its folder. A search has its own kind of page; a
    campaign of claims in stages has the page of its first stage."""
    os.environ["SOURCE_DATE_EPOCH"] = "0"  # the packer may have used another date
    from report import load
    from report.decide import result
    from report.render import write
    if packed.stages and packed.stages.kind == "crossover":
        from report import staged_page
        staged_page.build(packed.path, Path("campaigns", packed.name))
        return packed.path / PAGES
    stage = "stage-01" if packed.stages else ""
    folder = packed.path / stage
    write.write(result.build(load.read(folder)), folder / PAGES,
                campaign=Path("campaigns", packed.name, stage))
    return folder / PAGES


def files_below(folder: Path) -> dict[str, Path]:
    """Returns all files below a folder by relative name."""
    return {path.relative_to(folder).as_posix(): path
            for path in sorted(folder.rglob("*")) if path.is_file()}


def same_data(name: str, one: Path, other: Path) -> bool:
    """True if the files are equal, ignoring drawings and zip compression."""
    if name.endswith(DRAWN):
        return True
    if name.endswith(".zip"):
        with zipfile.ZipFile(one) as a, zipfile.ZipFile(other) as b:
            return ([(m, a.read(m)) for m in a.namelist()]
                    == [(m, b.read(m)) for m in b.namelist()])
    if name.endswith(".html"):
        return INLINE.sub(b"", one.read_bytes()) == INLINE.sub(b"", other.read_bytes())
    return False


def compare(kept: Path, made: Path, same_tools: bool) -> Difference:
    """Compares the packed pages with pages made from the data."""
    old, new = files_below(kept), files_below(made)
    problems: list[str] = []
    drawings = same = 0
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            problems.append(f"{name}: cannot be made from the data")
        elif name not in old:
            problems.append(f"{name}: missing, although the data produce it")
        elif old[name].read_bytes() == new[name].read_bytes():
            same += 1
        elif not same_tools and same_data(name, old[name], new[name]):
            drawings += 1
        else:
            problems.append(f"{name}: differs from the file made from the data")
    return Difference(problems, drawings, same)


def rebuild_and_compare(folder: Path, packed: Packed, same_tools: bool) -> Difference:
    """Rebuilds the pages of one campaign in a copy, and compares them with the packed pages."""
    place = packed.path.relative_to(folder)
    with tempfile.TemporaryDirectory(prefix="readmostly-again-") as scratch:
        copy = Packed(Path(scratch) / packed.name)
        shutil.copytree(packed.path, copy.path, symlinks=True,
                        ignore=lambda _, names: set(names) & LEFT_OUT)
        try:
            made = make(copy)
        except JournalError as error:
            return Difference([f"{place}: no page: {error}"])
        kept = packed.path / made.relative_to(copy.path)
        found = compare(kept, made, same_tools)
        problems = [f"{kept.relative_to(folder)}/{text}" for text in found.problems]
        if packed.stages and decide(copy.path) != (
                packed.path / "verdicts.json").read_text(encoding="utf-8"):
            problems.append(f"{place}/verdicts.json: differs from the verdicts of the data")
    return Difference(problems, found.drawings, found.same)


def all_again(folder: Path) -> Rebuilt:
    """Rebuilds and compares the pages of every campaign of an artifact."""
    recorded = strict_json.loads((folder / PYTHON).read_bytes())
    packer = recorded if isinstance(recorded, dict) else {}
    other = [f"{k} {v} (packed with {packer.get(k)})" for k, v in versions().items()
             if v != packer.get(k)]
    problems: list[str] = []
    notes: list[str] = []
    same = 0
    for packed in all_packed(folder):
        found = rebuild_and_compare(folder, packed, not other)
        problems += found.problems
        same += found.same
        if found.drawings:
            notes.append(f"campaigns/{packed.name}: {found.drawings} drawings, or files with "
                         "drawings in them, differ although the data are the same; "
                         "versions also differ: "
                         + ", ".join(other))
    return Rebuilt(problems, notes, same,
                   (folder / "environment/commit.txt").read_text().strip())
