// SPDX-License-Identifier: Apache-2.0
// cgroupsPath in all its forms, and the names that must never reach PID 1.
#include "unit/name.hpp"

#include <gtest/gtest.h>

#include "unit/support.hpp"

namespace unitc::unit {
namespace {

std::string named(std::string_view path, std::string_view id = "web") {
    const auto name = name_unit(path, *ContainerId::parse(id));
    return name ? name->scope + " in " + name->slice : name.error().message;
}

TEST(CgroupsPath, NamesScopeAndSlice) {
    struct Row {
        const char *path, *expected;
    };
    const Row rows[] = {
        {"", "unitc-web.scope in system.slice"},
        {"machine.slice:libpod:abc", "libpod-abc.scope in machine.slice"},
        {":docker:abc", "docker-abc.scope in system.slice"},
        {"a.slice::abc", "-abc.scope in a.slice"},
        {"-.slice:p:n", "p-n.scope in -.slice"},
        {"kubepods-burstable-pod1_2.slice:cri-containerd:abc",
         "cri-containerd-abc.scope in kubepods-burstable-pod1_2.slice"},
        {"a.slice:p:a-b.slice", "unitc-web.scope in a-b.slice"},
        {"a-b.slice", "unitc-web.scope in a-b.slice"},
        {"/machine.slice", "unitc-web.scope in machine.slice"},
        {"/docker/abc", "abc.scope in docker.slice"},
        {"docker/abc", "abc.scope in docker.slice"},
        {"abc", "abc.scope in system.slice"},
        {"/abc", "abc.scope in system.slice"},
        {"a/b/c", "c.scope in a-b.slice"},
        {"/kubepods/burstable/pod12/abc", "abc.scope in kubepods-burstable-pod12.slice"},
        {"/kubepods/pod1-2/a-b", "a-b.scope in kubepods-pod1\\x2d2.slice"},
        {"/machine.slice/libpod-abc.scope", "libpod-abc.scope in machine.slice"},
        {"/a.slice/a-b.slice/c", "c.scope in a-b.slice"},
        {"/a-b.slice/c", "c.scope in a-b.slice"},
        {"/a/b.slice/c", "c.scope in a-b.slice"},
        {"/a.slice/b/c", "c.scope in a-b.slice"},
        {"/a.slice/a-b.slice", "unitc-web.scope in a-b.slice"},
        {"/x y/é", "\\xc3\\xa9.scope in x\\x20y.slice"},
        {"/.x/.y", "\\x2ey.scope in \\x2ex.slice"},
        {"/k8s.io/a@b", "a\\x40b.scope in k8s.io.slice"},
        {"/a:b/c:d", "c:d.scope in a:b.slice"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(named(row.path), row.expected) << row.path;
    EXPECT_EQ(named("", "a+b"), "unitc-a\\x2bb.scope in system.slice");
    EXPECT_EQ(named("", "a-b_c.d"), "unitc-a-b_c.d.scope in system.slice");
}

TEST(CgroupsPath, IsRefusedWhenItWouldMakeABadName) {
    const std::string long_name(256, 'x');
    const std::string megabyte(1 << 20, 'x');
    std::string deep;
    for (int i = 0; i < 33; ++i)
        deep += "/a";
    std::string dashes = "a";
    for (int i = 0; i < 100; ++i)
        dashes += "-a";
    const std::string hostile[] = {"a:b",
                                   "a:b:c:d",
                                   "a:b:",
                                   "a.service:p:n",
                                   ".slice:p:n",
                                   "-a.slice:p:n",
                                   "a-.slice:p:n",
                                   "a--b.slice:p:n",
                                   "a@b.slice:p:n",
                                   "a/b.slice:p:n",
                                   "a.slice:p:../n",
                                   "a.slice:p:n\n",
                                   "a.slice:p:n\x01",
                                   "a.slice:p:n\xff",
                                   "a.slice:p:a b",
                                   "a.slice:p@:n",
                                   "a.slice:p:%n",
                                   "/a/../b",
                                   "/..",
                                   "..",
                                   ".",
                                   "/",
                                   "//",
                                   "/a//b",
                                   "/a/",
                                   "/a/./b",
                                   "/init.scope",
                                   "-.slice:p:--.slice",
                                   "/" + long_name,
                                   long_name,
                                   long_name + ".slice",
                                   "a.slice:" + long_name + ":n",
                                   "/" + megabyte,
                                   megabyte + ":a:b",
                                   megabyte,
                                   deep,
                                   dashes + ".slice",
                                   dashes + ".slice:p:n",
                                   std::string{"/a\0b/c", 6} + "/../x",
                                   "/.slice/x/..",
                                   "a.slice:p:n\xc0\xaf"};
    for (const std::string& path : hostile) {
        const std::string answer = named(path);
        EXPECT_TRUE(answer.starts_with("linux.cgroupsPath: "))
            << path.substr(0, 80) << " → " << answer;
        EXPECT_LT(answer.size(), 600u) << "an attacker's text is not repeated in full";
    }
}

TEST(CgroupsPath, RefusalOfTwoPartsSpeaksAsRunc) {
    EXPECT_NE(named("a:b").find("expected cgroupsPath to be of format \"slice:prefix:name\""),
              std::string::npos);
}

TEST(CgroupsPath, RefusesAnIdTooLongForAUnit) {
    const std::string fits(255 - 6 - 6, 'i');  // "unitc-" and ".scope"
    EXPECT_EQ(named("", fits), "unitc-" + fits + ".scope in system.slice");
    EXPECT_TRUE(named("", fits + "i").starts_with("linux.cgroupsPath: "));
}

// Whatever the bytes: accepted names are names that systemd accepts.
TEST(CgroupsPath, NeverYieldsABadNameFromRandomBytes) {
    constexpr std::string_view kAlphabet{
        "/-:.a\\@ \0\n\xff"
        "slice",
        16};
    uint64_t state = 42;
    for (int round = 0; round < 100'000; ++round) {
        std::string path;
        for (size_t i = 0, n = state % 24; i < n; ++i) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            path += kAlphabet[(state >> 33) % kAlphabet.size()];
        }
        state = state * 6364136223846793005u + 1442695040888963407u;
        if (round % 3 == 0)
            path += ".slice";
        const auto name = name_unit(path, web());
        if (!name)
            continue;
        ASSERT_TRUE(check_unit_name(name->scope)) << path;
        ASSERT_TRUE(name->scope.ends_with(".scope")) << path;
        ASSERT_TRUE(check_slice_name(name->slice)) << path;
        ASSERT_EQ(name->scope.find('/'), std::string::npos) << path;
        ASSERT_EQ(name->scope.find('@'), std::string::npos) << path;
    }
}

TEST(UnitName, IsCheckedAsSystemdDoes) {
    for (const char* good : {"a.service", "a-b@c.service", "a\\x2db.scope", "x.y.target", "-.slice",
                             "-.mount", "a:b_c.path"})
        EXPECT_TRUE(check_unit_name(good)) << good;
    for (const char* bad : {"", "a", ".service", "a.b", "a.service ", "a/b.service", "é.service",
                            "a.service\n", "@.service", "a b.service", "a.Service", "a%i.service"})
        EXPECT_FALSE(check_unit_name(bad)) << bad;
    EXPECT_TRUE(check_unit_name(std::string(255 - 8, 'x') + ".service"));
    EXPECT_FALSE(check_unit_name(std::string(256 - 8, 'x') + ".service"));
}

TEST(SliceName, IsAtMostThirtyTwoLevelsDeep) {
    std::string stem = "a";
    for (int level = 2; level <= 32; ++level)
        stem += "-a";
    EXPECT_TRUE(check_slice_name(stem + ".slice"));
    EXPECT_FALSE(check_slice_name(stem + "-a.slice"));
}

TEST(SlicePath, OpensEveryLevel) {
    EXPECT_EQ(slice_path("-.slice"), "");
    EXPECT_EQ(slice_path("system.slice"), "/system.slice");
    EXPECT_EQ(slice_path("a-b-c.slice"), "/a.slice/a-b.slice/a-b-c.slice");
    EXPECT_EQ(slice_path("a\\x2db-c.slice"), "/a\\x2db.slice/a\\x2db-c.slice");
}

TEST(Escape, IsSystemdEscapes) {
    EXPECT_EQ(escape("a-b"), "a\\x2db");
    EXPECT_EQ(escape(".a.b"), "\\x2ea.b");
    EXPECT_EQ(escape("a b\\c"), "a\\x20b\\x5cc");
    EXPECT_EQ(escape("\xff:_"), "\\xff:_");
}

TEST(CgroupsPath, HasTheSliceOfUsersAsItsDefaultWithAUsersManager) {
    for (const char* path : {"", ":p:n", "/z", "z"})
        EXPECT_EQ(name_unit(path, *ContainerId::parse("web"), kUserSlice)->slice, "user.slice")
            << path;
    EXPECT_EQ(name_unit("a.slice:p:n", *ContainerId::parse("web"), kUserSlice)->slice, "a.slice");
}

}  // namespace
}  // namespace unitc::unit
