// SPDX-License-Identifier: Apache-2.0
// The documents this room writes: the default spec and the features.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "oci/features.hpp"
#include "oci/parse.hpp"
#include "oci/spec.hpp"
#include "oci/validate.hpp"

namespace unitc::oci {
namespace {

struct CloseFile {
    void operator()(FILE* file) const { std::fclose(file); }
};

// UPDATE_GOLDEN=1 rewrites the file instead.
void expect_golden(const std::string& name, const std::string& text) {
    const std::string path = std::string{UNITC_TESTS_DIR "/golden/oci/"} + name;
    const bool update = std::getenv("UPDATE_GOLDEN") != nullptr;
    const std::unique_ptr<FILE, CloseFile> file{std::fopen(path.c_str(), update ? "w" : "r")};
    ASSERT_TRUE(file) << path << " (UPDATE_GOLDEN=1 writes it)";
    if (update) {
        ASSERT_EQ(std::fwrite(text.data(), 1, text.size(), file.get()), text.size());
        return;
    }
    std::string expected(1 << 16, '\0');
    expected.resize(std::fread(expected.data(), 1, expected.size(), file.get()));
    EXPECT_EQ(text, expected) << "differs from " << path;
}

TEST(DefaultSpec, IsTheGoldenFile) {
    expect_golden("default_spec.json", default_spec());
}

TEST(DefaultSpec, IsValidWithoutWarnings) {
    const auto config = parse(default_spec());
    ASSERT_TRUE(config) << config.error().message;
    const auto valid = validate(*config);
    EXPECT_TRUE(valid) << valid.error().message;
    EXPECT_THAT(warnings(*config), ::testing::IsEmpty());
}

TEST(RootlessSpec, IsTheGoldenFile) {
    expect_golden("rootless_spec.json", rootless_spec(1000, 1001));
}

TEST(RootlessSpec, IsValidWithoutWarnings) {
    const auto config = parse(rootless_spec(0, 0));
    ASSERT_TRUE(config) << config.error().message;
    const auto valid = validate(*config);
    EXPECT_TRUE(valid) << valid.error().message;
    EXPECT_THAT(warnings(*config), ::testing::IsEmpty());
}

TEST(Features, AreTheGoldenFile) {
    expect_golden("features.json",
                  features_document(40, {{"io.github.seccomp.libseccomp.version", "2.5.4"}}));
}

TEST(Features, NameNoCapabilityAboveTheLast) {
    const std::string document = features_document(37, {});
    EXPECT_THAT(document, ::testing::HasSubstr("\"CAP_AUDIT_READ\""));
    EXPECT_THAT(document, ::testing::Not(::testing::HasSubstr("\"CAP_PERFMON\"")));
}

TEST(Features, StayJsonWhateverTheAnnotationsHold) {
    EXPECT_THAT(features_document(0, {{"a", "\"\n\xff"}}),
                ::testing::HasSubstr("\"a\": \"\\\"\\n\xef\xbf\xbd\""));
}

TEST(Features, GiveVersionsThatParseAccepts) {
    for (const char* version : {kOciVersionMin, kOciVersionMax})
        EXPECT_TRUE(parse(std::string{"{\"ociVersion\": \""} + version + "\"}")) << version;
}

}  // namespace
}  // namespace unitc::oci
