// SPDX-License-Identifier: Apache-2.0
// A group of ours in a cgroup that systemd has delegated to a service
// (systemd's CGROUP_DELEGATION, cgroups(7) "Delegation").
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::cgroup {

// Has systemd marked the group as one that it leaves alone?
bool is_delegated(const Fd& group);

// Makes `name` in the delegated `parent`, with `mark` for invocation_id() to
// find, and hands it the parent's controllers. For that the caller leaves the
// parent for a group of its own in it; other processes there make it EBUSY.
// EEXIST: somebody's already.
Result<Fd> make_inside(const std::string& parent, const std::string& name, const std::string& mark);

Result<> add_process(const Fd& group, pid_t pid);
// cgroup.freeze, of a group that no manager freezes.
Result<> set_frozen(const Fd& group, bool frozen);

}  // namespace unitc::cgroup
