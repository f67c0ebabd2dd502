// SPDX-License-Identifier: Apache-2.0
#include "sys/scheduling.hpp"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

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

}  // namespace

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
    std::vector<unsigned long> mask(policy.nodes.size() / sizeof(unsigned long) + 1);
    if (!policy.nodes.empty())
        std::memcpy(mask.data(), policy.nodes.data(), policy.nodes.size());
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
