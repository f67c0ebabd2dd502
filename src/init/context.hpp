// SPDX-License-Identifier: Apache-2.0
// What the child's steps share.
#pragma once

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "plan/plan.hpp"
#include "wire/channel.hpp"

namespace unitc::init {

// A mount of the kernel's own files, and where the config wants it.
struct KernelMount {
    std::string destination;  // "/proc"
    Fd root;
};

struct Context {
    Context(const plan::InitPlan& the_plan, wire::Channel the_channel)
        : plan(the_plan), channel(std::move(the_channel)) {}

    const plan::InitPlan& plan;
    wire::Channel channel;  // to the parent; after the start wait, to the starter
    Fd start_listener;
    Fd output;        // for 1 and 2, until it is there; or none
    Fd container;     // exec: pidfd of the container's first process, until entered
    Fd device_store;  // in a user namespace: nodes that the parent made

    Fd host_null;   // the host's /dev/null, verified
    Fd root;        // the container's root mount
    Fd early_root;  // in a user namespace: a copy of root.path, from the parent
    // Sources that had to be copied before the host's mounts were made slaves,
    // or by the parent; empty descriptors for the others.
    std::vector<Fd> early_sources;
    std::vector<KernelMount> kernel_mounts;
    // tmpfs mounts and /dev asked for read-only: written to until all is in place.
    std::vector<Fd> late_readonly;
    bool in_cgroup = false;  // the parent said that the unit holds us
    bool in_cgroup_namespace = false;
    Fd masking_directory;          // the first masked directory's empty mount
    std::string executable;        // what args[0] resolved to
    std::vector<std::string> env;  // the config's, and HOME

    std::string timings;  // "name 12\n" per step, µs
};

}  // namespace unitc::init
