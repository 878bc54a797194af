"""Authlib, an OAuth library: the grants for which a person comes by, who signs in and consents."""

import urllib.parse

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session, OAuthError
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc.jwk import RSAKey

from person import Person

REDIRECT_URI = "https://app.example/callback"
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


def discover(service):
    found = AuthorizationServerMetadata(
        requests.get(f"{service.url}/.well-known/oauth-authorization-server", timeout=60).json(),
    )
    # Every member but those which have to be https, as they are anywhere but here.
    for name in found.REGISTRY_KEYS:
        try:
            getattr(found, f"validate_{name}", lambda: None)()
        except ValueError as fault:
            assert "https" in str(fault), f"{name}: {fault}"
    assert found["issuer"] == service.url, found
    return found


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
    session.revoke_token(found["revocation_endpoint"], token=refreshed["refresh_token"], token_type_hint="refresh_token")
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


def redeemed(session, found, joan, **asked):
    """A token, by a code."""
    verifier = generate_token(48)
    url, state = session.create_authorization_url(found["authorization_endpoint"], code_verifier=verifier, **asked)
    answer = joan.follow(url)
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
