"""Takes pushes as Loki does and writes each entry into a file, as a line of JSON: {"labels", "time_ns", "line"}. It refuses nothing;
what Loki would refuse is the relay's own tests' affair.

  loki_stand_in.py FILE [PORT]     listens on 127.0.0.1:3100"""

import gzip
import http.server
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "deploy"))
from kubernetes_protobuf import fields, first  # noqa: E402  # a reader of any protobuf message


def unsnap(data):
    """The content of a snappy block."""
    at = 0
    while data[at] >= 0x80:  # the length, which the content tells as well
        at += 1
    at += 1
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                shift = length - 59
                length = int.from_bytes(data[at:at + shift], "little")
                at += shift
            out += data[at:at + length + 1]
            at += length + 1
            continue
        if tag & 3 == 1:
            length, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at]
            at += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            length, offset = (tag >> 2) + 1, int.from_bytes(data[at:at + width], "little")
            at += width
        for _ in range(length):
            out.append(out[-offset])
    return bytes(out)


def entries(content_type, encoding, body):
    if encoding == "gzip":
        body = gzip.decompress(body)
    if content_type.startswith("application/json"):
        for stream in json.loads(body)["streams"]:
            for time_ns, line, *_ in stream["values"]:
                yield {"labels": stream["stream"], "time_ns": int(time_ns), "line": line}
        return
    for number, stream in fields(unsnap(body)):
        if number != 1:
            continue
        pairs = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', first(stream, 1).decode())
        labels = {name: json.loads(f'"{value}"') for name, value in pairs}
        for kind, entry in fields(stream):
            if kind == 2:
                stamp = first(entry, 1)
                yield {"labels": labels, "time_ns": first(stamp, 1, 0) * 10**9 + first(stamp, 2, 0),
                       "line": first(entry, 2).decode()}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        found = list(entries(self.headers.get("Content-Type", ""), self.headers.get("Content-Encoding"), body))
        with open(sys.argv[1], "a") as file:
            file.writelines(json.dumps(entry) + "\n" for entry in found)
        self.send_response(204)
        self.end_headers()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"ready\n")

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int((sys.argv[2:] or ["3100"])[0])), Handler).serve_forever()
