"""A headless Chromium, spoken to by its own protocol over a pipe: nothing beside Python's library is needed."""

import json
import os
import subprocess


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


def said(browser):
    """What a page said on the console: errors, what its policy refused, exceptions."""
    lines = []
    for event in browser.events:
        about = event.get("params", {})
        if event.get("method") == "Log.entryAdded":
            lines.append(f"{about['entry']['level']}: {about['entry']['text']}")
        elif event.get("method") == "Runtime.consoleAPICalled":
            lines.append(f"{about['type']}: {about['args']}")
        elif event.get("method") == "Runtime.exceptionThrown":
            lines.append(f"error: {about['exceptionDetails']['text']}")
    return lines
