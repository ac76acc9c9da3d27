"""A static HTTPS server, as anybody may have one: shows the files of a folder.

usage: folder_server.py CERTIFICATES FOLDER

CERTIFICATES is a folder with broker.crt and broker.key. Prints:  port N
"""
import functools
import http.server
import pathlib
import ssl
import sys


class Answer(http.server.SimpleHTTPRequestHandler):
    """Keeps connections open, and says nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """A request is no news."""


class Server(http.server.ThreadingHTTPServer):
    """Takes as many clients at once as come."""

    request_queue_size = 1024

    def finish_request(self, request, client_address):
        with tls.wrap_socket(request, server_side=True) as client:
            self.RequestHandlerClass(client, client_address, self)

    def handle_error(self, request, client_address):
        """A client that hangs up is no error."""


certificates, folder = (pathlib.Path(argument) for argument in sys.argv[1:])
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificates / "broker.crt", certificates / "broker.key")
server = Server(("127.0.0.1", 0), functools.partial(Answer, directory=folder))
print("port", server.server_address[1], flush=True)
server.serve_forever()
