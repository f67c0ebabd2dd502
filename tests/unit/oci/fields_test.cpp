// SPDX-License-Identifier: Apache-2.0
// man/unitc-config.5 and the parser name the same fields: each field of the
// page, given a value of the wrong type, is refused with its path; and no word
// of the parser's sources is a field that the page lacks.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "oci/parse.hpp"

namespace unitc::oci {
namespace {

using testing::IsEmpty;

// Below the tree's root.
std::string content(const std::string& path) {
    const std::string whole = UNITC_TESTS_DIR "/../" + path;
    FILE* file = std::fopen(whole.c_str(), "r");
    EXPECT_NE(file, nullptr) << whole;
    std::string text(1 << 18, '\0');
    text.resize(file == nullptr ? 0 : std::fread(text.data(), 1, text.size(), file));
    if (file != nullptr)
        std::fclose(file);
    return text;
}

// "linux.devices[].path" as the page writes it, in its order.
std::vector<std::string> documented() {
    std::vector<std::string> fields;
    const std::string page = content("man/unitc-config.5");
    std::string_view before;
    for (const std::string_view line : text::split(page, '\n')) {
        if ((before == ".TP" || before == ".TQ") && line.starts_with(".B "))
            fields.emplace_back(line.substr(3));
        before = line;
    }
    return fields;
}

// A document in which the field has this value, and what an error calls it:
// "hooks.*[].path" is looked at in a list of prestart.
struct Probe {
    std::string json;
    std::string path;
};

std::string key_for_any(const std::string& parent) {
    return parent == "hooks" ? "prestart" : parent == "linux.timeOffsets" ? "boottime" : "x.y";
}

Probe probe(const std::string& field, const std::string& value) {
    std::string head, tail, path, documented_path;
    for (const std::string_view part : text::split(field, '.')) {
        const bool list = part.ends_with("[]");
        std::string key{list ? part.substr(0, part.size() - 2) : part};
        if (key == "*")
            key = key_for_any(documented_path);
        documented_path.append(documented_path.empty() ? "" : ".").append(part);
        head.append("{\"").append(key).append("\": ").append(list ? "[" : "");
        tail.insert(0, list ? "]}" : "}");
        const bool plain = key.find('.') == std::string::npos;
        path.append(path.empty() || !plain ? "" : ".")
            .append(plain ? key : "[\"" + key + "\"]")
            .append(list ? "[0]" : "");
    }
    return {head + value + tail, path};
}

// Nothing that a field may be is all of these.
constexpr const char* kValues[] = {"true", "-7", R"("?")", "[]", "{}"};

bool is_read(const std::string& field) {
    return std::any_of(std::begin(kValues), std::end(kValues), [&](const char* value) {
        const Probe wrong = probe(field, value);
        const auto parsed = parse(wrong.json);
        return !parsed && parsed.error().message.starts_with(wrong.path + ": ") &&
               // The one object that takes no key that it does not know.
               parsed.error().message.find("is not a clock") == std::string::npos;
    });
}

// Every string of the sources that could be a key.
std::set<std::string> words_of_the_parser() {
    std::set<std::string> words;
    for (const char* name : {"parse", "parse_hooks", "parse_linux", "parse_mounts", "parse_process",
                             "parse_resources", "parse_seccomp"}) {
        const std::string source = content(std::string{"src/oci/"} + name + ".cpp");
        const auto parts = text::split(source, '"');
        for (const std::string_view part : parts)
            if (!part.empty() && part.size() < 40 &&
                std::all_of(part.begin(), part.end(),
                            [](unsigned char c) { return std::isalnum(c); }))
                words.emplace(part);
    }
    return words;
}

// What may have fields: all that the page has fields of.
std::set<std::string> objects(const std::vector<std::string>& fields) {
    std::set<std::string> parents{""};
    for (const std::string& field : fields)
        for (size_t dot = field.find('.'); dot != std::string::npos; dot = field.find('.', dot + 1))
            parents.insert(field.substr(0, dot));
    return parents;
}

TEST(ConfigPage, NamesNoFieldTwice) {
    std::vector<std::string> fields = documented();
    EXPECT_GT(fields.size(), 100U);
    std::sort(fields.begin(), fields.end());
    EXPECT_EQ(std::adjacent_find(fields.begin(), fields.end()), fields.end());
}

TEST(ConfigPage, NamesOnlyFieldsWhoseBadValuesAreRefusedByPath) {
    std::vector<std::string> unread;
    for (const std::string& field : documented())
        if (!is_read(field))
            unread.push_back(field);
    EXPECT_THAT(unread, IsEmpty());
}

TEST(ConfigPage, NamesEveryFieldThatTheParserReads) {
    const std::vector<std::string> fields = documented();
    // Another case of a key that is there is no other key.
    const auto lower = [](std::string text) {
        std::transform(text.begin(), text.end(), text.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return text;
    };
    std::set<std::string> known;
    for (const std::string& field : fields)
        known.insert(lower(field));
    const std::set<std::string> words = words_of_the_parser();
    EXPECT_EQ(words.count("additionalGids"), 1U);
    std::vector<std::string> missing;
    for (const std::string& object : objects(fields)) {
        // Any key will do there.
        if (known.count(lower(object) + ".*") != 0)
            continue;
        for (const std::string& word : words) {
            const std::string field = object.empty() ? word : object + "." + word;
            if (known.count(lower(field)) == 0 && is_read(field))
                missing.push_back(field);
        }
    }
    EXPECT_THAT(missing, IsEmpty());
}

}  // namespace
}  // namespace unitc::oci
