// SPDX-License-Identifier: Apache-2.0
// What `unitc spec` writes.
#pragma once

#include <string>

namespace unitc::oci {

// A config.json to start from: runc 1.5's values for a cgroup v2 host, and
// /sys/devices/virtual/powercap masked (GHSA-7ww5-4wqc-m92c: energy counters
// leak what neighbours compute). Indented with tabs, no line end at the end.
std::string default_spec();

}  // namespace unitc::oci
