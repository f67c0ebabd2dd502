// SPDX-License-Identifier: Apache-2.0
#include "oci/validate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fragments.hpp"
#include "oci/parse.hpp"

namespace unitc::oci {
namespace {

// What a config that is complete otherwise says with these parts.
struct Parts {
    std::string top = {};        // further members of the config
    std::string process = {};    // of process
    std::string linux_ = {};     // of linux
    std::string resources = {};  // of linux.resources
    std::string namespaces = R"({"type": "mount"}, {"type": "pid"}, {"type": "network"},
                                {"type": "ipc"}, {"type": "uts"}, {"type": "cgroup"})";
};

std::string join(const std::string& first, const std::string& more) {
    return more.empty() ? first : first + ", " + more;
}

Config config_of(const Parts& parts) {
    const auto parsed = parse(
        config(join(R"("root": {"path": "rootfs"}, "process": {)" +
                        join(R"("cwd": "/", "args": ["sh"])", parts.process) + R"(}, "linux": {)" +
                        join("\"namespaces\": [" + parts.namespaces + "], \"resources\": {" +
                                 parts.resources + "}",
                             parts.linux_) +
                        "}",
                    parts.top)));
    EXPECT_TRUE(parsed) << parsed.error().message;
    return parsed ? *parsed : Config{};
}

std::string verdict(const Config& config_) {
    const auto valid = validate(config_);
    return valid ? "valid" : valid.error().message;
}

struct Case {
    Parts parts;
    const char* verdict;
};

void expect_verdicts(const std::vector<Case>& cases) {
    for (const Case& c : cases)
        EXPECT_EQ(verdict(config_of(c.parts)), c.verdict)
            << c.parts.top << c.parts.process << c.parts.linux_ << c.parts.resources;
}

TEST(Validate, WantsProcessRootAndMountNamespace) {
    const auto of = [](const std::string& members) { return verdict(*parse(config(members))); };
    EXPECT_EQ(of(""), "process: is missing");
    EXPECT_EQ(of(R"("process": {"cwd": "/"})"),
              "process.args: is empty, must name the program to run");
    EXPECT_EQ(of(R"("process": {"cwd": "/", "args": ["sh"]})"), "root: is missing");
    const std::string both = R"("process": {"cwd": "/", "args": ["sh"]}, "root": {"path": "r"})";
    EXPECT_EQ(of(both), "linux.namespaces: has no entry of type 'mount', must have one");
    EXPECT_EQ(of(both + R"(, "linux": {"namespaces": [{"type": "pid"}]})"),
              "linux.namespaces: has no entry of type 'mount', must have one");
    EXPECT_EQ(of(both + R"(, "linux": {"namespaces": [{"type": "mount", "path": "/x"}]})"),
              "linux.namespaces: the mount namespace has a path, must be a new one");
    EXPECT_EQ(of(both + R"(, "linux": {"namespaces": [{"type": "mount"}]})"), "valid");
}

TEST(Validate, ChecksWhatOtherCodeBuilt) {
    Config config_ = config_of({});
    config_.process.value().cwd = "relative";
    EXPECT_EQ(verdict(config_), "process.cwd: must be an absolute path");
    config_ = config_of({});
    config_.root.value().path.clear();
    EXPECT_EQ(verdict(config_), "root.path: is empty, must be a path");
}

TEST(Validate, LetsNamesPassOnlyWithAUtsNamespace) {
    expect_verdicts({
        {{.top = R"("hostname": "h", "domainname": "d")"}, "valid"},
        {{.top = R"("hostname": "h")",
          .namespaces = R"({"type": "mount"}, {"type": "uts", "path": "/run/ns"})"},
         "valid"},
        {{.top = R"("hostname": "h")", .namespaces = R"({"type": "mount"})"},
         "hostname: needs an entry of type 'uts' in linux.namespaces"},
        {{.top = R"("domainname": "d")", .namespaces = R"({"type": "mount"})"},
         "domainname: needs an entry of type 'uts' in linux.namespaces"},
    });
}

TEST(Validate, LetsSysctlsPassOnlyWithTheirNamespace) {
    constexpr const char* kMount = R"({"type": "mount"})";
    expect_verdicts({
        {{.linux_ = R"("sysctl": {"kernel.msgmax": "1", "kernel.msgmnb": "1", "kernel.msgmni": "1",
            "kernel.sem": "1", "kernel.shmall": "1", "kernel.shmmax": "1", "kernel.shmmni": "1",
            "kernel.shm_rmid_forced": "1", "fs.mqueue.msg_max": "1", "net.ipv4.ip_forward": "1",
            "net/core/somaxconn": "1", "kernel.domainname": "d"})"},
         "valid"},
        {{.linux_ = R"("sysctl": {"net.ipv4.ip_forward": "1"})",
          .namespaces = R"({"type": "mount"}, {"type": "network", "path": "/run/netns/a"})"},
         "valid"},
        {{.linux_ = R"("sysctl": {"net.ipv4.ip_forward": "1"})", .namespaces = kMount},
         "linux.sysctl[\"net.ipv4.ip_forward\"]: needs an entry of type 'network' in "
         "linux.namespaces"},
        {{.linux_ = R"("sysctl": {"kernel/shmmax": "1"})", .namespaces = kMount},
         "linux.sysctl[\"kernel/shmmax\"]: needs an entry of type 'ipc' in linux.namespaces"},
        {{.linux_ = R"("sysctl": {"fs.mqueue.msg_max": "1"})", .namespaces = kMount},
         "linux.sysctl[\"fs.mqueue.msg_max\"]: needs an entry of type 'ipc' in linux.namespaces"},
        {{.linux_ = R"("sysctl": {"kernel.domainname": "d"})", .namespaces = kMount},
         "linux.sysctl[\"kernel.domainname\"]: needs an entry of type 'uts' in linux.namespaces"},
        {{.linux_ = R"("sysctl": {"user.max_user_namespaces": "1"})"},
         "linux.sysctl[\"user.max_user_namespaces\"]: needs an entry of type 'user' in "
         "linux.namespaces"},
        {{.linux_ = R"("sysctl": {"kernel.hostname": "h"})"},
         "linux.sysctl[\"kernel.hostname\"]: is set by hostname"},
        {{.linux_ = R"("sysctl": {"kernel.core_pattern": "|/x"})"},
         "linux.sysctl[\"kernel.core_pattern\"]: belongs to the host, not to a namespace"},
        {{.linux_ = R"("sysctl": {"kernel.shmmaxx": "1"})"},
         "linux.sysctl[\"kernel.shmmaxx\"]: belongs to the host, not to a namespace"},
        {{.linux_ = R"("sysctl": {"vm.overcommit_memory": "1"})"},
         "linux.sysctl[\"vm.overcommit_memory\"]: belongs to the host, not to a namespace"},
    });
}

