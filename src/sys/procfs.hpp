// SPDX-License-Identifier: Apache-2.0
// /proc as the kernel's own, or not at all: a handle that was verified to be
// procfs (PROC_SUPER_MAGIC, root inode 1), and look-ups below it that cross no
// mount and follow no magic link (CVE-2019-16884, CVE-2025-52881).
#pragma once

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

class Procfs {
public:
    // The host's /proc, verified.
    static Result<Procfs> host();
    // A fresh detached instance by fsopen("proc") for the caller's pid
    // namespace: nothing an image can cover.
    static Result<Procfs> fresh();

    // `path` is relative ("self/attr/exec"). RESOLVE_BENEATH | NO_XDEV |
    // NO_MAGICLINKS; the file's own file system is checked again.
    Result<Fd> open(const std::string& path, int flags) const;
    Result<std::string> read(const std::string& path) const;
    Result<> write(const std::string& path, std::string_view bytes) const;

    const Fd& fd() const { return root_; }

private:
    explicit Procfs(Fd root) : root_(std::move(root)) {}
    Fd root_;
};

// This boot's id, as far as this machine is concerned: nspawn mounts an id of
// the machine's own over the kernel's file, so this one read crosses mounts.
Result<std::string> boot_id();

// The cgroup2 path of a process, "/machine.slice/unitc-web.scope", as seen
// from the reader's cgroup namespace.
// `process` is a pid or "self".
Result<std::string> cgroup_of(const Procfs& proc, const std::string& process);
inline Result<std::string> cgroup_of(const Procfs& proc, pid_t pid) {
    return cgroup_of(proc, std::to_string(pid));
}

}  // namespace unitc::sys
