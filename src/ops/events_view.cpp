// SPDX-License-Identifier: Apache-2.0
#include "ops/events_view.hpp"

#include <array>
#include <cstdio>

#include "base/text.hpp"

namespace unitc::ops {
namespace {

// Names and values here are the kernel's and ours: plain words.
class Object {
public:
    Object& put(std::string_view name, std::string_view value) {
        text_.append(text_.size() > 1 ? ",\"" : "\"").append(name).append("\":").append(value);
        return *this;
    }
    Object& number(std::string_view name, uint64_t value) {
        return put(name, std::to_string(value));
    }
    // Go's omitempty and omitzero: what is nothing is not there.
    Object& unless_zero(std::string_view name, uint64_t value) {
        return value != 0 ? number(name, value) : *this;
    }
    Object& unless_empty(std::string_view name, const std::string& value) {
        return value == "{}" || value == "[]" ? *this : put(name, value);
    }
    std::string close() const { return text_ + "}"; }

private:
    std::string text_ = "{";
};

// 1230 → 12.3, as Go writes a float.
std::string percent(uint32_t hundredths) {
    char text[32];
    std::snprintf(text, sizeof text, "%u.%02u", hundredths / 100, hundredths % 100);
    std::string number = text;
    while (number.back() == '0')
        number.pop_back();
    if (number.back() == '.')
        number.pop_back();
    return number;
}

std::string stall(const cgroup::Stall& stall) {
    if (stall == cgroup::Stall{})
        return "{}";
    return Object{}
        .put("avg10", percent(stall.avg10))
        .put("avg60", percent(stall.avg60))
        .put("avg300", percent(stall.avg300))
        .number("total", stall.total)
        .close();
}

void add_pressure(Object& object, const std::optional<cgroup::Pressure>& pressure) {
    if (pressure)
        object.put("psi", Object{}
                              .unless_empty("some", stall(pressure->some))
                              .unless_empty("full", stall(pressure->full))
                              .close());
}

std::string cpu(const cgroup::Stats& stats) {
    const cgroup::CpuStats& cpu = stats.cpu;
    Object object;
    if (cpu.total != 0 || cpu.kernel != 0 || cpu.user != 0)
        object.put("usage", Object{}
                                .unless_zero("total", cpu.total)
                                .number("kernel", cpu.kernel)
                                .number("user", cpu.user)
                                .close());
    object.unless_empty("throttling", Object{}
                                          .unless_zero("periods", cpu.periods)
                                          .unless_zero("throttledPeriods", cpu.throttled_periods)
                                          .unless_zero("throttledTime", cpu.throttled_time)
                                          .close());
    add_pressure(object, stats.cpu_pressure);
    return object.close();
}

// All of cgroup v1; runc prints them as zeros.
std::string cpuset() {
    Object object;
    for (const char* name : {"cpu_exclusive", "mem_hardwall", "mem_exclusive", "memory_migrate",
                             "memory_spread_page", "memory_spread_slab", "memory_pressure",
                             "sched_load_balance", "sched_relax_domain_level"})
        object.number(name, 0);
    return object.close();
}

void add_usage(Object& object, const char* name, const cgroup::MemoryUsage& usage) {
    if (usage.limit == 0 && usage.usage == 0 && usage.peak == 0)
        return;
    object.put(name, Object{}
                         .number("limit", usage.limit)
                         .unless_zero("usage", usage.usage)
                         .unless_zero("max", usage.peak)
                         .number("failcnt", 0)
                         .close());
}

// cgroup v1 counted memory in, and so does runc; two peaks have no sum.
cgroup::MemoryUsage memory_and_swap(const cgroup::Stats& stats) {
    cgroup::MemoryUsage both = stats.swap;
    both.peak = 0;
    both.usage += stats.memory.usage;
    if (__builtin_add_overflow(both.limit, stats.memory.limit, &both.limit))
        both.limit = UINT64_MAX;
    return both;
}

std::string memory(const cgroup::Stats& stats) {
    Object raw;
    uint64_t cache = 0;
    for (const auto& [name, value] : stats.memory_stat) {
        raw.number(name, value);
        if (name == "file")
            cache = value;
    }
    Object object;
    object.unless_zero("cache", cache);
    add_usage(object, "usage", stats.memory);
    add_usage(object, "swap", memory_and_swap(stats));
    object.unless_empty("raw", raw.close());
    add_pressure(object, stats.memory_pressure);
    return object.close();
}

std::string counts(const std::vector<cgroup::IoCount>& counts) {
    std::string list = "[";
    for (const cgroup::IoCount& count : counts) {
        list += list.size() > 1 ? "," : "";
        list += Object{}
                    .unless_zero("major", count.major)
                    .unless_zero("minor", count.minor)
                    .put("op", "\"" + std::string{count.operation} + "\"")
                    .unless_zero("value", count.value)
                    .close();
    }
    return list + "]";
}

std::string block_io(const cgroup::Stats& stats) {
    Object object;
    object.unless_empty("ioServiceBytesRecursive", counts(stats.io_bytes));
    object.unless_empty("ioServicedRecursive", counts(stats.io_operations));
    add_pressure(object, stats.io_pressure);
    return object.close();
}

std::string hugetlb(const cgroup::Stats& stats) {
    Object object;
    for (const cgroup::HugetlbUsage& size : stats.hugetlb)
        object.put(
            size.page_size,
            Object{}.unless_zero("usage", size.usage).number("failcnt", size.failures).close());
    return object.close();
}

std::string event(const char* type, const std::string& id) {
    return "{\"type\":\"" + std::string{type} + "\",\"id\":\"" + id + "\"";
}

}  // namespace

std::string stats_event(const std::string& id, const cgroup::Stats& stats) {
    const std::string data = Object{}
                                 .put("cpu", cpu(stats))
                                 .put("cpuset", cpuset())
                                 .put("memory", memory(stats))
                                 .put("pids", Object{}
                                                  .unless_zero("current", stats.pids)
                                                  .unless_zero("limit", stats.pids_limit)
                                                  .close())
                                 .put("blkio", block_io(stats))
                                 .put("hugetlb", hugetlb(stats))
                                 .put("intel_rdt", "{}")
                                 .put("network_interfaces", "null")
                                 .close();
    return event("stats", id) + ",\"data\":" + data + "}\n";
}

std::string oom_event(const std::string& id, const cgroup::Victim* victim) {
    if (victim == nullptr)
        return event("oom", id) + "}\n";
    const std::string data = Object{}
                                 .number("pid", static_cast<uint64_t>(victim->pid))
                                 .put("name", text::json_string(victim->name))
                                 .close();
    return event("oom", id) + ",\"data\":" + data + "}\n";
}

}  // namespace unitc::ops
