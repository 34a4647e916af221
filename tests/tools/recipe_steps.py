#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes every shell step of the pipeline recipes to a separate file.

    recipe_steps.py FOLDER

The recipes are examples/ci/*.yml and docs/guide/ci.md. The files in FOLDER are named by recipe and
number, and their names are printed. A step that this script does not find is an error, because a
recipe that no test runs may not work."""
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEYS = ("run", "script", "before_script", "after_script")  # the values of these keys are shell code
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def steps_of(tree):
    """Returns every value of a key that holds shell code, in the order of execution: before_script
    comes before script."""
    if isinstance(tree, list):
        for part in tree:
            yield from steps_of(part)
    elif isinstance(tree, dict):
        for key in sorted(tree, key=lambda k: k != "before_script"):
            if key in KEYS:
                text = tree[key]
                yield text if isinstance(text, str) else "\n".join(text)
            else:
                yield from steps_of(tree[key])


def recipes():
    """Yields each recipe with its steps. In GitLab, one shell runs all lines of a job."""
    for path in sorted((ROOT / "examples" / "ci").glob("*.yml")):
        yield path.stem, list(steps_of(yaml.safe_load(path.read_text())))
    page = (ROOT / "docs" / "guide" / "ci.md").read_text()
    found = FENCE.findall(page)
    assert page.count("```") == 2 * len(found), "a code block was not read"
    yield "page", [text for kind, text in found if kind == "sh"] + [
        step for kind, text in found if kind == "yaml"
        for step in steps_of(yaml.safe_load(text))]
    odd = {kind for kind, _ in found} - {"sh", "yaml"}
    assert not odd, f"docs/guide/ci.md: code blocks in the languages {odd}"


def main():
    for name, steps in recipes():
        assert steps, f"{name}: no shell step"
        for number, step in enumerate(steps, 1):
            file = pathlib.Path(sys.argv[1]) / f"{name}-{number}"
            file.write_text(step + "\n")
            print(file.name)


if __name__ == "__main__":
    sys.exit(main())
