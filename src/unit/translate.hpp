// SPDX-License-Identifier: Apache-2.0
// OCI config → the transient unit: its name, its slice, every property, and
// the few cgroup files that have no property. Pure; golden tests in
// tests/golden/unit.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/container_id.hpp"
#include "base/result.hpp"
#include "host/facts.hpp"
#include "oci/config.hpp"
#include "unit/devices.hpp"
#include "unit/property.hpp"

namespace unitc::unit {

// A property newer than systemd 252 that the manager may refuse as unknown;
// the file is written instead then, after the job.
struct Fallback {
    std::string property;
    std::string file;
    std::string content;
};

struct UnitPlan {
    std::string name;   // "unitc-web.scope"
    std::string slice;  // "machine.slice"
    // Where these are set there is no unit of its own: the group `name` in the
    // delegated cgroup `parent` of `service`, and no properties, only files.
    std::string service;  // "web.service"
    std::string parent;   // "/machine.slice/web.service"
    // Which devices it may use there; absent: whichever the service may.
    std::optional<DeviceList> devices;
    // All that StartTransientUnit carries but for the process (PIDFDs, PIDs),
    // which systemd::Manager adds.
    Properties properties;
    // File name and content, for attributes no property covers. Written into
    // the unit's own cgroup after the job; never a file that has a property.
    std::vector<std::pair<std::string, std::string>> cgroup_files;
    std::vector<Fallback> fallbacks;
    // What the kernel must show once the job is done: file → content, for the
    // controllers this machine has. Read back before the payload runs;
    // cgroup::verify_files says how contents are compared.
    std::vector<std::pair<std::string, std::string>> expected_files;
    // Limits asked for whose controller this machine lacks; one warning each.
    std::vector<std::string> warnings;
};

Result<UnitPlan> translate(const oci::Config& config, const ContainerId& id,
                           const host::Facts& facts);

// Does the plan depend on host::Facts::bfq?
bool needs_bfq(const oci::Resources& resources);

// "/machine.slice/unitc-web.scope"
std::string group_path(const UnitPlan& plan);

// systemd's "no limit" and "not set".
inline constexpr uint64_t kInfinity = std::numeric_limits<uint64_t>::max();

// What a unit has now, as its properties say it, of the limits that are only
// complete together with another one.
struct CurrentLimits {
    uint64_t memory_max = kInfinity;
    uint64_t cpu_quota_per_second = kInfinity;  // µs
    uint64_t cpu_period = kInfinity;            // µs; kInfinity: the default, 100 ms
    uint64_t cpu_weight = kInfinity;            // 0: idle
};

// `unitc update`: the changes alone, to a unit that has `current` limits. Only
// what `resources` gives is in the plan, and nothing of devices.
Result<UnitPlan> translate_update(const oci::Resources& resources, const CurrentLimits& current,
                                  const host::Facts& facts);

// "org.systemd.property.TimeoutStopUSec", …: the annotations that become unit
// properties, for `features`' potentiallyUnsafeConfigAnnotations.
std::vector<std::string> allowed_annotations();

}  // namespace unitc::unit
