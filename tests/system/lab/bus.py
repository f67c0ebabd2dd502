# SPDX-License-Identifier: Apache-2.0
"""A D-Bus proxy between the runtime and the real system bus that misbehaves on purpose: it can hang
at a call, swallow a signal, or cut the connection. Messages and their descriptors pass unchanged."""

import array
import os
import select
import signal
import socket
import struct

BUS = "/run/dbus/system_bus_socket"


def _length(data):
    """Size of the message at the start of the bytes, or None while its head is incomplete."""
    if len(data) < 16:
        return None
    order = "<" if data[:1] == b"l" else ">"
    body, _, fields = struct.unpack(order + "III", data[4:16])
    return 16 + (fields + 7) // 8 * 8 + body


class Proxy:
    """In a process of its own. hang: bytes of a client's message after which nothing is passed on.
    cut: bytes of a client's message after which (it is still delivered) both sides are closed.
    swallow: bytes of a bus's message that is dropped."""

    def __init__(self, path, hang=b"", cut=b"", swallow=b""):
        self.path, self.hang, self.cut, self.swallow = path, hang, cut, swallow
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(16)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setpgid(0, 0)
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGCHLD, signal.SIG_IGN)
                self._serve()
            finally:
                os._exit(0)
        else:
            try:
                os.setpgid(self.pid, self.pid)
            except PermissionError:  # the child was faster
                pass
        self.listener.close()

    def close(self):
        # The whole group: each connection has a process of its own.
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def _serve(self):
        first = True
        while True:
            client, _ = self.listener.accept()
            # Only the first connection suffers: a reconnect must find the truth.
            hang, cut, swallow = (self.hang, self.cut, self.swallow) if first else (b"", b"", self.swallow)
            first = False
            if os.fork() == 0:
                self._pass_on(client, hang, cut, swallow)
                os._exit(0)
            client.close()

    @staticmethod
    def _receive(source):
        data, ancillary, _, _ = source.recvmsg(1 << 20, socket.CMSG_SPACE(64))
        fds = array.array("i")
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
        return data, list(fds)

    def _pass_on(self, client, hang, cut, swallow):
        bus = socket.socket(socket.AF_UNIX)
        bus.connect(BUS)
        begun = {"client": False}
        pending = {"client": b"", "bus": b""}
        while True:
            ready, _, _ = select.select([client, bus], [], [])
            for source, target, name in ((client, bus, "client"), (bus, client, "bus")):
                if source not in ready:
                    continue
                data, fds = self._receive(source)
                if not data:
                    return
                if name == "client" and hang and hang in data:
                    signal.pause()
                out = data
                if name == "bus" and swallow:
                    out = self._filtered(pending, data, swallow, begun)
                if out:
                    if fds:
                        socket.send_fds(target, [out], fds)
                    else:
                        target.sendall(out)
                for fd in fds:
                    os.close(fd)
                if name == "client" and cut and cut in data:
                    return

    @staticmethod
    def _filtered(pending, data, swallow, begun):
        """The whole messages of the bus's stream but for those that hold the bytes."""
        pending["bus"] += data
        if not begun["client"]:
            # The authentication ends with its last line; what follows are messages.
            if b"\r\n" not in pending["bus"]:
                return b""
            end = pending["bus"].rfind(b"\r\n") + 2
            if pending["bus"][end:end + 1] not in (b"l", b"B", b""):
                return b""
            out, pending["bus"] = pending["bus"][:end], pending["bus"][end:]
            begun["client"] = b"AGREE_UNIX_FD" in out or pending["bus"] != b""
        else:
            out = b""
        while (size := _length(pending["bus"])) is not None and len(pending["bus"]) >= size:
            message, pending["bus"] = pending["bus"][:size], pending["bus"][size:]
            if swallow not in message:
                out += message
        return out
