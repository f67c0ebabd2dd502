// SPDX-License-Identifier: Apache-2.0
#include "unit/machine.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace unitc::unit {
namespace {

constexpr size_t kLongest = 64;  // HOST_NAME_MAX, systemd's hostname_is_valid()
constexpr size_t kDigits = 16;
constexpr size_t kLongestPart = 40;
constexpr std::string_view kHex = "0123456789abcdef";

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool ends_in_digits(std::string_view id) {
    return id.size() > kDigits && id[id.size() - kDigits - 1] == '-' &&
           id.substr(id.size() - kDigits).find_first_not_of(kHex) == std::string_view::npos;
}

// FNV-1a. Who makes two ids of one name on purpose gets one machine: machined
// refuses the second.
uint64_t digest(std::string_view text) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
}

}  // namespace

std::string machine_name(const ContainerId& id) {
    const std::string& text = id.str();
    const bool is_name =
        text.size() <= kLongest && is_plain(text.front()) && is_plain(text.back()) &&
        std::all_of(text.begin(), text.end(), [](char c) { return is_plain(c) || c == '-'; });
    if (is_name && !ends_in_digits(text))
        return text;
    std::string part = text.substr(0, kLongestPart);
    std::replace_if(
        part.begin(), part.end(), [](char c) { return !is_plain(c); }, '-');
    part.erase(0, part.find_first_not_of('-'));
    char digits[kDigits + 1];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(digest(text)));
    return (part.empty() ? "c" : part) + "-" + digits;
}

}  // namespace unitc::unit
