# SPDX-License-Identifier: Apache-2.0
"""A font that is not here is not asked for."""
import report_helpers  # noqa: F401 (puts the tree in the path)

from report import page


def test_of_the_styles_fonts_only_those_that_are_here_are_asked_for():
    """DejaVu Sans comes with matplotlib."""
    assert page.fonts(["No Such Font", "DejaVu Sans"]) == ["DejaVu Sans"]


def test_a_style_without_a_font_that_is_here_keeps_its_last():
    assert page.fonts(["No Such Font", "Nor This"]) == ["Nor This"]
