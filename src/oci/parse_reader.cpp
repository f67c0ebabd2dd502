// SPDX-License-Identifier: Apache-2.0
#include "oci/parse_reader.hpp"

#include "base/text.hpp"

namespace unitc::oci {
namespace {

// A value of the wrong JSON type is named by its type, one outside the allowed
// set by itself.
std::string_view type_name(JsonKind kind) {
    switch (kind) {
        case JsonKind::Null: return "null";
        case JsonKind::Bool: return "a boolean";
        case JsonKind::Integer:
        case JsonKind::Number: return "a number";
        case JsonKind::String: return "a string";
        case JsonKind::Array: return "an array";
        case JsonKind::Object: return "an object";
    }
    return {};
}

Failure wrong_type(const JsonValue& value, std::string_view allowed) {
    return complain(
        value,
        std::string{"is "}.append(type_name(value.kind())).append(", must be ").append(allowed));
}

// Neither fraction nor exponent: a number that left 64 bits.
bool is_whole(std::string_view number) {
    return number.find_first_of(".eE") == std::string_view::npos;
}

std::string range(std::string_view least, std::string_view most) {
    return std::string{least}.append(" to ").append(most);
}

// The failure of an integer reader: the wrong type, a fraction, or the wrong size.
Failure not_in(const JsonValue& value, const std::string& allowed) {
    if (value.kind() == JsonKind::Integer ||
        (value.kind() == JsonKind::Number && is_whole(value.text())))
        return must_be(value, allowed);
    if (value.kind() == JsonKind::Number)
        return must_be(value, "an integer without fraction and exponent");
    return wrong_type(value, "an integer");
}

}  // namespace

Failure must_be(const JsonValue& value, std::string_view allowed) {
    return complain(value, "is " + value.describe().append(", must be ").append(allowed));
}

Failure complain(const JsonValue& value, std::string_view complaint) {
    return fail(value.path().append(": ").append(complaint));
}

Failure missing(const JsonValue& object, std::string_view key) {
    const std::string path = object.path();
    return fail((path == "config" ? "" : path + ".").append(key).append(": is missing"));
}

Failure must_be_one_of(const JsonValue& value, const std::vector<std::string_view>& names) {
    std::string allowed = "one of ";
    for (const std::string_view& name : names)
        allowed.append(&name == names.data() ? "'" : ", '").append(name).append("'");
    return must_be(value, allowed);
}

Result<> expect_object(const JsonValue& value) {
    if (value.kind() != JsonKind::Object)
        return wrong_type(value, "an object");
    return {};
}

Result<> expect_array(const JsonValue& value) {
    if (value.kind() != JsonKind::Array)
        return wrong_type(value, "an array");
    return {};
}

Result<std::string_view> expect_string(const JsonValue& value, size_t longest) {
    if (value.kind() != JsonKind::String)
        return wrong_type(value, "a string");
    if (value.text().size() > longest)
        return complain(value, "is " + std::to_string(value.text().size()) +
                                   " bytes long, must be at most " + std::to_string(longest));
    return value.text();
}

Result<int64_t> expect_signed(const JsonValue& value, int64_t least, int64_t most) {
    const JsonNode& node = value.node();
    constexpr auto kMost = static_cast<uint64_t>(INT64_MAX);
    if (node.kind == JsonKind::Integer && node.magnitude <= kMost + (node.negative ? 1 : 0)) {
        const auto number =
            static_cast<int64_t>(node.negative ? ~node.magnitude + 1 : node.magnitude);
        if (number >= least && number <= most)
            return number;
    }
    return not_in(value, range(std::to_string(least), std::to_string(most)));
}

Result<uint64_t> expect_unsigned(const JsonValue& value, uint64_t least, uint64_t most) {
    const JsonNode& node = value.node();
    if (node.kind == JsonKind::Integer && !node.negative && node.magnitude >= least &&
        node.magnitude <= most)
        return node.magnitude;
    return not_in(value, range(std::to_string(least), std::to_string(most)));
}

Result<> read(const JsonValue& value, bool& out) {
    if (value.kind() != JsonKind::Bool)
        return wrong_type(value, "a boolean");
    out = value.node().magnitude != 0;
    return {};
}

Result<> read(const JsonValue& value, std::string& out) {
    out = TRY(expect_string(value, kMaxString));
    return {};
}

Result<> read(const JsonValue& value, StringMap& out) {
    TRY(expect_object(value));
    out.clear();
    out.reserve(value.node().count);
    for (const JsonValue member : value.children()) {
        const std::string_view text = TRY(expect_string(member, kMaxString));
        out.emplace_back(member.key(), text);
    }
    return {};
}

Result<> id(const JsonValue& value, uint32_t& out) {
    // 4294967295 is (uid_t)-1: "no change" for chown(2) and setresuid(2).
    return ranged<uint32_t, 0, UINT32_MAX - 1>(value, out);
}

Result<> path(const JsonValue& value, std::string& out) {
    out = TRY(expect_string(value, PATH_MAX - 1));
    return {};
}

Result<> filled_path(const JsonValue& value, std::string& out) {
    TRY(path(value, out));
    if (out.empty())
        return complain(value, "is empty, must be a path");
    return {};
}

Result<> absolute_path(const JsonValue& value, std::string& out) {
    TRY(filled_path(value, out));
    if (out.front() != '/')
        return must_be(value, "an absolute path");
    return {};
}

Result<> optional_absolute_path(const JsonValue& value, std::string& out) {
    TRY(path(value, out));
    if (!out.empty() && out.front() != '/')
        return must_be(value, "an absolute path");
    return {};
}

Result<> argument(const JsonValue& value, std::string& out) {
    out = TRY(expect_string(value, kMaxArgument));
    return {};
}

Result<> environment_variable(const JsonValue& value, std::string& out) {
    TRY(argument(value, out));
    const size_t equals = out.find('=');
    if (equals == std::string::npos || equals == 0)
        return must_be(value, "NAME=VALUE");
    return {};
}

Result<> cpu_list(const JsonValue& value, std::string& out) {
    constexpr uint32_t kLast = 8191;  // NR_CPUS is never larger; keeps bit masks small
    const auto number = [](std::string_view digits) {
        const auto parsed = text::parse_int<uint32_t>(digits);
        return parsed && *parsed <= kLast ? parsed : std::nullopt;
    };
    const auto bad = [&] { return must_be(value, "a list such as '0-3,7' of numbers up to 8191"); };
    TRY(read(value, out));
    if (out.empty())
        return {};
    // Blanks around and commas too many are what runc and the kernel allow.
    bool any = false;
    for (const std::string_view item : text::split(out, ',')) {
        const std::string_view part = text::trim(item);
        if (part.empty())
            continue;
        any = true;
        const size_t dash = part.find('-');
        const auto first = number(part.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : number(part.substr(dash + 1));
        if (!first || !last || *first > *last)
            return bad();
    }
    return any ? Result<>{} : bad();
}

}  // namespace unitc::oci
