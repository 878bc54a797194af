"""Authlib, an OAuth library: the grants for which a person comes by, who signs in and consents."""

import base64
import hashlib
import json
import urllib.parse

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session, OAuthError
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.core import CodeIDToken, UserInfo
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from person import Person
from service import Service

REDIRECT_URI = "https://app.example/callback"
SHA256 = "2.16.840.1.101.3.4.2.1"
SIGNER = {"signer": ["credentials:read", "credentials:use"]}


def run(service):
    found = discover(service)
    yield "Authlib finds nothing wrong with the server's metadata"
    joan = Person(service, "joan-of-authlib")
    confidential(service, found, joan)
    yield "Authlib redeems a code with PKCE, refreshes, introspects and revokes"
    public(service, found, joan)
    yield "Authlib redeems a code and refreshes as a public client"
    private_key(service, found, joan)
    yield "Authlib authenticates with a key of its own"
    implicit(service, found, joan)
    yield "Authlib takes a token from a fragment"
    openid(service, joan)
    yield "Authlib checks an ID token, and asks for userinfo"
    # OpenID Connect Discovery wants RS256 among the algorithms; here it is what the operator chose.
    with Service(service.program, {"COUNTERSIGN_TOKEN_ALGORITHM": "RS256"}) as of_rsa:
        faultless(openid(of_rsa, Person(of_rsa, "joan")))
    yield "Authlib does so with RS256, and finds nothing wrong with the metadata of OpenID Connect"
    pushed(service, found, joan)
    yield "Authlib follows a request that was pushed"
    signature(service, found, joan)
    yield "Authlib has a signature authorised by authorization_details, and signs"


def discover(service):
    found = AuthorizationServerMetadata(
        requests.get(f"{service.url}/.well-known/oauth-authorization-server", timeout=60).json(),
    )
    faultless(found)
    assert found["issuer"] == service.url, found
    return found


def faultless(found):
    """Each member, but that URLs have to be https, as they are anywhere but here."""
    for name in found.REGISTRY_KEYS:
        try:
            getattr(found, f"validate_{name}", lambda: None)()
        except ValueError as fault:
            assert "https" in str(fault), f"{name}: {fault}"


def client(service, name, **fields):
    fields = {"redirectUris": [REDIRECT_URI], "rolePermissions": SIGNER, **fields}
    return service.client(name, "application", **fields)


def confidential(service, found, joan):
    client_id, secret = client(service, "authlib-web", authorizedGrantTypes=["authorization_code", "refresh_token"])
    session = OAuth2Session(
        client_id, secret, scope="service", redirect_uri=REDIRECT_URI, code_challenge_method="S256",
        token_endpoint=found["token_endpoint"],
    )
    token = redeemed(session, found, joan)
    assert token["scope"] == f"seat:{joan.name} tenant:acme service", token
    assert works(session, service)
    refreshed = session.refresh_token(found["token_endpoint"])
    assert refreshed["refresh_token"] != token["refresh_token"], refreshed
    assert works(session, service)
    known = session.introspect_token(found["introspection_endpoint"], token=refreshed["access_token"]).json()
    assert known["active"] and known["sub"] == joan.id and known["username"] == joan.name, known
    revoked = {"token": refreshed["refresh_token"], "token_type_hint": "refresh_token"}
    session.revoke_token(found["revocation_endpoint"], **revoked)
    assert not works(session, service)
    try:
        session.refresh_token(found["token_endpoint"])
    except OAuthError as refused:
        assert refused.error == "invalid_grant", refused
    else:
        raise AssertionError("a refresh token was taken that is revoked")


def public(service, found, joan):
    client_id, secret = client(
        service, "authlib-phone", tokenEndpointAuthMethod="none",
        authorizedGrantTypes=["authorization_code", "refresh_token"],
    )
    assert secret is None
    session = OAuth2Session(client_id, scope="service", redirect_uri=REDIRECT_URI, code_challenge_method="S256")
    token = redeemed(session, found, joan)
    assert works(session, service)
    session.refresh_token(found["token_endpoint"])
    assert works(session, service)
    session.revoke_token(found["revocation_endpoint"], token=session.token["access_token"])
    assert not works(session, service)


def private_key(service, found, joan):
    # Authlib's assertions are signed with RSA.
    key = RSAKey.generate_key(2048)
    jwk = {**key.as_dict(private=False), "use": "sig", "alg": "RS256"}
    client_id, _ = client(
        service, "authlib-batch", tokenEndpointAuthMethod="private_key_jwt", jwks={"keys": [jwk]},
        authorizedGrantTypes=["authorization_code", "refresh_token", "client_credentials"],
    )
    session = OAuth2Session(
        client_id, key.as_pem(private=True).decode(), scope="service", redirect_uri=REDIRECT_URI, code_challenge_method="S256",
        token_endpoint_auth_method="private_key_jwt", revocation_endpoint_auth_method="private_key_jwt",
    )
    session.register_client_auth_method(PrivateKeyJWT(found["token_endpoint"]))
    redeemed(session, found, joan)
    assert works(session, service)
    session.refresh_token(found["token_endpoint"])
    assert works(session, service)
    session.fetch_token(found["token_endpoint"], grant_type="client_credentials", scope="tenant:acme")
    session.revoke_token(found["revocation_endpoint"], token=session.token["access_token"])
    assert not works(session, service)


