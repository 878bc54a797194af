"""A mail server on a port of its own that keeps what it is given."""

import re
import socketserver
import threading


class MailServer:
    def __enter__(self):
        self.letters = []
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation)
        self.server.daemon_threads = True
        self.server.letters = self.letters
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "smtp://127.0.0.1:{}".format(self.server.server_address[1])
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def link(self, address):
        """The one in the last letter to an address; it is on a line of its own."""
        return re.search(r"^http\S+", self._last(address), re.MULTILINE)[0]

    def code(self, address):
        return re.search(r"^    (\d+)\s*$", self._last(address), re.MULTILINE)[1]

    def _last(self, address):
        return [text for to, text in self.letters if to == address][-1]


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        self._say("220 mail.test ESMTP")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"RCPT":
                to = re.search(rb"<(.*)>", line)[1].decode()
            if verb == b"DATA":
                self._say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.letters.append((to, text.decode().replace("\r\n", "\n")))
            self._say("221 bye" if verb == b"QUIT" else "250 fine")

    def _say(self, text):
        self.wfile.write(f"{text}\r\n".encode())
