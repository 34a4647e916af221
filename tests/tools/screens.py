#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The first screen of a report as two kinds of reader see it.

    screens.py CAMPAIGN FOLDER

Writes FOLDER/1400.png (a desk) and FOLDER/420.png (a phone): what a stranger
is shown and asked which map to use, how sure that is, and what to do next.
"""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "report"))
from browser import Browser, opened  # noqa: E402

HEIGHTS = {1400: 1100, 420: 2000}  # pixels; a phone's is two turns of a thumb


def main(campaign, folder):
    page = (pathlib.Path(campaign) / "report/index.html").resolve()
    if not page.is_file():
        sys.exit(f"screens: {page}: no such file, expected a report there "
                 "(make report CAMPAIGN=...)")
    out = pathlib.Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    # Chromium's children write into the profile for a moment after its end.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        for width, height in HEIGHTS.items():
            with opened(browser, page, width=width) as tab:
                tab.picture(out / f"{width}.png", x=0, y=0, width=width,
                            height=height)
            print(out / f"{width}.png")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
