// SPDX-License-Identifier: Apache-2.0
// The translators that make() calls, one subject each.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "oci/config.hpp"
#include "plan/make.hpp"
#include "plan/plan.hpp"

namespace unitc::plan {

// `rootfs`: absolute and cleaned, the host's view.
Result<std::vector<MountStep>> make_mounts(const oci::Config& config, const Request& request,
                                           const std::string& rootfs);

// What is otherwise where we are not the machine's root; refuses what cannot be
// had then, in runc's words.
Result<> make_rootless(const oci::Config& config, const host::Facts& facts, InitPlan& init);
// exec: of a process that joins.
Result<> make_rootless(const oci::Process& process, const host::Facts& facts, InitPlan& init);

// A cgroup mount of the container's own namespace needs the unit, for which
// the child would wait with half of its work undone.
// Needs all else that is placed in the root, and the hooks: they find every mount made.
void put_off_cgroup_mounts(InitPlan& init);

// The six default nodes of runtime-spec's config-linux.md ("Default Devices")
// less those the config brings itself, then the config's.
std::vector<DeviceNode> make_devices(const oci::Linux& linux_part);

ProcessPlan make_process(const oci::Process& process, const Request& request,
                         const host::Facts& facts);

// What of linux.* every process of the container gets, those of exec as well.
Result<> add_attributes(const oci::Linux& linux_part, InitPlan& init);

// "rshared" → MS_SHARED | MS_REC; nothing for what is no propagation.
std::optional<uint64_t> propagation_flag(std::string_view option);

}  // namespace unitc::plan
