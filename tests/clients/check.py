"""Runs the clients, one after the other, against one server; the first that fails ends it.

check.py PROGRAM DIRECTORY-OF-THE-JAVASCRIPT-CLIENT"""

import sys

import authlib_people
import authlib_tokens
import openid_client
import pyhanko_signs
import readme
from passing import end_cleanly_when_told_to, pass_all
from service import Service


def main(program, javascript):
    end_cleanly_when_told_to()
    with Service(program) as service:
        clients = [pyhanko_signs.run, authlib_tokens.run, authlib_people.run, openid_client.at(javascript), readme.run]
        pass_all(clients, service)


main(*sys.argv[1:])
