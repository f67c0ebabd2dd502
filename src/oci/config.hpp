// SPDX-License-Identifier: Apache-2.0
// config.json as plain data: the common and the Linux part of OCI runtime-spec
// 1.3, in the order and with the names of its config.md and config-linux.md.
// What parse() returns is well-formed and within limits; see validate.hpp for
// the rules that join several fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "oci/resources.hpp"
#include "oci/seccomp.hpp"

namespace unitc::oci {

// JSON objects used as maps keep the file's order: it is the caller's, and
// golden files stay readable.
using StringMap = std::vector<std::pair<std::string, std::string>>;

struct ConsoleSize {
    uint16_t height = 0;
    uint16_t width = 0;
};

struct User {
    uint32_t uid = 0;
    uint32_t gid = 0;
    std::optional<uint32_t> umask;
    std::vector<uint32_t> additional_gids;
};

// Bit N is capability N of linux/capability.h.
using CapabilitySet = uint64_t;

struct Capabilities {
    CapabilitySet bounding = 0;
    CapabilitySet effective = 0;
    CapabilitySet inheritable = 0;
    CapabilitySet permitted = 0;
    CapabilitySet ambient = 0;  // within permitted and inheritable, as the kernel demands
    CapabilitySet impossible_ambient = 0;  // asked for as ambient, but not within these
    std::vector<std::string> unknown;      // names of no capability: to be ignored
};

struct Rlimit {
    int resource = 0;  // RLIMIT_* number
    uint64_t hard = 0;
    uint64_t soft = 0;
};

struct Scheduler {
    std::string policy;
    int32_t nice = 0;
    int32_t priority = 0;
    std::vector<std::string> flags;
    uint64_t runtime = 0;
    uint64_t deadline = 0;
    uint64_t period = 0;
};

struct IoPriority {
    std::string io_class;
    int32_t priority = 0;
};

struct CpuAffinity {
    std::string initial;
    std::string final;
};

struct Process {
    bool terminal = false;
    std::optional<ConsoleSize> console_size;
    User user;
    std::vector<std::string> args;
    std::vector<std::string> env;
    std::string cwd;
    std::optional<Capabilities> capabilities;
    std::vector<Rlimit> rlimits;
    bool no_new_privileges = false;
    std::string apparmor_profile;
    std::optional<int> oom_score_adj;
    std::optional<Scheduler> scheduler;
    std::string selinux_label;
    std::optional<IoPriority> io_priority;
    std::optional<CpuAffinity> exec_cpu_affinity;
};

struct Root {
    std::string path;  // as written: relative to the bundle, or absolute
    bool readonly = false;
};

struct IdMapping {
    uint32_t container_id = 0;
    uint32_t host_id = 0;
    uint32_t size = 0;
};

struct Mount {
    std::string destination;
    std::string type;
    std::string source;
    std::vector<std::string> options;
    std::vector<IdMapping> uid_mappings;
    std::vector<IdMapping> gid_mappings;
};

struct Hook {
    std::string path;
    std::vector<std::string> args;
    // Absent is not empty: then it is up to the runtime.
    std::optional<std::vector<std::string>> env;
    std::optional<int64_t> timeout;  // seconds, more than 0
};

struct Hooks {
    std::vector<Hook> prestart;
    std::vector<Hook> create_runtime;
    std::vector<Hook> create_container;
    std::vector<Hook> start_container;
    std::vector<Hook> poststart;
    std::vector<Hook> poststop;
};

enum class NamespaceType { Pid, Network, Mount, Ipc, Uts, User, Cgroup, Time };

struct Namespace {
    NamespaceType type = NamespaceType::Mount;
    std::string path;  // empty: a new one
};

struct Device {
    std::string path;
    char type = 'c';  // 'c' (and 'u'), 'b', 'p'
    int64_t major = 0;
    int64_t minor = 0;
    std::optional<uint32_t> file_mode;  // permission bits only
    std::optional<uint32_t> uid;
    std::optional<uint32_t> gid;
};

struct IntelRdt {
    std::string clos_id;
    std::vector<std::string> schemata;
    std::string l3_cache_schema;
    std::string mem_bw_schema;
    bool enable_monitoring = false;
};

struct MemoryPolicy {
    std::string mode;
    std::string nodes;
    std::vector<std::string> flags;
};

struct Personality {
    std::string domain;
    std::vector<std::string> flags;
};

struct TimeOffset {
    int64_t secs = 0;
    uint32_t nanosecs = 0;
};

struct Linux {
    std::vector<IdMapping> uid_mappings;
    std::vector<IdMapping> gid_mappings;
    StringMap sysctl;  // keys as written; sysctl_path() of sysctl.hpp says where to
    std::optional<Resources> resources;
    std::string cgroups_path;
    std::vector<Namespace> namespaces;  // each type at most once
    std::vector<Device> devices;
    StringMap net_devices;  // host name → name inside
    std::optional<Seccomp> seccomp;
    std::string rootfs_propagation;  // "", or private, shared, slave, unbindable (and r…)
    std::vector<std::string> masked_paths;
    std::vector<std::string> readonly_paths;
    std::string mount_label;
    std::optional<IntelRdt> intel_rdt;
    std::optional<MemoryPolicy> memory_policy;
    std::optional<Personality> personality;
    std::vector<std::pair<std::string, TimeOffset>> time_offsets;
};

struct Config {
    std::string oci_version;
    std::optional<Process> process;
    std::optional<Root> root;
    std::string hostname;
    std::string domainname;
    std::vector<Mount> mounts;
    std::optional<Hooks> hooks;
    StringMap annotations;
    std::optional<Linux> linux_;  // `linux` is a predefined macro of gcc's gnu dialect
};

}  // namespace unitc::oci
