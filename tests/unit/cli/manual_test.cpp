// SPDX-License-Identifier: Apache-2.0
// man/unitc.8 and the tables name the same commands and options.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "sys/file.hpp"

namespace unitc::cli {
namespace {

using testing::IsEmpty;

// The text of each section, roff's "\-" made a dash; a command's is under its name.
std::map<std::string, std::string> sections() {
    std::map<std::string, std::string> found;
    const auto page = sys::read_file(AT_FDCWD, UNITC_TESTS_DIR "/../man/unitc.8");
    EXPECT_TRUE(page);
    std::string* section = &found[""];
    const std::string text = page.value_or("");
    for (const std::string_view line : text::split(text, '\n')) {
        const auto words = text::split(line, ' ');
        if (line.starts_with(".SS unitc ")) {
            section = &found[std::string{words[2]}];
        } else if (line.starts_with(".SH ")) {
            section = &found[std::string{line.substr(4)}];
        }
        for (size_t i = 0; i < line.size(); ++i)
            if (line.substr(i, 2) != "\\-")
                *section += line[i];
            else
                *section += line[++i];
        *section += '\n';
    }
    return found;
}

bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

std::set<std::string> options_in(const std::string& section) {
    std::set<std::string> names;
    for (size_t at = section.find("--"); at != std::string::npos; at = section.find("--", at)) {
        const size_t start = at += 2;
        while (at < section.size() && is_name(section[at]))
            ++at;
        names.insert(section.substr(start, at - start));
    }
    return names;
}

// Of the options that the help shows, those the section is silent about.
std::vector<std::string> missing_in(const std::string& section, Options options) {
    const auto named = options_in(section);
    std::vector<std::string> missing;
    for (const Option& option : options) {
        if (option.help == nullptr || std::string_view{option.name} == "help")
            continue;
        const std::string letter = std::string{" -"} + option.letter;
        if (named.count(option.name) == 0 ||
            (option.letter != 0 &&
             section.find("--" + std::string{option.name} + " \", \" -" + option.letter) ==
                 std::string::npos &&
             section.find(letter) == std::string::npos))
            missing.emplace_back(option.name);
    }
    return missing;
}

TEST(Manual, HasASectionForEveryCommandAndForNothingElse) {
    const auto found = sections();
    for (const Command& command : commands())
        EXPECT_EQ(found.count(command.name), 1U) << command.name;
    for (const auto& [name, section] : found) {
        if (section.starts_with(".SS")) {
            EXPECT_TRUE(name == "help" || find_command(name) != nullptr) << name;
        }
    }
}

TEST(Manual, NamesEveryOption) {
    const auto found = sections();
    const std::string& general = found.at("GLOBAL OPTIONS");
    EXPECT_THAT(missing_in(general, kGlobalOptions), IsEmpty());
    EXPECT_THAT(missing_in(general, kRootOptions), IsEmpty());
    for (const Command& command : commands()) {
        std::string section = found.at(command.name);
        // "The options are those of create and:"
        if (section.find("those of\n.B create\n") != std::string::npos)
            section += found.at("create");
        EXPECT_THAT(missing_in(section, command.options), IsEmpty()) << command.name;
    }
}

TEST(Manual, NamesNoOptionThatThereIsNot) {
    for (const auto& [name, section] : sections()) {
        const Command* command = find_command(name);
        for (const std::string& option : options_in(section)) {
            bool known = find_option(kGlobalOptions, option) || find_option(kRootOptions, option) ||
                         (command != nullptr && find_option(command->options, option));
            // Elsewhere any command's may be spoken of.
            for (const Command& other : commands())
                known = known || (command == nullptr && find_option(other.options, option));
            EXPECT_TRUE(known) << "--" << option << " in the section '" << name << "'";
        }
    }
}

}  // namespace
}  // namespace unitc::cli
