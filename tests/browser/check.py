"""Looks at the pages of one server in one browser; the first thing that is wrong ends it.

check.py PROGRAM CHROMIUM AXE DIRECTORY-FOR-SCREENSHOTS"""

import sys

import approvals
import authorization
import enrolment
import faults
from mail import MailServer
from passing import end_cleanly_when_told_to, pass_all
from reader import Browser
from service import Service
import signatures


class Stage:
    """What a test plays on."""

    def __init__(self, service, mail, browser):
        self.service, self.mail, self.browser = service, mail, browser


def main(program, chromium, axe, screenshots):
    end_cleanly_when_told_to()
    with (
        MailServer() as mail,
        Service(program, {"COUNTERSIGN_SMTP_URL": mail.url, "COUNTERSIGN_MAIL_FROM": "sign@acme.test"}) as service,
        Browser(chromium, axe, screenshots, service.url) as browser,
    ):
        pass_all([faults.run, approvals.run, enrolment.run, authorization.run, signatures.run], Stage(service, mail, browser))


main(*sys.argv[1:])
