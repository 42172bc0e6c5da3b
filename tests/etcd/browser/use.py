"""Uses the charts of a page as a reader does, with pointer and keys, and tells what happened, as JSON on stdout.

usage: use.py CHROMIUM PAGE CHART

CHART is the id of a chart with a time axis and stalls.
"""

import json
import pathlib
import signal
import sys
import tempfile
import time

from chromium import Browser, said

# What is drawn of a chart, and whether it tells the truth of the stretch that it says it shows.
DRAWN = r"""
(id) => {
  const figure = document.getElementById(id), svg = figure.querySelector('svg');
  const [left, right, from, to] = svg.dataset.time.split(' ').map(Number);
  const seconds = (text) => {
    if (text === '0') return 0;
    const units = { ms: 0.001, s: 1, min: 60, h: 3600 };
    const parts = [...text.matchAll(/([\d.]+) (ms|s|min|h)/g)];
    return parts.reduce((sum, [, n, unit]) => sum + n * units[unit], 0);
  };
  const output = figure.querySelector('output')?.textContent ?? '';
  const range = / to .* of /.test(output) ? output.split(/ to | of /).slice(0, 2).map(seconds) : [0, to - from];
  const at = (x) => range[0] + ((x - left) / (right - left)) * (range[1] - range[0]);
  const seen = (node) => node.getClientRects().length > 0 && !node.closest('[display=none]');
  const wrong = [];
  const ticks = [...svg.querySelectorAll('.ticks text')].map((text) => {
    const line = text.previousElementSibling;
    const x = Number(line.getAttribute('points').split(',')[0]);
    const off = Math.abs(at(x) - seconds(text.textContent)) / (range[1] - range[0]);
    if (off > 0.01) wrong.push(`the tick '${text.textContent}' is off by ${off} of the axis`);
    if (x < left - 1 || x > right + 1) wrong.push(`the tick '${text.textContent}' is beside the axis`);
    return text.textContent;
  });
  const boxes = [...svg.querySelectorAll('text')].filter((text) => seen(text) && !text.closest('.across'))
    .map((text) => [text.textContent, text.getBBox()]);
  boxes.forEach(([one, a], index) => boxes.slice(0, index).forEach(([other, b]) => {
    const touch = a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
    if (touch) wrong.push(`'${one}' lies on '${other}'`);
  }));
  for (const spot of svg.querySelectorAll('.spots > .data:not([data-key]) rect')) {
    if (!seen(spot)) continue;
    const x = Number(spot.getAttribute('x')), told = seconds(spot.textContent.split(':')[0]);
    const off = Math.abs(at(x) - told) / (range[1] - range[0]);
    if (off > 0.02) wrong.push(`'${spot.textContent}' is off by ${off} of the axis`);
  }
  return { output, range, ticks, wrong, length: to - from,
           series: [...svg.querySelectorAll('.data[data-key], .across[data-key]')].filter(seen)
             .map((part) => part.dataset.key).filter((key, n, keys) => keys.indexOf(key) === n).sort(),
           found: [...svg.querySelectorAll('.found')].filter(seen).length };
}
"""
MARKUP = "document.querySelector('main').outerHTML.replace(/ (class|display)=\"\"/g, '')"
TOLD = """(() => { const seen = (node) => !node.closest('.finer');
  return { titles: [...document.querySelectorAll('svg title')].filter(seen).map((title) => title.textContent),
           words: [...document.querySelectorAll('main :is(h1, h2, h3, p, td, th, figcaption)')].map((node) => node.textContent),
           drawn: [...document.querySelectorAll('svg :is(polyline, polygon, path, circle)')].filter(seen)
             .filter((node) => node.getClientRects().length > 0 && !node.closest('clipPath')).length,
           buttons: document.querySelectorAll('button').length,
           finer: [...document.querySelectorAll('.finer')].filter((node) => node.getClientRects().length > 0).length }; })()"""


