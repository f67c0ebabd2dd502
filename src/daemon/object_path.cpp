// SPDX-License-Identifier: Apache-2.0
#include "daemon/object_path.hpp"

#include "base/text.hpp"

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

std::optional<std::string> decode_label(std::string_view label) {
    if (label == "_")
        return "";
    std::string text;
    while (!label.empty()) {
        if (is_letter(label[0]) || is_digit(label[0])) {
            text += label[0];
            label.remove_prefix(1);
            continue;
        }
        const auto byte = label[0] == '_' && label.size() >= 3
                              ? text::parse_int<unsigned char>(label.substr(1, 2), 16)
                              : std::nullopt;
        if (!byte)
            return std::nullopt;
        text += static_cast<char>(*byte);
        label.remove_prefix(3);
    }
    return text.empty() ? std::nullopt : std::optional{std::move(text)};
}

std::string container_path(const ContainerId& id) {
    return std::string{kManagerPath} + "/container/" + encode_label(id.str());
}

}  // namespace unitc::daemon
