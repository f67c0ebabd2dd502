// SPDX-License-Identifier: Apache-2.0
// What can be said in three places: by an option, for one container by an
// annotation, for all of a caller's in the environment. The first counts.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/text.hpp"
#include "oci/config.hpp"

namespace unitc::ops {

enum class Place { Option, Annotation, Environment };

template <typename T>
struct Choice {
    T what;
    Place place;
    std::string where;  // for an error: "annotations.org.unitc.unit 'self'"
};

template <typename T>
using ParseChoice = Result<T> (*)(std::string_view text);

struct Places {
    const char* option;      // "--unit"
    const char* annotation;  // "org.unitc.unit"
    const char* variable;    // "UNITC_UNIT"
};

// Nothing: nobody says anything. An error names the place and the wrong word.
// Annotations may be allowed less than the others: they can be an untrusted pod's.
template <typename T>
Result<std::optional<Choice<T>>> choose(const std::optional<T>& option, const oci::Config& config,
                                        const Places& places, ParseChoice<T> parse,
                                        ParseChoice<T> parse_of_annotation = nullptr) {
    if (option)
        return Choice<T>{*option, Place::Option, std::string{"option "} + places.option};
    const auto read = [](Place place, std::string where, std::string_view word,
                         ParseChoice<T> parse_word) -> Result<std::optional<Choice<T>>> {
        where.append(" '").append(text::printable(word.substr(0, 64))).append("'");
        T what = TRY_IN(where, parse_word(word));
        return Choice<T>{what, place, std::move(where)};
    };
    for (const auto& [key, word] : config.annotations)
        if (key == places.annotation)
            return read(Place::Annotation, "annotations." + key, word,
                        parse_of_annotation != nullptr ? parse_of_annotation : parse);
    const char* word = std::getenv(places.variable);
    if (word == nullptr || *word == '\0')
        return std::nullopt;
    return read(Place::Environment, std::string{"environment variable "} + places.variable, word,
                parse);
}

}  // namespace unitc::ops
