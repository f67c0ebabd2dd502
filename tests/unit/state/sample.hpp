// SPDX-License-Identifier: Apache-2.0
// A record with something in every field.
#pragma once

#include <string>

#include "state/record.hpp"

namespace unitc::state {

inline Record sample_record(Phase phase = Phase::Created) {
    Record record;
    record.phase = phase;
    record.id = "web";
    record.oci_version = "1.3.0";
    record.bundle = "/srv/web";
    record.rootfs = "/srv/web/rootfs";
    record.created = "2026-01-02T03:04:05.678901234Z";
    record.annotations = {{"z", "first"}, {"a", ""}, {"quote\"", "line\nend"}};
    record.owner_uid = 1000;
    record.boot_id = "0fb3c4a1-4b0f-4c5e-9a52-0a1f6d4e0b11";
    record.unit = "unitc-web.scope";
    record.cgroup = "/system.slice/unitc-web.scope";
    record.invocation_id = "8d2f0a6e5b7c4d1f9e3a2b1c0d4e5f60";
    record.init = {4711, 18446744073709551615U, 9007199254740993U};
    record.private_pid_namespace = false;
    record.keyring = "_ses.web";
    return record;
}

}  // namespace unitc::state
