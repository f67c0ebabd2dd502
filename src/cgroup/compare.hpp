// SPDX-License-Identifier: Apache-2.0
// Does a cgroup file hold what was asked for?
#pragma once

#include <string_view>

namespace unitc::cgroup {

// Every line of `expected` is met by a line of `content`: the first word is
// the same ("8:0"; "*" is any), and each further word is among that line's.
// Files of one value are the case of one line and one word, and must then
// have no other line.
bool matches(std::string_view content, std::string_view expected);

}  // namespace unitc::cgroup
