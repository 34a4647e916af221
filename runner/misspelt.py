# SPDX-License-Identifier: Apache-2.0
"""misspelt.py NAME... - used by the Makefile. Prints the first misspelt variable of the command
line and the variable that it resembles. A variable is misspelt if it resembles one that `make help`
lists, and no makefile or script reads it."""
import difflib
import pathlib
import re
import sys

MAKEFILES = ("Makefile", "verify/verify.mk", "tests/tests.mk")


def read(file: pathlib.Path) -> str:
    """Returns the text of a file, or "" if it is not text."""
    try:
        return file.read_text() if file.is_file() else ""
    except (OSError, UnicodeDecodeError):
        return ""


help_text = "".join(re.findall(r"##(.*)", "".join(read(pathlib.Path(f)) for f in MAKEFILES)))
listed = sorted(set(re.findall(r"\b([A-Z][A-Z_]*)=", help_text)))
for name in sys.argv[1:]:
    near = difflib.get_close_matches(name, listed, 1, 0.75)
    if name in listed or not near:
        continue
    files = [pathlib.Path("Makefile"), *(
        file for folder in ("runner", "verify", "impls", ".ci", "tests", "report")
        for file in pathlib.Path(folder).rglob("*") if file.suffix in ("", ".sh", ".mk", ".py"))]
    if not any(re.search(rf"\$[({{]?{name}\b|[\"']{name}[\"']", read(file)) for file in files):
        print(name, near[0])
        break
