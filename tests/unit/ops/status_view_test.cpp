// SPDX-License-Identifier: Apache-2.0
#include "ops/status_view.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace unitc::ops {
namespace {

StatusView running() {
    ::setenv("TZ", "UTC", 1);
    StatusView view;
    view.id = "web";
    view.status = state::Status::Running;
    view.created = 1795436627;
    view.now = 1795436627 + 185;
    view.unit = "unitc-web.scope";
    view.bundle = "/srv/web";
    view.pid = 92;
    view.name = "sh";
    view.cgroup = "/system.slice/unitc-web.scope";
    cgroup::Stats stats;
    stats.cpu.total = 12'345'678;
    stats.memory_stat = {{"anon", 1}};
    stats.memory = {1'258'291, 2 << 20, 64 << 20};
    stats.pids = 3;
    stats.pids_limit = 32;
    stats.io_bytes = {{8, 0, "Read", 1024}, {8, 0, "Write", 0}, {8, 16, "Read", 1024}};
    view.stats = stats;
    view.cpu_max = "50000 100000\n";
    view.tree.pids = {92, 93, 94};
    view.tree.groups = {{"below", {95}, {{"deep", {96}, {}}}}, {"last", {97}, {}}};
    // 94 has ended meanwhile.
    view.commands = {
        {92, "sh -c true"}, {93, "sleep 1000"}, {95, "sleep 1"}, {96, "[init]"}, {97, "sleep 2"}};
    return view;
}

TEST(Status, of_a_running_container_is_laid_out_as_systemctl_does) {
    EXPECT_EQ(status_text(running(), false),
              "● web - unitc container web\n"
              "     Active: running (created Mon 2026-11-23 12:23:47 UTC; 3min 5s ago)\n"
              "       Unit: unitc-web.scope\n"
              "     Bundle: /srv/web\n"
              "   Main PID: 92 (sh)\n"
              "      Tasks: 3 (limit: 32)\n"
              "     Memory: 1.1M (max: 64.0M, peak: 2.0M)\n"
              "        CPU: 12ms (quota: 50%)\n"
              "         IO: 2.0K read, 0B written\n"
              "     CGroup: /system.slice/unitc-web.scope\n"
              "             ├─92 sh -c true\n"
              "             ├─93 sleep 1000\n"
              "             ├─below\n"
              "             │ ├─95 sleep 1\n"
              "             │ └─deep\n"
              "             │   └─96 [init]\n"
              "             └─last\n"
              "               └─97 sleep 2\n");
}

TEST(Status, of_a_stopped_container_has_no_unit_left_to_read) {
    StatusView view = running();
    view.status = state::Status::Stopped;
    view.pid = 0;
    view.stats.reset();
    view.journal = "Nov 23 12:23:47 vm systemd[1]: Started unitc container web.\n";
    EXPECT_EQ(status_text(view, false),
              "○ web - unitc container web\n"
              "     Active: stopped (created Mon 2026-11-23 12:23:47 UTC; 3min 5s ago)\n"
              "       Unit: unitc-web.scope\n"
              "     Bundle: /srv/web\n"
              "\n"
              "Nov 23 12:23:47 vm systemd[1]: Started unitc container web.\n");
}

TEST(Status, without_limits_names_none) {
    StatusView view = running();
    view.cpu_max = "max 100000\n";
    view.stats->pids_limit = 0;
    view.stats->memory = {0, 0, UINT64_MAX};
    view.stats->io_bytes.clear();
    view.memory_high = UINT64_MAX;
    const std::string text = status_text(view, false);
    EXPECT_NE(text.find("      Tasks: 3\n     Memory: 0B\n        CPU: 12ms\n     CGroup: "),
              std::string::npos)
        << text;
    view.memory_high = 1 << 20;
    EXPECT_NE(status_text(view, false).find("Memory: 0B (high: 1.0M)\n"), std::string::npos);
}

TEST(Status, is_painted_only_where_asked_for) {
    const std::string painted = status_text(running(), true);
    EXPECT_EQ(painted.find("\033[0;1;32m●\033[0m web"), 0u) << painted;
    EXPECT_NE(painted.find("Active: \033[0;1;32mrunning\033[0m ("), std::string::npos);
    EXPECT_EQ(status_text(running(), false).find('\033'), std::string::npos);
}

TEST(Status, makes_no_control_byte_of_a_container_reach_the_terminal) {
    StatusView view = running();
    view.name = "a\033[2Jb";
    view.bundle = "/x\ny";
    view.tree.groups[0].name = "c\033d";
    const std::string text = status_text(view, false);
    EXPECT_EQ(text.find('\033'), std::string::npos) << text;
    EXPECT_NE(text.find("/x\\x0ay"), std::string::npos) << text;
}

TEST(StatusCode, is_systemctls) {
    EXPECT_EQ(status_code(state::Status::Running), 0);
    EXPECT_EQ(status_code(state::Status::Paused), 0);
    EXPECT_EQ(status_code(state::Status::Created), 0);
    EXPECT_EQ(status_code(state::Status::Creating), 3);
    EXPECT_EQ(status_code(state::Status::Stopped), 3);
}

}  // namespace
}  // namespace unitc::ops
