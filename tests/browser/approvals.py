"""The page behind the link of an approval."""

import base64
import hashlib

ADDRESS = "maria.de.los.angeles.fernandez-etcheverry@departamento-de-contratos.acme.example"
DESCRIPTION = (
    "Contrato marco de prestación de servicios entre Acme S. A. y Transportes del Litoral, con sus anexos I a XIX, "
    "https://documents.acme.example/2026/contracts/0f8fad5b-d9cb-469f-a165-70867728950e/annexes?version=12 & <all>."
)
WORDS = {
    "en": {
        "ask": "Approve this signature?", "full": "Show them in full", "approve": "Approve", "approved": "Approved",
        "decided": "This was decided already", "unknown": "This link is not valid", "address": "Is this address yours?",
        "confirm": "Yes, confirm", "refuse": "Refuse", "refused": "Refused",
        "odd": "This could not be understood",
    },
    "es": {
        "ask": "¿Aprueba esta firma?", "full": "Mostrarlos completos", "approve": "Aprobar", "approved": "Aprobado",
        "decided": "Ya se decidió", "unknown": "Este enlace no es válido", "address": "¿Es suya esta dirección?",
        "confirm": "Sí, confirmar", "refuse": "Rechazar", "refused": "Rechazado",
        "odd": "No se ha podido entender la petición",
    },
}


def run(stage):
    configuration = stage.service.configure("pin-and-link", ["PIN", "EMAIL_LINK"])
    for reader in stage.browser.readers():
        words = WORDS[reader.language]
        signer = stage.service.begin(
            f"maria-{reader.language}", configuration, 20, description="María de los Ángeles, contracts of the Litoral",
        )
        stage.service.factor(signer, "PIN", value=signer.pin)

        stage.service.factor(signer, "EMAIL_LINK", address=ADDRESS)
        reader.open(stage.mail.link(ADDRESS))
        assert reader.title() == words["address"] and ADDRESS in reader.text(), reader.text()
        reader.look("address")
        reader.submit(words["confirm"])
        assert reader.title() == words["approved"], reader.title()
        yield f"the question whether an address is one's own ({reader.language})"

        stage.service.certify(signer, "EC", 256)
        reader.open(asked(stage, signer, hashes=20))
        assert reader.title() == words["ask"] and DESCRIPTION in reader.text(), reader.text()
        reader.look("approval")
        reader.press(words["full"])
        reader.look("approval-in-full")
        link = reader.page.url
        reader.submit(words["approve"])
        assert reader.title() == words["approved"], reader.title()
        reader.look("approval-approved")
        reader.open(link, status=410)
        assert reader.title() == words["decided"], reader.title()
        reader.look("approval-decided")
        yield f"the question for twenty signatures, approved ({reader.language})"

        reader.open(asked(stage, signer, hashes=3))
        reader.look("approval-unnamed")
        link = reader.page.url
        reader.page.evaluate("document.querySelector('button').value = 'perhaps'")
        reader.submit(words["approve"], status=400)
        assert reader.title() == words["odd"], reader.title()
        reader.look("approval-odd")
        reader.open(link)
        reader.submit(words["refuse"])
        assert reader.title() == words["refused"], reader.title()
        reader.look("approval-refused")
        yield f"the question for signatures of which some have no hash yet, refused ({reader.language})"

        reader.open(f"/approvals/{'A' * 43}", status=404)
        assert reader.title() == words["unknown"], reader.title()
        reader.look("approval-unknown")
        yield f"a link that is not known ({reader.language})"


def asked(stage, signer, hashes):
    digests = [base64.b64encode(hashlib.sha256(bytes([n])).digest()).decode() for n in range(hashes)]
    stage.service.post("/csc/v2/credentials/authorize", signer.token, {
        "credentialID": signer.credential, "numSignatures": 20, "description": DESCRIPTION, "hashes": digests,
        "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
        "authData": [{"id": "PIN", "value": signer.pin}, {"id": "EMAIL_LINK"}],
    })
    return stage.mail.link(ADDRESS)
