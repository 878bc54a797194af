"""pyHanko, a PDF signer, signs documents through its own CSC client and finds them intact and trusted."""

import asyncio
import io

import aiohttp
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationManager,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

SIGNATURES = [
    ("RSA", 2048, False, "rsassa_pkcs1v15"),
    ("RSA", 2048, True, "rsassa_pss"),
    ("EC", 256, False, "ecdsa"),
    ("EC", 384, False, "ecdsa"),
]


def run(service):
    for algorithm, bits, prefer_pss, mechanism in SIGNATURES:
        signer = service.enrol(f"{algorithm}-{bits}-{mechanism}", algorithm, bits)
        [found] = asyncio.run(sign(service, signer, 1, prefer_pss))
        assert found == mechanism, f"{algorithm}-{bits} signed by {found}, not {mechanism}"
        yield f"pyHanko signs a PDF: {algorithm} {bits}, {mechanism}"
    # Under v2 it goes on to speak v1, at another URL.
    for version in ("v1", "v2"):
        signer = service.enrol(f"batch-{version}", "EC", 256, signatures=5)
        asyncio.run(sign(service, signer, 5, False, version))
        yield f"pyHanko signs five PDFs under one SAD: {version}"


async def sign(service, signer, documents, prefer_pss, version="v1"):
    """Signs so many documents with one authorisation, and checks each; their signature mechanisms."""
    session_info = CSCServiceSessionInfo(service.url, signer.credential, oauth_token=signer.token, api_ver=version)
    async with aiohttp.ClientSession() as session:
        credential = await fetch_certs_in_csc_credential(session, session_info)
        manager = AskTheSigner(session_info, credential, session, signer)
        csc = CSCSigner(session, manager, sign_timeout=30, prefer_pss=prefer_pss, batch_size=documents)
        pdf_signer = PdfSigner(PdfSignatureMetadata(field_name="Signature"), csc)
        writers = [IncrementalPdfFileWriter(empty_pdf()) for _ in range(documents)]
        signed = await asyncio.gather(*(pdf_signer.async_sign_pdf(writer) for writer in writers))
    return [await validate(service, document) for document in signed]


class AskTheSigner(CSCAuthorizationManager):
    """The part that pyHanko leaves to whoever uses it: where PIN and OTP come from."""

    def __init__(self, session_info, credential_info, session, signer):
        super().__init__(session_info, credential_info)
        self.session, self.signer = session, signer

    async def authorize_signature(self, hash_b64s):
        request = self.format_csc_auth_request(
            hash_b64s=hash_b64s, pin=self.signer.pin, otp=self.signer.authenticator.code(),
            description="A contract", client_data="order 7",
        )
        url = self.csc_session_info.endpoint_url("credentials/authorize")
        async with self.session.post(url, headers=self.auth_headers, json=request, raise_for_status=True) as answer:
            return self.parse_csc_auth_response(await answer.json())


async def validate(service, document):
    [signature] = PdfFileReader(document).embedded_signatures
    root = Certificate.load(service.authority.root.public_bytes(Encoding.DER))
    status = await async_validate_pdf_signature(signature, ValidationContext(trust_roots=[root]))
    assert status.bottom_line and status.intact and status.trusted, status.pretty_print_details()
    return signature.signer_info["signature_algorithm"].signature_algo


def empty_pdf():
    writer = PdfFileWriter()
    contents = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    box = generic.ArrayObject(generic.NumberObject(side) for side in (0, 0, 200, 200))
    writer.insert_page(PageObject(contents=contents, media_box=box))
    document = io.BytesIO()
    writer.write(document)
    document.seek(0)
    return document
