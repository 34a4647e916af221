# SPDX-License-Identifier: Apache-2.0
"""Provides the Jinja2 templates of a package, with filters for factors and numbers."""
import functools
from pathlib import Path

from jinja2 import Environment

from report import workload_values
from report.render import formats
from report.render import text as render


@functools.cache
def environment(folder: Path, html: bool = False) -> Environment:
    """Returns the templates in `folder` and those in report/render, which escape values if
    `html`."""
    env = render.environment(html, folder)
    env.filters.update(
        digits=formats.digits, share=formats.share, listed=workload_values.listed,
        counted=workload_values.counted, key=workload_values.key_of,
        value=lambda value, factor: workload_values.text_of(factor, value),
        words=lambda value, factor: workload_values.in_words(factor, value))
    return env


def sentence(folder: Path, file: str, macro: str, **values: object) -> str:
    """Renders a macro of a template as one line of plain text."""
    text: str = getattr(environment(folder).get_template(file).module, macro)(**values)
    return render.tight(text)
