"""Authlib, an OAuth library: tokens by client credentials and by a user's password, what they are, and their end."""

import requests
from authlib.integrations.requests_client import OAuth2Session, OAuthError


def run(service):
    for method in ("client_secret_basic", "client_secret_post"):
        tokens(service, method)
        yield f"Authlib gets, introspects and revokes a token by {method}"
    refresh(service)
    yield "Authlib refreshes a token that came by auth/login"
    password(service)
    yield "Authlib signs a user in by the password grant, and refreshes the token"


def tokens(service, method):
    found = requests.get(f"{service.url}/.well-known/oauth-authorization-server", timeout=60).json()
    client_id, secret = service.application
    client = OAuth2Session(
        client_id, secret, scope="seat:jdoe tenant:acme", token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
    )
    token = client.fetch_token(found["token_endpoint"], grant_type="client_credentials")
    assert token["token_type"] == "Bearer" and not token.is_expired(), token
    listed = client.post(f"{service.url}/csc/v1/credentials/list", json={})
    assert listed.json() == {"credentialIDs": []}, listed.text

    access_token = token["access_token"]
    known = client.introspect_token(found["introspection_endpoint"], token=access_token).json()
    assert known["active"] and known["client_id"] == client_id, known
    assert known["seat"] == "jdoe" and known["tenant"] == "acme", known

    revoked = client.revoke_token(found["revocation_endpoint"], token=access_token, token_type_hint="access_token")
    assert revoked.status_code == 200, revoked.text
    gone = client.introspect_token(found["introspection_endpoint"], token=access_token).json()
    assert gone == {"active": False}, gone
    refused = client.post(f"{service.url}/csc/v1/credentials/list", json={})
    assert refused.status_code == 401 and refused.json()["error"] == "expired_token", refused.text


def refresh(service):
    client_id, secret = service.client(
        "acme-desk", "application", authorizedGrantTypes=["client_credentials", "refresh_token"],
        defaultScope="seat:jdoe tenant:acme",
    )
    login = f"{service.url}/csc/v1/auth/login"
    first = requests.post(login, json={"rememberMe": True}, auth=(client_id, secret), timeout=60).json()
    client = OAuth2Session(client_id, secret, token=first)
    second = client.refresh_token(f"{service.url}/oauth2/token")
    assert second["access_token"] != first["access_token"], second
    assert second["refresh_token"] != first["refresh_token"], second
    listed = client.post(f"{service.url}/csc/v1/credentials/list", json={})
    assert listed.json() == {"credentialIDs": []}, listed.text


def password(service):
    client_id, secret = service.client(
        "acme-portal", "application", authorizedGrantTypes=["password", "refresh_token"],
        rolePermissions={"signer": ["credentials:read", "credentials:use"]},
    )
    user = {"name": "joan", "password": "walrus gathers 7 umbrellas", "roles": ["signer"], "seats": ["joan"]}
    made = service.post("/api/v1/users", service.administrator, {"tenant": "acme", **user})
    client = OAuth2Session(client_id, secret, scope="service")
    endpoint = f"{service.url}/oauth2/token"
    # A password is enough for Authlib to know the grant.
    first = client.fetch_token(endpoint, username=user["name"], password=user["password"])
    assert first["scope"] == "seat:joan tenant:acme service", first
    second = client.refresh_token(endpoint)
    assert second["access_token"] != first["access_token"], second
    known = client.introspect_token(f"{service.url}/oauth2/introspect", token=second["access_token"]).json()
    assert known["active"] and known["username"] == "joan" and known["sub"] == made["id"], known
    listed = client.post(f"{service.url}/csc/v1/credentials/list", json={})
    assert listed.json() == {"credentialIDs": []}, listed.text
    try:
        client.fetch_token(endpoint, username=user["name"], password="a wrong password")
    except OAuthError as refused:
        assert refused.error == "invalid_grant", refused
    else:
        raise AssertionError("a wrong password was taken")
