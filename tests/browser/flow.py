"""An application that sends people to the authorization endpoint, and hears of them at its redirect URI; and what people
do on the pages that they come to."""

import base64
import hashlib
import html
import http.server
import secrets
import threading
import urllib.parse

import requests

from service import content

WORDS = {
    "en": {
        "sign_in": "Sign in", "name": "User name or e-mail address", "password": "Password", "code": "Code",
        "consent": "Allow access?", "allow": "Allow", "refuse": "Refuse", "cancel": "Cancel and go back to",
    },
    "es": {
        "sign_in": "Iniciar sesión", "name": "Nombre de usuario o correo electrónico", "password": "Contraseña",
        "code": "Código", "consent": "¿Permite el acceso?", "allow": "Permitir", "refuse": "Rechazar",
        "cancel": "Cancelar y volver a",
    },
}


def sign_in(reader, name, password, otp=None, status=200):
    """With the password and, where it is given, the code that is asked for then."""
    words = WORDS[reader.language]
    reader.type(words["name"], name)
    reader.type(words["password"], password)
    reader.submit(words["sign_in"], status=status if otp is None else 200)
    if otp is not None:
        type_code(reader, otp, status)


def type_code(reader, otp, status=200):
    """As most people do: Enter in the field."""
    reader.type(WORDS[reader.language]["code"], otp)
    reader.enter(status)


def consent(reader, choice):
    """`choice` is "allow" or "refuse"."""
    words = WORDS[reader.language]
    assert reader.title() == words["consent"], reader.title()
    reader.submit(words[choice])


class Application:
    """A confidential client with PKCE (RFC 7636). Its redirect URI is a port of this machine, where it listens itself."""

    def __init__(self, service, name, **fields):
        self.service, self.name, self.fields = service, name, fields

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Callback)
        self.server.answers = []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.redirect_uri = "http://127.0.0.1:{}/callback".format(self.server.server_address[1])
        self.id, self.secret = self.service.client(
            self.name, "application", redirectUris=[self.redirect_uri], **self.fields,
        )
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def sends_to(self, scope, **parameters):
        """Where it sends a browser."""
        return "/oauth2/authorize?" + urllib.parse.urlencode(self._asks(scope, parameters))

    def sends_by_form(self, scope, **parameters):
        """A page of its own, under another name of this machine: for browsers that is another site."""
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
            for name, value in self._asks(scope, parameters).items()
        )
        self.server.form = (
            f'<!DOCTYPE html><html lang="en"><title>Form</title><link rel="icon" href="data:,">'
            f'<form method="post" action="{self.service.url}/oauth2/authorize">{fields}<button>Go</button></form></html>'
        )
        return "http://localhost:{}/form".format(self.server.server_address[1])

    def _asks(self, scope, parameters):
        self.state, self.verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        return {
            "response_type": "code", "client_id": self.id, "redirect_uri": self.redirect_uri, "scope": scope,
            "state": self.state, "code_challenge": challenge, "code_challenge_method": "S256", **parameters,
        }

    def hears(self):
        """What came to its redirect URI last: it was the one that is asked, and in answer to what was asked."""
        answer = dict(urllib.parse.parse_qsl(self.server.answers.pop()))
        assert answer.pop("state") == self.state and answer.pop("iss") == self.service.url, answer
        return answer

    def redeems(self, code):
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        answer = requests.post(f"{self.service.url}/oauth2/token", data=form, auth=(self.id, self.secret), timeout=60)
        return content(answer)


class Callback(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/callback?"):
            self.server.answers.append(urllib.parse.urlsplit(self.path).query)
        page = self.server.form.encode() if self.path == "/form" else b""
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass
