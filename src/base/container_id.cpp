// SPDX-License-Identifier: Apache-2.0
#include "base/container_id.hpp"

#include "base/text.hpp"

namespace unitc {
namespace {

// A file name holds 255 bytes.
constexpr size_t kLongest = 255;

bool allowed(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '.' || c == '-';
}

}  // namespace

Result<ContainerId> ContainerId::parse(std::string_view text) {
    if (text.empty())
        return fail("container id cannot be empty");
    const auto wrong = [&](std::string_view why) {
        return fail("invalid id format: '" + text::printable(text.substr(0, kLongest)) + "' " +
                    std::string{why});
    };
    if (text.size() > kLongest)
        return wrong("is longer than 255 bytes");
    if (text == "." || text == "..")
        return wrong("is a directory's own name");
    // The state directory keeps names of its own behind a dot.
    if (text.starts_with('.'))
        return wrong("must not begin with '.'");
    for (const char c : text)
        if (!allowed(c))
            return wrong("may hold letters, digits, '_', '+', '.' and '-' only");
    return ContainerId{std::string{text}};
}

}  // namespace unitc
