# SPDX-License-Identifier: Apache-2.0
"""Images for the engines, made from the busybox template of the bundles without any network."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile


def layer(template, directory):
    """The template as a tar in a directory; its path."""
    path = os.path.join(directory, "layer.tar")
    if not os.path.exists(path):
        subprocess.run(["tar", "-C", template.root, "--sort=name", "--owner=0", "--group=0", "-cf", path, "."], check=True)
    return path


def oci_archive(template, directory, name, command):
    """An OCI image layout (image-spec, image-layout.md) of one layer as a tar; its path."""
    with open(layer(template, directory), "rb") as file:
        plain = file.read()
    blobs = {}

    def blob(kind, content):
        digest = hashlib.sha256(content).hexdigest()
        blobs[digest] = content
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    packed = blob("layer.v1.tar+gzip", gzip.compress(plain, compresslevel=1, mtime=0))
    settings = {"architecture": "amd64" if os.uname().machine == "x86_64" else "arm64", "os": "linux",
                "config": {"Cmd": list(command), "Env": ["PATH=/bin:/usr/bin"]},
                "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(plain).hexdigest()]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": blob("config.v1+json", json.dumps(settings).encode()), "layers": [packed]}
    entry = blob("manifest.v1+json", json.dumps(manifest).encode())
    entry["annotations"] = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}
    files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
             "index.json": json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode(),
             **{f"blobs/sha256/{digest}": content for digest, content in blobs.items()}}
    path = os.path.join(directory, "image.tar")
    with tarfile.open(path, "w") as archive:
        for file, content in files.items():
            member = tarfile.TarInfo(file)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path
