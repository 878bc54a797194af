"""The pages behind an enrolment link: a signer chooses a PIN and connects an authenticator."""

from service import Authenticator

WORDS = {
    "en": {
        "begin": "Begin", "pin": "PIN", "again": "The same PIN again", "set": "Set the PIN",
        "by_hand": "I cannot scan it", "trouble": "It does not work", "code": "Code", "finished": "All is set up",
        "unknown": "This link is not valid",
    },
    "es": {
        "begin": "Empezar", "pin": "PIN", "again": "El mismo PIN otra vez", "set": "Guardar el PIN",
        "by_hand": "No puedo escanearlo", "trouble": "No funciona", "code": "Código",
        "finished": "Todo está configurado", "unknown": "Este enlace no es válido",
    },
}


def run(stage):
    for reader in stage.browser.readers():
        words = WORDS[reader.language]
        signer = stage.service.begin(
            f"elena-{reader.language}", stage.service.configuration, description="Elena, contratos de transporte",
        )
        link = stage.service.post(f"{signer.path}/enrolment-link", signer.token, {})["url"]
        reader.open(link)
        reader.look("enrolment")
        reader.submit(words["begin"])
        reader.look("enrolment-pin")
        choose_pin(reader, "121212", status=422)
        reader.look("enrolment-pin-weak")
        choose_pin(reader, signer.pin)
        reader.look("enrolment-otp")
        reader.press(words["by_hand"])
        reader.press(words["trouble"])
        reader.look("enrolment-otp-shown")
        authenticator = Authenticator(reader.page.locator("details code").inner_text().replace(" ", ""))
        reader.type(words["code"], "000000")
        reader.enter(status=422)
        reader.look("enrolment-otp-wrong")
        reader.type(words["code"], authenticator.code())
        reader.enter()
        assert reader.title() == words["finished"], reader.title()
        reader.look("enrolment-finished")
        stage.service.certify(signer, "EC", 256)
        yield f"a signer who sets up PIN and authenticator ({reader.language})"

        reader.open(f"/enrolment/{'A' * 43}", status=404)
        assert reader.title() == words["unknown"], reader.title()
        reader.look("enrolment-unknown")
        yield f"an enrolment link that is not known ({reader.language})"


def choose_pin(reader, pin, status=200):
    words = WORDS[reader.language]
    reader.type(words["pin"], pin)
    reader.type(words["again"], pin)
    reader.submit(words["set"], status)
