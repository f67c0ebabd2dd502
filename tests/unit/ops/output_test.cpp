// SPDX-License-Identifier: Apache-2.0
#include "ops/output.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace unitc::ops {
namespace {

class WhereOutputGoes : public ::testing::Test {
protected:
    void SetUp() override {
        ::unsetenv("UNITC_OUTPUT");
        config_.process.emplace();
    }
    void TearDown() override { ::unsetenv("UNITC_OUTPUT"); }
    std::string wrong(std::optional<Output> option = {}) {
        const auto decided = decide_output(option, config_);
        return decided ? "nothing" : decided.error().message;
    }
    oci::Config config_;
};

TEST_F(WhereOutputGoes, is_the_callers_unless_said_otherwise) {
    EXPECT_EQ(decide_output({}, config_), Output::Inherit);
    ::setenv("UNITC_OUTPUT", "journal", 1);
    EXPECT_EQ(decide_output({}, config_), Output::Journal);
    config_.annotations = {{"org.unitc.output", "inherit"}};
    EXPECT_EQ(decide_output({}, config_), Output::Inherit);
    EXPECT_EQ(decide_output(Output::Journal, config_), Output::Journal);
}

TEST_F(WhereOutputGoes, is_the_terminal_where_there_is_one) {
    config_.process->terminal = true;
    ::setenv("UNITC_OUTPUT", "journal", 1);
    EXPECT_EQ(decide_output({}, config_), Output::Inherit);
    EXPECT_EQ(wrong(Output::Journal),
              "option --output: not with process.terminal, which is the container's output");
}

TEST_F(WhereOutputGoes, names_where_a_wrong_word_stands) {
    config_.annotations = {{"org.unitc.output", "journald"}};
    EXPECT_EQ(wrong(), "annotations.org.unitc.output 'journald': must be inherit or journal");
}

TEST(JournalFields, AreShortForAnEnginesId) {
    plan::Plan plan;
    plan.id = std::string(64, 'a');
    const unit::Properties properties = journal_properties(plan);
    EXPECT_EQ(
        properties.back().value,
        (unit::Value{unit::ByteStrings{{"CONTAINER_ID=aaaaaaaaaaaa", "CONTAINER_ID_FULL=" + plan.id,
                                        "CONTAINER_NAME=" + plan.id}}}));
}

}  // namespace
}  // namespace unitc::ops
