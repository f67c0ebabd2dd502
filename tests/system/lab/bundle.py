# SPDX-License-Identifier: Apache-2.0
"""Bundles with a busybox root file system. The applets are made once and hard-linked into every
bundle, so a bundle costs a millisecond; a test that damages its rootfs asks for a private copy."""

import json
import os
import shutil
import subprocess

from .default_config import default_config

SHELL_PATH = "/bin/sh"
_APPLETS = """sh ash cat echo true false sleep ls stat id env printf mount umount grep head tail wc tr cut sed awk find
 readlink realpath mkdir rmdir rm mv cp ln touch chmod chown mknod test kill ps stty tty hostname uname nproc dd df seq
 date setsid nice renice sysctl pwd whoami tee sort uniq xargs expr dirname basename mkfifo sync usleep timeout od hexdump
 md5sum sha256sum yes nc ip ifconfig wget unshare chroot su ipcs ulimit pidof top free vi login trap setpriv getopt""".split()
_DIRECTORIES = ("bin", "dev", "etc", "home", "mnt", "proc", "root", "run", "sys", "tmp", "usr/bin", "var")


class Template:
    """One rootfs per run of the suite, from the machine's busybox-static."""

    def __init__(self, directory):
        self.root = os.path.join(directory, "template")
        self.busybox = next((p for p in ("/bin/busybox", "/usr/bin/busybox") if os.path.exists(p)), None)
        if self.busybox is None:
            raise SystemExit("the system tests need busybox-static in the machine")
        have = set(subprocess.run([self.busybox, "--list"], capture_output=True, text=True).stdout.split())
        for name in _DIRECTORIES:
            os.makedirs(os.path.join(self.root, name))
        os.chmod(os.path.join(self.root, "tmp"), 0o1777)
        shutil.copy2(os.path.realpath(self.busybox), os.path.join(self.root, "bin/busybox"))
        self.applets = [name for name in _APPLETS if name in have]
        for name in self.applets:
            os.symlink("busybox", os.path.join(self.root, "bin", name))
        self._write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
        self._write("etc/group", "root:x:0:\ntty:x:5:\nnobody:x:65534:\n")

    def _write(self, path, text):
        with open(os.path.join(self.root, path), "w") as file:
            file.write(text)

    def copy_to(self, target, private):
        for name in _DIRECTORIES:
            os.makedirs(os.path.join(target, name))
        os.chmod(os.path.join(target, "tmp"), 0o1777)
        place = shutil.copy2 if private else os.link
        place(os.path.join(self.root, "bin/busybox"), os.path.join(target, "bin/busybox"))
        for name in self.applets:
            os.symlink("busybox", os.path.join(target, "bin", name))
        for name in ("etc/passwd", "etc/group"):
            shutil.copy2(os.path.join(self.root, name), os.path.join(target, name))


class Bundle:
    """A directory with a config that a test edits in place: `bundle.process["cwd"] = "/tmp"`."""

    def __init__(self, template, path, args=None, private=False, writable=False):
        self.path = path
        self.rootfs = os.path.join(path, "rootfs")
        os.makedirs(path)
        template.copy_to(self.rootfs, private)
        self.config = default_config()
        self.process["terminal"] = False
        self.config["root"]["readonly"] = not writable
        if args is not None:
            self.args(*args)

    process = property(lambda self: self.config["process"])
    linux = property(lambda self: self.config["linux"])
    mounts = property(lambda self: self.config["mounts"])
    resources = property(lambda self: self.config["linux"]["resources"])

    def args(self, *words):
        self.process["args"] = list(words)
        return self

    def shell(self, script):
        return self.args("sh", "-c", script)

    def mount(self, destination, kind, source, *options):
        self.mounts.append({"destination": destination, "type": kind, "source": source, "options": list(options)})
        return self

    def bind(self, source, destination, *options):
        return self.mount(destination, "bind", source, "bind", *options)

    def find_mount(self, destination):
        return next(m for m in self.mounts if m["destination"] == destination)

    def drop_mount(self, destination):
        self.config["mounts"] = [m for m in self.mounts if m["destination"] != destination]
        return self

    def drop_namespace(self, kind):
        self.linux["namespaces"] = [n for n in self.linux["namespaces"] if n["type"] != kind]
        return self

    def annotate(self, name, value):
        self.config.setdefault("annotations", {})[name] = value
        return self

    def capabilities(self, *names, sets=("bounding", "effective", "permitted")):
        self.process["capabilities"] = {each: list(names) for each in sets}
        return self

    def inside(self, path):
        """The host's path of a path in the rootfs (nothing is resolved)."""
        return os.path.join(self.rootfs, path.lstrip("/"))

    def write(self, path, text, mode=0o644):
        with open(self.inside(path), "w") as file:
            file.write(text)
        os.chmod(self.inside(path), mode)
        return self

    def save(self):
        with open(os.path.join(self.path, "config.json"), "w") as file:
            json.dump(self.config, file, indent=1)
        return self
