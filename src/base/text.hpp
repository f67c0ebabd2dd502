// SPDX-License-Identifier: Apache-2.0
// Small text helpers without locale, streams or allocation surprises.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace unitc::text {

// The whole of `text` as a number of type T in `base`, or nothing: no sign
// for unsigned types, no blanks, no rest (CVE-2026-30892 was a lax parse).
template <typename T>
std::optional<T> parse_int(std::string_view text, int base = 10) {
    T value{};
    const char* end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, value, base);
    if (problem != std::errc{} || rest != end)
        return std::nullopt;
    return value;
}

// Splits at every `separator`; empty parts are kept ("a,,b" has three).
std::vector<std::string_view> split(std::string_view text, char separator);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

std::string_view trim(std::string_view text);

// The text with control bytes and invalid UTF-8 made visible as \xNN.
std::string printable(std::string_view text);

// `text` as a JSON string with its quotes; what is no UTF-8 is made printable().
std::string json_string(std::string_view text);

// True if `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

// Lexical clean-up of a path: one slash, no ".", ".." resolved towards the
// root; absolute stays absolute. Never touches a file system.
std::string clean_path(std::string_view path);

// RFC 3339 with nanoseconds in UTC, as Go prints it ("2006-01-02T15:04:05.999999999Z").
std::string rfc3339_now();

}  // namespace unitc::text
