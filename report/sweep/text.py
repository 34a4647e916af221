# SPDX-License-Identifier: Apache-2.0
"""The sentences of the search: macros of templates/words.j2."""
import functools
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from report import workload_values
from report.render import formats
from report.render import text as render

FOLDER = Path(__file__).with_name("templates")


@functools.cache
def environment(html: bool) -> Environment:
    """Templates of this package, and those of report/render."""
    env = Environment(loader=FileSystemLoader([FOLDER, render.FOLDER]),
                      undefined=StrictUndefined, autoescape=html, trim_blocks=True,
                      lstrip_blocks=True)
    env.filters.update(
        digits=formats.digits, share=formats.share, listed=workload_values.listed,
        counted=workload_values.counted, tight=render.tight, key=workload_values.key_of,
        value=lambda value, factor: workload_values.text_of(factor, value),
        words=lambda value, factor: workload_values.in_words(factor, value))
    return env


def sentence(macro: str, **values: object) -> str:
    """A macro of words.j2 as one line."""
    text: str = getattr(environment(False).get_template("words.j2").module, macro)(**values)
    return render.tight(text)
