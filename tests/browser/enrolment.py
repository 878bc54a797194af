"""The pages behind an enrolment link."""

from service import Authenticator, content

import requests

DESCRIPTION = "María de los Ángeles Fernández Etcheverry, contratos del departamento de Transportes del Litoral & <all>"
WORDS = {
    "en": {
        "begin": "Set up your signature", "start": "Begin", "pin": "Choose a PIN", "again": "The same PIN again",
        "set": "Set the PIN", "otp": "Connect your authenticator app", "hand": "I cannot scan it", "code": "Code",
        "trouble": "It does not work", "renew": "Make a new QR code", "weak": "counts up or down",
        "show": "Show the QR code", "wrong": "not the current code", "done": "All is set up",
        "used": "This link was used already", "elsewhere": "This link was opened in another browser",
        "unknown": "This link is not valid", "expired": "This link has expired", "locked": "Too many wrong codes",
    },
    "es": {
        "begin": "Configure su firma", "start": "Empezar", "pin": "Elija un PIN", "again": "El mismo PIN otra vez",
        "set": "Guardar el PIN", "otp": "Conecte su aplicación de autenticación", "hand": "No puedo escanearlo",
        "code": "Código", "trouble": "No funciona", "renew": "Crear otro código QR",
        "weak": "solo cuenta hacia arriba o hacia abajo", "show": "Mostrar el código QR",
        "wrong": "No es el código actual", "done": "Todo está configurado", "used": "Este enlace ya se ha usado",
        "elsewhere": "Este enlace se abrió en otro navegador", "unknown": "Este enlace no es válido",
        "expired": "Este enlace ha caducado", "locked": "Demasiados códigos equivocados",
    },
}


def run(stage):
    service = stage.service
    strict = service.post("/api/v1/authorization-configurations", service.administrator, {
        "name": "strict", "tenant": "acme", "type": "explicit", "secondFactors": ["PIN", "OTP"], "maxAttempts": 1,
    })["id"]
    for reader in stage.browser.readers():
        words = WORDS[reader.language]
        signer = service.begin(f"pilar-{reader.language}", service.configuration, 1, description=DESCRIPTION)
        link = ask(service, signer)
        reader.open(link)
        assert reader.title() == words["begin"] and DESCRIPTION in reader.text(), reader.text()
        reader.look("enrolment-begin")
        reader.submit(words["start"])
        assert reader.title() == words["pin"], reader.title()
        reader.look("enrolment-pin")
        with stage.browser.reader(reader.language) as other:
            other.open(link, status=409)
            assert other.title() == words["elsewhere"], other.title()
            other.look("enrolment-elsewhere")
        yield f"a link that one browser opens, and another does not ({reader.language})"

        set_pin(reader, "345678", status=422)
        assert words["weak"] in reader.text(), reader.text()
        reader.look("enrolment-pin-weak")
        set_pin(reader, signer.pin)
        assert reader.title() == words["otp"], reader.title()
        reader.look("enrolment-otp")
        reader.press(words["hand"])
        reader.press(words["trouble"])
        reader.look("enrolment-otp-by-hand")
        before = secret(reader)
        reader.submit(words["renew"])
        assert secret(reader) != before
        authenticator = Authenticator(secret(reader))
        confirm(reader, "none", status=422)
        assert words["wrong"] in reader.text(), reader.text()
        reader.look("enrolment-otp-wrong")
        confirm(reader, authenticator.code())
        assert reader.title() == words["done"], reader.title()
        reader.look("enrolment-done")
        with stage.browser.reader(reader.language) as other:
            other.open(link, status=410)
            assert other.title() == words["used"], other.title()
            other.look("enrolment-used")
        signer.authenticator = authenticator
        service.certify(signer, "EC", 256)
        yield f"a PIN and an authenticator, set up by the signer ({reader.language})"

        hasty = service.begin(f"hasty-{reader.language}", strict)
        former = ask(service, hasty)
        reader.open(ask(service, hasty))
        reader.submit(words["start"])
        service.factor(hasty, "PIN", value=hasty.pin)
        service.factor(hasty, "OTP")
        reader.page.reload()
        reader.look("enrolment-no-otp")
        reader.submit(words["show"])
        confirm(reader, "none", status=423)
        assert reader.title() == words["locked"], reader.title()
        reader.look("enrolment-locked")
        reader.open(former, status=410)
        assert reader.title() == words["expired"], reader.title()
        reader.look("enrolment-expired")
        reader.open(f"/enrolment/{'A' * 43}", status=404)
        assert reader.title() == words["unknown"], reader.title()
        reader.look("enrolment-unknown")
        yield f"links that lead no further ({reader.language})"


def ask(service, signer):
    answer = requests.post(
        f"{service.url}{signer.path}/enrolment-link", headers={"Authorization": f"Bearer {signer.token}"}, timeout=60,
    )
    return content(answer)["url"]


def set_pin(reader, pin, status=200):
    words = WORDS[reader.language]
    reader.type("PIN", pin)
    reader.type(words["again"], pin)
    reader.submit(words["set"], status)


def confirm(reader, code, status=200):
    words = WORDS[reader.language]
    reader.type(words["code"], code)
    reader.enter(status)


def secret(reader):
    return reader.page.locator("dd code").text_content().replace(" ", "")
