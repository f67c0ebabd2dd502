// SPDX-License-Identifier: Apache-2.0
// Reading (and ending) what systemd made: the unit's own cgroup by a verified
// descriptor. Paths come from systemd or the kernel, never from an image.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/stopwatch.hpp"

namespace unitc::cgroup {

// The directory of `path` ("/machine.slice/unitc-web.scope") below the
// verified cgroup2 mount at /sys/fs/cgroup; no "..", no symlink, no other
// file system. ENOENT in the error when it is gone.
Result<Fd> open(const std::string& path);

// The unit's invocation id, 32 hex digits: systemd's mark on the cgroup
// (the xattr trusted.invocation_id, which none but the host's root can set and a
// fresh scope lacks), else /run/systemd/units/invocation:UNIT. Empty when there is none.
std::string invocation_id(const Fd& cgroup);

// cgroup.events, of what is here and below. A process that is ending does not
// populate a group any more, even if it is not a zombie yet.
struct Events {
    bool populated = false;
    bool frozen = false;
};
Result<Events> events(const Fd& cgroup);
Result<bool> populated(const Fd& cgroup);
Result<bool> frozen(const Fd& cgroup);
// memory.events: how many the kernel has killed here or below for want of
// memory; 0 without the controller.
uint64_t oom_kills(const Fd& cgroup);
Result<std::vector<pid_t>> processes(const Fd& cgroup);  // here and below

// cgroup.kill (Linux 5.14): all of them, frozen ones too.
Result<> kill_all(const Fd& cgroup);

// Waits until the directory is gone: systemd removed the unit. systemd is
// told as soon as the group is empty.
Result<> wait_gone(const std::string& path, Deadline deadline);

// Waits until nobody lives in it or below, in a group that systemd leaves to us.
Result<> wait_empty(const Fd& cgroup, Deadline deadline);

// Removes the directory and all below it, where nobody lives any more; gone
// already is as good. For what systemd has given up.
Result<> remove_tree(const std::string& path, Deadline deadline);

// Waits until cgroup.events says that all processes are frozen, or that not.
Result<> wait_frozen(const Fd& cgroup, bool wanted, Deadline deadline);
// If they are (or are not) by now, systemd is told at once, and that is true.
bool announce_frozen(const Fd& cgroup, bool wanted);

// Writes files that have no unit property.
Result<> write_files(const Fd& cgroup,
                     const std::vector<std::pair<std::string, std::string>>& files);

// What `files` hold now, of those that can be read: to be written back.
std::vector<std::pair<std::string, std::string>> read_files(
    const Fd& cgroup, const std::vector<std::pair<std::string, std::string>>& files);

// The number in a file of one value, "max" as the largest. ENOENT where the
// group lacks the controller.
Result<uint64_t> read_number(const Fd& cgroup, const char* name);

// Makes `uid` the owner of the group and of the files that the kernel lists in
// /sys/kernel/cgroup/delegate (cgroups(7), "Delegation").
Result<> hand_over(const Fd& cgroup, uid_t uid);

// Compares each file's content with what was asked for; the error names the
// first that differs and both values. One word is the whole content. Of
// several words a line of the file must start with the first ("*" is any) and
// hold the others, in any order: "8:0 rbps=1" is met by "8:0 rbps=1 wbps=max".
Result<> verify_files(const Fd& cgroup,
                      const std::vector<std::pair<std::string, std::string>>& expected);

// BPF_PROG_QUERY for BPF_CGROUP_DEVICE: how many device programs apply here (effective).
// The query passes a full-size zeroed attr (kernel 6.17 to 7.1 write past a short one).
Result<unsigned> device_programs(const Fd& cgroup);

}  // namespace unitc::cgroup