def implicit(service, found, joan):
    client_id, _ = client(service, "authlib-old", authorizedGrantTypes=["implicit"])
    session = OAuth2Session(client_id, scope="service", redirect_uri=REDIRECT_URI, response_type="token")
    url, state = session.create_authorization_url(found["authorization_endpoint"])
    token = session.fetch_token(authorization_response=joan.follow(url), state=state)
    assert token["token_type"] == "Bearer" and "refresh_token" not in token, token
    assert works(session, service)


def openid(service, joan):
    url = get_well_known_url(service.url, external=True)
    found = OpenIDProviderMetadata(requests.get(url, timeout=60).json())
    client_id, secret = client(service, "authlib-openid", authorizedGrantTypes=["authorization_code"])
    session = OAuth2Session(
        client_id, secret, scope="openid profile email", redirect_uri=REDIRECT_URI, code_challenge_method="S256",
    )
    nonce = generate_token()
    token = redeemed(session, found, joan, nonce=nonce)
    keys = KeySet.import_key_set(requests.get(found["jwks_uri"], timeout=60).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=found["id_token_signing_alg_values_supported"])
    wanted = {"iss": {"value": found["issuer"]}, "aud": {"value": client_id}}
    params = {"nonce": nonce, "client_id": client_id, "access_token": token["access_token"]}
    who = CodeIDToken(decoded.claims, decoded.header, wanted, params)
    who.validate()
    told = UserInfo(session.get(found["userinfo_endpoint"]).json())
    assert told.sub == who["sub"] == joan.id and told.email == who["email"], told
    return found


def pushed(service, found, joan):
    """Authlib has no call for RFC 9126: the request that it makes is pushed by hand, and its answer is followed."""
    client_id, secret = client(service, "authlib-pushes", authorizedGrantTypes=["authorization_code"])
    session = OAuth2Session(
        client_id, secret, scope="service", redirect_uri=REDIRECT_URI, code_challenge_method="S256",
    )

    def push(url):
        asked = urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query)
        endpoint = found["pushed_authorization_request_endpoint"]
        answer = requests.post(endpoint, data=asked, auth=(client_id, secret), timeout=60)
        assert answer.status_code == 201, answer.text
        query = {"client_id": client_id, "request_uri": answer.json()["request_uri"]}
        return f"{found['authorization_endpoint']}?{urllib.parse.urlencode(query)}"

    redeemed(session, found, joan, by=push)
    assert works(session, service)


def signature(service, found, joan):
    credential = joan.has_a_credential(service, "authlib")
    client_id, secret = client(service, "authlib-signs", authorizedGrantTypes=["authorization_code"])
    session = OAuth2Session(
        client_id, secret, scope="credential", redirect_uri=REDIRECT_URI, code_challenge_method="S256",
    )
    document = b"I owe you ten."
    hashed = base64.b64encode(hashlib.sha256(document).digest()).decode()
    asked = {
        "type": "https://cloudsignatureconsortium.org/2025/credential", "credentialID": credential, "numSignatures": 1,
        "documentDigests": [{"hash": hashed, "label": "A contract"}], "hashAlgorithmOID": SHA256,
    }
    token = redeemed(session, found, joan, authorization_details=json.dumps([asked]))
    assert token["authorization_details"][0]["credentialID"] == credential, token
    wanted = {
        "credentialID": credential, "hashes": [hashed], "hashAlgorithmOID": SHA256, "signAlgo": "1.2.840.10045.4.3.2",
    }
    answer = session.post(f"{service.url}/csc/v2/signatures/signHash", json=wanted)
    assert answer.ok and len(answer.json()["signatures"]) == 1, answer.text


def redeemed(session, found, joan, by=lambda url: url, **asked):
    """A token, by a code."""
    verifier = generate_token(48)
    url, state = session.create_authorization_url(found["authorization_endpoint"], code_verifier=verifier, **asked)
    answer = joan.follow(by(url))
    # Authlib leaves this to its user (RFC 9207).
    [issuer] = urllib.parse.parse_qs(urllib.parse.urlsplit(answer).query)["iss"]
    assert issuer == found["issuer"], answer
    token = session.fetch_token(
        found["token_endpoint"], authorization_response=answer, state=state, code_verifier=verifier,
    )
    assert token["token_type"] == "Bearer" and not token.is_expired(), token
    return token


def works(session, service):
    return session.post(f"{service.url}/csc/v1/credentials/list", json={}).ok
