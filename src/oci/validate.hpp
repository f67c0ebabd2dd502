// SPDX-License-Identifier: Apache-2.0
// The rules of runtime-spec 1.3 that join several fields, and the list of
// valid fields this version does not act upon yet and therefore refuses.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "oci/config.hpp"

namespace unitc::oci {

// Called before any side effect. Each rule is a row of a constexpr table.
// "linux.resources.memory.swap: is 5, must be …"; "linux.intelRdt is not
// supported yet".
Result<> validate(const Config& config);

// The rules that concern resources alone, for `unitc update`: what joins a new
// limit with one in force is the translator's.
Result<> validate_resources(const Resources& resources);

// What validate() lets pass though it does less than it says, because the spec
// and runc do: one sentence each, for the log.
std::vector<std::string> warnings(const Config& config);
// Those that concern a process, for `unitc exec --process`.
std::vector<std::string> warnings(const Process& process);

// The namespace of this type the config asks for, new or joined; nullptr means
// the runtime's own.
const Namespace* find_namespace(const Config& config, NamespaceType type);

}  // namespace unitc::oci
