# SPDX-License-Identifier: Apache-2.0
"""Draws each panel once in a process of tests: most of a report's time is
its drawings, and most reports of a module differ in a few of them. What is
drawn follows from a panel's own arguments, and those are the key.

RM_DRAW_AGAIN=1 draws all and compares: are the remembered ones the same?
"""
import os
import pickle

from report import page

DRAWN = {}  # what makes the panel -> its inline SVG, its file
draw_all = page.draw_all


def key_of(panel):
    """None where a part has no name to go by: a local function."""
    try:
        return pickle.dumps(vars(panel))
    except (pickle.PicklingError, AttributeError, TypeError):
        return None


def remembering(panels, folder, pdf=False):
    """draw_all of those that were not drawn before."""
    if pdf:
        return draw_all(panels, folder, pdf)
    keys = [key_of(panel) for panel in panels]
    again = bool(os.environ.get("RM_DRAW_AGAIN"))
    new = [i for i, key in enumerate(keys) if key not in DRAWN or again]
    texts = dict(zip(new, draw_all([panels[i] for i in new], folder)))
    for i, (panel, key) in enumerate(zip(panels, keys)):
        path = folder / f"{panel.key}.svg"
        if i in texts:
            now = texts[i], path.read_bytes()
            assert not key or DRAWN.get(key, now) == now, panel.key
            if key:
                DRAWN[key] = now
        else:
            texts[i], file = DRAWN[key]
            path.write_bytes(file)
    return [texts[i] for i in range(len(panels))]


page.draw_all = remembering
