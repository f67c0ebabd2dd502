# SPDX-License-Identifier: Apache-2.0
"""A small client of the Container Runtime Interface (kubernetes/cri-api, runtime.v1), for lack of crictl in Debian:
the messages that the tests send, a protobuf writer and reader for them, and the stream of an exec."""

import base64
import os
import socket
import struct
import urllib.parse

# message: {field: (number, kind)}; kind is int, str, bytes, a message's name, [kind] for repeated, {str} for a map of
# strings. Numbers are those of runtime/v1/api.proto.
_MESSAGES = {
    "Nothing": {},
    "RunPodSandboxRequest": {"config": (1, "PodSandboxConfig")},
    "PodSandboxConfig": {"metadata": (1, "PodSandboxMetadata"), "hostname": (2, str), "log_directory": (3, str),
                         "labels": (6, {str}), "linux": (8, "LinuxPodSandboxConfig")},
    "PodSandboxMetadata": {"name": (1, str), "uid": (2, str), "namespace": (3, str), "attempt": (4, int)},
    "LinuxPodSandboxConfig": {"cgroup_parent": (1, str), "security_context": (2, "LinuxSandboxSecurityContext"), "sysctls": (3, {str})},
    "LinuxSandboxSecurityContext": {"namespace_options": (1, "NamespaceOption")},
    "NamespaceOption": {"network": (1, int), "pid": (2, int), "ipc": (3, int)},
    "PodSandbox": {"pod_sandbox_id": (1, str)},
    "PodSandboxStatusResponse": {"status": (1, "PodSandboxStatus")},
    "PodSandboxStatus": {"id": (1, str), "state": (3, int), "network": (5, "PodSandboxNetworkStatus")},
    "PodSandboxNetworkStatus": {"ip": (1, str)},
    "CreateContainerRequest": {"pod_sandbox_id": (1, str), "config": (2, "ContainerConfig"), "sandbox_config": (3, "PodSandboxConfig")},
    "ContainerConfig": {"metadata": (1, "ContainerMetadata"), "image": (2, "ImageSpec"), "command": (3, [str]), "working_dir": (5, str),
                        "envs": (6, ["KeyValue"]), "log_path": (11, str), "linux": (15, "LinuxContainerConfig")},
    "ContainerMetadata": {"name": (1, str)},
    "ImageSpec": {"image": (1, str)},
    "KeyValue": {"key": (1, str), "value": (2, bytes)},
    "LinuxContainerConfig": {"resources": (1, "LinuxContainerResources"), "security_context": (2, "LinuxContainerSecurityContext")},
    "LinuxContainerResources": {"cpu_period": (1, int), "cpu_quota": (2, int), "cpu_shares": (3, int), "memory_limit_in_bytes": (4, int),
                                "cpuset_cpus": (6, str)},
    "LinuxContainerSecurityContext": {"namespace_options": (3, "NamespaceOption"), "run_as_user": (5, "Number"),
                                      "readonly_rootfs": (7, int)},
    "Number": {"value": (1, int)},
    "Container": {"container_id": (1, str)},
    "StopContainerRequest": {"container_id": (1, str), "timeout": (2, int)},
    "ContainerStatusRequest": {"container_id": (1, str), "verbose": (2, int)},
    "ContainerStatusResponse": {"status": (1, "ContainerStatus"), "info": (2, {str})},
    "ContainerStatus": {"id": (1, str), "state": (3, int), "exit_code": (7, int), "reason": (10, str), "message": (11, str)},
    "ExecSyncRequest": {"container_id": (1, str), "cmd": (2, [str]), "timeout": (3, int)},
    "ExecSyncResponse": {"stdout": (1, bytes), "stderr": (2, bytes), "exit_code": (3, int)},
    "ExecRequest": {"container_id": (1, str), "cmd": (2, [str]), "tty": (3, int), "stdin": (4, int), "stdout": (5, int), "stderr": (6, int)},
    "ExecResponse": {"url": (1, str)},
    "UpdateContainerResourcesRequest": {"container_id": (1, str), "linux": (2, "LinuxContainerResources")},
    "ContainerStatsResponse": {"stats": (1, "ContainerStats")},
    "ContainerStats": {"cpu": (2, "CpuUsage"), "memory": (3, "MemoryUsage")},
    "CpuUsage": {"usage_core_nano_seconds": (2, "Number")},
    "MemoryUsage": {"working_set_bytes": (2, "Number"), "usage_bytes": (4, "Number")},
    "StatusResponse": {"status": (1, "RuntimeStatus")},
    "RuntimeStatus": {"conditions": (1, ["RuntimeCondition"])},
    "RuntimeCondition": {"type": (1, str), "status": (2, int), "reason": (3, str), "message": (4, str)},
}
# call: (request, response)
_CALLS = {
    "Status": ("Nothing", "StatusResponse"),
    "RunPodSandbox": ("RunPodSandboxRequest", "PodSandbox"), "StopPodSandbox": ("PodSandbox", "Nothing"),
    "RemovePodSandbox": ("PodSandbox", "Nothing"), "PodSandboxStatus": ("PodSandbox", "PodSandboxStatusResponse"),
    "CreateContainer": ("CreateContainerRequest", "Container"), "StartContainer": ("Container", "Nothing"),
    "StopContainer": ("StopContainerRequest", "Nothing"), "RemoveContainer": ("Container", "Nothing"),
    "ContainerStatus": ("ContainerStatusRequest", "ContainerStatusResponse"), "ExecSync": ("ExecSyncRequest", "ExecSyncResponse"),
    "Exec": ("ExecRequest", "ExecResponse"), "UpdateContainerResources": ("UpdateContainerResourcesRequest", "Nothing"),
    "ContainerStats": ("Container", "ContainerStatsResponse"),
}
POD, CONTAINER, NODE = 0, 1, 2  # NamespaceMode
RUNNING, EXITED = 1, 2  # ContainerState


