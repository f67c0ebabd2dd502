// SPDX-License-Identifier: Apache-2.0
// JSON text → a light tree that knows where each value stands, with limits on
// depth, size and count. The syntax is nlohmann's SAX parser; the tree is ours
// because one array of nodes is several times cheaper than its DOM and can say
// its path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace unitc::oci {

// Number: as written with a fraction or an exponent, or beyond 64 bits.
enum class JsonKind : uint8_t { Null, Bool, Integer, Number, String, Array, Object };

// Nodes stand in the order of the text: a container's children follow it.
struct JsonNode {
    std::string_view text;   // String: its value; Number: as written
    std::string_view key;    // of a member of an object
    uint64_t magnitude = 0;  // Integer; Bool: 0 or 1
    uint32_t parent = 0;
    uint32_t next = 0;   // one past the last node of this value
    uint32_t count = 0;  // children
    JsonKind kind = JsonKind::Null;
    bool negative = false;
};

class JsonDocument;

// A place in a document; as cheap as a pointer, valid as long as the document.
class JsonValue {
public:
    JsonValue(const JsonDocument& document, uint32_t index) : document_(&document), index_(index) {}

    const JsonNode& node() const;
    JsonKind kind() const { return node().kind; }
    std::string_view key() const { return node().key; }
    std::string_view text() const { return node().text; }

    // "mounts[3].options[1]"; keys that are no plain words in brackets:
    // `annotations["org.example"]`. "config" for the document itself.
    std::string path() const;

    // What the value is, for an error: "a string", "5000", "1e3".
    std::string describe() const;

    class Children;
    Children children() const;

    // The member `name` of an object, null or not; if none has it, one that
    // has it but for upper and lower case.
    std::optional<JsonValue> find(std::string_view name) const;

private:
    const JsonDocument* document_;
    uint32_t index_;
};

class JsonDocument {
public:
    // Fails on anything that is not one JSON value in valid UTF-8, on a key
    // that stands twice in an object, on a NUL in any string, and beyond the
    // limits of parse.hpp.
    static Result<JsonDocument> parse(std::string_view json);

    JsonValue root() const { return {*this, 0}; }
    const std::vector<JsonNode>& nodes() const { return nodes_; }

private:
    friend class JsonBuilder;
    JsonDocument() = default;
    std::vector<JsonNode> nodes_;
    std::unique_ptr<char[]> strings_;  // what the nodes' views look at
};

// Go's decoder takes "CPU" for "cpu", and what engines and scripts write is
// tested with that. ASCII only: no key of the spec has other letters.
bool is_same_word(std::string_view a, std::string_view b);

class JsonValue::Children {
public:
    class Iterator {
    public:
        Iterator(const JsonDocument& document, uint32_t index)
            : document_(&document), index_(index) {}
        JsonValue operator*() const { return {*document_, index_}; }
        Iterator& operator++() {
            index_ = document_->nodes()[index_].next;
            return *this;
        }
        bool operator!=(const Iterator& other) const { return index_ != other.index_; }

    private:
        const JsonDocument* document_;
        uint32_t index_;
    };
    Children(const JsonDocument& document, uint32_t index) : document_(&document), index_(index) {}
    Iterator begin() const { return {*document_, index_ + 1}; }
    Iterator end() const { return {*document_, document_->nodes()[index_].next}; }

private:
    const JsonDocument* document_;
    uint32_t index_;
};

inline const JsonNode& JsonValue::node() const {
    return document_->nodes()[index_];
}
inline JsonValue::Children JsonValue::children() const {
    return {*document_, index_};
}

}  // namespace unitc::oci
