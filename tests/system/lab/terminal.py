# SPDX-License-Identifier: Apache-2.0
"""Both ways to a container's terminal: a socket that receives its master, and a terminal of our own
for a runtime in the foreground."""

import array
import fcntl
import os
import select
import socket
import struct
import subprocess
import termios
import time

from . import wait


def read_all(fd, until_text=None, seconds=10.0):
    """What comes out of a terminal until the other side closes it or a text appears."""
    end = time.monotonic() + seconds * wait.SCALE
    found = b""
    while time.monotonic() < end:
        ready, _, _ = select.select([fd], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            break
        try:
            piece = os.read(fd, 65536)
        except OSError:  # EIO: the last slave was closed
            break
        if not piece:
            break
        found += piece
        if until_text is not None and until_text.encode() in found:
            break
    return found.decode(errors="replace")


def size(fd):
    rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))
    return rows, columns


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class ConsoleSocket:
    """Listens at a path and takes the descriptors that a runtime sends there."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(4)

    def receive(self, seconds=10.0):
        """(master fd, text that came with it)"""
        self.listener.settimeout(seconds * wait.SCALE)
        connection, _ = self.listener.accept()
        with connection:
            connection.settimeout(seconds * wait.SCALE)
            text, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(16))
            fds = array.array("i")
            for level, kind, data in ancillary:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
        return (fds[0] if fds else None), text.decode(errors="replace")

    def close(self):
        self.listener.close()


class Foreground:
    """A command with a controlling terminal of its own; its master is ours."""

    def __init__(self, argv, rows=24, columns=80, env=None, cwd=None):
        self.master, slave = os.openpty()
        set_size(self.master, rows, columns)
        self.process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, env=env, cwd=cwd, close_fds=True,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.settings_before = termios.tcgetattr(slave)
        self.slave = slave

    def write(self, text):
        os.write(self.master, text.encode())

    def read_until(self, text, seconds=10.0):
        return read_all(self.master, text, seconds)

    def resize(self, rows, columns):
        set_size(self.master, rows, columns)

    def settings(self):
        return termios.tcgetattr(self.slave)

    def wait(self, seconds=10.0):
        return self.process.wait(seconds * wait.SCALE)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)