def _varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def _read_varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return (value - (1 << 64) if value >> 63 else value), at


def encode(message, values):
    out = b""
    for name, value in values.items():
        number, kind = _MESSAGES[message][name]
        if isinstance(kind, set):
            entries = [_field(1, str, key) + _field(2, str, one) for key, one in value.items()]
            out += b"".join(_field(number, bytes, entry) for entry in entries)
        elif isinstance(kind, list):
            out += b"".join(_field(number, kind[0], one) for one in value)
        else:
            out += _field(number, kind, value)
    return out


def _field(number, kind, value):
    if kind is int:
        return _varint(number << 3) + _varint(value)
    payload = value if kind is bytes else value.encode() if kind is str else encode(kind, value)
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def decode(message, data):
    """Every field that the message's table has; what is absent has its empty value."""
    fields = {number: (name, kind) for name, (number, kind) in _MESSAGES[message].items()}
    found = {name: _empty(kind) for name, kind in fields.values()}
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        if key & 7 == 0:
            value, at = _read_varint(data, at)
        elif key & 7 == 2:
            length, at = _read_varint(data, at)
            value, at = data[at:at + length], at + length
        else:
            at += {1: 8, 5: 4}[key & 7]
            continue
        if key >> 3 not in fields:
            continue
        name, kind = fields[key >> 3]
        if isinstance(kind, set):
            entry = {1: b"", 2: b""} | _plain(value)
            found[name][entry[1].decode()] = entry[2].decode()
        elif isinstance(kind, list):
            found[name].append(_value(kind[0], value))
        else:
            found[name] = _value(kind, value)
    return found


def _plain(data):
    """A map's entry: its two fields of bytes."""
    found, at = {}, 0
    while at < len(data):
        key, at = _read_varint(data, at)
        length, at = _read_varint(data, at)
        found[key >> 3], at = data[at:at + length], at + length
    return found


def _value(kind, value):
    return value if kind in (int, bytes) else value.decode() if kind is str else decode(kind, value)


def _empty(kind):
    if isinstance(kind, (set, list)):
        return {} if isinstance(kind, set) else []
    return kind() if isinstance(kind, type) else {name: _empty(each) for name, (_, each) in _MESSAGES[kind].items()}


class Client:
    def __init__(self, path):
        import grpc  # heavy, and only here

        self._channel = grpc.insecure_channel(f"unix://{path}")

    def call(self, name, seconds, **values):
        request, response = _CALLS[name]
        function = self._channel.unary_unary(f"/runtime.v1.RuntimeService/{name}", request_serializer=lambda each: encode(request, each),
                                             response_deserializer=lambda data: decode(response, data))
        return function(values, timeout=seconds)

    def close(self):
        self._channel.close()


def stream(url, text, timeout):
    """Follows an exec's address by a WebSocket (RFC 6455) with kubernetes' subprotocol v4.channel.k8s.io, whose frames
    begin with a channel's number. Sends text on stdin; returns {channel: bytes} up to the end: 1 stdout, 2 stderr, 3 the
    status."""
    address = urllib.parse.urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=timeout) as connection:
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(f"GET {address.path}?{address.query} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: Upgrade\r\n"
                           f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                           f"Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n".encode())
        source = connection.makefile("rb")
        status = source.readline()
        while source.readline() not in (b"\r\n", b""):
            pass
        if b" 101 " not in status:
            raise OSError(f"no WebSocket at {url}: {status!r}")
        payload = b"\0" + text.encode()
        if text:
            # a client's frame is masked; a mask of zeros leaves it as it is
            connection.sendall(bytes([0x82, 0x80 | len(payload)]) + bytes(4) + payload)
        found = {1: b"", 2: b"", 3: b""}
        while True:
            head = source.read(2)
            if len(head) < 2 or head[0] & 0x0F == 8:
                return found
            length = head[1] & 0x7F
            if length >= 126:
                length = struct.unpack(">H" if length == 126 else ">Q", source.read(2 if length == 126 else 8))[0]
            frame = source.read(length)
            if frame and frame[0] in found:
                found[frame[0]] += frame[1:]
