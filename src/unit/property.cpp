// SPDX-License-Identifier: Apache-2.0
#include "unit/property.hpp"

#include <string_view>
#include <type_traits>

namespace unitc::unit {
namespace {

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"_-./:@%+,="}.find(c) != std::string_view::npos;
}

// The word as a POSIX shell needs it.
std::string quoted(std::string_view word) {
    bool plain = !word.empty();
    for (const char c : word)
        plain = plain && is_plain(c);
    if (plain)
        return std::string{word};
    std::string text = "\"";
    for (const char c : word) {
        if (c == '"' || c == '\\' || c == '$' || c == '`')
            text += '\\';
        text += c;
    }
    return text += '"';
}

// Signature and arguments of each alternative.
struct Writer {
    std::string operator()(bool value) const { return value ? "b true" : "b false"; }
    std::string operator()(int32_t value) const { return "i " + std::to_string(value); }
    std::string operator()(uint32_t value) const { return "u " + std::to_string(value); }
    std::string operator()(uint64_t value) const { return "t " + std::to_string(value); }
    std::string operator()(int64_t value) const { return "x " + std::to_string(value); }
    std::string operator()(const std::string& value) const { return "s " + quoted(value); }
    std::string operator()(const Bytes& value) const {
        std::string text = "ay " + std::to_string(value.size());
        for (const uint8_t byte : value)
            text.append(" ").append(std::to_string(byte));
        return text;
    }
    std::string operator()(const Strings& value) const {
        std::string text = "as " + std::to_string(value.size());
        for (const std::string& item : value)
            text.append(" ").append(quoted(item));
        return text;
    }
    std::string operator()(const StringPairs& value) const {
        std::string text = "a(ss) " + std::to_string(value.size());
        for (const auto& [first, second] : value)
            text.append(" ").append(quoted(first)).append(" ").append(quoted(second));
        return text;
    }
    std::string operator()(const StringNumbers& value) const {
        std::string text = "a(st) " + std::to_string(value.size());
        for (const auto& [first, second] : value)
            text.append(" ").append(quoted(first)).append(" ").append(std::to_string(second));
        return text;
    }
    std::string operator()(Pidfd value) const { return "ah 1 " + std::to_string(value.fd); }
    std::string operator()(Pid value) const { return "au 1 " + std::to_string(value.pid); }
    std::string operator()(Descriptor value) const { return "h " + std::to_string(value.fd); }
    std::string operator()(const Command& value) const {
        return "a(sasb) 1 " + quoted(value.path) + (*this)(value.argv).substr(2) + " false";
    }
    std::string operator()(const ByteStrings& value) const {
        std::string text = "aay " + std::to_string(value.texts.size());
        for (const std::string& item : value.texts)
            text.append((*this)(Bytes{item.begin(), item.end()}).substr(2));
        return text;
    }
};

}  // namespace

std::string to_text(const Property& property) {
    return property.name + " " + std::visit(Writer{}, property.value);
}

}  // namespace unitc::unit
