# SPDX-License-Identifier: Apache-2.0
"""Tests README.md and docs/: links resolve, the commands in README, guide, method and reference
exist with their options, workload files are valid, and pages are short."""
import functools
import re
import shlex
import subprocess

import pytest

from built_maps import BUILD, ROOT

GUIDE = sorted((ROOT / "docs/guide").glob("*.md"))
METHOD = sorted((ROOT / "docs/method").glob("*.md"))
REFERENCE = sorted((ROOT / "docs/reference").glob("*.md"))
PAGES = [ROOT / "README.md", *GUIDE, *METHOD, *REFERENCE]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
STARTS = ("make", "readmostly", "build/gcc/readmostly", "$(report/find_python.sh)", "tests/", "examples/")
BUILT = {"build/gcc/readmostly", "build/gcc/tests/their_trial"}
# Files that the commands create, or that belong to the user's project.
MADE = {"workloads/shop.conf", "examples/ci/gate.sh", "build/gcc/maps"}


def words(text):
    return len(text.replace("|", " ").split())


def commands():
    """Yields (page, command) for each command in a code block or in inline code."""
    for page in PAGES:
        text = page.read_text()
        lines = [line for kind, body in FENCE.findall(text) if kind == "sh"
                 for line in body.splitlines()]
        text = FENCE.sub("", text)
        lines += re.findall(r"^ {4}(\S.*)$", text, re.M) + re.findall(r"`([^`\n]+)`", text)
        for line in lines:
            for part in re.split(r" && | \|\| ", line):
                part = re.sub(r"^([A-Z]+=\S+ )+", "", part)
                if part.split() and part.split()[0].startswith(STARTS) and " " in part:
                    yield page.name, part


@functools.cache
def help_of(*command):
    """Returns the options that `COMMAND --help` prints."""
    done = subprocess.run([*command, "--help"], cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


@functools.cache
def targets():
    makefiles = [ROOT / "Makefile", *ROOT.glob("*/*.mk"), *ROOT.glob("*/*/*.mk")]
    text = "\n".join(file.read_text() for file in makefiles)
    return set(re.findall(r"[\w./-]+", " ".join(re.findall(r"^([a-z][\w ./-]*):", text, re.M))))


def check_make(arguments):
    scripts = "\n".join(file.read_text(errors="replace") for pattern in (
        "Makefile", "*/*.mk", "*/*/reviewer.mk", "runner/*.sh", "runner/fleet/*.sh", ".ci/deps")
        for file in ROOT.glob(pattern))
    if arguments[:1] == ["-C"]:
        assert (ROOT / arguments[1] / "Makefile").is_file()
        return
    given = dict(word.split("=", 1) for word in arguments if "=" in word)
    for word in set(arguments) - {f"{name}={value}" for name, value in given.items()}:
        assert word in targets() | BUILT, f"no target {word}"
    for name in given:
        assert re.search(rf"\b{name}\b", scripts), f"no variable {name}"
    if "MODE" in given or "SET" in given:
        mode = "-".join(filter(None, (given.get("SET"), given.get(
            "MODE", "quick" if "SET" in given else "smoke"))))
        assert (ROOT / f"workloads/modes/{mode}.conf").is_file(), mode


def check_readmostly(arguments):
    group = arguments[:1] if arguments[:1] in (["dev"], ["env"]) else []
    rest = arguments[len(group):]
    if not group or rest:
        text = help_of(BUILD / "readmostly", *group)
        assert re.search(rf"(^  |[\[|]){rest[0]}\b", text, re.M), f"no command {rest[0]}"
    for word in rest[1:]:
        if word.startswith("--"):
            text = help_of(BUILD / "readmostly", *group, rest[0])
            option = re.escape(word.split("=")[0])
            assert re.search(rf"{option}(?![\w-])", text), f"{rest[0]} has no {word}"
        elif word.startswith(("workloads/", "examples/")) and word not in MADE:
            assert (ROOT / word).is_file(), word


def check_command(command):
    command = re.sub(r'"\$\(([^"]*)\)"', "COMPUTED", command)
    command = command.replace("$(report/find_python.sh)", "PYTHON")
    arguments = shlex.split(command.split(" >")[0], comments=True)
    program = arguments.pop(0)
    if program == "make":
        check_make(arguments)
    elif program in ("readmostly", "build/gcc/readmostly"):
        check_readmostly([word for word in arguments if word != "--help"] or ["env"])
    elif program == "PYTHON":
        assert arguments[:2] == ["-m", "report"]
        if arguments[2] in ("compare", "decide", "reproduce", "rule"):
            help_of(subprocess.check_output(
                ["report/find_python.sh"], cwd=ROOT, text=True).strip(), *arguments[:3])
    else:
        assert (ROOT / program).is_file(), program


def test_every_command_exists():
    wrong, seen = [], 0
    for page, command in commands():
        seen += 1
        try:
            check_command(command)
        except (AssertionError, ValueError) as error:
            wrong.append(f"{page}: {command}: {error}")
    assert not wrong, "\n".join(wrong)
    assert seen > 80


@pytest.mark.parametrize("command", [
    "make benhc", "make bench MODE=fast", "make bench SETS=articles",
    "build/gcc/readmostly run --map gomap", "build/gcc/readmostly rum",
    "build/gcc/readmostly plan --maps gomap workloads/none.conf"])
def test_a_wrong_command_is_found(command):
    with pytest.raises(AssertionError):
        check_command(command)


def test_every_workload_file_is_valid(tmp_path):
    (tmp_path / "sessions.trace").write_text("get 1\nset 2\n")
    files = [body for kind, body in FENCE.findall(
        (ROOT / "docs/guide/your-workload.md").read_text()) if kind == "conf"]
    for number, body in enumerate(files):
        file = tmp_path / f"w{number}.conf"
        file.write_text(body)
        done = subprocess.run([BUILD / "readmostly", "run", "--needs", file, "--maps", "gomap_rw"],
                              cwd=ROOT, text=True, capture_output=True)
        assert done.returncode == 0 and "/gomap_rw" in done.stdout, body + done.stderr
    assert len(files) == 4


def anchors(text):
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-")
            for head in re.findall(r"^#+ (.*)$", text, re.M)}


def test_links_resolve():
    listed = subprocess.check_output(["git", "ls-files", "*.md"], cwd=ROOT, text=True).split()
    for page in filter(lambda page: page.is_file(), (ROOT / name for name in listed)):
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), f"{page}: {link}"
            assert not anchor or anchor in anchors(target.read_text()), f"{page}: {link}"


def test_pages_are_short():
    readme = PAGES[0].read_text()
    assert readme.count("\n") <= 90 and words(readme) <= 900
    counts = {page: words(page.read_text()) for page in PAGES[1:]}
    assert not [page for page, count in counts.items()
                if count > (1200 if page in GUIDE else 2000)]
    for pages, most in ((GUIDE, 7500), (METHOD, 7500), (REFERENCE, 13000)):
        assert sum(counts[page] for page in pages) <= most
