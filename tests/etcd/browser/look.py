"""Opens pages in a headless Chromium and tells what it found, as JSON on stdout.

usage: look.py CHROMIUM OUT WIDTHS PAGE…

Each page is opened at every width, light and dark: what it asked the network for, what it said on the console, whether
anything is wider than the window, whether headings, tables and drawings can be read by a screen reader; a screenshot of
each goes to OUT, and the page as it would be printed. Speaks the browser's own protocol over a pipe, so that nothing
beside Python's library is needed.
"""

import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

HOW_IT_IS = r"""
(() => {
  const name = (node) => node.tagName + (node.id ? '#' + node.id : '') + (node.className?.baseVal ?? ('.' + node.className));
  const wrong = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) {
    const boxed = (node) => node.closest('.scroll');
    for (const node of document.querySelectorAll('body *'))
      if (!boxed(node) && node.getBoundingClientRect().right > innerWidth + 0.5) wrong.push('too wide: ' + name(node));
  }
  let last = 0;
  for (const heading of document.querySelectorAll('h1,h2,h3,h4,h5,h6')) {
    const level = Number(heading.tagName[1]);
    if (level > last + 1) wrong.push(`heading ${level} after ${last}: ${heading.textContent}`);
    last = level;
  }
  if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1');
  for (const table of document.querySelectorAll('table')) {
    if (!table.caption?.textContent.trim()) wrong.push('a table without caption');
    for (const cell of table.querySelectorAll('th'))
      if (!cell.getAttribute('scope')) wrong.push('th without scope: ' + cell.textContent);
    const columns = table.tHead.rows[0].cells.length;
    for (const row of table.tBodies[0].rows)
      if (row.cells.length !== columns) wrong.push('a row of ' + row.cells.length + ' cells below ' + columns);
  }
  for (const svg of document.querySelectorAll('svg'))
    if (svg.getAttribute('role') !== 'img' || !svg.getAttribute('aria-label')) wrong.push('a drawing without words');
  const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
  for (const id of ids) if (ids.filter((other) => other === id).length > 1) wrong.push('twice: #' + id);
  for (const link of document.querySelectorAll('a[href^="#"]'))
    if (!document.getElementById(link.getAttribute('href').slice(1))) wrong.push('leads nowhere: ' + link.href);
  for (const node of document.querySelectorAll('.pass, .warn, .fail, .open'))
    if (!node.textContent.trim()) wrong.push('only a colour: ' + name(node));
  return { wide, window: innerWidth, high: document.documentElement.scrollHeight, wrong, title: document.title,
           lang: document.documentElement.lang, scripts: document.scripts.length,
           drawings: document.querySelectorAll('svg').length, tables: document.querySelectorAll('table').length,
           background: getComputedStyle(document.body).backgroundColor };
})()
"""


class Browser:
    """A Chromium, and one line of talk with it."""

    def __init__(self, program, home):
        to_browser, self.send_to = os.pipe()
        self.receive_from, from_browser = os.pipe()

        def fds():
            # Where the browser looks for them. Copies first: either may be where the other goes.
            one, two = os.dup(to_browser), os.dup(from_browser)
            os.dup2(one, 3)
            os.dup2(two, 4)

        words = [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--remote-debugging-pipe", f"--user-data-dir={home}", "about:blank",
        ]
        self.process = subprocess.Popen(
            words, preexec_fn=fds, close_fds=False, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        os.close(to_browser)
        os.close(from_browser)
        self.rest, self.last, self.events = b"", 0, []

    def receive(self):
        while b"\0" not in self.rest:
            more = os.read(self.receive_from, 1 << 20)
            if not more:
                raise SystemExit("the browser went away")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, session=None, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.send_to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        while True:
            for index, event in enumerate(self.events):
                if event.get("method") == method:
                    return self.events.pop(index)
            self.events.append(self.receive())

    def end(self):
        try:
            self.ask("Browser.close")
        except (SystemExit, OSError):
            pass
        self.process.wait(timeout=20)


def look(browser, page, width, scheme, out):
    """Opens one page in one way."""
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def ask(method, **parameters):
        return browser.ask(method, session, **parameters)

    browser.events.clear()
    for domain in ("Page", "Network", "Log", "Runtime"):
        ask(domain + ".enable")
    ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
    ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    address = page.resolve().as_uri()
    ask("Page.navigate", url=address)
    browser.wait("Page.loadEventFired")
    found = ask("Runtime.evaluate", expression=HOW_IT_IS, returnByValue=True)["result"]["value"]
    picture = ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]
    place = out / f"{page.stem}-{width}-{scheme}.png"
    place.write_bytes(base64.b64decode(picture))
    if width == max(WIDTHS) and scheme == "light":
        paper = ask("Page.printToPDF", printBackground=False)["data"]
        (out / f"{page.stem}.pdf").write_bytes(base64.b64decode(paper))
    requests, said = [], []
    for event in browser.events:
        about = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            url = about["request"]["url"]
            if url != address and not url.startswith("data:"):
                requests.append(url)
        elif event.get("method") == "Log.entryAdded":
            said.append(f"{about['entry']['level']}: {about['entry']['text']}")
        elif event.get("method") == "Runtime.consoleAPICalled":
            said.append(f"{about['type']}: {about['args']}")
        elif event.get("method") == "Runtime.exceptionThrown":
            said.append(f"error: {about['exceptionDetails']['text']}")
    browser.ask("Target.closeTarget", targetId=target)
    return {"page": page.name, "width": width, "scheme": scheme, "requests": requests, "said": said,
            "picture": place.stat().st_size, **found}


# A browser that hangs must not hang who waits for it.
signal.alarm(300)
program, out, WIDTHS = sys.argv[1], pathlib.Path(sys.argv[2]), [int(width) for width in sys.argv[3].split(",")]
with tempfile.TemporaryDirectory() as home:
    browser = Browser(program, home)
    try:
        found = [
            look(browser, pathlib.Path(page), width, scheme, out)
            for page in sys.argv[4:] for width in WIDTHS for scheme in ("light", "dark")
        ]
    finally:
        browser.end()
json.dump(found, sys.stdout, indent=1)
