// SPDX-License-Identifier: Apache-2.0
// What `unitc spec` writes.
#pragma once

#include <cstdint>
#include <string>

namespace unitc::oci {

// A config.json to start from: runc 1.5's values for a cgroup v2 host, and
// /sys/devices/virtual/powercap masked (GHSA-7ww5-4wqc-m92c: energy counters
// leak what neighbours compute). Indented with tabs, no line end at the end.
std::string default_spec();

// The same for a container in a user namespace, whose root is this user: with
// the caller's network, without what needs a right over the host (limits, a new
// sysfs, ids that are not mapped).
std::string rootless_spec(uint32_t uid, uint32_t gid);

}  // namespace unitc::oci
