// SPDX-License-Identifier: Apache-2.0
#include "daemon/snapshot.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "cgroup/stats.hpp"
#include "cgroup/tree.hpp"
#include "daemon/interface.hpp"
#include "sys/file.hpp"

namespace unitc::daemon {
namespace {

uint64_t number_or_none(const Fd& cgroup, const char* file) {
    return cgroup::read_number(cgroup, file).value_or(UINT64_MAX);
}

// The kernel's truth: also right where somebody wrote it past systemd.
Limits read_limits(const Fd& cgroup) {
    Limits limits;
    limits.memory_max = number_or_none(cgroup, "memory.max");
    limits.memory_high = number_or_none(cgroup, "memory.high");
    limits.memory_low = number_or_none(cgroup, "memory.low");
    limits.memory_swap_max = number_or_none(cgroup, "memory.swap.max");
    limits.tasks_max = number_or_none(cgroup, "pids.max");
    limits.cpu_weight = number_or_none(cgroup, "cpu.weight");
    if (const auto quota = sys::read_file(cgroup.get(), "cpu.max"))
        limits.cpu_quota_per_sec_us = cgroup::parse_quota(*quota).value_or(UINT64_MAX);
    return limits;
}

// Nothing if it is gone, or is of a later unit of the same name.
std::optional<Fd> open_group(const state::Record& record) {
    if (record.cgroup.empty())
        return std::nullopt;
    auto group = cgroup::open(record.cgroup);
    if (!group)
        return std::nullopt;
    const std::string mark = cgroup::invocation_id(*group);
    if (!mark.empty() && !record.invocation_id.empty() && mark != record.invocation_id)
        return std::nullopt;
    return *std::move(group);
}

// Nothing in it: the group is gone, or counts nothing of the kind.
std::optional<cgroup::Usage> usage_of(const Snapshot& snapshot) {
    if (snapshot.control_group.empty())
        return std::nullopt;
    const auto group = cgroup::open(snapshot.control_group);
    if (!group)
        return std::nullopt;
    auto usage = cgroup::read_usage(*group);
    return usage ? std::optional{*usage} : std::nullopt;
}

Value usage_value(const Snapshot& snapshot, uint64_t cgroup::Usage::*member) {
    const auto usage = usage_of(snapshot);
    return usage ? (*usage).*member : UINT64_MAX;
}

struct Getter {
    std::string_view name;
    Value (*get)(const Snapshot& c);
};
constexpr Getter kGetters[] = {
    {"Id", [](const Snapshot& c) -> Value { return c.id; }},
    {"Bundle", [](const Snapshot& c) -> Value { return text::printable(c.bundle); }},
    {"Created", [](const Snapshot& c) -> Value { return c.created_us; }},
    {"Annotations", [](const Snapshot& c) -> Value { return c.annotations; }},
    {"Unit", [](const Snapshot& c) -> Value { return c.unit; }},
    {"Status", [](const Snapshot& c) -> Value { return std::string{state::to_string(c.status)}; }},
    {"Pid", [](const Snapshot& c) -> Value { return c.pid; }},
    {"ControlGroup", [](const Snapshot& c) -> Value { return c.control_group; }},
    {"MemoryMax", [](const Snapshot& c) -> Value { return c.limits.memory_max; }},
    {"MemoryHigh", [](const Snapshot& c) -> Value { return c.limits.memory_high; }},
    {"MemoryLow", [](const Snapshot& c) -> Value { return c.limits.memory_low; }},
    {"MemorySwapMax", [](const Snapshot& c) -> Value { return c.limits.memory_swap_max; }},
    {"TasksMax", [](const Snapshot& c) -> Value { return c.limits.tasks_max; }},
    {"CPUWeight", [](const Snapshot& c) -> Value { return c.limits.cpu_weight; }},
    {"CPUQuotaPerSecUSec",
     [](const Snapshot& c) -> Value { return c.limits.cpu_quota_per_sec_us; }},
    {"MemoryCurrent",
     [](const Snapshot& c) -> Value { return usage_value(c, &cgroup::Usage::memory); }},
    {"TasksCurrent",
     [](const Snapshot& c) -> Value { return usage_value(c, &cgroup::Usage::tasks); }},
    {"CPUUsageNSec",
     [](const Snapshot& c) -> Value {
         const auto usage = usage_of(c);
         return usage ? usage->cpu_us * 1000 : UINT64_MAX;
     }},
    {"IOReadBytes",
     [](const Snapshot& c) -> Value { return usage_value(c, &cgroup::Usage::io_read); }},
    {"IOWriteBytes",
     [](const Snapshot& c) -> Value { return usage_value(c, &cgroup::Usage::io_written); }},
};

// D-Bus strings are UTF-8; a message with any other is never sent.
StringMap printable(const std::vector<std::pair<std::string, std::string>>& annotations) {
    StringMap map;
    for (const auto& [key, value] : annotations)
        map.emplace_back(text::is_utf8(key) ? key : text::printable(key),
                         text::is_utf8(value) ? value : text::printable(value));
    std::sort(map.begin(), map.end());
    return map;
}

Snapshot from_record(const state::Record& record, state::Status status) {
    Snapshot snapshot;
    snapshot.id = record.id;
    snapshot.bundle = record.bundle;
    snapshot.created_us = parse_time(record.created);
    snapshot.annotations = printable(record.annotations);
    snapshot.unit = text::printable(record.unit);
    snapshot.status = status;
    snapshot.had_process = record.init.pid != 0;
    if (is_alive(status))
        snapshot.pid = static_cast<uint32_t>(record.init.pid);
    return snapshot;
}

}  // namespace

Result<std::optional<Look>> look_at(const state::Store& store, const state::Witness& witness,
                                    const ContainerId& id) {
    const auto record = TRY(store.peek(id));
    if (!record)
        return std::nullopt;
    state::Truth truth = TRY(witness.ask(store, *record));
    Look look{from_record(*record, truth.status), std::move(truth.init), Fd{}};
    if (auto group = open_group(*record)) {
        look.snapshot.control_group = record->cgroup;
        look.snapshot.limits = read_limits(*group);
        look.snapshot.oom_kills = cgroup::oom_kills(*group);
        look.cgroup = *std::move(group);
    }
    return look;
}

Value property_of(const Snapshot& snapshot, std::string_view property) {
    for (const Getter& getter : kGetters)
        if (getter.name == property)
            return getter.get(snapshot);
    return std::string{};
}

std::vector<const char*> changed_properties(const Snapshot& before, const Snapshot& now) {
    std::vector<const char*> names;
    for (const Property& property : kContainer.properties)
        if (property.tells == Tells::Changes &&
            property_of(before, property.name) != property_of(now, property.name))
            names.push_back(property.name);
    return names;
}

bool is_same(const Snapshot& a, const Snapshot& b) {
    return a.created_us == b.created_us && a.bundle == b.bundle && a.unit == b.unit;
}

bool is_alive(state::Status status) {
    return status == state::Status::Created || status == state::Status::Running ||
           status == state::Status::Paused;
}

bool has_exited(const Snapshot* before, const Snapshot& now) {
    const bool ended = now.had_process && now.status == state::Status::Stopped;
    return ended && (before == nullptr || before->status != state::Status::Stopped);
}

uint64_t parse_time(const std::string& rfc3339) {
    std::tm parts{};
    const char* rest = ::strptime(rfc3339.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr)
        return 0;
    const time_t seconds = ::timegm(&parts);
    if (seconds < 0)
        return 0;
    uint64_t microseconds = 0;
    if (*rest == '.') {
        uint64_t weight = 100'000;
        for (++rest; *rest >= '0' && *rest <= '9'; ++rest, weight /= 10)
            microseconds += static_cast<uint64_t>(*rest - '0') * weight;
    }
    return *rest == 'Z' ? static_cast<uint64_t>(seconds) * 1'000'000 + microseconds : 0;
}

}  // namespace unitc::daemon
