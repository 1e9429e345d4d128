# SPDX-License-Identifier: GPL-2.0-or-later
"""A real browser without a screen, driven through chromedriver by WebDriver: what a person
sees, types and hears of a page."""
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1"]
TAB, SPACE, RIGHT, LEFT, ENTER, SHIFT = ("\ue004", "\ue00d", "\ue014", "\ue012", "\ue007",
                                         "\ue008")
PATIENCE = 30


class Browser:
    def __init__(self, port=9515, width=1280, height=900):
        self.home = tempfile.mkdtemp(prefix="sipmoat-browser.")
        self.at = "http://127.0.0.1:%d" % port
        # chromedriver and browser get a session of their own, to be ended with all they start
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=%d" % port], env=dict(os.environ, HOME=self.home),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self.session = None
        self.wait(self.ready, "chromedriver does not start")
        got = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"binary": shutil.which("chromium"), "args": FLAGS + [
                "--user-data-dir=" + self.home + "/profile",
                "--window-size=%d,%d" % (width, height)]}}}})
        self.session = "/session/" + got["sessionId"]

    def ready(self):
        try:
            return self.call("GET", "/status")["ready"]
        except OSError:
            return False

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        r = urllib.request.Request(self.at + path, data, {"Content-Type": "application/json"},
                                   method=method)
        try:
            with urllib.request.urlopen(r, timeout=60) as f:
                return json.load(f)["value"]
        except urllib.error.HTTPError as e:
            raise AssertionError("%s %s: %s" % (method, path, e.read()[:500]))

    def do(self, name, body=None, method="POST"):
        return self.call(method, self.session + name, {} if body is None and method == "POST"
                         else body)

    def go(self, url):
        self.do("/url", {"url": url})

    def js(self, text, *args):
        return self.do("/execute/sync", {"script": text, "args": list(args)})

    def cdp(self, cmd, **params):
        return self.do("/goog/cdp/execute", {"cmd": cmd, "params": params})

    def log(self):
        """What the console has said since the last time, but for servers that go away."""
        return [e["message"] for e in self.do("/se/log", {"type": "browser"})
                if e["level"] != "DEBUG" and e["source"] != "network"]

    def text(self, id):
        return self.js("return document.getElementById(arguments[0]).textContent", id)

    def keys(self, *keys):
        actions = []
        for k in keys:
            actions += [{"type": "keyDown", "value": k}, {"type": "keyUp", "value": k}]
        self.do("/actions", {"actions": [{"type": "key", "id": "k", "actions": actions}]})

    def focus(self):
        return self.js("const e = document.activeElement; return e.id || e.className || e.tagName")

    def shot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.do("/screenshot", method="GET")))

    def scheme(self, name):
        """light or dark"""
        self.cdp("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": name},
                           {"name": "prefers-reduced-motion", "value": "reduce"}])

    def size(self, width, height):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=False)

    def wait(self, true, what):
        end = time.monotonic() + PATIENCE
        while True:
            got = true()
            if got:
                return got
            if time.monotonic() > end:
                raise AssertionError(what() if callable(what) else what)
            time.sleep(0.1)

    def close(self):
        try:
            if self.session:
                self.call("DELETE", self.session)
        except (OSError, AssertionError):
            pass
        try:
            os.killpg(self.driver.pid, signal.SIGKILL)
        except OSError:
            pass
        self.driver.wait()
        shutil.rmtree(self.home, ignore_errors=True)
