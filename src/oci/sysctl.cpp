// SPDX-License-Identifier: Apache-2.0
#include "oci/sysctl.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace unitc::oci {
namespace {

constexpr size_t kLongest = 1024;

bool is_allowed(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"_-.:@/"}.find(c) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> sysctl_path(std::string_view key) {
    if (key.size() > kLongest || !std::all_of(key.begin(), key.end(), is_allowed))
        return std::nullopt;
    std::string path{key};
    const size_t first = key.find_first_of("./");
    if (first == std::string_view::npos)
        return std::nullopt;  // there are only directories in /proc/sys
    if (key[first] == '.')
        for (char& c : path)
            c = c == '.' ? '/' : c == '/' ? '.' : c;
    for (const std::string_view part : text::split(path, '/'))
        if (part.empty() || part == "." || part == "..")
            return std::nullopt;
    return path;
}

}  // namespace unitc::oci
