# SPDX-License-Identifier: GPL-2.0-or-later
"""The status page in a browser: takes steps, one a line, from its standard input, and answers
each with "ok" or what is wrong."""
import sys
import traceback

from browser import Browser, ENTER, LEFT, RIGHT, SPACE, TAB

WATCH = """window.owned = undefined; window.broken = [];
document.addEventListener("securitypolicyviolation", (e) => broken.push(e.violatedDirective));"""
b = None


def check(true, what):
    if not true:
        raise AssertionError(what)


def rows(id):
    return b.js("return [...document.getElementById(arguments[0]).rows].map((r) => r.textContent)",
                id)


def step_open(url):
    """before anything of the page runs, somebody watches what its policy forbids"""
    b.cdp("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    b.go(url)
    b.wait(lambda: b.text("live") == "live", lambda: "the page does not come to live: " +
           b.text("live"))


def step_shows(id, *words):
    words = " ".join(words)
    b.wait(lambda: words in b.text(id), lambda: "%s does not come to show %s: %s" %
           (id, words, b.text(id)[:1500]))


def step_hides(id, *words):
    words = " ".join(words)
    b.wait(lambda: words not in b.text(id), lambda: "%s goes on showing %s" % (id, words))


def step_once(id, *words):
    n = b.text(id).count(" ".join(words))
    check(n == 1, "%s has it %d times" % (id, n))


def step_counts(who):
    """its time left goes down"""
    def left():
        return next((r for r in rows("bans") if r.startswith(who)), "gone")
    first = left()
    b.wait(lambda: left() != first, "no countdown: " + first)


def step_draws():
    """the chart has lines of several points, the map land"""
    b.wait(lambda: b.js("return document.querySelector('#chart path.dropped')"
                        ".getAttribute('d').split('L').length > 2"), "no line in the chart")
    check(b.js("return document.querySelector('#map .land').getBBox().width > 300"), "no land")


def step_spots(*names):
    """where sources are on the map, and nothing else"""
    def titles():
        return b.js("return [...document.querySelectorAll('#map .spot title')]"
                    ".map((t) => t.textContent)")
    b.wait(lambda: sorted(t.split(":")[0] for t in titles()) == sorted(names),
           lambda: "on the map are %s, not %s" % (titles(), names))


def step_safe():
    """nothing that was not the page's own ran, was loaded, or was tried"""
    found = b.js("""return [typeof window.owned, document.title,
        document.querySelectorAll("script").length, document.querySelectorAll(
        "main img, main iframe, main a, main style, main object, main embed, main svg script," +
        "main [onerror], main [onload], main [style]").length, window.broken.join()]""")
    check(found == ["undefined", "sipmoat", 1, 0, ""], "something ran or was let in: %s" % found)
    log = b.log()
    check(not log, "the console says: %s" % log)


def step_keys():
    """from the top of the page to its end, and what each thing does"""
    seen = []
    b.js("document.activeElement.blur(); window.scrollTo(0, 0)")
    b.keys(TAB)
    check(b.focus() == "skip", "Tab does not begin at the skip link: " + b.focus())
    check(b.js("return document.activeElement.getBoundingClientRect().left >= 0"),
          "the skip link is not seen")
    b.keys(ENTER)
    check(b.focus() == "main", "the skip link does not lead to the content: " + b.focus())
    while len(seen) < 40 and (not seen or seen[-1] != "events"):
        b.keys(TAB)
        seen.append(b.js("""const e = document.activeElement, s = getComputedStyle(e),
            l = e.nextElementSibling && e.name === "span" ?
            getComputedStyle(e.nextElementSibling) : s;
            return e === document.body ? "body" : parseFloat(l.outlineWidth) < 2 ?
            "unseen " + (e.id || e.name) : e.id || e.name ||
            e.getAttribute("aria-labelledby")"""))
    check(seen == ["span", "chart", "h-checks", "h-sources", "h-map", "h-bans", "find",
                   "h-calls", "pause", "events"] or sorted(seen) == sorted(
                       ["span", "chart", "h-checks", "h-sources", "h-map", "h-bans", "find",
                        "h-calls", "pause", "events"]), "Tab goes through %s" % seen)
    b.js("document.querySelector('[name=span]:checked').focus()")
    b.keys(RIGHT)
    check(b.js("return document.querySelector('[name=span]:checked').value") == "900",
          "arrow keys do not choose how much is shown")
    b.keys(LEFT, TAB)
    check(b.focus() == "chart", "the chart is not behind it: " + b.focus())
    b.keys(LEFT, LEFT)
    check(b.js("return document.querySelector('.cursor') && "
               "document.getElementById('chart-read').getAttribute('aria-live')") == "polite",
          "arrow keys do not move through the chart")
    b.keys("\ue00c")
    check(not b.js("return document.querySelector('.cursor')"), "Escape does not leave it")


def step_pause():
    b.js("document.getElementById('pause').focus()")
    b.keys(SPACE)
    check(b.js("return document.getElementById('pause').getAttribute('aria-pressed')") == "true",
          "the space bar does not pause")


def step_pause_off():
    b.js("document.getElementById('pause').focus()")
    b.keys(ENTER)
    check(b.js("return document.getElementById('pause').getAttribute('aria-pressed')") == "false",
          "Enter does not go on")


def step_narrow():
    """a small telephone, both ways of light"""
    for scheme in ("light", "dark"):
        b.scheme(scheme)
        b.size(360, 640)
        wide = b.js("return document.documentElement.scrollWidth")
        check(wide <= 360, "at 360 px it is %d wide (%s)" % (wide, b.js(
            "return [...document.querySelectorAll('body *')].filter((e) => "
            "e.getBoundingClientRect().right > 361 && !e.closest('.scroll'))"
            ".map((e) => e.id || e.className || e.tagName).slice(0, 5).join()")))
    ink, paper = b.js("const s = getComputedStyle(document.body);"
                      "return [s.color, s.backgroundColor]")
    check(ink == "rgb(230, 234, 240)" and paper == "rgb(18, 22, 28)", "dark is not dark")
    b.scheme("light")
    b.size(1280, 900)


def step_login(url, token):
    b.go(url)
    for word, want in (("wrong-" + token, "That is not the token."), (token, None)):
        b.js("document.getElementById('token').value = ''")
        b.js("document.getElementById('token').focus()")
        b.keys(*word, ENTER)
        if want:
            b.wait(lambda: b.text("said") == want, "a wrong token is not refused")
    b.wait(lambda: b.js("return !!document.getElementById('live')"), "the token does not let in")
    b.wait(lambda: b.text("live") == "live", "events do not come behind a token")
    check(token not in b.js("return location.href + document.cookie"), "the token is to be seen")
    b.log()  # of the refusals


def step_shot(path, scheme, width, height):
    b.scheme(scheme)
    b.size(int(width), int(height))
    b.js("window.scrollTo(0, 0); document.activeElement.blur()")
    b.wait(lambda: b.js("return document.querySelector('#chart svg').viewBox.baseVal.width <= "
                        "innerWidth"), "the chart does not fit")
    b.shot(path)


for line in sys.stdin:
    words = line.split()
    try:
        if b is None:
            b = Browser()
        globals()["step_" + words[0]](*words[1:])
        said = "ok"
    except Exception as e:  # whatever it is, the test is to say it
        said = "%s: %s" % (line.strip(), e or traceback.format_exc())
        if not isinstance(e, AssertionError):
            said += traceback.format_exc()
    print(said.replace("\n", " "), flush=True)
if b:
    b.close()
