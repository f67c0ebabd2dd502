// SPDX-License-Identifier: Apache-2.0
#include "cgroup/compare.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace unitc::cgroup {
namespace {

using Words = std::vector<std::string_view>;

Words words_of(std::string_view line) {
    Words words;
    for (const std::string_view word : text::split(line, ' '))
        if (!word.empty())
            words.push_back(word);
    return words;
}

bool line_matches(const Words& line, const Words& expected) {
    if (line.empty() || (expected.front() != "*" && expected.front() != line.front()))
        return false;
    return std::all_of(expected.begin() + 1, expected.end(), [&](std::string_view word) {
        return std::find(line.begin() + 1, line.end(), word) != line.end();
    });
}

}  // namespace

bool matches(std::string_view content, std::string_view expected) {
    content = text::trim(content);
    expected = text::trim(expected);
    if (expected.find_first_of(" \n") == std::string_view::npos)
        return content == expected;
    std::vector<Words> lines;
    for (const std::string_view line : text::split(content, '\n'))
        lines.push_back(words_of(line));
    for (const std::string_view line : text::split(expected, '\n')) {
        const Words wanted = words_of(line);
        if (!wanted.empty() && std::none_of(lines.begin(), lines.end(), [&](const Words& have) {
                return line_matches(have, wanted);
            }))
            return false;
    }
    return true;
}

}  // namespace unitc::cgroup
