// SPDX-License-Identifier: Apache-2.0
#include "cgroup/victims.hpp"

#include <gtest/gtest.h>

#include <string>

namespace unitc::cgroup {
namespace {

constexpr const char* kUnit = "/system.slice/unitc-web.scope";

std::string record(const std::string& group, const std::string& task, const char* priority = "6") {
    return std::string{priority} +
           ",912,5140900,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,"
           "mems_allowed=0,oom_memcg=/system.slice,task_memcg=" +
           group + ",task=" + task + ",pid=345,uid=0\n SUBSYSTEM=x\n";
}

TEST(ParseVictim, OfTheGroupAndBelowIt) {
    EXPECT_EQ(parse_victim(record(kUnit, "tail"), kUnit), (Victim{345, "tail"}));
    EXPECT_EQ(parse_victim(record(std::string{kUnit} + "/inner", "tail"), kUnit),
              (Victim{345, "tail"}));
}

TEST(ParseVictim, NoneOfAnotherGroup) {
    EXPECT_FALSE(parse_victim(record("/system.slice/unitc-web.scope2", "tail"), kUnit));
    EXPECT_FALSE(parse_victim(record("/system.slice", "tail"), kUnit));
}

TEST(ParseVictim, ANameIsTheProcesssToChoose) {
    EXPECT_EQ(parse_victim(record(kUnit, "a,pid=1,uid=2"), kUnit), (Victim{345, "a,pid=1,uid=2"}));
    EXPECT_EQ(parse_victim(record(kUnit, ""), kUnit), (Victim{345, ""}));
    // Elsewhere it names our group, as if it were the next field.
    const std::string guise = std::string{"x,task_memcg="} + kUnit;
    EXPECT_FALSE(parse_victim(record("/other", guise), kUnit));
}

TEST(ParseVictim, NotWhatOthersWriteIntoTheLog) {
    EXPECT_FALSE(parse_victim(record(kUnit, "tail", "14"), kUnit));
}

TEST(ParseVictim, NothingOfWhatIsNoSuchRecord) {
    for (const char* text :
         {"", "6", "6,1,2,-", "6,1,2,-;", "6,1,2,-;oom-kill:", "x,1,2,-;oom-kill:",
          "6,1,2,-;oom-kill:,task_memcg=/a", "6,1,2,-;oom-kill:,task_memcg=/a,task=x",
          "6,1,2,-;oom-kill:,task_memcg=/a,task=x,pid=,uid=0",
          "6,1,2,-;oom-kill:,task_memcg=/a,task=x,uid=0,pid=1",
          "6,1,2,-;Memory cgroup out of memory: Killed process 345 (tail)"})
        EXPECT_FALSE(parse_victim(text, "/a")) << text;
}

}  // namespace
}  // namespace unitc::cgroup
