"""Opens pages in a headless Chromium and tells what it found, as JSON on stdout.

usage: look.py CHROMIUM OUT WIDTHS PAGE…

Each page is opened at every width, light and dark: what it asked the network for, what it said on the console, whether
anything is wider than the window, whether headings, tables and drawings can be read by a screen reader; a screenshot of
each goes to OUT, and the page as it would be printed.
"""

import base64
import json
import pathlib
import signal
import sys
import tempfile

from chromium import Browser, said

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
    requests = []
    for event in browser.events:
        if event.get("method") == "Network.requestWillBeSent":
            url = event["params"]["request"]["url"]
            if url != address and not url.startswith("data:"):
                requests.append(url)
    browser.ask("Target.closeTarget", targetId=target)
    return {"page": page.name, "width": width, "scheme": scheme, "requests": requests, "said": said(browser),
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
