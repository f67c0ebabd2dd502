// SPDX-License-Identifier: Apache-2.0
// The words of config.json that features.md lists too: parse() reads by these
// tables and features_document() prints them.
#pragma once

#include <sys/resource.h>

#include <cstddef>
#include <string_view>

#include "oci/parse_reader.hpp"

namespace unitc::oci {

// Of a word that parse() has taken.
template <typename T, size_t N>
constexpr T value_of(const Named<T> (&table)[N], std::string_view name) {
    for (const Named<T>& row : table)
        if (row.name == name)
            return row.value;
    return T{};
}

inline constexpr Named<NamespaceType> kNamespaceTypes[] = {
    {"cgroup", NamespaceType::Cgroup}, {"ipc", NamespaceType::Ipc},
    {"mount", NamespaceType::Mount},   {"network", NamespaceType::Network},
    {"pid", NamespaceType::Pid},       {"time", NamespaceType::Time},
    {"user", NamespaceType::User},     {"uts", NamespaceType::Uts},
};

// In the order of the lifecycle.
inline constexpr std::string_view kHookNames[] = {
    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};

// By getrlimit(2).
inline constexpr Named<int> kRlimits[] = {
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

// Numbers of linux/mempolicy.h; headers may be older than the kernel.
inline constexpr Named<int> kMemoryPolicyModes[] = {
    {"MPOL_DEFAULT", 0},    {"MPOL_BIND", 2},
    {"MPOL_INTERLEAVE", 3}, {"MPOL_WEIGHTED_INTERLEAVE", 6},
    {"MPOL_PREFERRED", 1},  {"MPOL_PREFERRED_MANY", 5},
    {"MPOL_LOCAL", 4},
};
inline constexpr Named<int> kMemoryPolicyFlags[] = {
    {"MPOL_F_NUMA_BALANCING", 1 << 13},
    {"MPOL_F_RELATIVE_NODES", 1 << 14},
    {"MPOL_F_STATIC_NODES", 1 << 15},
};

// By sched(7) and linux/sched.h.
inline constexpr Named<uint32_t> kSchedulerPolicies[] = {
    {"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2},       {"SCHED_BATCH", 3},
    {"SCHED_ISO", 4},   {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6},
};
inline constexpr Named<uint64_t> kSchedulerFlags[] = {
    {"SCHED_FLAG_RESET_ON_FORK", 0x01},  {"SCHED_FLAG_RECLAIM", 0x02},
    {"SCHED_FLAG_DL_OVERRUN", 0x04},     {"SCHED_FLAG_KEEP_POLICY", 0x08},
    {"SCHED_FLAG_KEEP_PARAMS", 0x10},    {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40},
};
// By linux/ioprio.h.
inline constexpr Named<int> kIoClasses[] = {
    {"IOPRIO_CLASS_RT", 1}, {"IOPRIO_CLASS_BE", 2}, {"IOPRIO_CLASS_IDLE", 3}};

inline constexpr Named<SeccompAction> kSeccompActions[] = {
    {"SCMP_ACT_ALLOW", SeccompAction::Allow},
    {"SCMP_ACT_ERRNO", SeccompAction::Errno},
    {"SCMP_ACT_KILL", SeccompAction::KillThread},  // libseccomp's older name
    {"SCMP_ACT_KILL_PROCESS", SeccompAction::KillProcess},
    {"SCMP_ACT_KILL_THREAD", SeccompAction::KillThread},
    {"SCMP_ACT_LOG", SeccompAction::Log},
    {"SCMP_ACT_NOTIFY", SeccompAction::Notify},
    {"SCMP_ACT_TRACE", SeccompAction::Trace},
    {"SCMP_ACT_TRAP", SeccompAction::Trap},
};

inline constexpr Named<SeccompOperator> kSeccompOperators[] = {
    {"SCMP_CMP_EQ", SeccompOperator::EqualTo},
    {"SCMP_CMP_GE", SeccompOperator::GreaterEqual},
    {"SCMP_CMP_GT", SeccompOperator::GreaterThan},
    {"SCMP_CMP_LE", SeccompOperator::LessEqual},
    {"SCMP_CMP_LT", SeccompOperator::LessThan},
    {"SCMP_CMP_MASKED_EQ", SeccompOperator::MaskedEqual},
    {"SCMP_CMP_NE", SeccompOperator::NotEqual},
};

// Up to kCommonArchitectures every libseccomp since 2.5 knows them; the rest
// came with 2.6.
inline constexpr std::string_view kSeccompArchitectures[] = {
    "SCMP_ARCH_AARCH64",   "SCMP_ARCH_ARM",      "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",
    "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL",   "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32",
    "SCMP_ARCH_PARISC",    "SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC",      "SCMP_ARCH_PPC64",
    "SCMP_ARCH_PPC64LE",   "SCMP_ARCH_RISCV64",  "SCMP_ARCH_S390",     "SCMP_ARCH_S390X",
    "SCMP_ARCH_X32",       "SCMP_ARCH_X86",      "SCMP_ARCH_X86_64",   "SCMP_ARCH_LOONGARCH64",
    "SCMP_ARCH_M68K",      "SCMP_ARCH_SH",       "SCMP_ARCH_SHEB",
};
inline constexpr size_t kCommonArchitectures = 19;

// All are acted upon; the last needs a listener.
inline constexpr std::string_view kSeccompFlags[] = {
    "SECCOMP_FILTER_FLAG_TSYNC",
    "SECCOMP_FILTER_FLAG_LOG",
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
};

}  // namespace unitc::oci
