"""That the checks see what they are there to see: a page with nothing wrong, and then with one thing wrong at a time."""

import reader as checks

GOOD = """<!DOCTYPE html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>Good - x</title>
<style>:focus-visible { outline: 3px solid black; } button { min-height: 3rem; }</style></head>
<body><main><h1>Good</h1><p>Words</p><form><button>One</button> <button>Two</button></form></main></body></html>"""
FAULTS = [
    (checks.has_a_language, 'lang="en"', 'lang="es"'),
    (checks.has_a_title_and_headings, "<p>Words</p>", "<h3>Words</h3>"),
    (checks.has_a_title_and_headings, "<title>Good", "<title>Bad"),
    (checks.is_accessible, "<p>", '<p style="color: #aaa">'),
    (checks.is_accessible, "<p>", '<img src="data:,"><p>'),
    (checks.does_not_scroll_sideways, "Words", "W" * 200),
    (checks.works_by_keyboard, "outline: 3px solid black", "outline: none"),
    (checks.works_by_keyboard, "<button>Two", '<button tabindex="1">Two'),
    (checks.works_by_keyboard, "<button>Two", '<button onfocus="this.blur()">Two'),
]


def run(stage):
    with stage.browser.reader("en") as reader:
        reader.page.set_content(GOOD)
        for check in checks.CHECKS:
            assert not check(reader), f"{check.__name__} finds {check(reader)} on a good page"
        for check, good, bad in FAULTS:
            reader.page.set_content(GOOD.replace(good, bad))
            assert check(reader), f"{check.__name__} does not see {bad}"
        yield "the checks find what is wrong, and nothing where nothing is"

        goes_noticed(reader, "fetch('http://127.0.0.2:9/').catch(() => 0)", "asks another host")
        goes_noticed(reader, "setTimeout(() => { throw Error('x') })", ": x")
        reader.open("/approvals/none", status=404)
        goes_noticed(reader, "document.body.setAttribute('style', 'color: red')", "Content Security Policy")
        yield "nor does a reader miss errors, or requests to other hosts"


def goes_noticed(reader, fault, trouble):
    reader.page.evaluate(fault)
    reader.page.wait_for_timeout(100)
    assert any(trouble in said for said in reader.trouble), f"{fault}: {reader.trouble}"
    reader.trouble.clear()
