// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>

#include "ops/inside.hpp"

namespace unitc::ops {
namespace {

constexpr const char* kVariable = "UNITC_UNIT";
constexpr const char* kWords[] = {"service", "self"};

class UnitModeOf : public ::testing::Test {
protected:
    void SetUp() override { ::unsetenv(kVariable); }
    void TearDown() override { ::unsetenv(kVariable); }
    void annotate(const char* word) { config_.annotations = {{"org.unitc.unit", word}}; }
    std::string wrong() {
        const auto decided = unit_mode(request_, config_, facts_);
        return decided ? "nothing" : decided.error().message;
    }
    CreateRequest request_;
    oci::Config config_;
    host::Facts facts_;
};

TEST_F(UnitModeOf, root_is_the_options_then_the_annotations_then_the_environments) {
    EXPECT_EQ(unit_mode(request_, config_, facts_), UnitMode::Scope);
    ::setenv(kVariable, "self", 1);
    EXPECT_EQ(unit_mode(request_, config_, facts_), UnitMode::Self);
    annotate("service");
    EXPECT_EQ(unit_mode(request_, config_, facts_), UnitMode::Service);
    request_.unit_mode = UnitMode::Scope;
    EXPECT_EQ(unit_mode(request_, config_, facts_), UnitMode::Scope);
}

TEST_F(UnitModeOf, root_is_not_self_for_an_annotation_alone) {
    annotate("self");
    EXPECT_EQ(wrong(),
              "annotations.org.unitc.unit 'self': only where a service has executed unitc itself");
}

TEST_F(UnitModeOf, a_user_is_scope_whatever_asks_for_another) {
    const std::string must =
        ": must be scope for a user's containers, which are units of the user's own service "
        "manager";
    facts_.user_manager = true;
    EXPECT_EQ(unit_mode(request_, config_, facts_), UnitMode::Scope);
    for (const std::string word : kWords) {
        request_.unit_mode.reset();
        config_.annotations.clear();
        ::setenv(kVariable, word.c_str(), 1);
        EXPECT_EQ(wrong(), "environment variable UNITC_UNIT '" + word + "'" + must);
        annotate(word.c_str());
        EXPECT_EQ(wrong(), "annotations.org.unitc.unit '" + word + "'" + must);
        request_.unit_mode = word == "self" ? UnitMode::Self : UnitMode::Service;
        EXPECT_EQ(wrong(), "option --unit" + must);
        request_.unit_mode = UnitMode::Scope;
        EXPECT_EQ(unit_mode(request_, config_, facts_), UnitMode::Scope);
    }
}

}  // namespace
}  // namespace unitc::ops
