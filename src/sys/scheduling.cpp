// SPDX-License-Identifier: Apache-2.0
#include "sys/scheduling.hpp"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace unitc::sys {
namespace {

// linux/sched/types.h, which glibc's headers cannot be included beside.
struct SchedAttr {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
};
static_assert(sizeof(SchedAttr) == 48);  // SCHED_ATTR_SIZE_VER0

bool is_as_asked(const SchedulerAttributes& wanted, const SchedAttr& seen) {
    if ((wanted.flags & SCHED_FLAG_KEEP_POLICY) == 0 && seen.policy != wanted.policy)
        return false;
    if ((wanted.flags & SCHED_FLAG_KEEP_PARAMS) != 0)
        return true;
    switch (wanted.policy) {
        case SCHED_NORMAL:
        case SCHED_BATCH: return seen.nice == wanted.nice;
        case SCHED_FIFO:
        case SCHED_RR: return seen.priority == wanted.priority;
        case SCHED_DEADLINE:
            return seen.runtime == wanted.runtime && seen.deadline == wanted.deadline;
        default: return true;
    }
}

// Bytes as words of the kernel, in its order on every machine.
std::vector<unsigned long> words_of(const std::vector<uint8_t>& bytes) {
    constexpr size_t kBits = sizeof(unsigned long) * 8;
    std::vector<unsigned long> words(bytes.size() * 8 / kBits + 1);
    for (size_t i = 0; i < bytes.size(); ++i)
        words[i * 8 / kBits] |= static_cast<unsigned long>(bytes[i]) << (i * 8 % kBits);
    return words;
}

}  // namespace

CpuMask all_cpus() {
    constexpr size_t kMostCpus = 8192;  // NR_CPUS of every architecture's Kconfig
    return CpuMask(kMostCpus / 8, 0xff);
}

Result<> set_cpu_affinity(const CpuMask& cpus) {
    const std::vector<unsigned long> wanted = words_of(cpus);
    // The system call's own size in bytes; glibc's wrapper has a fixed set.
    if (::syscall(SYS_sched_setaffinity, 0, wanted.size() * sizeof wanted[0], wanted.data()) < 0)
        return fail_sys("sched_setaffinity");
    std::vector<unsigned long> seen = words_of(all_cpus());
    std::fill(seen.begin(), seen.end(), 0);
    if (::syscall(SYS_sched_getaffinity, 0, seen.size() * sizeof seen[0], seen.data()) < 0)
        return fail_sys("sched_getaffinity");
    for (size_t i = 0; i < seen.size(); ++i)
        if ((seen[i] & ~(i < wanted.size() ? wanted[i] : 0)) != 0)
            return fail("the kernel did not take on the CPU affinity as asked");
    return {};
}

Result<> set_scheduler(const SchedulerAttributes& wanted) {
    const SchedAttr attributes{sizeof(SchedAttr), wanted.policy,  wanted.flags,    wanted.nice,
                               wanted.priority,   wanted.runtime, wanted.deadline, wanted.period};
    if (::syscall(SYS_sched_setattr, 0, &attributes, 0) < 0)
        return fail_sys("sched_setattr");
    SchedAttr seen{};
    if (::syscall(SYS_sched_getattr, 0, &seen, sizeof seen, 0) < 0)
        return fail_sys("sched_getattr");
    if (!is_as_asked(wanted, seen))
        return fail("the kernel did not take on the scheduler as asked");
    return {};
}

Result<> set_io_priority(int value) {
    if (::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, value) < 0)
        return fail_sys("ioprio_set");
    const long seen = ::syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);
    if (seen < 0)
        return fail_sys("ioprio_get");
    // The idle class knows no levels.
    const bool idle = IOPRIO_PRIO_CLASS(value) == IOPRIO_CLASS_IDLE;
    if (idle ? IOPRIO_PRIO_CLASS(seen) != IOPRIO_CLASS_IDLE : seen != value)
        return fail("the kernel did not take on the I/O priority as asked");
    return {};
}

Result<> set_personality(unsigned long persona) {
    if (::personality(persona) < 0)
        return fail_sys("personality");
    constexpr unsigned long kAsk = 0xffffffff;
    if (static_cast<unsigned long>(::personality(kAsk)) != persona)
        return fail("the kernel did not take on the personality as asked");
    return {};
}

Result<> set_memory_policy(const MemoryPolicy& policy) {
    const std::vector<unsigned long> mask = words_of(policy.nodes);
    const bool any = !policy.nodes.empty();
    // The kernel takes one bit less than it is told (set_mempolicy(2), BUGS).
    const unsigned long bits = any ? mask.size() * sizeof(unsigned long) * 8 + 1 : 0;
    if (::syscall(SYS_set_mempolicy, policy.mode, any ? mask.data() : nullptr, bits) < 0)
        return fail_sys("set_mempolicy");
    int seen = -1;
    if (::syscall(SYS_get_mempolicy, &seen, nullptr, 0, nullptr, 0) < 0)
        return fail_sys("get_mempolicy");
    constexpr int kMode = 0xff;
    // MPOL_PREFERRED without a node is MPOL_LOCAL by another name.
    const bool local = (policy.mode & kMode) == MPOL_PREFERRED && !any;
    if ((seen & kMode) != (policy.mode & kMode) && !(local && (seen & kMode) == MPOL_LOCAL))
        return fail("the kernel did not take on the memory policy as asked");
    return {};
}

}  // namespace unitc::sys
