// SPDX-License-Identifier: Apache-2.0
#include "unit/machine.hpp"

#include <gtest/gtest.h>

#include <set>

namespace unitc::unit {
namespace {

std::string named(const std::string& id) {
    return machine_name(*ContainerId::parse(id));
}

TEST(MachineName, is_the_id_where_that_is_a_host_name) {
    const std::string engines(64, 'f');
    for (const std::string id : {"web", "Web-2", "1", "a--b", "st-12-deadbeef", engines.c_str()})
        EXPECT_EQ(named(id), id);
}

TEST(MachineName, is_a_part_and_digits_of_any_other_id) {
    struct Row {
        const char *id, *part;
    };
    const Row rows[] = {
        {"web_1", "web-1"},
        {"a.b+c", "a-b-c"},
        {"example.com", "example-com"},
        {"_web", "web"},
        {"-web", "web"},
        {"web-", "web-"},
        {"___", "c"},
        {"web-0123456789abcdef", "web-0123456789abcdef"},
    };
    for (const Row& row : rows) {
        const std::string name = named(row.id);
        EXPECT_EQ(name.substr(0, name.size() - 17), row.part) << name;
        EXPECT_EQ(name.substr(name.size() - 16).find_first_not_of("0123456789abcdef"),
                  std::string::npos);
        EXPECT_EQ(name, named(row.id)) << "another one the second time";
    }
    EXPECT_EQ(named("web_1"), "web-1-65d34e2e08d71a61");
}

TEST(MachineName, is_never_too_long_for_machined) {
    for (const size_t length : {64u, 65u, 100u, 200u})
        EXPECT_LE(named(std::string(length, 'x')).size(), 64u);
    EXPECT_EQ(named(std::string(65, 'x')).substr(0, 41), std::string(40, 'x') + "-");
}

TEST(MachineName, of_no_two_ids_is_the_same) {
    const std::string mapped = named("a_b");
    const std::set<std::string> names{named("a_b"), named("a.b"),  named("a+b"), named("a-b"),
                                      named("_ab"), named("-a-b"), named(mapped)};
    EXPECT_EQ(names.size(), 7u);
}

}  // namespace
}  // namespace unitc::unit
