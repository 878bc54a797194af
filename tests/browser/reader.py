"""People in front of a browser, and what has to hold of every page that they see.

    for reader in browser.readers():
        reader.open(link)
        reader.look("approval")
        reader.press("Approve")
        reader.look("approval-approved")

A reader comes in each language, with cookies of its own. `look` holds the page that is there against all of CHECKS, on
a phone and on a desk, in light and in dark, and keeps a picture of each. Nothing is ever clicked: whatever a test does,
it does with the keyboard."""

import contextlib
import pathlib
import urllib.parse

from playwright.sync_api import sync_playwright

SIZES = [(360, 740), (1280, 900)]
SCHEMES = ["light", "dark"]
LOCALES = {"en": "en-GB", "es": "es-AR"}
# Browsers report a page's own status as if it were an error.
ITS_STATUS = "Failed to load resource: the server responded with a status of"


class Browser:
    def __init__(self, chromium, axe, screenshots, url):
        self.chromium, self.axe, self.url = chromium, pathlib.Path(axe).read_text(), url
        self.screenshots = pathlib.Path(screenshots)

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            playwright = stack.enter_context(sync_playwright())
            # Without its sandbox, which not every container allows: the pages are ours.
            self.process = playwright.chromium.launch(executable_path=self.chromium, chromium_sandbox=False)
            stack.callback(self.process.close)
            self.stack = stack.pop_all()
        for old in self.screenshots.glob("*.png"):
            old.unlink()
        return self

    def __exit__(self, *failure):
        self.stack.__exit__(*failure)

    def readers(self, languages=tuple(LOCALES)):
        """One after the other; whatever went wrong unseen while one read comes out before the next begins."""
        for language in languages:
            with self.reader(language) as reader:
                yield reader

    @contextlib.contextmanager
    def reader(self, language):
        with contextlib.closing(self.process.new_context(locale=LOCALES[language])) as context:
            reader = Reader(self, context.new_page(), language)
            yield reader
            assert not reader.trouble, "\n".join(reader.trouble)


class Reader:
    def __init__(self, browser, page, language):
        self.browser, self.page, self.language = browser, page, language
        self.trouble, self.visited, self.others = [], set(), {"about:", "data:"}
        page.set_default_timeout(10_000)
        page.on("request", self._sees_request)
        page.on("console", self._sees_message)
        page.on("pageerror", lambda error: self.trouble.append(f"{page.url}: {error}"))

    def _sees_request(self, request):
        if request.is_navigation_request():
            self.visited.add(request.url)
        if not request.url.startswith(f"{self.browser.url}/") and not request.url.startswith(tuple(self.others)):
            self.trouble.append(f"{self.page.url} asks another host: {request.url}")

    def _sees_message(self, message):
        of_status = message.text.startswith(ITS_STATUS) and message.location["url"] in self.visited
        if message.type in ("error", "warning") and not of_status:
            self.trouble.append(f"{self.page.url}, console: {message.type}: {message.text}")

    def may_go_to(self, url):
        """Where an application's redirect URI is."""
        self.others.add(url)

    def open(self, url, status=200):
        answer = self.page.goto(urllib.parse.urljoin(self.browser.url, url))
        assert answer.status == status, f"{url} answered {answer.status}"

    def title(self):
        return self.page.locator("h1").inner_text()

    def text(self):
        return self.page.locator("main").inner_text()

    def focus(self, name):
        """Goes on with Tab until there is a control of this name."""
        seen = []
        while (focused := self._tab()) not in seen:
            if focused["name"] == name:
                return
            seen.append(focused)
        raise AssertionError(f"{self.page.url}: Tab never comes to {name!r}, only to {seen}")

    def type(self, name, value):
        self.focus(name)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(value)

    def press(self, name):
        """Presses Enter on a control that opens or closes something on the page."""
        self.focus(name)
        self.page.keyboard.press("Enter")

    def submit(self, name, status=200):
        """Presses Enter on a button or on a link; there is another page then."""
        self.focus(name)
        self.enter(status)

    def enter(self, status=200):
        """Presses Enter where one is; there is another page then."""
        with self.page.expect_navigation() as navigation:
            self.page.keyboard.press("Enter")
        assert navigation.value.status == status, f"{self.page.url} answered {navigation.value.status}"

    def leave_controls(self):
        """Tab begins at the top again."""
        self.page.mouse.click(0, 0)

    def look(self, name):
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme)
            for width, height in SIZES:
                self.page.set_viewport_size({"width": width, "height": height})
                picture = f"{name}-{self.language}-{scheme}-{width}.png"
                self.page.screenshot(path=self.browser.screenshots / picture, full_page=True)
                for check in CHECKS:
                    wrong = check(self)
                    assert not wrong, f"{picture} ({self.page.url}):\n{wrong}"

    def _tab(self):
        self.page.keyboard.press("Tab")
        return self.page.evaluate(FOCUSED)


def has_a_language(reader):
    language = reader.page.locator("html").get_attribute("lang")
    return language != reader.language and f"its language is {language!r}"


def has_a_title_and_headings(reader):
    title = reader.page.title()
    levels = reader.page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(at => +at.tagName[1])")
    if levels.count(1) != 1 or levels[0] != 1 or any(b > a + 1 for a, b in zip(levels, levels[1:])):
        return f"headings of levels {levels}"
    return not title.startswith(reader.title()) and f"the title {title!r} does not begin with {reader.title()!r}"


def is_accessible(reader):
    """By each rule that axe has, except the experimental ones."""
    reader.page.evaluate(reader.browser.axe)
    return "\n".join(reader.page.evaluate(AXE))


def does_not_scroll_sideways(reader):
    size = reader.page.viewport_size
    reader.page.set_viewport_size({"width": 320, "height": 640})
    width = reader.page.evaluate("document.scrollingElement.scrollWidth")
    reader.page.set_viewport_size(size)
    return width > 320 and f"it is {width} px wide on a screen of 320"


def works_by_keyboard(reader):
    """Tab comes to every control, in the order of the page, and one sees where one is."""
    controls = reader.page.evaluate(CONTROLS)
    reader.leave_controls()
    for control in controls:
        focused = reader._tab()
        if focused["at"] != control["at"]:
            return f"Tab comes to {focused} where {control} is next"
        if not focused["seen"]:
            return f"one does not see that the focus is on {control}"
    reader.leave_controls()


CHECKS = [
    has_a_language, has_a_title_and_headings, is_accessible, does_not_scroll_sideways, works_by_keyboard,
]

AXE = """async () => {
    const rules = axe.getRules().filter(rule => !rule.tags.includes('experimental') && !rule.tags.includes('deprecated'));
    const found = await axe.run(document, {
        runOnly: { type: 'rule', values: rules.map(rule => rule.ruleId) }, resultTypes: ['violations', 'incomplete'],
    });
    return [...found.violations, ...found.incomplete].flatMap(({ id, help, nodes }) =>
        nodes.map(node => `${id}: ${help}: ${node.target}: ${node.failureSummary}`));
}"""

DESCRIBE = """at => ({
    at: [...document.querySelectorAll('*')].indexOf(at),
    name: (at.labels?.[0] ?? at).innerText.trim(),
})"""

CONTROLS = f"""() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
    .filter(at => at.checkVisibility() && !at.disabled && at.tabIndex >= 0)
    .map({DESCRIBE})"""

FOCUSED = f"""() => {{
    const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
    const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const there = box.top >= 0 && box.bottom <= innerHeight && box.width > 0;
    return {{ ...({DESCRIBE})(at), seen: outlined && there }};
}}"""
