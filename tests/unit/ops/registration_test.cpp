// SPDX-License-Identifier: Apache-2.0
#include "ops/registration.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace unitc::ops {
namespace {

class Decision : public ::testing::Test {
protected:
    void SetUp() override { ::unsetenv("UNITC_REGISTER"); }
    void TearDown() override { ::unsetenv("UNITC_REGISTER"); }
    std::string wrong() {
        const auto decided = decide_registration({}, config_);
        return decided ? "nothing" : decided.error().message;
    }
    oci::Config config_;
};

TEST_F(Decision, is_no_unless_asked_for) {
    EXPECT_EQ(decide_registration({}, config_), Registration::No);
    ::setenv("UNITC_REGISTER", "", 1);
    EXPECT_EQ(decide_registration({}, config_), Registration::No);
}

TEST_F(Decision, is_the_options_then_the_annotations_then_the_environments) {
    ::setenv("UNITC_REGISTER", "yes", 1);
    EXPECT_EQ(decide_registration({}, config_), Registration::Yes);
    config_.annotations = {{"other", "yes"}, {"org.unitc.register", "no"}};
    EXPECT_EQ(decide_registration({}, config_), Registration::No);
    EXPECT_EQ(decide_registration(Registration::Auto, config_), Registration::Auto);
}

TEST_F(Decision, names_where_a_wrong_word_stands) {
    ::setenv("UNITC_REGISTER", "1", 1);
    EXPECT_EQ(wrong(), "environment variable UNITC_REGISTER '1': must be yes, no or auto");
    config_.annotations = {{"org.unitc.register", ""}};
    EXPECT_EQ(wrong(), "annotations.org.unitc.register '': must be yes, no or auto");
}

}  // namespace
}  // namespace unitc::ops
