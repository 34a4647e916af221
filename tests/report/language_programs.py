# SPDX-License-Identifier: Apache-2.0
"""Lists the maps in other languages, also those that this build lacks, and builds their programs
from changed sources."""
import os
import re
import shutil
import subprocess

import go_program
from built_maps import BUILD, ROOT, require

# The languages that a machine with all packages provides.
LANGUAGES = ("go", "java", "rust")
KINDS = ("update", "churn", "fresh")
VERIFY = {"measure": "verify", "window_ops": 0, "verify_ops": 20_000,
          "write_share": 1.0, "keys": 64, "threads": 2}
# A few shapes for each key length.
GO_SHAPES = {"u64x8", "str16x8", "u64x24", "str32x64", "str64x1024"}


def rows(language):
    """Returns the columns of impls/LANGUAGE/maps.tsv, one list for each map."""
    text = (ROOT / "impls" / language / "maps.tsv").read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()
            if not line.startswith("#")]


def maps(language):
    """Returns the rows that are maps; other rows are techniques."""
    return [row for row in rows(language) if row[2] != "technique"]


MAPS = [row[0] for language in LANGUAGES for row in maps(language)]
SHAPES = {row[0]: [shape for shape in row[5].split()
                   if language != "go" or shape in GO_SHAPES] or row[5].split()
          for language in LANGUAGES for row in maps(language)}


NEEDS = {row[0]: row[9].split() for language in LANGUAGES for row in rows(language)}


def program(name, differs="first"):
    """Returns the path of the program of a map. Keys of Go that do not differ in their first bytes,
    and maps of newer libraries, have their own programs."""
    language = name.split("_")[0]
    new = f"{language}-new" in NEEDS.get(name, [])
    apart = language == "go" and differs != "first"
    return BUILD / f"readmostly-{language}{'-new' if new else ''}{'-placed' if apart else ''}"


def answer(text, name, command="trial", differs="first"):
    require(name)
    return go_program.go(text, command, program(name, differs))


def result_of(name, **factors):
    """Runs a trial of the map and checks its result against the schema. Goroutines are bound to
    CPUs like the threads of the other languages."""
    require(name)
    factors.setdefault("shape", SHAPES.get(name, ["u64x8"])[0])
    if name.startswith("go_"):
        factors.setdefault("goroutines", "wired")
    return go_program.result_of(
        go_program.request_of(name, **factors),
        program(name, factors.get("key_differs", "first")))


def changed(language, folder, file, right, wrong):
    """Builds a program in which one line of a file (`right`) is replaced by `wrong`."""
    require(f"{language}_null")
    text = (ROOT / "impls" / language / file).read_text("utf-8")
    assert right in text, "the text to change must be in the source"
    return BUILDERS[language](folder, {file: text.replace(right, wrong, 1)})


def java(folder, files):
    """Builds the Java program. `files` maps the names of changed or new files to their text."""
    shutil.copytree(BUILD / "java", folder / "java")
    shutil.copy(BUILD / "readmostly-java", folder)
    launch = (folder / "readmostly-java").read_text("utf-8")
    jars = re.search(r'-cp "\$here/java:([^"]*)"', launch)[1]
    for file, text in files.items():
        (folder / file).write_text(text, "utf-8")
    subprocess.run(["javac", "-d", folder / "java", "-cp",
                    f"{folder / 'java'}:{jars}",
                    *(folder / file for file in files)], check=True)
    return folder / "readmostly-java"


def rust(folder, files):
    """Builds the Rust program with the crates that are already compiled. Uses a copy of the build
    folder, so that `make` does not take the changed program for its own."""
    shutil.copytree(ROOT / "build/cargo", folder / "cargo")
    sources = folder / "sources"
    shutil.copytree(ROOT / "impls/rust", sources)
    for file, text in files.items():
        (sources / file).write_text(text, "utf-8")
    manifest = (BUILD / "readmostly-rust.cargo/Cargo.toml").read_text("utf-8")
    crates = re.findall(r"^([a-z-]+) = .*optional = true", manifest, re.M)
    subprocess.run(
        [ROOT / "impls/rust/build.sh", sources, folder / "mutant", *crates],
        env=os.environ | {"CARGO_TARGET_DIR": str(folder / "cargo")},
        check=True)
    return folder / "mutant"


BUILDERS = {"java": java, "rust": rust}
