"""Somebody in front of a browser that runs no scripts: it goes where it is sent, keeps cookies, and fills in the forms
of the pages, exactly as the pages make them."""

import html.parser
import urllib.parse

import requests

PASSWORD = "walrus gathers 7 umbrellas"


class Person:
    """A user of the tenant acme, with a seat of the same name."""

    def __init__(self, service, name):
        self.home, self.name = service.url, name
        user = {
            "tenant": "acme", "name": name, "password": PASSWORD, "roles": ["signer"], "seats": [name],
            "firstName": "Joan", "lastName": "Doe", "email": f"{name}@acme.example",
        }
        self.id = service.post("/api/v1/users", service.administrator, user)["id"]
        self.knows = {"username": name, "password": PASSWORD}
        self.browser = requests.Session()

    def has_a_credential(self, service, name):
        """One that they authorise on the pages, with their PIN."""
        signer = service.begin(self.name, service.configure(name, ["PIN"], kind="oauth2"))
        service.factor(signer, "PIN", value=signer.pin)
        service.certify(signer, "EC", 256)
        self.knows["pin"] = signer.pin
        return signer.credential

    def follow(self, url):
        """Does what each page asks, by the first button of its first form; where the browser goes from here then."""
        answer = self._ask("GET", url)
        while True:
            if "Location" in answer.headers:
                assert answer.status_code in (302, 303), f"{answer.url} answered {answer.status_code}"
                url = urllib.parse.urljoin(answer.url, answer.headers["Location"])
                if not url.startswith(f"{self.home}/"):
                    return url
                answer = self._ask("GET", url)
            else:
                assert answer.status_code == 200, f"{answer.url} answered {answer.status_code}: {answer.text}"
                answer = self._fill_in(answer)

    def _fill_in(self, page):
        form = Forms(page.text).first
        # What it wants and nobody knows is a KeyError.
        fields = {name: value or self.knows[name] for name, value in form["fields"].items()} | form["button"]
        return self._ask(form["method"], urllib.parse.urljoin(page.url, form["action"]), data=fields)

    def _ask(self, method, url, **form):
        headers = {"Sec-Fetch-Site": "same-origin"} if form else {}
        return self.browser.request(method, url, headers=headers, allow_redirects=False, timeout=60, **form)


class Forms(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.forms = []
        self.feed(page)
        assert self.forms, f"nothing to fill in: {page}"
        self.first = self.forms[0]

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            form = {"method": attributes["method"].upper(), "action": attributes.get("action", ""), "fields": {}}
            self.forms.append(form)
        elif tag == "input" and self.forms:
            self.forms[-1]["fields"][attributes["name"]] = attributes.get("value")
        elif tag == "button" and self.forms:
            self.forms[-1].setdefault("button", {attributes["name"]: attributes["value"]})
