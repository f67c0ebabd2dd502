// SPDX-License-Identifier: Apache-2.0
// What unitc remembers of a container, as plain data, and its JSON form with
// version and checksum.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "oci/config.hpp"
#include "sys/process.hpp"

namespace unitc::state {

// Intent is written before the unit exists, Created once the child waits for
// start; whether it runs by now is asked of the kernel, not of this file.
enum class Phase { Intent, Created, Deleting };

struct Record {
    Phase phase = Phase::Intent;
    std::string id;
    std::string oci_version;
    std::string bundle;   // absolute
    std::string rootfs;   // absolute
    std::string created;  // RFC 3339
    std::vector<std::pair<std::string, std::string>> annotations;
    uint32_t owner_uid = 0;
    std::string boot_id;
    std::string unit;     // "unitc-web.scope"; known from Intent on
    std::string service;  // in whose cgroup `unit` is a mere group; empty: a unit of its own
    std::string part_of;  // the service that it is part of, as a scope or inside; empty: none
    std::string service_invocation;  // that service's, for its journal; empty: not known
    std::string cgroup;              // "/system.slice/unitc-web.scope"; from Created on
    std::string invocation_id;       // from Created on; empty if the manager gave none
    sys::ProcessIdentity init;       // from Created on
    bool private_pid_namespace = true;
    // Run by start and delete, by whatever process and however the last one ended.
    std::vector<oci::Hook> poststart;
    std::vector<oci::Hook> poststop;
    std::string keyring;  // name of the session keyring; empty: the caller's was kept
    // Of linux.intelRdt, below resctrl's mount: whose tasks the processes are,
    // and what is to be removed with the container. Empty: nothing.
    std::string rdt_group;
    std::string rdt_made;
    std::string notify_socket;   // NOTIFY_SOCKET of its processes; empty: none
    bool ready_started = false;  // we say READY=1 for it, not one of its processes
    // Of a container that is a service: the unit's WorkingDirectory=, which
    // proves the unit its own also when it was started again. Empty: a scope.
    std::string home;
};

// One line of JSON header (version, checksum) and the document.
std::string serialize(const Record& record);
// Fails with EBADMSG and a text that says what is wrong with the file ("is
// truncated: 17 bytes of 612"), never throws. Fields it does not know are ignored.
Result<Record> deserialize(std::string_view text);

}  // namespace unitc::state