TEST(Validate, RefusesASysctlKeyThatOtherCodeBuilt) {
    Config config_ = config_of({});
    config_.linux_.value().sysctl = {{"net.x=1", "1"}};
    EXPECT_EQ(verdict(config_),
              "linux.sysctl[\"net.x=1\"]: is not a sysctl, must be like 'net.ipv4.ip_forward'");
}

TEST(Validate, JoinsTheNumbersOfOneLimit) {
    expect_verdicts({
        {{.resources = R"("memory": {"limit": 100, "swap": 100})"}, "valid"},
        {{.resources = R"("memory": {"swap": -1})"}, "valid"},
        {{.resources = R"("memory": {"limit": -1, "swap": 5})"}, "valid"},
        {{.resources = R"("memory": {"swap": 5})"},
         "linux.resources.memory.swap: needs linux.resources.memory.limit"},
        {{.resources = R"("memory": {"limit": 0, "swap": 5})"},
         "linux.resources.memory.swap: needs linux.resources.memory.limit"},
        {{.resources = R"("memory": {"limit": 100, "swap": 99})"},
         "linux.resources.memory.swap: is 99, must be at least linux.resources.memory.limit, "
         "which is 100"},
        {{.resources = R"("cpu": {"quota": 1000, "burst": 1000})"}, "valid"},
        {{.resources = R"("cpu": {"quota": -1, "burst": 1000})"}, "valid"},
        {{.resources = R"("cpu": {"quota": 1000, "burst": 1001})"},
         "linux.resources.cpu.burst: is 1001, must be at most linux.resources.cpu.quota, which is "
         "1000"},
    });
}

