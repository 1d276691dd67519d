"A real browser for tests: where a Chromium is, how it is started, and a folder served to it as GitHub serves the site."
import functools
import http.server
import os
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

HINT = "no Chromium found: `apt-get install chromium`, or Google Chrome elsewhere, or set CHROMIUM to the path of one"
FLAGS = ("--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync").split()

def chromium():
    named = os.environ.get("CHROMIUM"), "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    found = [p for p in named if p and Path(p).exists()] + list(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    return found[0] if found else None

def need(what, why):
    "Skip what cannot be tested here; where everything is to be tested, that is a failure"
    if not what: (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    return what

def patient(new):
    "So that only what hangs comes to an end, and nothing that is slow: Playwright waits for half a minute unless it is told"
    def made(**options):
        it = new(**options)
        it.set_default_timeout(300_000)
        return it
    return made

@contextmanager
def started():
    "The browser: one of the machine, or the one that `playwright install chromium` has brought"
    from playwright.sync_api import sync_playwright
    with sync_playwright() as p:
        own = p.chromium.executable_path
        exe = need(chromium() or (own if Path(own).exists() else None), HINT)
        b = p.chromium.launch(executable_path=exe, args=FLAGS, timeout=300_000)
        b.new_context, b.new_page = patient(b.new_context), patient(b.new_page)
        yield b
        b.close()

class Below(http.server.SimpleHTTPRequestHandler):
    "Files under /vaegan/, as on GitHub's pages; nothing elsewhere, so that a link that forgets the prefix is seen"
    protocol_version = "HTTP/1.1"
    def translate_path(self, path):
        return super().translate_path(path.removeprefix("/vaegan")) if path.startswith("/vaegan/") else "/nowhere"
    def log_message(self, *args): pass

@contextmanager
def served(folder):
    "The address under which the folder can be read"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Below, directory=folder))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/vaegan/"
    server.shutdown()
    server.server_close()
