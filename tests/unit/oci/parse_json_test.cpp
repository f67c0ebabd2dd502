// SPDX-License-Identifier: Apache-2.0
#include "oci/parse_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "oci/parse.hpp"

namespace unitc::oci {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of(const std::string& json) {
    const auto document = JsonDocument::parse(json);
    return document ? "no error" : document.error().message;
}

std::string repeated(const std::string& text, size_t times) {
    std::string all;
    for (size_t i = 0; i < times; ++i)
        all += text;
    return all;
}

TEST(JsonDocument, KnowsThePathOfEachValue) {
    const auto document =
        JsonDocument::parse(R"({"a": [1, {"b-c": {"x.y": null, "": 2}}], "d": []})");
    ASSERT_TRUE(document);
    std::vector<std::string> paths;
    for (uint32_t i = 0; i < document->nodes().size(); ++i)
        paths.push_back(JsonValue{*document, i}.path());
    EXPECT_THAT(paths, ::testing::ElementsAre("config", "a", "a[0]", "a[1]", "a[1].b-c",
                                              "a[1].b-c[\"x.y\"]", "a[1].b-c[\"\"]", "d"));
}

TEST(JsonDocument, MakesForeignBytesInPathsVisible) {
    EXPECT_EQ(error_of("{\"a\\u001bb\": \"\\u0000\"}"), "[\"a\\x1bb\"]: contains a NUL character");
    EXPECT_EQ(error_of("{\"" + std::string(100, 'k') + "\": \"\\u0000\"}"),
              "[\"" + std::string(64, 'k') + "...\"]: contains a NUL character");
}

TEST(JsonDocument, KeepsSixtyFourBitsExact) {
    const auto document = JsonDocument::parse(
        "[18446744073709551615, -9223372036854775808, 9007199254740993, 0, -0]");
    ASSERT_TRUE(document);
    const auto& nodes = document->nodes();
    EXPECT_EQ(nodes[1].magnitude, UINT64_MAX);
    EXPECT_EQ(nodes[2].magnitude, uint64_t{1} << 63);
    EXPECT_TRUE(nodes[2].negative);
    EXPECT_EQ(nodes[3].magnitude, 9007199254740993U);
    EXPECT_FALSE(nodes[5].negative);
    for (size_t i = 1; i < nodes.size(); ++i)
        EXPECT_EQ(nodes[i].kind, JsonKind::Integer) << i;
}

TEST(JsonDocument, KeepsOtherNumbersAsWritten) {
    const auto document = JsonDocument::parse("[1.0, 1e3, 18446744073709551616]");
    ASSERT_TRUE(document);
    const char* const texts[] = {"1.0", "1e3", "18446744073709551616"};
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(document->nodes()[i + 1].kind, JsonKind::Number);
        EXPECT_EQ(document->nodes()[i + 1].text, texts[i]);
    }
}

TEST(JsonDocument, DecodesEscapes) {
    const auto document = JsonDocument::parse(R"(["\u00e4\ud83d\ude00\n\"\/"])");
    ASSERT_TRUE(document);
    EXPECT_EQ(document->nodes()[1].text, "\xc3\xa4\xf0\x9f\x98\x80\n\"/");
}

TEST(JsonDocument, RefusesWhatIsNotJson) {
    for (const char* json : {"",
                             " ",
                             "{",
                             "[1,]",
                             "{\"a\":1,}",
                             "{\"a\" 1}",
                             "{a:1}",
                             "01",
                             "+1",
                             "1.",
                             ".5",
                             "0x1",
                             "NaN",
                             "tru",
                             "[1] [2]",
                             "{}x",
                             "'a'",
                             "\"a",
                             "\"\\x\"",
                             "\"\\ud800\"",
                             "\"\\udc00\"",
                             "\"\t\"",
                             "\"\xff\"",
                             "\"\xc0\xaf\"",
                             "\"\xed\xa0\x80\"",
                             "// c\n1",
                             "[1\0]"})
        EXPECT_THAT(error_of(json), StartsWith("not valid JSON at line 1, column ")) << json;
}

