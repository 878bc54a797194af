"""openid-client, an OAuth library for JavaScript: runs openid_client.js, with the clients and the person that it needs."""

import base64
import hashlib
import json
import os
import subprocess

from joserfc.jwk import ECKey

from authlib_people import client
from person import PASSWORD, Person

# Of a document, in base64.
HASH = base64.b64encode(hashlib.sha256(b"I owe you ten.").digest()).decode()
WITH_CODE = ["authorization_code", "refresh_token"]


def at(directory):
    def run(service):
        joan = Person(service, "joan-of-javascript")
        user = {"id": joan.id, "name": joan.name, "password": PASSWORD}
        signing = {"credential": joan.has_a_credential(service, "javascript"), "hash": HASH}
        words = {
            "URL": service.url, "USER": json.dumps(user), "SIGNING": json.dumps(signing),
            "CLIENTS": json.dumps(clients(service)),
        }
        with subprocess.Popen(
            ["node", "openid_client.js"], cwd=directory, env=os.environ | words, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as process:
            for line in process.stdout:
                verb, said = json.loads(line)
                if verb == "follow":
                    print(joan.follow(said), file=process.stdin, flush=True)
                else:
                    yield f"openid-client {said}"
        assert process.returncode == 0, f"openid_client.js ended with {process.returncode}"
    return run


def clients(service):
    key = ECKey.generate_key("P-256")
    public = {**key.as_dict(private=False), "use": "sig"}
    found = {
        "application": service.application,
        "web": client(service, "openid-web", authorizedGrantTypes=WITH_CODE),
        "phone": client(service, "openid-phone", tokenEndpointAuthMethod="none", authorizedGrantTypes=WITH_CODE),
        "batch": client(
            service, "openid-batch", tokenEndpointAuthMethod="private_key_jwt", jwks={"keys": [public]},
            authorizedGrantTypes=[*WITH_CODE, "client_credentials"],
        ),
        "portal": client(service, "openid-portal", authorizedGrantTypes=["password", "refresh_token"]),
    }
    found = {name: {"id": client_id, "secret": secret} for name, (client_id, secret) in found.items()}
    found["batch"]["jwk"] = key.as_dict(private=True)
    return found
