// SPDX-License-Identifier: Apache-2.0
// linux.resources.memory → Memory* (systemd.resource-control(5)).
#include <unistd.h>

#include "unit/builder.hpp"

namespace unitc::unit {
namespace {

constexpr char kField[] = "linux.resources.memory.";

// What the kernel shows for a limit: whole pages, and "max" from where its
// counters end (PAGE_COUNTER_MAX of linux/page_counter.h).
std::string shown(uint64_t bytes) {
    static const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    constexpr uint64_t kLongMax = std::numeric_limits<int64_t>::max();
    const uint64_t pages = bytes / page;
    return pages >= kLongMax / page ? "max" : std::to_string(pages * page);
}

Result<> check(std::string_view name, int64_t bytes) {
    if (bytes >= -1)
        return {};
    return fail(kField + std::string{name} + ": is " + std::to_string(bytes) +
                ", must be a number of bytes or -1 (unlimited)");
}

uint64_t limit_of(int64_t bytes) {
    return bytes == -1 ? kInfinity : static_cast<uint64_t>(bytes);
}

// OCI's swap is memory and swap together, systemd's MemorySwapMax is swap
// alone. 0 is "not set" in OCI, and a difference of 0 is a limit: no swap.
Result<> add_swap(int64_t swap, int64_t given_limit, Builder& builder) {
    constexpr char kProperty[] = "MemorySwapMax";
    constexpr char kFile[] = "memory.swap.max";
    const uint64_t current = builder.current().memory_max;
    const bool fits = current <= std::numeric_limits<int64_t>::max();
    const int64_t limit = given_limit == 0 && fits ? static_cast<int64_t>(current) : given_limit;
    if (swap == 0) {
        // cgroup v1 meant "unlimited memory" to take swap along.
        if (limit == -1)
            set_memory(kProperty, kFile, kInfinity, builder);
        return {};
    }
    if (swap == -1) {
        set_memory(kProperty, kFile, kInfinity, builder);
        return {};
    }
    if (limit <= 0)
        return fail(std::string{kField} +
                    "swap: is memory and swap together, so linux.resources.memory.limit must be"
                    " set with it");
    if (swap < limit)
        return fail(std::string{kField} + "swap: is " + std::to_string(swap) +
                    ", must not be less than linux.resources.memory.limit, " +
                    std::to_string(limit));
    set_memory(kProperty, kFile, static_cast<uint64_t>(swap - limit), builder);
    return {};
}

}  // namespace

void set_memory(std::string_view property, std::string_view file, uint64_t bytes,
                Builder& builder) {
    builder.set(property, bytes);
    if (builder.has_controller("memory", "linux.resources.memory"))
        builder.expect(file, shown(bytes));
}

Result<> add_memory(const oci::Memory& memory, Builder& builder) {
    const int64_t limit = memory.limit.value_or(0);
    const int64_t reservation = memory.reservation.value_or(0);
    const int64_t swap = memory.swap.value_or(0);
    TRY(check("limit", limit));
    TRY(check("reservation", reservation));
    TRY(check("swap", swap));
    // 0 is "not set" in runc and everything that grew around it.
    if (limit != 0)
        set_memory("MemoryMax", "memory.max", limit_of(limit), builder);
    if (reservation != 0)
        set_memory("MemoryLow", "memory.low", limit_of(reservation), builder);
    TRY(add_swap(swap, limit, builder));

    // Deprecated in the spec and ignored by every runtime on cgroup v2.
    if (memory.kernel.value_or(0) > 0 || memory.kernel_tcp.value_or(0) > 0)
        builder.warn(std::string{kField} +
                     "kernel: cgroup v2 has no limits on kernel memory alone, ignored");
    if (memory.disable_oom_killer.value_or(false))
        return fail(std::string{kField} +
                    "disableOOMKiller: cgroup v2 cannot switch the OOM killer off");
    if (memory.swappiness)
        return fail(std::string{kField} + "swappiness: cgroup v2 has no swappiness per group");
    return {};
}

}  // namespace unitc::unit
