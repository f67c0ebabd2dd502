// SPDX-License-Identifier: Apache-2.0
#include "cgroup/stats.hpp"

#include <algorithm>
#include <cerrno>

#include "base/text.hpp"
#include "cgroup/cgroup.hpp"
#include "sys/directory.hpp"
#include "sys/file.hpp"

namespace unitc::cgroup {
namespace {

// The content, or nothing where the kernel has no such file for this group or
// does not count (EOPNOTSUPP: psi=0).
Result<std::optional<std::string>> read_if_there(const Fd& group, const std::string& name) {
    auto content = sys::read_file(group.get(), name.c_str());
    if (content)
        return *std::move(content);
    if (content.error().code == ENOENT || content.error().code == EOPNOTSUPP)
        return std::nullopt;
    return Failure{std::move(content).error()};
}

Result<uint64_t> number_if_there(const Fd& group, const std::string& name, uint64_t otherwise) {
    const auto number = read_number(group, name.c_str());
    if (number || number.error().code != ENOENT)
        return number;
    return otherwise;
}

// "name 123" lines, passed on one by one.
template <typename Take>
void each_number(std::string_view content, Take take) {
    for (const std::string_view line : text::split(content, '\n')) {
        const size_t blank = line.find(' ');
        if (blank == std::string_view::npos)
            continue;
        if (const auto number = text::parse_int<uint64_t>(line.substr(blank + 1)))
            take(line.substr(0, blank), *number);
    }
}

struct CpuRow {
    std::string_view name;
    uint64_t CpuStats::*member;
    uint64_t factor;
};
constexpr CpuRow kCpu[] = {
    {"usage_usec", &CpuStats::total, 1000},
    {"user_usec", &CpuStats::user, 1000},
    {"system_usec", &CpuStats::kernel, 1000},
    {"nr_periods", &CpuStats::periods, 1},
    {"nr_throttled", &CpuStats::throttled_periods, 1},
    {"throttled_usec", &CpuStats::throttled_time, 1000},
};

Result<> read_cpu(const Fd& group, Stats& stats) {
    // Every group has it, with or without the controller.
    const std::string content = TRY(sys::read_file(group.get(), "cpu.stat"));
    each_number(content, [&](std::string_view name, uint64_t number) {
        for (const CpuRow& row : kCpu)
            if (row.name == name)
                stats.cpu.*row.member = number * row.factor;
    });
    return {};
}

Result<MemoryUsage> read_usage(const Fd& group, const std::string& prefix) {
    MemoryUsage usage;
    const auto current = read_number(group, (prefix + ".current").c_str());
    if (!current && current.error().code == ENOENT)
        return usage;
    usage.usage = TRY(current);
    usage.limit = TRY(number_if_there(group, prefix + ".max", 0));
    usage.peak = TRY(number_if_there(group, prefix + ".peak", 0));  // Linux 5.19, for swap 6.5
    return usage;
}

Result<> read_memory(const Fd& group, Stats& stats) {
    const auto content = TRY(read_if_there(group, "memory.stat"));
    if (!content)
        return {};
    each_number(*content, [&](std::string_view name, uint64_t number) {
        stats.memory_stat.emplace_back(name, number);
    });
    std::sort(stats.memory_stat.begin(), stats.memory_stat.end());
    stats.memory = TRY(read_usage(group, "memory"));
    stats.swap = TRY(read_usage(group, "memory.swap"));
    return {};
}

Result<> read_pids(const Fd& group, Stats& stats) {
    const auto current = read_number(group, "pids.current");
    if (!current && current.error().code == ENOENT) {
        const auto pids = TRY(processes(group));
        stats.pids = pids.size();
        return {};
    }
    stats.pids = TRY(current);
    const uint64_t limit = TRY(number_if_there(group, "pids.max", 0));
    stats.pids_limit = limit == UINT64_MAX ? 0 : limit;
    return {};
}

Result<HugetlbUsage> read_hugetlb_size(const Fd& group, const std::string& size) {
    HugetlbUsage usage;
    usage.page_size = size;
    const std::string prefix = "hugetlb." + size;
    const uint64_t used = TRY(number_if_there(group, prefix + ".current", 0));
    // What is reserved holds what is used (Linux 5.7).
    usage.usage = TRY(number_if_there(group, prefix + ".rsvd.current", used));
    if (const auto events = TRY(read_if_there(group, prefix + ".events")))
        each_number(*events, [&](std::string_view name, uint64_t number) {
            if (name == "max")
                usage.failures = number;
        });
    return usage;
}

Result<> read_hugetlb(const Fd& group, Stats& stats) {
    const std::vector<sys::Name> names = TRY(sys::names_in(group));
    for (const sys::Name& entry : names) {
        constexpr std::string_view kStart = "hugetlb.";
        constexpr std::string_view kEnd = ".max";
        const std::string_view name = entry.text;
        if (!name.starts_with(kStart) || !name.ends_with(kEnd))
            continue;
        const std::string size{
            name.substr(kStart.size(), name.size() - kStart.size() - kEnd.size())};
        if (size.find('.') != std::string::npos)  // "2MB.rsvd"
            continue;
        stats.hugetlb.push_back(TRY(read_hugetlb_size(group, size)));
    }
    std::sort(stats.hugetlb.begin(), stats.hugetlb.end(),
              [](const auto& a, const auto& b) { return a.page_size < b.page_size; });
    return {};
}

// "12.34" → 1234.
uint32_t hundredths(std::string_view number) {
    const size_t point = number.find('.');
    const auto whole = text::parse_int<uint32_t>(number.substr(0, point));
    std::string digits{point == std::string_view::npos ? "" : number.substr(point + 1)};
    digits.resize(2, '0');
    return whole.value_or(0) * 100 + text::parse_int<uint32_t>(digits).value_or(0);
}

struct StallRow {
    std::string_view key;
    uint32_t Stall::*member;
};
constexpr StallRow kStall[] = {
    {"avg10=", &Stall::avg10}, {"avg60=", &Stall::avg60}, {"avg300=", &Stall::avg300}};

Result<std::optional<Pressure>> read_pressure(const Fd& group, const char* name) {
    const auto content = TRY(read_if_there(group, name));
    if (!content)
        return std::nullopt;
    return parse_pressure(*content);
}

}  // namespace

Pressure parse_pressure(std::string_view content) {
    Pressure pressure;
    for (const std::string_view line : text::split(content, '\n')) {
        if (!line.starts_with("some ") && !line.starts_with("full "))
            continue;
        Stall& stall = line.front() == 's' ? pressure.some : pressure.full;
        for (const std::string_view word : text::split(line, ' ')) {
            for (const StallRow& row : kStall)
                if (word.starts_with(row.key))
                    stall.*row.member = hundredths(word.substr(row.key.size()));
            constexpr std::string_view kTotal = "total=";
            if (word.starts_with(kTotal))
                stall.total = text::parse_int<uint64_t>(word.substr(kTotal.size())).value_or(0);
        }
    }
    return pressure;
}

void parse_io(std::string_view content, Stats& stats) {
    struct Row {
        std::string_view key;
        const char* operation;
        std::vector<IoCount> Stats::*counts;
    };
    static constexpr Row kRows[] = {
        {"rbytes=", "Read", &Stats::io_bytes},
        {"wbytes=", "Write", &Stats::io_bytes},
        {"rios=", "Read", &Stats::io_operations},
        {"wios=", "Write", &Stats::io_operations},
    };
    for (const std::string_view line : text::split(content, '\n')) {
        const auto words = text::split(line, ' ');
        const size_t colon = words.front().find(':');
        const auto major = text::parse_int<uint64_t>(words.front().substr(0, colon));
        if (colon == std::string_view::npos || !major)
            continue;
        const auto minor = text::parse_int<uint64_t>(words.front().substr(colon + 1));
        for (const std::string_view word : words)
            for (const Row& row : kRows)
                if (word.starts_with(row.key))
                    if (const auto value = text::parse_int<uint64_t>(word.substr(row.key.size())))
                        (stats.*row.counts)
                            .push_back({*major, minor.value_or(0), row.operation, *value});
    }
}

Result<Stats> read_stats(const Fd& cgroup) {
    Stats stats;
    TRY(read_cpu(cgroup, stats));
    TRY(read_memory(cgroup, stats));
    TRY(read_pids(cgroup, stats));
    if (const auto content = TRY(read_if_there(cgroup, "io.stat")))
        parse_io(*content, stats);
    TRY(read_hugetlb(cgroup, stats));
    stats.cpu_pressure = TRY(read_pressure(cgroup, "cpu.pressure"));
    stats.memory_pressure = TRY(read_pressure(cgroup, "memory.pressure"));
    stats.io_pressure = TRY(read_pressure(cgroup, "io.pressure"));
    return stats;
}

std::optional<uint64_t> parse_quota(std::string_view cpu_max) {
    const auto words = text::split(text::trim(cpu_max), ' ');
    if (words.size() != 2)
        return std::nullopt;
    if (words[0] == "max")
        return UINT64_MAX;
    const auto quota = text::parse_int<uint64_t>(words[0]);
    const auto period = text::parse_int<uint64_t>(words[1]);
    if (!quota || !period || *period == 0 || *quota > UINT64_MAX / 1'000'000)
        return std::nullopt;
    return *quota * 1'000'000 / *period;
}

}  // namespace unitc::cgroup
