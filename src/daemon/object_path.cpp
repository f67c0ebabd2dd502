// SPDX-License-Identifier: Apache-2.0
#include "daemon/object_path.hpp"

namespace unitc::daemon {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::string encode_label(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    if (text.empty())
        return "_";
    std::string label;
    for (const char c : text) {
        if (is_letter(c) || (is_digit(c) && !label.empty())) {
            label += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        label.append({'_', kHex[byte >> 4], kHex[byte & 15]});
    }
    return label;
}

std::string container_path(const ContainerId& id) {
    return std::string{kManagerPath} + "/container/" + encode_label(id.str());
}

}  // namespace unitc::daemon