TEST(JsonDocument, SaysWhereTheJsonEnds) {
    EXPECT_THAT(error_of("{\n  \"a\": 1\n  \"b\": 2\n}"),
                StartsWith("not valid JSON at line 3, column 5: "));
}

TEST(JsonDocument, KeepsAnErrorShortAndPrintable) {
    const std::string message = error_of("[x\x1b[31m" + std::string(100'000, 'y'));
    EXPECT_LT(message.size(), 400U);
    EXPECT_EQ(message.find('\x1b'), std::string::npos);
    const std::string long_token = error_of("[\"" + std::string(100'000, 'y') + "\xff\"]");
    EXPECT_LT(long_token.size(), 400U);
}

TEST(JsonDocument, RefusesAKeyThatStandsTwice) {
    EXPECT_EQ(error_of(R"({"a": 1, "b": {"c": 1, "d": 2, "c": 3}})"), "b.c: is given twice");
    EXPECT_EQ(error_of(R"({"a": 1, "\u0061": 1})"), "a: is given twice");
    std::string many = "{\"k7\": 0";
    for (int i = 0; i < 40; ++i)
        many += ", \"k" + std::to_string(i) + "\": 0";
    EXPECT_EQ(error_of(many + "}"), "k7: is given twice");
}

TEST(JsonDocument, AcceptsTheSameKeyInDifferentObjects) {
    EXPECT_EQ(error_of(R"([{"a": {"a": 1}}, {"a": 2}])"), "no error");
}

TEST(JsonDocument, RefusesANulInAStringOrAKey) {
    EXPECT_EQ(error_of(R"({"a": ["x", "y\u0000z"]})"), "a[1]: contains a NUL character");
    EXPECT_EQ(error_of(R"({"a": {"b\u0000": 1}})"), "a: has a key with a NUL character");
}

TEST(JsonDocument, LimitsDepth) {
    EXPECT_EQ(error_of(repeated("[", kMaxDepth) + repeated("]", kMaxDepth)), "no error");
    EXPECT_THAT(error_of(repeated("[", kMaxDepth + 1) + repeated("]", kMaxDepth + 1)),
                HasSubstr("is nested deeper than 64 levels"));
    EXPECT_THAT(error_of(repeated("{\"a\":", 100'000)),
                HasSubstr("is nested deeper than 64 levels"));
}

TEST(JsonDocument, LimitsTheEntriesOfOneArray) {
    const auto array = [](size_t entries) {
        return "{\"a\": [0" + repeated(",0", entries - 1) + "]}";
    };
    EXPECT_EQ(error_of(array(kMaxItems)), "no error");
    EXPECT_EQ(error_of(array(kMaxItems + 1)), "a: has more than 65536 entries");
}

TEST(JsonDocument, LimitsTheValuesOfAll) {
    const std::string array = "[0" + repeated(",0", kMaxItems - 2) + "]";  // kMaxItems values
    EXPECT_EQ(error_of("[" + array + repeated("," + array, kMaxValues / kMaxItems - 2) + "]"),
              "no error");
    EXPECT_EQ(error_of("[" + array + repeated("," + array, kMaxValues / kMaxItems - 1) + "]"),
              "config: has more than 262144 values");
}

TEST(JsonDocument, LimitsStringsAndKeys) {
    const auto text = [](size_t bytes) { return "[\"" + std::string(bytes, 'x') + "\"]"; };
    EXPECT_EQ(error_of(text(kMaxText)), "no error");
    EXPECT_EQ(error_of(text(kMaxText + 1)), "[0]: is longer than 1048576 bytes");
    const auto key = [](size_t bytes) { return "{\"" + std::string(bytes, 'x') + "\": 1}"; };
    EXPECT_EQ(error_of(key(kMaxString)), "no error");
    EXPECT_EQ(error_of(key(kMaxString + 1)), "config: has a key longer than 65536 bytes");
}

TEST(JsonDocument, LimitsTheWhole) {
    EXPECT_EQ(error_of("1" + std::string(kMaxBytes - 1, ' ')), "no error");
    EXPECT_EQ(error_of("1" + std::string(kMaxBytes, ' ')), "config: is longer than 16777216 bytes");
}

}  // namespace
}  // namespace unitc::oci