TEST(Validate, WantsCapabilitySetsNested) {
    expect_verdicts({
        {{.process = R"("capabilities": {"bounding": ["CAP_KILL"], "inheritable": ["CAP_KILL"],
            "permitted": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL"]})"},
         "valid"},
        {{.process = R"("capabilities": {"permitted": ["CAP_KILL"],
            "effective": ["CAP_KILL", "CAP_CHOWN"]})"},
         "process.capabilities.effective: has 'CAP_CHOWN', which is not in "
         "process.capabilities.permitted"},
        {{.process = R"("capabilities": {"inheritable": ["CAP_BPF"]})"},
         "process.capabilities.inheritable: has 'CAP_BPF', which is not in "
         "process.capabilities.bounding"},
    });
}

TEST(Validate, AcceptsHostNamespacesAndJoinedOnes) {
    expect_verdicts({
        {{.namespaces = R"({"type": "mount"})"}, "valid"},
        {{.namespaces = R"({"type": "mount"}, {"type": "network", "path": "/n"},
            {"type": "ipc", "path": "/i"}, {"type": "uts", "path": "/u"},
            {"type": "cgroup", "path": "/c"}, {"type": "pid", "path": "/p"},
            {"type": "time", "path": "/t"})"},
         "valid"},
    });
}

constexpr const char* kMountAndUser = R"({"type": "mount"}, {"type": "user"})";

TEST(Validate, WantsAUserNamespaceMapped) {
    const auto maps = [](const std::string& uids, const std::string& gids) {
        return R"("uidMappings": [)" + uids + R"(], "gidMappings": [)" + gids + "]";
    };
    const std::string all = R"({"containerID": 0, "hostID": 1000, "size": 65536})";
    const std::string next = R"({"containerID": 65536, "hostID": 500, "size": 500})";
    const std::string same = R"({"containerID": 70000, "hostID": 66535, "size": 1})";
    const std::string late = R"({"containerID": 65535, "hostID": 100000, "size": 1})";
    const std::string one = R"({"containerID": 1, "hostID": 1000, "size": 1})";
    expect_verdicts({
        {{.linux_ = maps(all, all), .namespaces = kMountAndUser}, "valid"},
        {{.linux_ = maps(all + "," + next, next + "," + all), .namespaces = kMountAndUser},
         "valid"},
        {{.namespaces = R"({"type": "mount"}, {"type": "user", "path": "/u"})"}, "valid"},
        {{.linux_ = maps(all, all),
          .namespaces = R"({"type": "mount"}, {"type": "user", "path": "/u"})"},
         "valid"},
        {{.namespaces = kMountAndUser},
         "linux.uidMappings: is missing, a new user namespace needs it (user namespaces enabled, "
         "but "
         "no namespace path to join nor mappings to apply specified)"},
        {{.linux_ = maps(all, ""), .namespaces = kMountAndUser},
         "linux.gidMappings: is missing, a new user namespace needs it (user namespaces enabled, "
         "but "
         "no namespace path to join nor mappings to apply specified)"},
        {{.linux_ = maps(all, ""),
          .namespaces = R"({"type": "mount"}, {"type": "user", "path": "/u"})"},
         "linux.uidMappings and linux.gidMappings: one is given without the other"},
        {{.linux_ = maps(all, "")},
         "linux.uidMappings: needs an entry of type 'user' in linux.namespaces"},
        {{.linux_ = maps("", all)},
         "linux.gidMappings: needs an entry of type 'user' in linux.namespaces"},
        {{.linux_ = maps(all + "," + same, all), .namespaces = kMountAndUser},
         "linux.uidMappings[1]: overlaps linux.uidMappings[0]"},
        {{.linux_ = maps(all, all + "," + late), .namespaces = kMountAndUser},
         "linux.gidMappings[1]: overlaps linux.gidMappings[0]"},
        {{.linux_ = maps(one, all), .namespaces = kMountAndUser},
         "the container's root: is 0, which linux.uidMappings does not map"},
        {{.linux_ = maps(all, all) + R"(, "devices": [{"path": "/dev/x", "type": "p",
            "gid": 65536}])",
          .namespaces = kMountAndUser},
         "linux.devices[0].gid: is 65536, which linux.gidMappings does not map"},
        {{.process = R"("user": {"uid": 65536, "gid": 0})",
          .linux_ = maps(all, all),
          .namespaces = kMountAndUser},
         "process.user.uid: is 65536, which linux.uidMappings does not map"},
    });
}