class Reader:
    """Who looks at a page."""

    def __init__(self, browser, page, scripts=True):
        self.browser = browser
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime"):
            self.ask(domain + ".enable")
        self.ask("Emulation.setDeviceMetricsOverride", width=1280, height=900, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.ask("Page.navigate", url=page.resolve().as_uri())
        browser.wait("Page.loadEventFired")

    def ask(self, method, **parameters):
        return self.browser.ask(method, self.session, **parameters)

    def value(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise SystemExit(f"{expression}: {answer['exceptionDetails']['exception']['description']}")
        return answer["result"].get("value")

    def drawn(self, chart):
        return self.value(f"({DRAWN})({json.dumps(chart)})")

    def mouse(self, kind, x, y, **more):
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def place(self, chart, share):
        """A place in the middle of the plot, so far from its left."""
        return self.value(f"""(() => {{
          const svg = document.getElementById({json.dumps(chart)}).querySelector('svg');
          svg.scrollIntoView({{ block: 'center' }});
          const [left, right] = svg.dataset.time.split(' ').map(Number);
          const box = svg.getBoundingClientRect(), unit = box.width / svg.viewBox.baseVal.width;
          const line = svg.querySelector('.ticks polyline').getBoundingClientRect();
          return [box.left + (left + {share} * (right - left)) * unit, line.top + line.height / 2];
        }})()""")

    def drag(self, chart, start, end):
        (x, y), (to, _) = self.place(chart, start), self.place(chart, end)
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        for step in range(1, 6):
            self.mouse("mouseMoved", x + (to - x) * step / 5, y, button="left", buttons=1)
        self.mouse("mouseReleased", to, y, button="left", clickCount=1)

    def under(self, chart, share):
        x, y = self.place(chart, share)
        self.mouse("mouseMoved", x, y)
        return self.value(f"document.elementFromPoint({x}, {y}).querySelector('title')?.textContent")

    def key(self, name, text=None):
        about = {"key": name, "code": "Space" if name == " " else name}
        self.ask("Input.dispatchKeyEvent", type="keyDown", **about, **({"text": text} if text else {}))
        self.ask("Input.dispatchKeyEvent", type="keyUp", **about)

    def twice(self, chart):
        x, y = self.place(chart, 0.5)
        for count in (1, 2):
            self.mouse("mousePressed", x, y, button="left", clickCount=count)
            self.mouse("mouseReleased", x, y, button="left", clickCount=count)


def use(browser, page, chart):
    reader, found = Reader(browser, page), {}
    other = reader.value(f"""[...document.querySelectorAll('svg[data-time]')].map((svg) => svg.closest('figure').id)
      .find((id) => id !== {json.dumps(chart)} && id.includes('map'))""")
    found["before"], markup = reader.drawn(chart), reader.value(MARKUP)
    found["told"] = reader.value(TOLD)
    found["under"] = reader.under(chart, 0.5)
    reader.drag(chart, 0.3, 0.5)
    found["zoomed"], found["others"] = reader.drawn(chart), reader.drawn(other)
    found["under_zoomed"] = reader.under(chart, 0.5)
    reader.drag(chart, 0.25, 0.75)
    found["further"] = reader.drawn(chart)
    reader.key("Escape")
    found["escaped"] = reader.value(MARKUP) == markup
    reader.drag(other, 0.6, 0.9)
    found["by_other"] = reader.drawn(chart)
    reader.twice(chart)
    found["twice"] = reader.value(MARKUP) == markup
    # With keys alone.
    press = f"document.getElementById({json.dumps(chart)}).querySelector({{}}).focus()"
    reader.value(press.format("'.bar button'"))
    reader.key("Enter", "\r")
    found["by_key"] = reader.drawn(chart)
    reader.value(press.format("'.bar button:last-of-type'"))
    reader.key("Enter", "\r")
    found["whole"] = reader.value(MARKUP) == markup
    pressed = "document.activeElement.getAttribute('aria-pressed')"
    reader.value(press.format("'.switch[aria-label=p99]'"))
    found["switches"] = []
    for _ in range(2):
        reader.key(" ", " ")
        found["switches"].append([reader.value(pressed), reader.drawn(chart)["series"]])
    found["switched_back"] = reader.value(MARKUP) == markup
    # The longest stall that the table lists.
    reader.value("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    link = "document.querySelector('[id$=-stalls] td a')"
    found["stall"] = reader.value(f"{link}.closest('tr').textContent")
    reader.value(f"{link}.click()")
    time.sleep(0.5)
    there = reader.value("document.getElementById(location.hash.slice(1)).closest('figure').id")
    found["stall_at"] = {"chart": there, **reader.drawn(there)}
    found["in_view"] = reader.value(
        f"(() => {{ const box = document.getElementById('{there}').getBoundingClientRect(); return box.top < 900 && box.bottom > 0; }})()"
    )
    found["said"] = said(browser)
    # What is not the page's own does not run.
    browser.events.clear()
    reader.value("""(() => { const script = document.createElement('script'); script.textContent = 'window.others = 1';
      document.body.append(script); })()""")
    found["others_ran"] = reader.value("window.others === 1")
    reader.value("0")
    found["refused"] = said(browser)
    browser.events.clear()
    found["without"] = Reader(browser, page, scripts=False).value(TOLD)
    return found


# A browser that hangs must not hang who waits for it.
signal.alarm(300)
with tempfile.TemporaryDirectory() as home:
    browser = Browser(sys.argv[1], home)
    try:
        found = use(browser, pathlib.Path(sys.argv[2]), sys.argv[3])
    finally:
        browser.end()
json.dump(found, sys.stdout, indent=1)
