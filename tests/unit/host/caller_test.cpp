// SPDX-License-Identifier: Apache-2.0
// Which service a cgroup is of, and who counts as executed by the manager.
#include "host/caller.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace unitc::host {
namespace {

std::string told(std::string_view cgroup) {
    const auto service = service_of(cgroup);
    if (service) {
        EXPECT_TRUE(cgroup.starts_with(service->cgroup) && service->cgroup.ends_with(service->unit))
            << service->cgroup;
    }
    return service ? service->unit + " in " + service->slice : "(none)";
}

TEST(Caller, IsTheServiceBelowTheSlices) {
    EXPECT_EQ(told("/system.slice/web.service"), "web.service in system.slice");
    EXPECT_EQ(told("/web.service"), "web.service in -.slice");
    EXPECT_EQ(told("/a.slice/a-b.slice/web.service"), "web.service in a-b.slice");
    EXPECT_EQ(told("/system.slice/system-unitc.slice/unitc@a.b.service"),
              "unitc@a.b.service in system-unitc.slice");
}

TEST(Caller, IsTheServiceItselfOfAGroupThatIsDelegatedToIt) {
    EXPECT_EQ(told("/system.slice/web.service/.control"), "web.service in system.slice");
    EXPECT_EQ(told("/system.slice/web.service/payload/b.service"), "web.service in system.slice");
}

TEST(Caller, LosesTheDashThatKeepsItsNameFromBeingAFiles) {
    EXPECT_EQ(told("/system.slice/_cpu.service"), "cpu.service in system.slice");
    EXPECT_EQ(told("/_memory.slice/__x.service"), "_x.service in memory.slice");
}

TEST(Caller, IsNothingElseThanAServiceOfTheSystem) {
    for (const char* cgroup :
         {"/", "", "/init.scope", "/user.slice/user-0.slice/session-1.scope",
          "/system.slice/unitc-web.scope/web.service", "/system.slice",
          "/machine.slice/x/web.service",
          "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service",
          "/user.slice/user-1000.slice/user@1000.service", "/.service", "/system.slice/_.service",
          "../web.service", "/../web.service"})
        EXPECT_EQ(told(cgroup), "(none)") << cgroup;
}

TEST(Caller, IsNotExecutedByTheManagerWhenThePidIsAnothers) {
    ::setenv("SYSTEMD_EXEC_PID", std::to_string(::getpid() + 1).c_str(), 1);
    EXPECT_FALSE(executed_by_manager());
    ::setenv("SYSTEMD_EXEC_PID", "", 1);
    EXPECT_FALSE(executed_by_manager());
    ::unsetenv("SYSTEMD_EXEC_PID");
    EXPECT_FALSE(executed_by_manager());
    // The right pid, but of a process that another than PID 1 has started.
    ::setenv("SYSTEMD_EXEC_PID", std::to_string(::getpid()).c_str(), 1);
    EXPECT_EQ(executed_by_manager(), ::getppid() == 1);
    ::unsetenv("SYSTEMD_EXEC_PID");
}

}  // namespace
}  // namespace unitc::host
