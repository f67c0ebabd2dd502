// SPDX-License-Identifier: Apache-2.0
#include "daemon/update.hpp"

#include <cerrno>
#include <optional>
#include <string_view>

#include "base/text.hpp"

namespace unitc::daemon {
namespace {

// The names and units are systemd's; the files are the kernel's, of which
// `unitc update` makes unit properties again.
struct Row {
    std::string_view property;
    std::string_view file;
    uint64_t least;
    uint64_t most;  // UINT64_MAX beside it is "no limit" where `unlimited`
    bool unlimited;
};
constexpr uint64_t kMostBytes = INT64_MAX;
constexpr Row kRows[] = {
    {"MemoryMax", "memory.max", 1, kMostBytes, true},
    {"MemoryHigh", "memory.high", 1, kMostBytes, true},
    {"MemoryLow", "memory.low", 0, kMostBytes, true},
    {"MemorySwapMax", "memory.swap.max", 0, kMostBytes, true},
    {"TasksMax", "pids.max", 1, INT32_MAX, true},
    {"CPUWeight", "cpu.weight", 1, 10'000, false},
    // 1 % to 10,000 CPUs.
    {"CPUQuotaPerSecUSec", "cpu.max", 10'000, 10'000'000'000, true},
};
constexpr uint64_t kPeriodUs = 100'000;  // the kernel's own

Failure refuse(std::string message) {
    return Failure{Error{EINVAL, std::move(message)}};
}

const Row* find(std::string_view property) {
    for (const Row& row : kRows)
        if (row.property == property)
            return &row;
    return nullptr;
}

std::string names() {
    std::string names;
    for (const Row& row : kRows)
        names.append(names.empty() ? "" : ", ").append(row.property);
    return names;
}

Result<std::string> content(const Row& row, uint64_t value) {
    const std::string name{row.property};
    const bool none = row.unlimited && value == UINT64_MAX;
    if (!none && (value < row.least || value > row.most))
        return refuse("property '" + name + "' is " + std::to_string(value) + ", must be " +
                      std::to_string(row.least) + " to " + std::to_string(row.most) +
                      (row.unlimited ? ", or 18446744073709551615 for no limit" : ""));
    if (row.file != "cpu.max")
        return none ? "max" : std::to_string(value);
    const std::string period = " " + std::to_string(kPeriodUs);
    return (none ? "max" : std::to_string(value * kPeriodUs / 1'000'000)) + period;
}

}  // namespace

Result<std::string> resources_of(const Settings& settings) {
    if (settings.empty())
        return refuse("no property to update; there are: " + names());
    std::string members;
    for (const Setting& setting : settings) {
        const std::string shown = text::printable(setting.name.substr(0, 64));
        const Row* row = find(setting.name);
        if (row == nullptr)
            return refuse("property '" + shown + "' cannot be updated; there are: " + names());
        if (setting.type != "t")
            return refuse("property '" + shown + "' is of type '" + setting.type +
                          "', must be of type 't'");
        const std::string key = text::json_string(row->file) + ":";
        if (members.find(key) != std::string::npos)
            return refuse("property '" + shown + "' is given twice");
        const std::string value = TRY(content(*row, setting.value));
        members.append(members.empty() ? "" : ",").append(key).append(text::json_string(value));
    }
    return "{\"unified\":{" + members + "}}";
}

}  // namespace unitc::daemon