TEST(Validate, TakesNoMoreMappingsThanTheKernel) {
    std::string list;
    for (int id = 0; id < 341; ++id)
        list += (id == 0 ? "" : ",") + (R"({"containerID": )" + std::to_string(id)) +
                R"(, "hostID": )" + std::to_string(id) + R"(, "size": 1})";
    expect_verdicts({{{.linux_ = R"("uidMappings": [)" + list + R"(], "gidMappings": [])",
                       .namespaces = kMountAndUser},
                      "linux.uidMappings: has 341 entries, the kernel takes 340"}});
}

TEST(Validate, WantsAPlaceForTimeOffsets) {
    const char* offsets = R"("timeOffsets": {"boottime": {"secs": 1}})";
    expect_verdicts({
        {{.linux_ = offsets, .namespaces = R"({"type": "time"}, {"type": "mount"})"}, "valid"},
        {{.linux_ = offsets},
         "linux.timeOffsets: needs an entry of type 'time' in linux.namespaces"},
        {{.linux_ = offsets, .namespaces = R"({"type": "time", "path": "/t"}, {"type": "mount"})"},
         "linux.timeOffsets: the time namespace has a path, its offsets are set"},
    });
}

TEST(Validate, WantsIdMapsWhole) {
    const auto mount = [](const std::string& rest) {
        return R"("mounts": [{"destination": "/a"}, {"destination": "/b", "source": "/s", )" +
               rest + "}]";
    };
    const std::string uids = R"("uidMappings": [{"containerID": 0, "hostID": 0, "size": 1}])";
    const std::string gids = R"("gidMappings": [{"containerID": 0, "hostID": 0, "size": 1}])";
    expect_verdicts({
        {{.top = mount(R"("options": ["bind", "ridmap"], )" + uids + "," + gids)}, "valid"},
        {{.top = mount(R"("type": "bind", )" + uids + "," + gids)}, "valid"},
        {{.top = mount(R"("options": ["bind", "idmap"])"),
          .namespaces = R"({"type": "mount"}, {"type": "user", "path": "/u"})"},
         "valid"},
        {{.top = mount(R"("options": ["bind", "ridmap"])")},
         "mounts[1]: id-mapped mounts must have both uid and gid mappings specified, there is no "
         "user namespace whose they could be"},
        {{.top = mount(R"("options": ["bind", "idmap"], )" + uids)},
         "mounts[1]: id-mapped mounts must have both uid and gid mappings specified"},
        {{.top = mount(R"("type": "tmpfs", )" + uids + "," + gids)},
         "mounts[1]: id-mapped mounts are only supported for bind-mounts"},
    });
}

