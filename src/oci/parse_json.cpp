// SPDX-License-Identifier: Apache-2.0
// The only file of this room in which exceptions may fly: they end in
// JsonDocument::parse.
#include "oci/parse_json.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "oci/parse.hpp"

namespace unitc::oci {
namespace {

constexpr size_t kShownBytes = 64;  // of a foreign text in an error

std::string shortened(std::string_view text) {
    if (text.size() <= kShownBytes)
        return text::printable(text);
    return text::printable(text.substr(0, kShownBytes)) + "...";
}

bool is_word(std::string_view key) {
    return !key.empty() && key.size() <= kShownBytes &&
           std::all_of(key.begin(), key.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
           });
}

std::string path_of(const std::vector<JsonNode>& nodes, uint32_t index) {
    if (index == 0)
        return "config";
    const uint32_t parent = nodes[index].parent;
    std::string path = parent == 0 ? "" : path_of(nodes, parent);
    if (nodes[parent].kind == JsonKind::Array) {
        size_t position = 0;
        for (uint32_t at = parent + 1; at != index; at = nodes[at].next)
            ++position;
        return path + '[' + std::to_string(position) + ']';
    }
    const std::string_view key = nodes[index].key;
    if (!is_word(key))
        return path + "[\"" + shortened(key) + "\"]";
    return path + (path.empty() ? "" : ".") + std::string{key};
}

// nlohmann says "[json.exception.parse_error.101] parse error at line 1,
// column 5: syntax error while …": the part before the place is its own affair.
std::string syntax_message(std::string_view what) {
    constexpr std::string_view kBefore = "parse error at ";
    constexpr size_t kLongest = 240;
    if (const size_t at = what.find(kBefore); at != std::string_view::npos)
        what.remove_prefix(at + kBefore.size());
    return "not valid JSON at " + text::printable(what.substr(0, kLongest)) +
           (what.size() > kLongest ? "..." : "");
}

}  // namespace

// The SAX handler. Each callback returns false to end the parse; error_ says why.
class JsonBuilder {
public:
    using number_integer_t = nlohmann::json::number_integer_t;
    using number_unsigned_t = nlohmann::json::number_unsigned_t;
    using number_float_t = nlohmann::json::number_float_t;
    using string_t = nlohmann::json::string_t;
    using binary_t = nlohmann::json::binary_t;

    JsonBuilder(JsonDocument& document, size_t bytes) : nodes_(document.nodes_) {
        // Decoded strings are never longer than their text.
        document.strings_ = std::make_unique_for_overwrite<char[]>(bytes);
        free_ = document.strings_.get();
        nodes_.reserve(std::min(bytes / 16, kMaxValues) + 8);
    }

    Error take_error() { return std::move(error_); }

    bool null() { return add(JsonKind::Null); }
    bool boolean(bool value) {
        if (!add(JsonKind::Bool))
            return false;
        nodes_.back().magnitude = value ? 1 : 0;
        return true;
    }
    bool number_integer(number_integer_t value) {
        if (!add(JsonKind::Integer))
            return false;
        nodes_.back().negative = value < 0;
        nodes_.back().magnitude =
            value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
        return true;
    }
    bool number_unsigned(number_unsigned_t value) {
        if (!add(JsonKind::Integer))
            return false;
        nodes_.back().magnitude = value;
        return true;
    }
    bool number_float(number_float_t /*value*/, const string_t& written) {
        if (!add(JsonKind::Number))
            return false;
        nodes_.back().text = keep(written);
        return true;
    }
    bool string(const string_t& value) {
        if (!add(JsonKind::String))
            return false;
        if (value.size() > kMaxText)
            return fail_here("is longer than " + std::to_string(kMaxText) + " bytes");
        if (std::memchr(value.data(), 0, value.size()) != nullptr)
            return fail_here("contains a NUL character");
        nodes_.back().text = keep(value);
        return true;
    }
    bool binary(const binary_t& /*value*/) { return false; }  // not in JSON
    bool key(const string_t& name) {
        if (name.size() > kMaxString)
            return fail_with(path_of(nodes_, open_.back()) + ": has a key longer than " +
                             std::to_string(kMaxString) + " bytes");
        if (std::memchr(name.data(), 0, name.size()) != nullptr)
            return fail_with(path_of(nodes_, open_.back()) + ": has a key with a NUL character");
        key_ = keep(name);
        return true;
    }
    bool start_object(size_t /*size*/) { return open(JsonKind::Object); }
    bool start_array(size_t /*size*/) { return open(JsonKind::Array); }
    bool end_object() {
        const uint32_t index = open_.back();
        close();
        return keys_are_unique(index);
    }
    bool end_array() {
        close();
        return true;
    }
    bool parse_error(size_t /*position*/, const std::string& /*token*/,
                     const nlohmann::json::exception& problem) {
        return fail_with(syntax_message(problem.what()));
    }

private:
    bool fail_with(std::string message) {
        error_.message = std::move(message);
        return false;
    }
    bool fail_here(std::string_view complaint) {
        return fail_with(path_of(nodes_, static_cast<uint32_t>(nodes_.size() - 1)) + ": " +
                         std::string{complaint});
    }

