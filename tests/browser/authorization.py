"""The pages on the way from an application to the authorization endpoint and back."""

from flow import Application, WORDS, consent, sign_in, type_code
from service import Authenticator

PASSWORD = "walrus gathers 7 umbrellas"
TITLES = {
    "en": {
        "sign_in": "Sign in", "code": "Enter the code of your authenticator", "gone": "This page has expired",
        "misdirected": "This request cannot be trusted", "sign_out": "Sign out",
    },
    "es": {
        "sign_in": "Iniciar sesión", "code": "Introduzca el código de su autenticador", "gone": "Esta página ha caducado",
        "misdirected": "No se puede confiar en esta petición", "sign_out": "Cerrar la sesión",
    },
}


def run(stage):
    name = "Transportes del Litoral, portal de contratos y remitos"
    with Application(
        stage.service, "acme-web", displayName=name, authorizedGrantTypes=["authorization_code", "refresh_token"],
        rolePermissions={"signer": ["credentials:read", "credentials:use"]},
    ) as application:
        for reader in stage.browser.readers():
            reader.may_go_to(application.redirect_uri)
            yield from is_allowed(stage, reader, application)
            yield from comes_by_a_form(reader, application)
            yield from is_not_allowed(stage, reader, application)


def is_allowed(stage, reader, application):
    titles = TITLES[reader.language]
    user, authenticator = enrolled_user(stage.service, f"maria-{reader.language}")
    reader.open(application.sends_to("service"))
    page = reader.page.url
    assert reader.title() == titles["sign_in"], reader.title()
    reader.look("sign-in")
    sign_in(reader, user, "a wrong password", status=422)
    reader.look("sign-in-wrong")
    sign_in(reader, user, PASSWORD)
    assert reader.title() == titles["code"], reader.title()
    reader.look("sign-in-code")
    type_code(reader, "000000", status=422)
    reader.look("sign-in-code-wrong")
    type_code(reader, authenticator.code())
    reader.look("consent")
    consent(reader, "allow")
    token = application.redeems(application.hears()["code"])
    assert token["token_type"] == "Bearer", token
    yield f"an application that is allowed in, after a password and a code ({reader.language})"

    reader.open(page, status=404)
    assert reader.title() == titles["gone"], reader.title()
    reader.look("authorization-gone")
    yield f"a request that was decided ({reader.language})"


def comes_by_a_form(reader, application):
    """Browsers send no Lax cookie along with another site's form. Whoever is signed in stays so, and is not asked again."""
    url = application.sends_by_form("service")
    reader.may_go_to(url)
    reader.open(url)
    reader.submit("Go")
    assert "code" in application.hears()
    reader.open(application.sends_to("service", prompt="none"))
    assert "code" in application.hears()
    yield f"a form of another site ({reader.language})"


def is_not_allowed(stage, reader, application):
    """By somebody who is signed in; then by somebody who is not."""
    reader.open(application.sends_to("service", prompt="consent"))
    consent(reader, "refuse")
    assert application.hears()["error"] == "access_denied"
    yield f"an application that is refused ({reader.language})"

    reader.page.context.clear_cookies()
    reader.open(application.sends_to("service"))
    reader.submit(f"{WORDS[reader.language]['cancel']} {application.fields['displayName']}")
    assert application.hears()["error"] == "access_denied"
    yield f"a way back without signing in ({reader.language})"

    reader.open("/oauth2/sign-out")
    reader.look("sign-out")
    reader.submit(TITLES[reader.language]["sign_out"])
    reader.look("signed-out")
    yield f"signing out ({reader.language})"

    reader.open("/oauth2/authorize?response_type=code&client_id=nobody&scope=service", status=400)
    assert reader.title() == TITLES[reader.language]["misdirected"], reader.title()
    reader.look("authorization-misdirected")
    yield f"an application that is not known ({reader.language})"


def enrolled_user(service, name):
    """A user with a password and an authenticator."""
    user = {
        "tenant": "acme", "name": name, "password": PASSWORD, "roles": ["signer"], "seats": [name],
        "firstName": "María de los Ángeles", "lastName": "Fernández-Etcheverry",
    }
    path = f"/api/v1/users/{service.post('/api/v1/users', service.administrator, user)['id']}"
    authenticator = Authenticator(service.post(f"{path}/otp", service.administrator, {})["secret"])
    service.post(f"{path}/otp/confirm", service.administrator, {"value": authenticator.code()})
    return name, authenticator