TEST(Validate, RefusesByNameWhatNothingActsUpon) {
    expect_verdicts({
        {{.top = R"("hooks": {"prestart": []})"}, "valid"},
        {{.top = R"("hooks": {"prestart": [{"path": "/x"}], "poststop": [{"path": "/y"}]})"},
         "valid"},
        {{.process = R"("execCPUAffinity": {"initial": "0", "final": "0-1"})"}, "valid"},
        {{.linux_ = R"("intelRdt": {})"}, "valid"},
    });
}

TEST(Validate, WantsOneClassOfServiceAndLinesForIt) {
    const auto rdt = [](const std::string& members) { return R"("intelRdt": {)" + members + "}"; };
    constexpr const char* kClass =
        "linux.intelRdt.closID: is no name of a class, must be one name, or '/'";
    expect_verdicts({
        {{.linux_ = rdt(R"("closID": "guaranteed", "memBwSchema": "MB:0=20;1=70")")}, "valid"},
        {{.linux_ = rdt(R"("closID": "/", "enableMonitoring": true)")}, "valid"},
        {{.linux_ = rdt(R"("closID": "..")")}, kClass},
        {{.linux_ = rdt(R"("closID": "a/b")")}, kClass},
        {{.linux_ = rdt(R"("closID": "info")")}, kClass},
        {{.linux_ = rdt(R"("closID": "a\nb")")}, kClass},
        {{.linux_ = rdt(R"("l3CacheSchema": "L3:0=f\nL3:1=f")")},
         "linux.intelRdt.l3CacheSchema: must be one line"},
        {{.linux_ = rdt(R"("memBwSchema": "MB:0=1\n")")},
         "linux.intelRdt.memBwSchema: must be one line"},
        {{.linux_ = rdt(R"("memBwSchema": "0=1")")},
         "linux.intelRdt.memBwSchema: must begin with 'MB:'"},
        {{.linux_ = rdt(R"("schemata": ["L2:0=f", "a\n"])")},
         "linux.intelRdt.schemata[1]: must be one line"},
    });
}

TEST(Validate, WantsASeccompAgentThatCanBeTold) {
    const auto notify = [](const std::string& names, const std::string& more) {
        return R"("seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["a"], "action": "SCMP_ACT_LOG"},
            {"names": [)" +
               names + R"(], "action": "SCMP_ACT_NOTIFY"}])" + more + "}";
    };
    expect_verdicts({
        // Without a notification the listener is ignored, says the spec.
        {{.linux_ = R"("seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/s",
            "flags": ["SECCOMP_FILTER_FLAG_LOG"]})"},
         "valid"},
        {{.linux_ = notify(R"("b")", R"(, "listenerPath": "/s")")}, "valid"},
        {{.linux_ = notify(R"("b")", "")},
         "linux.seccomp.listenerPath: is missing, SCMP_ACT_NOTIFY needs it"},
        {{.linux_ = notify(R"("b", "sendmsg")", R"(, "listenerPath": "/s")")},
         "linux.seccomp.syscalls[1]: SCMP_ACT_NOTIFY cannot be used for the sendmsg syscall, by "
         "which the listener is handed over"},
        {{.linux_ = notify(R"("recvmsg")", R"(, "listenerPath": "/s")")},
         "linux.seccomp.syscalls[1]: SCMP_ACT_NOTIFY cannot be used for the recvmsg syscall, by "
         "which the listener is handed over"},
        {{.linux_ = R"("seccomp": {"defaultAction": "SCMP_ACT_NOTIFY", "listenerPath": "/s"})"},
         "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default action"},
    });
}

