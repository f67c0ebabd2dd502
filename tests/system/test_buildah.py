# SPDX-License-Identifier: Apache-2.0
"""buildah with the runtime under test and isolation 'oci': a working container from scratch, commands run in it, and a
build whose RUN lines go through the runtime."""

import os
import shutil

from lab import images, test

_BUILD = """FROM localhost/systest-base
RUN echo made >/made && test "$(id -u):$(id -g)" = 0:0
USER 12:34
WORKDIR /home
ENV A=b
RUN test "$(id -u):$(id -g):$PWD:$A" = 12:34:/home:b && cat /made
"""


def _buildah(t, *words, status=0, **more):
    t.machine_needs(shutil.which("buildah"), "needs buildah")
    result = t.command("buildah", "--root", t.path("root"), "--runroot", t.path("runroot"), "--storage-driver", "vfs", *words,
                       timeout=60, **more)
    t.equal(result.status, status, f"status of buildah {words[0]}")
    return result


@test(lane="vm", peers="crun runc", seconds=90)
def it_runs_commands_and_builds(t):
    """One test, because each call of buildah takes seconds of an emulated machine."""
    name = _buildah(t, "from", "scratch").out.strip()
    _buildah(t, "add", name, images.layer(t.template, t.directory), "/")
    options = "--runtime", t.rt.path, "--isolation", "oci", "--network", "none"
    script = "tty; id -u; pwd; echo $A; echo kept >/tmp/kept; exit 9"
    result = _buildah(t, "run", *options, "--terminal", "--user", "12", "--workingdir", "/tmp", "--env", "A=b", name, "--", "sh", "-c",
                      script, status=9)
    t.equal(result.out.replace("\r", ""), "/dev/pts/0\n12\n/tmp\nb\n", "stdout with a terminal")
    _buildah(t, "commit", "--rm", name, "localhost/systest-base")
    os.makedirs(t.path("context"))
    with open(t.path("context/Dockerfile"), "w") as file:
        file.write(_BUILD + "RUN cat /tmp/kept; exit 7\n")
    chosen = {**os.environ, "BUILDAH_RUNTIME": t.rt.path, "BUILDAH_ISOLATION": "oci"}
    result = _buildah(t, "bud", "--network", "none", t.path("context"), env=chosen, status=7)
    t.contains(result.out, "\nmade\n", "\nkept\n")
    t.contains(result.err, "exit status 7")
