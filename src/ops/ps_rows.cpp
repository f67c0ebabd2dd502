// SPDX-License-Identifier: Apache-2.0
#include "ops/ps_rows.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace unitc::ops {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words = text::split(line, ' ');
    words.erase(std::remove(words.begin(), words.end(), std::string_view{}), words.end());
    return words;
}

}  // namespace

std::string pids_json(const std::vector<pid_t>& pids) {
    if (pids.empty())
        return "null\n";
    std::string out = "[";
    for (const pid_t pid : pids)
        out.append(out.size() > 1 ? "," : "").append(std::to_string(pid));
    return out + "]\n";
}

Result<std::string> rows_of(std::string_view table, const std::vector<pid_t>& pids) {
    const std::vector<std::string_view> lines = text::split(table, '\n');
    const std::vector<std::string_view> titles = words_of(lines.front());
    const auto title = std::find(titles.begin(), titles.end(), "PID");
    if (title == titles.end())
        return fail("couldn't find PID field in ps output");
    const auto column = static_cast<size_t>(title - titles.begin());
    std::string out = std::string{lines.front()} + "\n";
    for (size_t i = 1; i < lines.size(); ++i) {
        if (lines[i].empty())
            continue;
        const std::vector<std::string_view> words = words_of(lines[i]);
        const auto pid =
            column < words.size() ? text::parse_int<pid_t>(words[column]) : std::nullopt;
        if (!pid)
            return fail("unable to parse pid in ps output: '" + text::printable(lines[i]) + "'");
        if (std::find(pids.begin(), pids.end(), *pid) != pids.end())
            out.append(lines[i]).append("\n");
    }
    return out;
}

}  // namespace unitc::ops