    std::string_view keep(const string_t& text) {
        char* const at = free_;
        std::memcpy(at, text.data(), text.size());
        free_ += text.size();
        return {at, text.size()};
    }

    bool add(JsonKind kind) {
        const auto index = static_cast<uint32_t>(nodes_.size());
        JsonNode& node = nodes_.emplace_back();
        node.kind = kind;
        node.next = index + 1;
        node.key = std::exchange(key_, {});
        if (index == kMaxValues)
            return fail_with("config: has more than " + std::to_string(kMaxValues) + " values");
        if (open_.empty())
            return true;
        node.parent = open_.back();
        if (++nodes_[node.parent].count > kMaxItems)
            return fail_with(path_of(nodes_, node.parent) + ": has more than " +
                             std::to_string(kMaxItems) + " entries");
        return true;
    }

    bool open(JsonKind kind) {
        if (!add(kind))
            return false;
        if (open_.size() == kMaxDepth)
            return fail_here("is nested deeper than " + std::to_string(kMaxDepth) + " levels");
        open_.push_back(static_cast<uint32_t>(nodes_.size() - 1));
        return true;
    }

    void close() {
        nodes_[open_.back()].next = static_cast<uint32_t>(nodes_.size());
        open_.pop_back();
    }

    // Parsers differ in which of two equal keys they keep, so that an engine
    // could check one config and we run another: refused, known key or not.
    bool keys_are_unique(uint32_t object) {
        constexpr uint32_t kFew = 12;  // below, comparing all pairs beats sorting
        if (nodes_[object].count <= kFew) {
            const uint32_t end = nodes_[object].next;
            for (uint32_t one = object + 1; one != end; one = nodes_[one].next)
                for (uint32_t two = nodes_[one].next; two != end; two = nodes_[two].next)
                    if (nodes_[one].key == nodes_[two].key)
                        return fail_with(path_of(nodes_, two) + ": is given twice");
            return true;
        }
        std::vector<uint32_t> members;
        members.reserve(nodes_[object].count);
        for (uint32_t at = object + 1; at != nodes_[object].next; at = nodes_[at].next)
            members.push_back(at);
        std::sort(members.begin(), members.end(),
                  [this](uint32_t a, uint32_t b) { return nodes_[a].key < nodes_[b].key; });
        const auto twice = std::adjacent_find(
            members.begin(), members.end(),
            [this](uint32_t a, uint32_t b) { return nodes_[a].key == nodes_[b].key; });
        if (twice != members.end())
            return fail_with(path_of(nodes_, *twice) + ": is given twice");
        return true;
    }

    std::vector<JsonNode>& nodes_;
    std::vector<uint32_t> open_;
    std::string_view key_;
    char* free_ = nullptr;
    Error error_;
};

std::string JsonValue::path() const {
    return path_of(document_->nodes(), index_);
}

std::optional<JsonValue> JsonValue::find(std::string_view name) const {
    std::optional<JsonValue> alike;
    for (const JsonValue member : children()) {
        if (member.key() == name)
            return member;
        if (is_same_word(member.key(), name))
            alike = member;
    }
    return alike;
}

bool is_same_word(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : int{c}; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char one, char other) { return lower(one) == lower(other); });
}

std::string JsonValue::describe() const {
    switch (kind()) {
        case JsonKind::Null: return "null";
        case JsonKind::Bool: return "a boolean";
        case JsonKind::Integer:
            return (node().negative ? "-" : "") + std::to_string(node().magnitude);
        case JsonKind::Number: return shortened(text());
        case JsonKind::String: return "'" + shortened(text()) + "'";
        case JsonKind::Array: return "an array";
        case JsonKind::Object: return "an object";
    }
    return {};
}

Result<JsonDocument> JsonDocument::parse(std::string_view json) {
    if (json.size() > kMaxBytes)
        return fail("config: is longer than " + std::to_string(kMaxBytes) + " bytes");
    try {
        JsonDocument document;
        JsonBuilder builder{document, json.size()};
        if (!nlohmann::json::sax_parse(json.begin(), json.end(), &builder))
            return Failure{builder.take_error()};
        return document;
    } catch (const std::exception& problem) {
        return fail(std::string{"config: cannot be parsed: "} + problem.what());
    }
}

}  // namespace unitc::oci