TEST(Validate, WantsASchedulerThatTheKernelCouldTake) {
    const auto scheduler = [](const std::string& policy, const std::string& more) {
        return R"("scheduler": {"policy": ")" + policy + "\"" + more + "}";
    };
    expect_verdicts({
        {{.process = scheduler("SCHED_OTHER", R"(, "nice": -20)")}, "valid"},
        {{.process = scheduler("SCHED_RR", R"(, "priority": 99)")}, "valid"},
        {{.process = scheduler("SCHED_DEADLINE", R"(, "runtime": 1, "deadline": 1)")}, "valid"},
        {{.process = scheduler("SCHED_IDLE", R"(, "priority": 1)")},
         "process.scheduler.priority: is for SCHED_FIFO and SCHED_RR only"},
        {{.process = scheduler("SCHED_FIFO", "")},
         "process.scheduler.priority: is 0, must be 1 to 99 for SCHED_FIFO"},
        {{.process = scheduler("SCHED_IDLE", R"(, "nice": 1)")}, "valid"},
        {{.process = scheduler("SCHED_ISO", "")},
         "process.scheduler.policy: 'SCHED_ISO' was never part of Linux"},
        {{.process = scheduler("SCHED_BATCH", R"(, "period": 1)")},
         "process.scheduler: runtime, deadline and period are for SCHED_DEADLINE only"},
        {{.process = scheduler("SCHED_DEADLINE", "")},
         "process.scheduler.runtime: is missing, SCHED_DEADLINE needs it"},
        {{.process = scheduler("SCHED_DEADLINE", R"(, "runtime": 2, "deadline": 1)")},
         "process.scheduler.deadline: is 1, must be at least process.scheduler.runtime, which is "
         "2"},
        {{.process = scheduler("SCHED_DEADLINE", R"(, "runtime": 2, "deadline": 3, "period": 2)")},
         "process.scheduler.period: is 2, must be at least process.scheduler.deadline, which is "
         "3"},
    });
}

TEST(Validate, KnowsWhichMemoryPolicyHasNodes) {
    const auto policy = [](const std::string& mode, const std::string& more) {
        return R"("memoryPolicy": {"mode": ")" + mode + "\"" + more + "}";
    };
    expect_verdicts({
        {{.linux_ = policy("MPOL_DEFAULT", "")}, "valid"},
        {{.linux_ = policy("MPOL_PREFERRED", "")}, "valid"},
        {{.linux_ = policy("MPOL_BIND", R"(, "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING"])")},
         "valid"},
        {{.linux_ = policy("MPOL_INTERLEAVE", "")},
         "linux.memoryPolicy.nodes: is empty, MPOL_INTERLEAVE needs at least one node"},
        {{.linux_ = policy("MPOL_DEFAULT", R"(, "nodes": "0-2,1,7")")},
         "linux.memoryPolicy.nodes: is '0-2,1,7': MPOL_DEFAULT mode requires 0 nodes but got 4"},
        {{.linux_ = policy("MPOL_PREFERRED", R"(, "flags": ["MPOL_F_NUMA_BALANCING"])")},
         "linux.memoryPolicy.flags: MPOL_F_NUMA_BALANCING is for MPOL_BIND and "
         "MPOL_PREFERRED_MANY only"},
        {{.linux_ = policy(
              "MPOL_BIND",
              R"(, "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"])")},
         "linux.memoryPolicy.flags: MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES exclude each "
         "other"},
    });
}

TEST(Validate, TakesWhatTheProgramIsGiven) {
    expect_verdicts({
        {{.process = R"("ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 4},
            "apparmorProfile": "p", "selinuxLabel": "l")"},
         "valid"},
        {{.linux_ = R"("personality": {"domain": "LINUX32"}, "mountLabel": "l")"}, "valid"},
        {{.linux_ = R"("personality": {"domain": "LINUX32", "flags": ["X"]})"},
         "linux.personality.flags: must be empty, the specification has no flags"},
    });
}

TEST(Validate, WantsANamespaceForNetworkDevices) {
    expect_verdicts({
        {{.linux_ = R"("netDevices": {"eth0": {}})", .namespaces = R"({"type": "mount"})"},
         "linux.netDevices: needs an entry of type 'network' in linux.namespaces"},
        {{.linux_ = R"("netDevices": {"eth0": {"name": "x%d"}, "eth1": {"name": "x%d"}})",
          .namespaces = R"({"type": "mount"}, {"type": "network"})"},
         "valid"},
        {{.linux_ = R"("netDevices": {"eth0": {"name": "x"}, "eth1": {"name": "x"}})",
          .namespaces = R"({"type": "mount"}, {"type": "network"})"},
         "linux.netDevices: 'eth0' and 'eth1' would both be named 'x'"},
    });
}

