# SPDX-License-Identifier: Apache-2.0
"""In place of a page: keeps the sections, figures, panels and tables that a
part of a report asks it for, by name."""
import types


class Told:
    """What was asked for: dicts by name."""

    def __init__(self):
        self.sections, self.figures, self.panels, self.tables = {}, {}, {}, {}

    def section(self, name, title, question, *parts):
        self.sections[name] = (title, question, "".join(parts))

    def figure(self, name, caption, panels, columns, rows, size,
               side=False):
        self.figures[name] = types.SimpleNamespace(
            caption=caption, panels=panels, columns=columns, rows=rows,
            size=size, side=side)
        return f"<figure {name}>"

    def panel(self, name, title, told, size, draw, *data):
        self.panels[name] = types.SimpleNamespace(
            title=title, told=told, size=size, draw=draw, data=data)
        return name

    def table(self, name, title, columns, rows):
        self.tables[name] = types.SimpleNamespace(
            title=title, columns=columns, rows=rows)
        return f"<table {name}>"
