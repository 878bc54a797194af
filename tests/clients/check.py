"""Runs the clients, one after the other, against one server; the first that fails ends it.

check.py PROGRAM DIRECTORY-OF-THE-JAVASCRIPT-CLIENT"""

import os
import subprocess
import sys

import authlib_tokens
import pyhanko_signs
import readme
from passing import end_cleanly_when_told_to, pass_all
from service import Service


def main(program, javascript):
    end_cleanly_when_told_to()
    with Service(program) as service:
        pass_all([pyhanko_signs.run, authlib_tokens.run, openid_client(javascript), readme.run], service)


def openid_client(directory):
    def run(service):
        client_id, secret = service.application
        words = {"URL": service.url, "CLIENT_ID": client_id, "CLIENT_SECRET": secret}
        subprocess.run(["node", "openid_client.js"], cwd=directory, env=os.environ | words, check=True)
        yield "openid-client discovers the server, gets, introspects and revokes a token"
    return run


main(*sys.argv[1:])
