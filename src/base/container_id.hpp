// SPDX-License-Identifier: Apache-2.0
// A container's id: a type that cannot exist unchecked, because ids become
// directory and unit names.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace unitc {

class ContainerId {
public:
    // runc's rule, [a-zA-Z0-9_+.-]+, and crun's, no dot in front; at most 255 bytes less
    // the longest suffix a unit name adds. Error text starts as runc's does:
    // "container id cannot be empty", "invalid id format".
    static Result<ContainerId> parse(std::string_view text);

    const std::string& str() const { return id_; }

private:
    explicit ContainerId(std::string id) : id_(std::move(id)) {}
    std::string id_;
};

}  // namespace unitc
