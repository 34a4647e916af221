# SPDX-License-Identifier: Apache-2.0
"""Renders the sentences of the search from the macros of templates/words.j2."""
from pathlib import Path

from report import templates

FOLDER = Path(__file__).with_name("templates")


def sentence(macro: str, **values: object) -> str:
    """Renders a macro as one line."""
    return templates.sentence(FOLDER, "words.j2", macro, **values)


def page(**values: object) -> str:
    """Renders the page."""
    return templates.environment(FOLDER, html=True).get_template("page.html.j2").render(**values)
