"""A stand-in for Loki 3.6's push API: keeps what Loki would keep, refuses what it would refuse, with its words.

Limits are Loki's defaults. Faults can be switched on while it runs: see LokiStandIn.fault.
"""

import collections
import gzip
import http.server
import json
import re
import socket
import threading
import time

LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"\s*(?:,|$)')
HOUR_NS = 3600 * 10**9


class Refused(Exception):
    """Nothing of the request is stored."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status
        self.text = text


def parse_labels(text):
    if not (text.startswith("{") and text.endswith("}")):
        raise Refused(400, f"error parsing labels: {text}")
    labels = {}
    at = 1
    while at < len(text) - 1:
        found = LABEL.match(text, at, len(text) - 1)
        if not found:
            raise Refused(400, f"error parsing labels: parse error in {text}")
        if found.group(1) in labels:
            raise Refused(400, f"duplicate label name {found.group(1)}")
        labels[found.group(1)] = json.loads('"' + found.group(2) + '"')
        at = found.end()
    return labels


def fields(data):
    """(field number, value) of one protobuf message; bytes or int."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            if at + size > len(data):
                raise Refused(400, "unexpected EOF")
            value = data[at : at + size]
            at += size
        else:
            raise Refused(400, f"proto: illegal wireType {key & 7}")
        yield key >> 3, value


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def snappy_uncompress(data):
    """The block format: a length, then literals and copies of what came before."""
    size, at = varint(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        kind = tag & 3
        at += 1
        if kind == 0:
            length = (tag >> 2) + 1
            if length > 60:
                extra = length - 60
                length = int.from_bytes(data[at : at + extra], "little") + 1
                at += extra
            out += data[at : at + length]
            at += length
            continue
        if kind == 1:
            length = (tag >> 2 & 7) + 4
            offset = (tag >> 5) << 8 | data[at]
            at += 1
        else:
            width = 2 if kind == 2 else 4
            length = (tag >> 2) + 1
            offset = int.from_bytes(data[at : at + width], "little")
            at += width
        if not 0 < offset <= len(out):
            raise ValueError("offset")
        start = len(out) - offset
        while length > 0:  # a copy may reach into itself
            part = out[start : start + length]
            out += part
            start += len(part)
            length -= len(part)
    if len(out) != size:
        raise ValueError("length")
    return bytes(out)


def decode_protobuf(body):
    """[(labels, [(ns, line)])] and the size of the request."""
    try:
        plain = snappy_uncompress(body)
    except (IndexError, ValueError) as error:
        raise Refused(400, "snappy: corrupt input") from error
    streams = []
    for number, stream in fields(plain):
        if number != 1:
            raise Refused(400, f"unknown field {number}")
        labels, entries = "", []
        for part, value in fields(stream):
            if part == 1:
                labels = value.decode()
            elif part == 2:
                ns, line = 0, ""
                for inner, content in fields(value):
                    if inner == 1:
                        clock = dict(fields(content))
                        ns = clock.get(1, 0) * 10**9 + clock.get(2, 0)
                    elif inner == 2:
                        line = content.decode(errors="replace")
                entries.append((ns, line))
        streams.append((parse_labels(labels), entries))
    return streams, len(plain)


def decode_json(body):
    try:
        push = json.loads(body)
    except ValueError as error:
        raise Refused(400, "couldn't parse push request") from error
    streams = []
    for stream in push.get("streams", []):
        for name in stream["stream"]:
            if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name):
                raise Refused(400, f"error parsing labels: {name}")
        entries = []
        for value in stream["values"]:
            if not isinstance(value[0], str) or not value[0].isdigit():
                raise Refused(400, "couldn't parse push request: timestamp")
            entries.append((int(value[0]), value[1]))
        streams.append((stream["stream"], entries))
    return streams, len(body)


def rfc3339(ns):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + "Z"


