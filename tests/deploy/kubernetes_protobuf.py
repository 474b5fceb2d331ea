"""Reads a Secret in Kubernetes' protobuf form, which is how helm stores its releases (fields: k8s.io/api/core/v1/generated.proto,
k8s.io/apimachinery/pkg/runtime/generated.proto)."""

import base64

MAGIC = b"k8s\x00"


def fields(data):
    """(number, value) of each field of a message; numbers are ints, the rest bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 == 2:
            length = varint()
            yield key >> 3, data[at:at + length]
            at += length
        else:
            raise ValueError(f"wire type {key & 7}")


def first(data, number, default=b""):
    return next((value for found, value in fields(data) if found == number), default)


def pairs(data, number):
    return [(first(entry, 1).decode(), first(entry, 2)) for found, entry in fields(data) if found == number]


def secret(data):
    """The Secret as the JSON form has it."""
    unknown = data[len(MAGIC):]
    kind = first(first(unknown, 1), 2).decode()
    if kind != "Secret":
        raise ValueError(f"a {kind}, not a Secret")
    raw = first(unknown, 2)
    meta = first(raw, 1)
    return {
        "apiVersion": "v1", "kind": "Secret", "type": first(raw, 3).decode(),
        "metadata": {"name": first(meta, 1).decode(), "namespace": first(meta, 3).decode(),
                     "labels": {key: value.decode() for key, value in pairs(meta, 11)}},
        "data": {key: base64.b64encode(value).decode() for key, value in pairs(raw, 2)},
    }
