// SPDX-License-Identifier: Apache-2.0
#include "resctrl/schemata.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace unitc::resctrl {
namespace {

std::string plain_number(std::string_view digits) {
    digits = text::trim(digits);
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    std::string plain;
    for (const char c : digits)
        plain += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    return plain;
}

// "L3:0=0ff;1=c" → "L3:0=ff", "L3:1=c".
std::vector<std::string> values_of(std::string_view lines) {
    std::vector<std::string> values;
    for (const std::string_view line : text::split(lines, '\n')) {
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos)
            continue;
        const std::string resource{text::trim(line.substr(0, colon))};
        for (const std::string_view part : text::split(line.substr(colon + 1), ';')) {
            const size_t equals = std::min(part.find('='), part.size());
            const std::string_view value = part.substr(std::min(equals + 1, part.size()));
            values.push_back(resource + ":" + plain_number(part.substr(0, equals)) + "=" +
                             plain_number(value));
        }
    }
    return values;
}

}  // namespace

std::string wanted_lines(const oci::IntelRdt& rdt) {
    std::string lines;
    const auto add = [&](const std::string& line) {
        if (!line.empty())
            lines.append(line).append("\n");
    };
    add(rdt.l3_cache_schema);
    add(rdt.mem_bw_schema);
    for (const std::string& line : rdt.schemata)
        add(line);
    return lines;
}

bool agrees(std::string_view found, std::string_view wanted) {
    const std::vector<std::string> there = values_of(found);
    const std::vector<std::string> asked = values_of(wanted);
    return std::all_of(asked.begin(), asked.end(), [&](const std::string& value) {
        return std::find(there.begin(), there.end(), value) != there.end();
    });
}

}  // namespace unitc::resctrl
