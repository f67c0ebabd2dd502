// SPDX-License-Identifier: Apache-2.0
// Config + request + facts → Plan. Pure but for what is passed in: golden
// tests in tests/golden/plan.
#pragma once

#include <string>
#include <vector>

#include "base/container_id.hpp"
#include "base/result.hpp"
#include "host/facts.hpp"
#include "oci/config.hpp"
#include "plan/plan.hpp"

namespace unitc::plan {

struct Request {
    std::string bundle;  // absolute, symlinks resolved
    int preserve_fds = 0;
    bool to_journal = false;  // standard output and error
    bool pivot = true;
    bool new_keyring = true;
    std::vector<std::string> extra_env;  // LISTEN_FDS and friends
    bool listen_pidfd_id = false;
    std::string notify_directory;  // of the host, shown at kNotifyDirectory; empty: none
    std::string notify_socket;     // of the host, shown at kNotifySocket; empty: none
};

// Where runc has it, and engines expect it.
inline constexpr const char* kNotifyDirectory = "/run/notify";
inline constexpr const char* kNotifySocket = "/run/notify/notify.sock";

// Everything but the seccomp filter, which the caller compiles (it may come
// from the cache) and adds.
Result<Plan> make(const oci::Config& config, const ContainerId& id, const Request& request,
                  const host::Facts& facts);

// What `exec` makes of a container's config, whose process is the one to be
// made: the part of an InitPlan for who enters a container that is there. The
// filter is left to the caller as well.
Result<InitPlan> make_exec(const oci::Config& config, const Request& request,
                           const host::Facts& facts);

// One mount of the config; exposed for its table tests.
Result<MountStep> make_mount(const oci::Mount& mount, size_t index, const std::string& bundle);

// The plan as text: unit properties in busctl's syntax, mounts, steps.
std::string show(const Plan& plan);

}  // namespace unitc::plan
