"""A countersign for the clients to run against, and the people around it: an application, a CA, signers."""

import base64
import datetime
import hmac
import json
import os
import socket
import subprocess
import tempfile
import time

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

PIN = "739154"


class Service:
    """A server on a free port and a database of its own, with the tenant acme, its application and its CA's operator.

    Stopped, and its directory gone, when the `with` ends. Settings are COUNTERSIGN_* variables."""

    def __init__(self, program, settings={}):
        self.program, self.settings = program, settings
        self.authority = Authority()

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="countersign-clients-")
        data = os.path.join(self.directory.name, "data")
        self.url = f"http://127.0.0.1:{free_port()}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
        environment |= {"COUNTERSIGN_DATA": data, "COUNTERSIGN_RSA_POOL": "2048=0,3072=0,4096=0"}
        environment |= self.settings
        made = subprocess.run(
            [self.program, "init", "--json", "--public-url", self.url],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True,
        )
        self.log = open(os.path.join(self.directory.name, "log"), "w+")
        self.process = subprocess.Popen(
            [self.program, "serve", "--listen", self.url.removeprefix("http://")],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True,
        )
        try:
            ready = self.process.stdout.readline()
            assert ready.startswith("listening on "), f"the server did not start: {self.said()}"
            self._open_for_business(json.loads(made.stdout))
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, failure, *_):
        if failure and issubclass(failure, Exception):
            print(f"the server's last lines:\n{self.said()}")
        self._stop()

    def _open_for_business(self, administrator):
        self.administrator = self.token(administrator["clientId"], administrator["clientSecret"])
        self.post("/api/v1/tenants", self.administrator, {"name": "acme", "displayName": "Acme"})
        self.application = self.client("acme-app", "application")
        self.operator = self.client("acme-ca", "ca_operator")
        self.configuration = self.configure("pin-and-otp", ["PIN", "OTP"])

    def _stop(self):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()
        self.directory.cleanup()

    def said(self):
        self.log.flush()
        self.log.seek(0)
        return "".join(self.log.readlines()[-20:])

    def client(self, name, role, **fields):
        """Registers a client; its id, and its secret if it has one."""
        record = {"clientId": name, "roles": [role], "tenants": ["acme"], **fields}
        return name, self.post("/api/v1/clients", self.administrator, record).get("clientSecret")

    def configure(self, name, factors, kind="explicit"):
        """How signatures are authorised: the id of a configuration."""
        configuration = {"name": name, "tenant": "acme", "type": kind, "secondFactors": factors}
        return self.post("/api/v1/authorization-configurations", self.administrator, configuration)["id"]

    def token(self, client_id, secret, scope=""):
        form = {"grant_type": "client_credentials", "scope": scope}
        answer = requests.post(f"{self.url}/oauth2/token", data=form, auth=(client_id, secret), timeout=60)
        return content(answer)["access_token"]

    def post(self, path, token, body):
        headers = {"Authorization": f"Bearer {token}"}
        return content(requests.post(f"{self.url}{path}", json=body, headers=headers, timeout=60))

    def enrol(self, seat, algorithm, bits, signatures=1):
        """Takes a new signer through the pipeline, as far as a certificate."""
        signer = self.begin(seat, self.configuration, signatures)
        self.factor(signer, "PIN", value=signer.pin)
        signer.authenticator = Authenticator(self.factor(signer, "OTP")["secret"])
        self.post(f"{signer.path}/second-factors/otp/confirm", signer.token, {"value": signer.authenticator.code()})
        self.certify(signer, algorithm, bits)
        return signer

    def begin(self, seat, configuration, signatures=1, **fields):
        """A credential that has nothing yet."""
        token = self.token(*self.application, f"seat:{seat} tenant:acme")
        wanted = {"authorizationConfiguration": configuration, "multiSignature": signatures, **fields}
        return Signer(seat, self.post("/api/v1/credentials", token, wanted)["credentialId"], token)

    def factor(self, signer, kind, **fields):
        return self.post(f"{signer.path}/second-factors", signer.token, {"type": kind, **fields})

    def certify(self, signer, algorithm, bits):
        """A key for a credential that has its factors, and the certificate."""
        family = "SHA256withRSA" if algorithm == "RSA" else "SHA256withECDSA" if bits == 256 else "SHA384withECDSA"
        subject = f"CN={signer.seat},O=Acme"
        key = {"keyAlgorithm": algorithm, "keyLength": bits, "csrSignatureAlgorithm": family, "subject": subject}
        self.post(f"{signer.path}/key-pair", signer.token, key)
        self._certify(signer.credential)

    def _certify(self, credential):
        """What the CA's operator does: look for the request, answer it with a chain."""
        operator = {"Authorization": f"Bearer {self.token(*self.operator)}"}
        waiting = requests.get(f"{self.url}/api/v1/certificate-requests?tenant=acme", headers=operator, timeout=60)
        [request] = [item for item in content(waiting)["items"] if item["credentialId"] == credential]
        chain = requests.put(
            f"{self.url}/api/v1/credentials/{credential}/certificate",
            data=self.authority.certify(request["csr"]),
            headers=operator | {"Content-Type": "application/pkcs7-mime"}, timeout=60,
        )
        assert content(chain)["status"] == "active"


class Signer:
    """A person with a credential, a PIN and perhaps an authenticator, and the token of the application that acts for
    them."""

    def __init__(self, seat, credential, token):
        self.seat, self.credential, self.token, self.authenticator = seat, credential, token, None
        self.path, self.pin = f"/api/v1/credentials/{credential}", PIN


class Authenticator:
    """TOTP (RFC 6238) over the secret that enrolment showed. Each code is a later one than the one before: a first one is
    good for its step of 30 seconds and the next, a second one besides already in the step before its own."""

    def __init__(self, secret):
        self.key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        self.last = 0

    def code(self):
        self.last = max(self.last + 1, int(time.time()) // 30)
        mac = hmac.digest(self.key, self.last.to_bytes(8, "big"), "sha1")
        start = mac[-1] & 15
        return f"{(int.from_bytes(mac[start:start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


class Authority:
    """A CA: a root, and below it the one that issues."""

    def __init__(self):
        self.now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)
        self.root_key, self.issuing_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = self._certificate(name("Root"), self.root_key.public_key(), name("Root"), self.root_key, True)
        self.issuing = self._certificate(name("Issuing"), self.issuing_key.public_key(), name("Root"), self.root_key, True)

    def certify(self, csr):
        """The answer to a request (PEM): a PKCS#7 with the whole chain (DER)."""
        request = x509.load_pem_x509_csr(csr.encode())
        assert request.is_signature_valid, "the request is not signed by its own key"
        leaf = self._certificate(request.subject, request.public_key(), name("Issuing"), self.issuing_key, False)
        return pkcs7.serialize_certificates([leaf, self.issuing, self.root], serialization.Encoding.DER)

    def _certificate(self, subject, key, issuer, issuer_key, is_authority):
        usages = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                  "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
        used = ["key_cert_sign", "crl_sign"] if is_authority else ["digital_signature", "content_commitment"]
        return (
            x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
            .not_valid_before(self.now)
            .not_valid_after(self.now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.KeyUsage(**{usage: usage in used for usage in usages}), critical=True)
            .sign(issuer_key, hashes.SHA256())
        )


def name(common_name):
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme CA"),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ])


def free_port():
    """Its URL has to be known at init, so the server cannot choose the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def content(answer):
    assert answer.ok, f"{answer.request.method} {answer.url} answered {answer.status_code}: {answer.text}"
    return answer.json()