TEST(Validate, RefusesWhatOnlyCgroupV1Has) {
    expect_verdicts({
        {{.resources = R"("memory": {"disableOOMKiller": false, "useHierarchy": true},
            "cpu": {"realtimeRuntime": 0}, "network": {"priorities": []})"},
         "valid"},
        {{.resources = R"("memory": {"swappiness": 0})"},
         "linux.resources.memory.swappiness: does not exist in cgroup v2"},
        {{.resources = R"("memory": {"disableOOMKiller": true})"},
         "linux.resources.memory.disableOOMKiller: does not exist in cgroup v2"},
        {{.resources = R"("memory": {"useHierarchy": false})"},
         "linux.resources.memory.useHierarchy: does not exist in cgroup v2"},
        {{.resources = R"("cpu": {"realtimeRuntime": 1})"},
         "linux.resources.cpu.realtimeRuntime: does not exist in cgroup v2"},
        {{.resources = R"("cpu": {"realtimePeriod": 1})"},
         "linux.resources.cpu.realtimePeriod: does not exist in cgroup v2"},
        {{.resources = R"("network": {"classID": 1})"},
         "linux.resources.network.classID: does not exist in cgroup v2"},
        {{.resources = R"("network": {"priorities": [{"name": "a", "priority": 1}]})"},
         "linux.resources.network.priorities: does not exist in cgroup v2"},
        {{.resources = R"("blockIO": {"leafWeight": 10})"},
         "linux.resources.blockIO.leafWeight: does not exist in cgroup v2"},
        {{.resources = R"("blockIO": {"weightDevice": [
            {"major": 8, "minor": 0, "weight": 10, "leafWeight": 10}]})"},
         "linux.resources.blockIO.weightDevice[].leafWeight: does not exist in cgroup v2"},
    });
}

TEST(Warnings, NameWhatHasNoEffect) {
    const Config config_ = config_of({
        .top = R"("mounts": [{"destination": "/a"}, {"destination": "b"}])",
        .process = R"("capabilities": {"permitted": ["CAP_KILL"],
                       "ambient": ["CAP_KILL", "CAP_BPF"]})",
        .resources = R"("memory": {"kernel": 1, "kernelTCP": -1})",
    });
    EXPECT_EQ(verdict(config_), "valid");
    EXPECT_THAT(
        warnings(config_),
        ::testing::ElementsAre(
            "mounts[1].destination: is relative, which is deprecated; it counts from '/'",
            "linux.resources.memory.kernel: has no effect with cgroup v2",
            "linux.resources.memory.kernelTCP: has no effect with cgroup v2",
            "process.capabilities.ambient: can't raise ambient capability CAP_KILL: it is not both "
            "permitted and inheritable",
            "process.capabilities.ambient: can't raise ambient capability CAP_BPF: it is not both "
            "permitted and inheritable"));
}

TEST(Warnings, NameCapabilitiesNobodyKnowsAndANiceWithoutEffect) {
    const Config config_ = config_of({
        .process = R"("capabilities": {"bounding": ["CAP_FLY", "CAP_KILL"],
                       "permitted": ["CAP_KILL", "CAP_FLY", "NO_CAP"]},
                      "scheduler": {"policy": "SCHED_FIFO", "priority": 1, "nice": 19})",
    });
    EXPECT_EQ(verdict(config_), "valid");
    EXPECT_THAT(warnings(config_),
                ::testing::ElementsAre(
                    "process.capabilities: ignoring unknown or unavailable capability CAP_FLY",
                    "process.capabilities: ignoring unknown or unavailable capability NO_CAP",
                    "process.scheduler.nice: has no effect with SCHED_FIFO"));
}

}  // namespace
}  // namespace unitc::oci
