// SPDX-License-Identifier: Apache-2.0
// What will be done, decided in full before anything is: plain data without a
// descriptor or pointer into the kernel. `unitc plan` prints it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hooks/state.hpp"
#include "oci/config.hpp"
#include "seccomp/compile.hpp"
#include "sys/id_map.hpp"
#include "sys/identity.hpp"
#include "sys/mount.hpp"
#include "sys/scheduling.hpp"
#include "unit/translate.hpp"

namespace unitc::plan {

// A namespace of somebody else's to enter.
struct Join {
    int type = 0;      // CLONE_NEW*
    const char* name;  // "network"
    std::string path;  // the host's view: /proc/123/ns/net, /run/netns/x
};

// A user namespace, by its path or by its maps.
struct UserNamespace {
    std::string path;
    sys::IdMaps maps;  // with a path: empty, or what the namespace must have
    bool operator==(const UserNamespace&) const = default;
};

struct MountStep {
    enum class Kind {
        New,      // a new file system by fsopen
        Bind,     // a copy of a mount of the host by open_tree
        Cgroup,   // the container's own cgroup2 view
        Remount,  // attributes of what is already mounted at the destination
    };
    Kind kind = Kind::New;
    std::string where;        // the JSON path for errors: "mounts[3]"
    std::string destination;  // absolute and cleaned, in the image's view
    std::string type;         // New: the file system's type
    std::string source;       // New: shown in mountinfo; Bind: absolute, the host's view
    // Bind: the image's view of a source in the container's own root, which is
    // looked up among the mounts made by then; else empty.
    std::string source_in_root;
    // New: fsconfig keys, a flag where there is no value.
    std::vector<std::pair<std::string, std::optional<std::string>>> data;
    bool recursive = false;              // Bind: rbind
    std::optional<UserNamespace> idmap;  // Bind: whose map its ids go through
    bool recursive_idmap = false;        // so do those of all mounts below
    bool copy_up = false;                // New tmpfs: begins with what it covers
    bool source_nofollow = false;        // Bind: a symlink itself is mounted, not its target
    bool copy_symlink = false;           // Bind: a symlink is made anew instead of mounted
    bool destination_nofollow = false;   // a symlink there is covered, not followed
    sys::MountAttributes attributes;     // of this mount
    // Bind: to be cleared because not named; what the host has locked stays.
    uint64_t implied_clear = 0;
    sys::MountAttributes all_attributes;  // rro and friends: of all below too
    uint64_t propagation = 0;             // MS_SHARED … applied after the mount is in place
    bool recursive_propagation = false;
    // Only its mount point is made in its turn, the mount after all else: so
    // that the child has the least to do once the unit holds it.
    bool at_last = false;
};

struct DeviceNode {
    std::string path;  // absolute, in the image's view
    mode_t mode = 0;   // S_IFCHR | 0666 …
    uint32_t major = 0;
    uint32_t minor = 0;
    uid_t uid = 0;
    gid_t gid = 0;
};

struct Limit {
    std::string_view name;  // "RLIMIT_NOFILE"
    int resource = 0;
    uint64_t soft = 0;
    uint64_t hard = 0;
};

// What the container's first process is to become.
struct ProcessPlan {
    std::vector<std::string> args;
    std::vector<std::string> env;
    std::string cwd;
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
    mode_t umask = 0022;
    std::vector<Limit> rlimits;
    std::optional<sys::CapabilitySets> capabilities;  // absent: keep none but what uid 0 gets
    bool no_new_privileges = false;
    std::optional<int> oom_score_adj;
    bool terminal = false;
    std::optional<oci::ConsoleSize> console_size;
    std::optional<sys::SchedulerAttributes> scheduler;
    std::optional<int> io_priority;  // as ioprio_set(2) takes it
    // exec: where the runtime clones it, empty: anywhere; and the CPUs to run
    // on in the cgroup, absent: what the kernel made of the former there.
    sys::CpuMask initial_cpus;
    std::optional<sys::CpuMask> cpus;
    std::string apparmor_profile;
    std::string selinux_label;
    bool listen_pidfd_id = false;  // sd_listen_fds(3): add LISTEN_PIDFDID, known only inside
    bool to_journal = false;       // standard output and error, by a stream from the parent
    int preserve_fds = 0;          // descriptors 3 … 2+N stay open
};

// How far a clock of a new time namespace is from the host's.
struct ClockOffset {
    std::string clock;  // "monotonic", "boottime"
    int64_t seconds = 0;
    uint32_t nanoseconds = 0;
};

struct InitPlan {
    uint64_t enter_namespaces = 0;  // exec: CLONE_NEW* of the running init to enter
    uint64_t new_namespaces = 0;    // CLONE_NEW* for clone3; never the cgroup's
    bool new_cgroup_namespace = false;
    std::vector<Join> joins;  // a user namespace last: it takes the host's privileges away
    std::optional<UserNamespace> user_namespace;
    bool new_time_namespace = false;
    std::vector<ClockOffset> time_offsets;
    // Joined or made before the clone, by a process in between: a pid or time
    // namespace is for children only, others need the host's privileges.
    bool needs_usher = false;
    // We are not the machine's root: in a user namespace, ours or of our making,
    // device nodes are bound and not made, and the host's mounts stay locked.
    bool rootless = false;
    // Not even root of a user namespace: what the container's user namespace
    // gives a right to is done inside it, there is nobody outside to do it.
    bool unprivileged = false;
    bool keeps_groups = false;  // its user namespace has no setgroups(2)
    // exec: moved into the cgroup by the manager, and to be waited for.
    bool is_attached = false;
    // The cgroup's files become the process's, who may see and write them.
    bool hand_over_cgroup = false;
    std::string rootfs;  // absolute, the host's view
    bool readonly_root = false;
    uint64_t root_propagation = 0;  // MS_*: of the container's root mount
    std::vector<MountStep> mounts;
    bool set_up_dev = true;  // /dev is ours to fill: no bind mount is on it
    std::vector<DeviceNode> devices;
    std::vector<std::string> masked_paths;
    std::vector<std::string> readonly_paths;
    std::string hostname;
    std::string domainname;
    std::vector<std::pair<std::string, std::string>> sysctls;  // "kernel/shmmax" → value
    bool new_keyring = true;
    std::string keyring_name;
    bool pivot = true;
    ProcessPlan process;
    std::optional<seccomp::Filter> seccomp;
    std::string seccomp_agent;  // listenerPath; empty: none is told
    std::string seccomp_metadata;
    std::optional<unsigned long> personality;
    bool has_allowed_cpus = false;  // linux.resources.cpu.cpus names some
    std::optional<sys::MemoryPolicy> memory_policy;
    bool loopback = false;          // a new network namespace: its lo is ours to set up
    bool has_net_devices = false;   // the parent moves them here: to be waited for
    hooks::ContainerState state;    // what hooks are told
    bool parent_has_hooks = false;  // prestart or createRuntime: to be waited for
    std::vector<oci::Hook> create_container_hooks;
    std::vector<oci::Hook> start_container_hooks;
};

struct Plan {
    std::string id;
    std::string bundle;  // absolute
    unit::UnitPlan unit;
    InitPlan init;
    oci::StringMap net_devices;  // host's name → name inside
    oci::Hooks hooks;            // of the parent: those in the container are init's
};

}  // namespace unitc::plan
