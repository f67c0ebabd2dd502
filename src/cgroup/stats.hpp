// SPDX-License-Identifier: Apache-2.0
// What a group has used so far, from the files of the kernel's cgroup-v2.rst.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::cgroup {

// A line of a *.pressure file: hundredths of a percent, and microseconds.
struct Stall {
    uint32_t avg10 = 0;
    uint32_t avg60 = 0;
    uint32_t avg300 = 0;
    uint64_t total = 0;
    bool operator==(const Stall&) const = default;
};
struct Pressure {
    Stall some;
    Stall full;
};

struct CpuStats {  // nanoseconds
    uint64_t total = 0;
    uint64_t user = 0;
    uint64_t kernel = 0;
    uint64_t periods = 0;  // a number
    uint64_t throttled_periods = 0;
    uint64_t throttled_time = 0;
};

struct MemoryUsage {  // bytes
    uint64_t usage = 0;
    uint64_t peak = 0;
    uint64_t limit = 0;  // UINT64_MAX: none
};

struct IoCount {
    uint64_t major = 0;
    uint64_t minor = 0;
    const char* operation = "";  // "Read" or "Write"
    uint64_t value = 0;
};

struct HugetlbUsage {
    std::string page_size;  // "2MB"
    uint64_t usage = 0;     // bytes
    uint64_t failures = 0;
};

// What a controller that the group lacks would count stays 0 or empty.
struct Stats {
    CpuStats cpu;
    std::vector<std::pair<std::string, uint64_t>> memory_stat;  // sorted by name
    MemoryUsage memory;
    MemoryUsage swap;  // alone
    uint64_t pids = 0;
    uint64_t pids_limit = 0;  // 0: none
    std::vector<IoCount> io_bytes;
    std::vector<IoCount> io_operations;
    std::vector<HugetlbUsage> hugetlb;  // sorted by size's name
    std::optional<Pressure> cpu_pressure, memory_pressure, io_pressure;
};

// ENOENT or ENODEV in the error: the group is gone.
Result<Stats> read_stats(const Fd& cgroup);

// "some avg10=0.12 avg60=0.00 avg300=0.00 total=1234\nfull …".
Pressure parse_pressure(std::string_view content);

// The lines of io.stat ("8:0 rbytes=1 wbytes=2 rios=3 wios=4 …").
void parse_io(std::string_view content, Stats& stats);

// "50000 100000", as cpu.max has it: µs per second; UINT64_MAX: all it wants.
std::optional<uint64_t> parse_quota(std::string_view cpu_max);

}  // namespace unitc::cgroup
