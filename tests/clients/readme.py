"""The snippets of the README's page "Use it from ...", as a reader would run them: each signs and verifies a file."""

import os
import pathlib
import re
import subprocess
import tempfile

README = pathlib.Path(__file__).parents[2] / "README.md"
SECTION = "## Use it from your program\n"
HOW_TO_RUN = {
    "sh": ["bash", "-euo", "pipefail", "snippet"],
    "python": ["python", "snippet"],
    "js": ["node", "snippet.mjs"],
}


def run(service):
    section = README.read_text().split(SECTION)[1].split("\n## ")[0]
    snippets = dict(re.findall(r"^```(\w+)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE))
    assert snippets.keys() == HOW_TO_RUN.keys(), f"the page has snippets in {list(snippets)}"
    for language, snippet in snippets.items():
        said = follow(service, language, snippet)
        assert said.endswith("Verified OK\n"), f"the {language} snippet said {said!r}"
        yield f"README, Use it from your program: {language}"


def follow(service, language, snippet):
    signer = service.enrol(f"reader-of-{language}@acme", "RSA", 2048)
    client_id, secret = service.application
    words = {
        "URL": service.url, "CLIENT_ID": client_id, "CLIENT_SECRET": secret, "SCOPE": f"seat:{signer.seat} tenant:acme",
        "PIN": signer.pin, "OTP": signer.authenticator.code(),
    }
    command = HOW_TO_RUN[language]
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, command[-1]).write_text(snippet)
        pathlib.Path(directory, "contract.pdf").write_bytes(b"%PDF-1.7 I owe you ten.")
        done = subprocess.run(
            command, cwd=directory, env=os.environ | words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )
    assert done.returncode == 0, f"the {language} snippet ended with {done.returncode}"
    return done.stdout
