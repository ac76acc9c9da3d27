"""A file server for tests of the link: HTTPS, and only for clients with a certificate.

usage: file_server.py FOLDER FILE

FOLDER has the certificates of certificates.sh. FILE is served as:

/people.db     as it is, also in parts
/half.db       the same, but the first answer breaks off in the middle
/other.db      other bytes of the same length
/longer.db     the file and more
/endless.db    bytes for ever
/silent.db     a header and nothing more
/moved.db      a redirect to /people.db

Prints:  port N | PATH FIRST   for each request, with the first byte that is asked for
"""
import pathlib
import re
import socketserver
import ssl
import sys
import threading

folder, file = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_bytes()
has_broken_off = threading.Event()


class Server(socketserver.ThreadingTCPServer):
    """Serves each client in a thread of its own."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(folder / "broker.crt", folder / "broker.key")
        self.tls.load_verify_locations(folder / "house.crt")
        self.tls.verify_mode = ssl.CERT_REQUIRED

    def handle_error(self, request, client_address):
        """A client that hangs up is no error."""


class Answer(socketserver.BaseRequestHandler):
    """One request and its answer."""

    def handle(self):
        client = self.server.tls.wrap_socket(self.request, server_side=True)
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(4096)
        path = request.split(b" ")[1].decode()
        part = re.search(rb"\r\nrange: bytes=(\d+)-\r\n", request, re.I)
        first = int(part[1]) if part else 0
        print(path, first, flush=True)
        self.answer(client, path, first)
        client.unwrap()

    def answer(self, client, path, first):
        if path == "/moved.db":
            client.sendall(b"HTTP/1.1 302 Found\r\nlocation: /people.db\r\ncontent-length: 0\r\n\r\n")
        elif path == "/endless.db":
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                client.sendall(bytes(65536))
        elif path == "/silent.db":
            client.sendall(self.header(200, len(file)))
            client.recv(1)
        elif path == "/other.db":
            client.sendall(self.header(200, len(file)) + bytes(len(file)))
        elif path == "/longer.db":
            client.sendall(self.header(200, len(file) + 1) + file + b"x")
        elif first:
            of = f"content-range: bytes {first}-{len(file) - 1}/{len(file)}\r\n"
            client.sendall(self.header(206, len(file) - first, of) + file[first:])
        elif path == "/half.db" and not has_broken_off.is_set():
            has_broken_off.set()
            client.sendall(self.header(200, len(file)) + file[: len(file) // 2])
        else:
            client.sendall(self.header(200, len(file)) + file)

    @staticmethod
    def header(status, length, more=""):
        return f'HTTP/1.1 {status} As said\r\ncontent-length: {length}\r\netag: "1"\r\n{more}\r\n'.encode()


server = Server()
print("port", server.server_address[1], flush=True)
server.serve_forever()
