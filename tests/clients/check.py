"""Runs the clients, one after the other, against one server; the first that fails ends it.

check.py PROGRAM DIRECTORY-OF-THE-JAVASCRIPT-CLIENT"""

import os
import signal
import subprocess
import sys
import time

import authlib_tokens
import pyhanko_signs
import readme
from service import Service


def main(program, javascript):
    passed = 0
    # Whoever is told to end leaves no server behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    with Service(program) as service:
        for client in (pyhanko_signs.run, authlib_tokens.run, openid_client(javascript), readme.run):
            started = time.monotonic()
            for what in client(service):
                passed += 1
                print(f"{what} ... ok ({time.monotonic() - started:.1f} s)", flush=True)
                started = time.monotonic()
    print(f"test result: ok. {passed} passed; 0 failed; 0 ignored")


def openid_client(directory):
    def run(service):
        client_id, secret = service.application
        words = {"URL": service.url, "CLIENT_ID": client_id, "CLIENT_SECRET": secret}
        subprocess.run(["node", "openid_client.js"], cwd=directory, env=os.environ | words, check=True)
        yield "openid-client discovers the server, gets, introspects and revokes a token"
    return run


main(*sys.argv[1:])
