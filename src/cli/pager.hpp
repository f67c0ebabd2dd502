// SPDX-License-Identifier: Apache-2.0
// Colour and pager by the rules of systemd's tools (systemctl(1), "Environment").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace unitc::cli {

// What the rules look at; nullptr: not set.
struct Surroundings {
    const char* systemd_colors = nullptr;
    const char* no_color = nullptr;
    const char* term = nullptr;
    bool terminal = false;  // standard output and standard error are
};
Surroundings surroundings();

// SYSTEMD_COLORS says it, if it is understood; else NO_COLOR and a dumb
// terminal say no, and any other terminal yes.
bool wants_colour(const Surroundings& around);

// The programs to try, in order; none: no pager is wanted. Whoever has root run
// unitc may be another user, by sudo, and most pagers are a way to a shell. So
// only less(1) is used, which can be told not to be, unless SYSTEMD_PAGERSECURE
// says that the caller answers for the pager.
std::vector<std::string> pagers(const char* systemd_pager, const char* pager,
                                const char* pager_secure);

// Through a pager where standard output is a terminal, and as it is elsewhere.
Result<> print_paged(std::string_view text, bool no_pager);

}  // namespace unitc::cli
