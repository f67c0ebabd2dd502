// SPDX-License-Identifier: Apache-2.0
#include "ops/human.hpp"

#include <cstdio>
#include <ctime>

namespace unitc::ops {
namespace {

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char text[64];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

struct Unit {
    uint64_t size;
    const char* name;
};

}  // namespace

std::string human_bytes(uint64_t bytes) {
    static constexpr Unit kUnits[] = {
        {uint64_t{1} << 60, "E"}, {uint64_t{1} << 50, "P"}, {uint64_t{1} << 40, "T"},
        {uint64_t{1} << 30, "G"}, {uint64_t{1} << 20, "M"}, {uint64_t{1} << 10, "K"},
    };
    for (const Unit& unit : kUnits)
        if (bytes >= unit.size)
            return format(
                "%llu.%llu%s", static_cast<unsigned long long>(bytes / unit.size),
                static_cast<unsigned long long>(bytes % unit.size / (unit.size / 1024) * 10 / 1024),
                unit.name);
    return std::to_string(bytes) + "B";
}

std::string human_span(uint64_t microseconds) {
    static constexpr Unit kUnits[] = {
        {86'400'000'000, "d"}, {3'600'000'000, "h"}, {60'000'000, "min"}};
    if (microseconds == 0)
        return "0";
    if (microseconds < 1000)
        return std::to_string(microseconds) + "us";
    if (microseconds < 1'000'000)
        return std::to_string(microseconds / 1000) + "ms";
    std::string out;
    int parts = 0;
    for (const Unit& unit : kUnits) {
        if (microseconds < unit.size)
            continue;
        out.append(out.empty() ? "" : " ");
        out += std::to_string(microseconds / unit.size) + unit.name;
        microseconds %= unit.size;
        if (++parts == 2)
            return out;
    }
    if (microseconds >= 1000)
        out += format("%s%llu.%03llus", out.empty() ? "" : " ",
                      static_cast<unsigned long long>(microseconds / 1'000'000),
                      static_cast<unsigned long long>(microseconds / 1000 % 1000));
    return out;
}

std::string human_ago(int64_t seconds) {
    if (seconds <= 0)
        return "now";
    constexpr int64_t kMinute = 60, kHour = 3600, kDay = 86'400;
    if (seconds >= 2 * kDay)
        return std::to_string(seconds / kDay) + " days ago";
    if (seconds >= kDay)
        return "1 day " + std::to_string(seconds % kDay / kHour) + "h ago";
    if (seconds >= kHour)
        return std::to_string(seconds / kHour) + "h " + std::to_string(seconds % kHour / kMinute) +
               "min ago";
    if (seconds >= kMinute)
        return std::to_string(seconds / kMinute) + "min " + std::to_string(seconds % kMinute) +
               "s ago";
    return std::to_string(seconds) + "s ago";
}

std::string human_time(int64_t unix_seconds) {
    const time_t seconds = unix_seconds;
    tm parts{};
    char text[64];
    if (::localtime_r(&seconds, &parts) == nullptr ||
        std::strftime(text, sizeof text, "%a %Y-%m-%d %H:%M:%S %Z", &parts) == 0)
        return "-";
    return text;
}

std::optional<int64_t> unix_seconds(std::string_view rfc3339) {
    tm parts{};
    const std::string text{rfc3339};
    const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr || (*rest != '.' && *rest != 'Z'))
        return std::nullopt;
    return ::timegm(&parts);
}

}  // namespace unitc::ops
