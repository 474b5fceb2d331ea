"""An authority, and certificates of it for 127.0.0.1 and for a client, by openssl."""

import os
import ssl
import subprocess


class Certificates:
    """In `folder`: ca.crt, server.crt and .key, client.crt and .key, the names that mutualtlsfilespath wants."""

    def __init__(self, folder):
        self.folder = folder
        self.run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=authority",
                 "-keyout", "ca.key", "-out", "ca.crt")
        for name in ("server", "client"):
            self.run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", f"{name}.key", "-out", f"{name}.csr")
            with open(self.path("extensions"), "w") as file:
                file.write("subjectAltName=IP:127.0.0.1\n")
            self.run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                     "-extfile", "extensions", "-out", f"{name}.crt")

    def run(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def server_context(self, mutual=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("server.crt"), self.path("server.key"))
        if mutual:
            context.load_verify_locations(self.path("ca.crt"))
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client_context(self, with_certificate=False):
        context = ssl.create_default_context(cafile=self.path("ca.crt"))
        if with_certificate:
            context.load_cert_chain(self.path("client.crt"), self.path("client.key"))
        return context
