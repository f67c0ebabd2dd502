// SPDX-License-Identifier: Apache-2.0
// Listing and emptying a directory by its descriptor.
#pragma once

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace unitc::sys {

struct Name {
    std::string text;
    unsigned char type;  // DT_*, DT_UNKNOWN where the file system does not say
};

// Without "." and "..", in no order.
Result<std::vector<Name>> names_in(const Fd& dir);

// Removes all that is below `dir`. A name that somebody else removes first is
// fine; a symlink is removed and never followed.
Result<> empty_directory(const Fd& dir);

}  // namespace unitc::sys
