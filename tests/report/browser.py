# SPDX-License-Identifier: Apache-2.0
"""Drives one Chromium process for all tests of the page, through two pipes.

The messages are JSON of the DevTools protocol, separated by null bytes. The protocol can set an
exact width and a colour scheme, which command-line options cannot.
"""
import contextlib
import json
import os
import shutil
import subprocess

PROGRAM = shutil.which("chromium")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
           "--no-first-run", "--disable-sync", "--disable-extensions",
           "--disable-background-networking", "--disable-component-update",
           "--disable-dev-shm-usage", "--hide-scrollbars",
           "--remote-debugging-pipe")


class Browser:
    """A running Chromium; close() ends it."""

    def __init__(self, profile):
        to_read, self.write_end = os.pipe()
        self.read_end, to_write = os.pipe()

        def pipes():
            """Connects the two pipes: Chromium reads from descriptor 3 and writes to 4."""
            reads, writes = os.dup(to_read), os.dup(to_write)
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self.process = subprocess.Popen(
            [PROGRAM, *OPTIONS, f"--user-data-dir={profile}"],
            preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.rest, self.number = b"", 0

    def close(self):
        os.close(self.write_end)
        os.close(self.read_end)
        self.process.terminate()
        self.process.wait()

    def read(self):
        """Returns the next message."""
        while b"\0" not in self.rest:
            part = os.read(self.read_end, 1 << 16)
            if not part:
                raise RuntimeError("chromium ended")
            self.rest += part
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def send(self, method, session=None, wait_for=None, **params):
        """Sends a command and returns its result; waits first for the event `wait_for`, if
        given."""
        self.number += 1
        text = {"id": self.number, "method": method, "params": params}
        if session:
            text["sessionId"] = session
        os.write(self.write_end, json.dumps(text).encode() + b"\0")
        result, came = None, wait_for is None
        while result is None or not came:
            message = self.read()
            came = came or (message.get("method") == wait_for
                            and message.get("sessionId") == session)
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                result = message["result"]
        return result


class Tab:
    """A page in the browser, with a given size and colour scheme."""

    def __init__(self, browser, path, width=1400, height=900, dark=False):
        self.browser = browser
        target = browser.send("Target.createTarget", url="about:blank")
        self.target = target["targetId"]
        self.session = browser.send("Target.attachToTarget", flatten=True,
                                    targetId=self.target)["sessionId"]
        self.send("Page.enable")
        self.send("Emulation.setDeviceMetricsOverride", width=width,
                  height=height, deviceScaleFactor=1, mobile=False)
        self.media("screen", dark)
        self.send("Page.navigate", wait_for="Page.loadEventFired",
                  url=f"file://{path}")

    def send(self, method, **params):
        return self.browser.send(method, self.session, **params)

    def media(self, kind, dark=False):
        """Selects the media type of the page: "screen" or "print"."""
        self.send("Emulation.setEmulatedMedia", media=kind, features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if dark else "light"}])

    def run(self, script):
        """Returns the value of an expression in the page; promises are awaited."""
        got = self.send("Runtime.evaluate", expression=script,
                        awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in got:
            raise RuntimeError(str(got["exceptionDetails"])[:800])
        return got["result"].get("value")

    def close(self):
        self.browser.send("Target.closeTarget", targetId=self.target)


@contextlib.contextmanager
def opened(browser, path, **how):
    """Opens a tab for the duration of a `with` statement."""
    tab = Tab(browser, path, **how)
    try:
        yield tab
    finally:
        tab.close()
