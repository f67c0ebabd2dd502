// SPDX-License-Identifier: Apache-2.0
// The rules for what the program is given besides its identity: scheduler,
// memory policy, personality, network devices, seccomp agent.
#pragma once

#include "base/result.hpp"
#include "oci/config.hpp"

namespace unitc::oci {

Result<> scheduler_is_complete(const Config& config);
Result<> memory_policy_has_its_nodes(const Config& config);
Result<> personality_has_no_flags(const Config& config);
Result<> intel_rdt_names_one_group(const Config& config);
Result<> net_devices_have_a_namespace(const Config& config);
Result<> seccomp_agent_can_be_told(const Config& config);

}  // namespace unitc::oci
