// SPDX-License-Identifier: Apache-2.0
// The part of GVariant's text format that values of org.systemd.property.*
// annotations are written in: booleans, strings, numbers, lists of strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace unitc::unit {

// A number as written; `type` is "" or the type word before it ("uint64").
struct VariantNumber {
    bool negative = false;
    uint64_t magnitude = 0;
    std::string type;
};
using Variant = std::variant<bool, VariantNumber, std::string, std::vector<std::string>>;

// "true", "30", "uint64 30", "@t 30", "'text'", "\"text\"", "['a', 'b']",
// "@as []". Depth is bounded by the grammar, length by the caller.
Result<Variant> parse_variant(std::string_view text);

}  // namespace unitc::unit
