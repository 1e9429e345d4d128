# SPDX-License-Identifier: GPL-2.0-or-later
"""Serves a folder over https:  https.py PORT CERTIFICATE KEY FOLDER

/hang/NAME   the header of an answer, and then nothing
/cut/NAME    half of the file
/endless/    bytes without end
/busy/       503
/NAME        the file, or 404
"""
import http.server
import os
import ssl
import sys
import time

PORT, CERTIFICATE, KEY, FOLDER = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    def begin(self, status, length=None):
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def do_GET(self):
        how, name = os.path.split(self.path)
        how = how.strip("/")
        path = os.path.join(FOLDER, name)
        if how == "busy":
            return self.begin(503, 0)
        if how == "endless":
            self.begin(200)
            while True:
                self.wfile.write(bytes(1 << 16))
        if not os.path.exists(path):
            return self.begin(404, 0)
        with open(path, "rb") as f:
            body = f.read()
        self.begin(200, len(body))
        if how == "hang":
            time.sleep(600)
        self.wfile.write(body[:len(body) // 2] if how == "cut" else body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(PORT)), Handler)
server.daemon_threads = True
server.handle_error = lambda *_: None  # who hangs up is a test, too
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
