# SPDX-License-Identifier: Apache-2.0
"""A small D-Bus client that stays on the bus: as a subscriber, a caller with many calls at once, or somebody who owns a
name. busctl does for everything else."""

import os
import socket
import struct

BUS = "/run/dbus/system_bus_socket"
CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL, _DESTINATION, _SENDER, _SIGNATURE = range(1, 9)


def string(text):
    data = text.encode()
    return struct.pack("<I", len(data)) + data + b"\0"


def padded(data, size):
    return data + b"\0" * (-len(data) % size)


class Message:
    """What came in: kind, serial, the header's fields by number, the body's bytes."""

    def __init__(self, kind, serial, fields, body):
        self.kind, self.serial, self.body = kind, serial, body
        self.path, self.interface, self.member = fields.get(_PATH), fields.get(_INTERFACE), fields.get(_MEMBER)
        self.error, self.answers, self.sender = fields.get(_ERROR_NAME), fields.get(_REPLY_SERIAL), fields.get(_SENDER)

    def text(self, offset=0):
        """The string at an offset of the body."""
        size = struct.unpack_from("<I", self.body, offset)[0]
        return self.body[offset + 4:offset + 4 + size].decode()


class Client:
    def __init__(self, timeout=20.0):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(BUS)
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
        assert self.socket.recv(512).startswith(b"OK ")
        self.socket.sendall(b"BEGIN\r\n")
        self.serial, self.buffer, self.waiting = 0, b"", []
        self.name = self.ask("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello").text()

    def close(self):
        self.socket.close()

    def _send(self, kind, fields, signature="", body=b""):
        self.serial += 1
        if signature:
            fields = {**fields, _SIGNATURE: signature}
        array = b""
        for code, value in fields.items():
            array = padded(array, 8)
            if code == _SIGNATURE:
                array += struct.pack("<B", code) + b"\1g\0" + bytes([len(value)]) + value.encode() + b"\0"
            elif code == _REPLY_SERIAL:
                array += struct.pack("<B", code) + b"\1u\0" + struct.pack("<I", value)
            else:
                array += struct.pack("<B", code) + (b"\1o\0" if code == _PATH else b"\1s\0") + string(value)
        head = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), self.serial, len(array)) + array
        self.socket.sendall(padded(head, 8) + body)
        return self.serial

    def begin(self, destination, path, interface, member, signature="", body=b""):
        """Sends a call; its serial."""
        return self._send(CALL, {_PATH: path, _DESTINATION: destination, _INTERFACE: interface, _MEMBER: member}, signature, body)

    def reply(self, call, signature="", body=b""):
        self._send(RETURN, {_DESTINATION: call.sender, _REPLY_SERIAL: call.serial}, signature, body)

    def _receive(self):
        while True:
            if len(self.buffer) >= 16:
                size, serial, fields = struct.unpack_from("<III", self.buffer, 4)
                start = 16 + fields + -fields % 8
                if len(self.buffer) >= start + size:
                    whole, self.buffer = self.buffer[:start + size], self.buffer[start + size:]
                    return Message(whole[1], serial, self._fields(whole, 16 + fields), whole[start:])
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the bus has closed the connection")
            self.buffer += data

    @staticmethod
    def _fields(data, end):
        found, at = {}, 16
        while at < end:
            at += -at % 8
            code, kind = data[at], data[at + 2:at + 3]
            at += 4
            if kind == b"g":
                size = data[at]
                found[code] = data[at + 1:at + 1 + size].decode()
                at += size + 2
            elif kind == b"u":
                found[code] = struct.unpack_from("<I", data, at)[0]
                at += 4
            else:
                size = struct.unpack_from("<I", data, at)[0]
                found[code] = data[at + 4:at + 4 + size].decode()
                at += size + 5
        return found

    def wait(self, wanted):
        """The next message that `wanted` accepts; others are kept for later."""
        for index, message in enumerate(self.waiting):
            if wanted(message):
                return self.waiting.pop(index)
        while True:
            message = self._receive()
            if wanted(message):
                return message
            self.waiting.append(message)

    def answer_to(self, serial):
        return self.wait(lambda m: m.answers == serial)

    def ask(self, *call):
        return self.answer_to(self.begin(*call))

    def own(self, name):
        """Replaces nobody; true if the name is ours now."""
        answer = self.ask("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName", "su",
                          padded(string(name), 4) + struct.pack("<I", 4))
        return answer.kind == RETURN and struct.unpack("<I", answer.body)[0] == 1

    def match(self, rule):
        self.ask("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", string(rule))
