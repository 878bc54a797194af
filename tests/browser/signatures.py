"""The page on which a signer authorises signatures for an application, which sees neither the PIN nor the code."""

import base64
import functools
import hashlib
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from authorization import PASSWORD
from flow import Application, sign_in
from service import Authenticator

SHA256 = "2.16.840.1.101.3.4.2.1"
DETAILS = "https://cloudsignatureconsortium.org/2025/credential"
DESCRIPTION = "Compraventa del inmueble de la calle Defensa 1234, entre <vendedora> & comprador"
DOCUMENTS = ["Boleto de compraventa.pdf", "Anexo I: planos, superficies y linderos.pdf", "Recibo de la seña.pdf"]
WORDS = {
    "en": {
        "title": "Sign this?", "pin": "PIN of this credential", "code": "Code from your authenticator (6 digits)",
        "sent": "Code that was sent (6 digits)", "send": "Send me a code", "sign": "Sign", "refuse": "Refuse",
        "wrong": "The PIN is wrong", "locked": "locked",
    },
    "es": {
        "title": "¿Firmar esto?", "pin": "PIN de esta credencial", "code": "Código de su autenticador (6 dígitos)",
        "sent": "Código recibido (6 dígitos)", "send": "Enviarme un código", "sign": "Firmar", "refuse": "Rechazar",
        "wrong": "El PIN no es correcto", "locked": "bloqueada",
    },
}


def run(stage):
    service = stage.service
    known = service.configure("browser", ["PIN", "OTP"], kind="oauth2")
    mailed = service.configure("browser-mail", ["PIN", "EMAIL_OTP"], kind="oauth2")
    with Application(
        service, "acme-contracts", displayName="Contratos del Litoral", authorizedGrantTypes=["authorization_code"],
        rolePermissions={"signer": ["credentials:read", "credentials:use"]},
    ) as application:
        for reader in stage.browser.readers():
            reader.may_go_to(application.redirect_uri)
            yield from is_signed(stage, reader, application, known)
            yield from is_signed_with_a_mailed_code(stage, reader, application, mailed)


def is_signed(stage, reader, application, configuration):
    words = WORDS[reader.language]
    signer = stage.service.begin(f"lucia-{reader.language}", configuration, 5, description="Firma de contratos")
    stage.service.factor(signer, "PIN", value=signer.pin)
    signer.authenticator = Authenticator(stage.service.factor(signer, "OTP")["secret"])
    confirm = {"value": signer.authenticator.code()}
    stage.service.post(f"{signer.path}/second-factors/otp/confirm", signer.token, confirm)
    stage.service.certify(signer, "EC", 256)
    with_a_password(stage.service, signer.seat)

    digests = [hashlib.sha256(text.encode()).digest() for text in DOCUMENTS]
    asked = {
        "type": DETAILS, "credentialID": signer.credential, "numSignatures": 3, "hashAlgorithmOID": SHA256,
        "documentDigests": [
            {"hash": base64.b64encode(digest).decode(), "label": label} for digest, label in zip(digests, DOCUMENTS)
        ],
    }
    send = functools.partial(
        application.sends_to, "credential", authorization_details=json.dumps([asked]), description=DESCRIPTION,
    )
    reader.open(send())
    sign_in(reader, signer.seat, PASSWORD)
    assert reader.title() == words["title"], reader.title()
    for text in [DESCRIPTION, *DOCUMENTS, "Contratos del Litoral", "Firma de contratos"]:
        assert text in reader.text(), text
    reader.look("signatures")
    # A code beside a wrong PIN is not spent.
    code = signer.authenticator.code()
    answer(reader, "000000", code, status=422)
    assert words["wrong"] in reader.text(), reader.text()
    reader.look("signatures-wrong")
    answer(reader, signer.pin, code)
    token = application.redeems(application.hears()["code"])
    assert token["token_type"] == "Bearer" and "refresh_token" not in token, token
    assert token["authorization_details"][0]["credentialID"] == signer.credential, token
    signed = stage.service.post("/csc/v2/signatures/signHash", token["access_token"], {
        "credentialID": signer.credential, "hashes": [digest["hash"] for digest in asked["documentDigests"]],
        "hashAlgorithmOID": SHA256, "signAlgo": "1.2.840.10045.4.3.2",
    })
    key = certificate(stage.service, signer).public_key()
    for digest, signature in zip(digests, signed["signatures"], strict=True):
        key.verify(base64.b64decode(signature), digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    yield f"three documents that are signed ({reader.language})"

    reader.open(send())
    reader.submit(words["refuse"])
    assert application.hears()["error"] == "access_denied"
    yield f"documents that are not signed ({reader.language})"

    reader.open(send())
    for _ in range(5):
        answer(reader, "000000", "000000", status=422)
    assert words["locked"] in reader.text(), reader.text()
    reader.look("signatures-locked")
    reader.submit(words["refuse"])
    yield f"a credential that is locked ({reader.language})"


def is_signed_with_a_mailed_code(stage, reader, application, configuration):
    words = WORDS[reader.language]
    signer = stage.service.begin(f"tomas-{reader.language}", configuration)
    address = f"{signer.seat}@acme.test"
    stage.service.factor(signer, "PIN", value=signer.pin)
    stage.service.factor(signer, "EMAIL_OTP", address=address)
    confirm = {"value": stage.mail.code(address)}
    stage.service.post(f"{signer.path}/second-factors/otp/confirm", signer.token, confirm)
    stage.service.certify(signer, "EC", 256)
    with_a_password(stage.service, signer.seat)

    hashed = base64.urlsafe_b64encode(hashlib.sha256(b"one").digest()).decode().rstrip("=")
    reader.page.context.clear_cookies()
    # Nobody names the credential: it is the signer's only one.
    reader.open(application.sends_to("credential", numSignatures=1, hashes=hashed, hashAlgorithmOID=SHA256))
    sign_in(reader, signer.seat, PASSWORD)
    reader.look("signatures-code-needed")
    reader.submit(words["send"])
    reader.look("signatures-code-sent")
    reader.type(words["pin"], signer.pin)
    reader.type(words["sent"], stage.mail.code(address))
    reader.submit(words["sign"])
    token = application.redeems(application.hears()["code"])
    assert token["credentialID"] == signer.credential, token
    yield f"a signature for a code that came by mail ({reader.language})"


def answer(reader, pin, code, status=200):
    words = WORDS[reader.language]
    reader.type(words["pin"], pin)
    reader.type(words["code"], code)
    reader.submit(words["sign"], status=status)


def with_a_password(service, seat):
    """The signer as a user of the tenant, who may use the seat."""
    user = {"tenant": "acme", "name": seat, "password": PASSWORD, "roles": ["signer"], "seats": [seat]}
    service.post("/api/v1/users", service.administrator, user)


def certificate(service, signer):
    info = service.post("/csc/v2/credentials/info", signer.token, {"credentialID": signer.credential})
    return x509.load_der_x509_certificate(base64.b64decode(info["cert"]["certificates"][0]))
