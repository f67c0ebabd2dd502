// SPDX-License-Identifier: Apache-2.0
#include "ops/registration.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace unitc::ops {
namespace {

class Decision : public ::testing::Test {
protected:
    void SetUp() override { ::unsetenv(kRegisterVariable); }
    void TearDown() override { ::unsetenv(kRegisterVariable); }
    std::string wrong(const std::string& option) {
        const auto decided = decide_registration(option, config_);
        return decided ? "nothing" : decided.error().message;
    }
    oci::Config config_;
};

TEST_F(Decision, is_no_unless_asked_for) {
    EXPECT_EQ(decide_registration("", config_), Registration::No);
    ::setenv(kRegisterVariable, "", 1);
    EXPECT_EQ(decide_registration("", config_), Registration::No);
}

TEST_F(Decision, is_the_options_then_the_annotations_then_the_environments) {
    ::setenv(kRegisterVariable, "yes", 1);
    EXPECT_EQ(decide_registration("", config_), Registration::Yes);
    config_.annotations = {{"other", "yes"}, {kRegisterAnnotation, "no"}};
    EXPECT_EQ(decide_registration("", config_), Registration::No);
    EXPECT_EQ(decide_registration("auto", config_), Registration::Auto);
}

TEST_F(Decision, names_where_a_wrong_word_stands) {
    EXPECT_EQ(wrong("on"), "--register: must be yes, no or auto");
    ::setenv(kRegisterVariable, "1", 1);
    EXPECT_EQ(wrong(""), "UNITC_REGISTER: must be yes, no or auto");
    config_.annotations = {{kRegisterAnnotation, ""}};
    EXPECT_EQ(wrong(""),
              "config.json: annotations[\"org.unitc.register\"]: must be yes, no or auto");
}

}  // namespace
}  // namespace unitc::ops