class LokiStandIn:
    """`fault` is None or one of: 429, 500, 503, 401 ..., "hang", "reset", "slow", "redirect", "reset after",
    or a function that returns one of these for each request."""

    def __init__(self, streams_max=5000, tenant=None, tls=None):
        self.lock = threading.RLock()
        self.streams = {}  # labels -> {(ns, line): place of arrival}
        self.newest = {}  # labels -> ns
        self.arrivals = 0
        self.duplicates = 0
        self.requests = 0
        self.pushes = []  # (status, entries, headers)
        self.refused = collections.Counter()  # entries, by reason
        self.fault = None
        self.streams_max = streams_max
        self.tenant = tenant
        self.released = threading.Event()
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                stand_in.answer(self)

            def do_GET(self):
                self.send(404, "not found")

            def send(self, status, text="", headers=()):
                body = text.encode()
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a client that was killed

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        fault = self.fault() if callable(self.fault) else self.fault
        with self.lock:
            self.requests += 1
        if fault == "hang":
            self.released.wait(60)
            request.close_connection = True
            return
        if fault == "reset":
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            request.connection.close()
            request.close_connection = True
            return
        if fault == "slow":
            time.sleep(0.3)
        if fault == "redirect":
            request.send(301, "", [("Location", "/elsewhere")])
            return
        if isinstance(fault, int):
            request.send(fault, {429: "ingestion rate limit exceeded", 500: "something broke"}.get(fault, "no"))
            return
        try:
            status, text, entries = self.push(request, body)
        except Refused as refused:
            status, text, entries = refused.status, refused.text, 0
        with self.lock:
            self.pushes.append((status, entries, dict(request.headers)))
        if fault == "reset after":  # stored, and the sender does not hear of it
            request.connection.close()
            request.close_connection = True
            return
        request.send(status, text)

    def push(self, request, body):
        if request.path != "/loki/api/v1/push":
            raise Refused(301 if "//" in request.path else 404, "")
        if self.tenant and request.headers.get("X-Scope-OrgID") != self.tenant:
            raise Refused(401, "no org id")
        encoding = request.headers.get("Content-Encoding", "")
        if encoding == "gzip":
            body = gzip.decompress(body)
        elif encoding not in ("", "snappy"):
            raise Refused(400, f"Content-Encoding {encoding} not supported")
        kind = request.headers.get("Content-Type")
        if not kind:
            raise Refused(400, "mime: no media type")
        streams, size = decode_json(body) if kind.startswith("application/json") else decode_protobuf(body)
        if not streams:
            raise Refused(422, "at least one valid stream is required for ingestion")
        if size > 4194304:
            raise Refused(500, f"rpc error: code = ResourceExhausted desc = grpc: received message larger than max ({size} vs. 4194304)")
        problems = []
        limited = False
        with self.lock:
            for labels, entries in streams:
                problem = self.stream_problem(labels)
                if problem:
                    problems.append(problem)
                    self.refused["stream"] += len(entries)
                    continue
                key = tuple(sorted((name, value) for name, value in labels.items() if value))
                if key not in self.streams:
                    if len(self.streams) >= self.streams_max:
                        limited = True
                        self.refused["stream limit"] += len(entries)
                        continue
                    self.streams[key] = {}
                for ns, line in entries:
                    problem = self.store(key, ns, line)
                    if problem:
                        problems.append(problem)
        count = sum(len(entries) for _, entries in streams)
        if limited:
            return 429, f"maximum active stream limit exceeded when trying to create stream, user: 'fake', limit: {self.streams_max}", count
        if problems:
            return 400, "\n".join(problems[:10]), count
        return 204, "", count

    def stream_problem(self, labels):
        if len(labels) > 15:
            return f"entry for stream has {len(labels)} label names; limit 15"
        for name, value in labels.items():
            if len(name) > 1024:
                return "label name too long"
            if len(value.encode()) > 2048:
                return "label value too long"
        return None

    def store(self, key, ns, line):
        now = time.time_ns()
        if len(line.encode()) > 262144:
            self.refused["line too long"] += 1
            return "max entry size 262144 bytes exceeded"
        if ns < now - 168 * HOUR_NS:
            self.refused["too old"] += 1
            return f"entry has timestamp too old: {rfc3339(ns)}, oldest acceptable timestamp is: {rfc3339(now - 168 * HOUR_NS)}"
        if ns > now + HOUR_NS // 6:
            self.refused["too new"] += 1
            return f"entry has timestamp too new: {rfc3339(ns)}"
        newest = self.newest.get(key, ns)
        if ns < newest - HOUR_NS:
            self.refused["too far behind"] += 1
            return f"entry too far behind, entry timestamp is: {rfc3339(ns)}, oldest acceptable timestamp is: {rfc3339(newest - HOUR_NS)}"
        self.newest[key] = max(ns, newest)
        if (ns, line) in self.streams[key]:
            self.duplicates += 1
        else:
            self.streams[key][(ns, line)] = self.arrivals
            self.arrivals += 1
        return None

    def entries(self):
        """(labels, ns, line) of all that is stored, in the order of arrival."""
        with self.lock:
            everything = [(place, dict(key), ns, line) for key, stored in self.streams.items() for (ns, line), place in stored.items()]
        return [entry[1:] for entry in sorted(everything, key=lambda entry: entry[0])]

    def count(self):
        with self.lock:
            return self.arrivals
