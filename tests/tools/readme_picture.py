#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The picture in the README: the first screen of a real report.

    readme_picture.py CAMPAIGN [PICTURE README]

CAMPAIGN is the folder of a complete run of a mode. Its page is made again,
Chromium takes the first screen, the picture gets a text that says what it
shows, and the README's caption gets the mode, so that none of the three says
something else (tests/report/test_project.py).
"""
import json
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

SIZE = "1400,1700"
KEYWORD = b"Source"
HEADER = 33  # of a PNG: signature and IHDR
CAPTION = re.compile(r"(by `make bench MODE=)\w+(`)")


def refuse(why):
    sys.exit(f"readme_picture: {why}")


def source_of(folder):
    """What the picture shows; refuses what was not measured."""
    meta = json.loads((folder / "campaign.json").read_text())
    if not meta.get("mode"):
        refuse(f"{folder} is no run of a mode, expected one of make bench")
    if meta.get("synthetic"):
        refuse(f"{folder} is synthetic: nothing of it was measured")
    return {"mode": meta["mode"], "commit": meta["build"]["commit"],
            "campaign": meta["name"]}


def make_page(folder):
    made = subprocess.run([sys.executable, "-m", "report", folder],
                          stdout=subprocess.DEVNULL, check=False)
    if made.returncode:
        refuse(f"no complete report of {folder} (status {made.returncode})")
    return (folder / "report" / "index.html").resolve()


def shoot(page):
    """The first screen as PNG, in light colours."""
    chromium = shutil.which("chromium") or refuse("expected chromium in PATH")
    with tempfile.TemporaryDirectory() as home:
        picture = pathlib.Path(home) / "screen.png"
        subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu",
             "--hide-scrollbars", f"--user-data-dir={home}",
             f"--window-size={SIZE}", f"--screenshot={picture}",
             page.as_uri()], check=True, capture_output=True)
        return picture.read_bytes()


def labelled(png, source):
    """The picture with a text chunk (PNG specification, 11.3.4.3)."""
    body = b"tEXt" + KEYWORD + b"\0" + json.dumps(source).encode()
    chunk = (struct.pack(">I", len(body) - 4) + body
             + struct.pack(">I", zlib.crc32(body)))
    return png[:HEADER] + chunk + png[HEADER:]


def label(png):
    """What labelled() wrote; None in a picture without it."""
    start = png.find(b"tEXt" + KEYWORD + b"\0")
    if start < 0:
        return None
    size, = struct.unpack(">I", png[start - 4:start])
    return json.loads(png[start + 5 + len(KEYWORD):start + 4 + size])


def main(folder, picture="docs/report.png", readme="README.md"):
    folder, readme = pathlib.Path(folder), pathlib.Path(readme)
    source = source_of(folder)
    pathlib.Path(picture).write_bytes(
        labelled(shoot(make_page(folder)), source))
    text, found = CAPTION.subn(rf"\g<1>{source['mode']}\2",
                               readme.read_text())
    if found != 1:
        refuse(f"{readme}: expected one caption `make bench MODE=...`")
    readme.write_text(text)
    print(f"{picture}: {source}")


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        refuse("expected CAMPAIGN [PICTURE README]")
    main(*sys.argv[1:])
