// SPDX-License-Identifier: Apache-2.0
// The container's state as programs other than the caller get it (runtime.md
// "State"): hooks on their standard input, seccomp agents on their socket.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace unitc::hooks {

// What does not change in a container's life.
struct ContainerState {
    std::string oci_version;
    std::string id;
    std::string bundle;  // absolute, the host's view
    std::vector<std::pair<std::string, std::string>> annotations;
};

// One line of JSON. `pid` is as seen by who is told; 0: none, as once stopped.
std::string to_json(const ContainerState& state, std::string_view status, pid_t pid);

}  // namespace unitc::hooks
