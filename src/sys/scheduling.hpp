// SPDX-License-Identifier: Apache-2.0
// How the kernel treats the calling thread: scheduler, CPUs, I/O priority,
// execution domain, memory policy. Each is read back after it was set; all
// are kept over execve.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"

namespace unitc::sys {

// struct sched_attr of sched_setattr(2), in its first version.
struct SchedulerAttributes {
    uint32_t policy = 0;    // SCHED_*
    uint64_t flags = 0;     // SCHED_FLAG_*
    int32_t nice = 0;       // SCHED_OTHER and SCHED_BATCH
    uint32_t priority = 0;  // SCHED_FIFO and SCHED_RR
    uint64_t runtime = 0;   // nanoseconds, these three for SCHED_DEADLINE
    uint64_t deadline = 0;
    uint64_t period = 0;
};

Result<> set_scheduler(const SchedulerAttributes& wanted);

using CpuMask = std::vector<uint8_t>;  // bit N of byte N / 8 is CPU N

// More than any kernel has: whatever the caller was bound to, and whatever
// CPUs the cgroup will be given.
CpuMask all_cpus();

// The kernel takes away what the cgroup does not allow; EINVAL: nothing is left.
Result<> set_cpu_affinity(const CpuMask& cpus);

// IOPRIO_CLASS_* << 13 | level, as ioprio_set(2) takes it.
Result<> set_io_priority(int value);

Result<> set_personality(unsigned long persona);  // PER_*

struct MemoryPolicy {
    int mode = 0;                // MPOL_* | MPOL_F_*
    std::vector<uint8_t> nodes;  // bit N of byte N / 8 is node N
};

Result<> set_memory_policy(const MemoryPolicy& policy);

}  // namespace unitc::sys
