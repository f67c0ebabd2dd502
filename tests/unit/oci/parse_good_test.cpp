// SPDX-License-Identifier: Apache-2.0
// Good configs and the values that come out of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "fragments.hpp"
#include "oci/parse.hpp"

namespace unitc::oci {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Config parsed(const std::string& json) {
    auto config = parse(json);
    EXPECT_TRUE(config) << config.error().message << "\n" << json;
    return config ? *std::move(config) : Config{};
}

TEST(Parse, NeedsNoMoreThanAVersion) {
    const Config minimal = parsed(R"({"ociVersion": "1.0.0"})");
    EXPECT_EQ(minimal.oci_version, "1.0.0");
    EXPECT_FALSE(minimal.process);
    EXPECT_FALSE(minimal.root);
    EXPECT_FALSE(minimal.linux_);
}

TEST(ParseProcess, ReadsAProcessAlone) {
    const auto process = parse_process(
        R"({"cwd": "/tmp", "args": ["a", "b"], "user": {"uid": 1, "gid": 2}, "terminal": true})");
    ASSERT_TRUE(process) << process.error().message;
    EXPECT_EQ(process->cwd, "/tmp");
    EXPECT_THAT(process->args, ElementsAre("a", "b"));
    EXPECT_EQ(process->user.uid, 1U);
    EXPECT_TRUE(process->terminal);
    EXPECT_FALSE(process->capabilities);
}

TEST(ParseProcess, NamesPathsFromTheProcessOn) {
    const auto message = [](const char* json) {
        const auto process = parse_process(json);
        return process ? std::string{} : process.error().message;
    };
    EXPECT_EQ(message("{}"), "cwd: is missing");
    EXPECT_THAT(message(R"({"cwd": "/", "user": {"uid": -1, "gid": 0}})"),
                ::testing::StartsWith("user.uid: "));
    EXPECT_THAT(message(R"({"cwd": "x"})"), ::testing::StartsWith("cwd: "));
    EXPECT_NE(message("[]"), "");
    EXPECT_NE(message(""), "");
}

TEST(Parse, AcceptsEveryVersionOne) {
    for (const char* version : {"1.0.0", "1.0.2-dev", "1.0.0-rc5", "1.3.0", "1.2.0-rc.1+dev",
                                "1.2.1+dev", "1.99.0", "1.0.0-a-b.c"})
        EXPECT_EQ(parsed(std::string{"{\"ociVersion\": \""} + version + "\"}").oci_version,
                  version);
}

TEST(Parse, IgnoresUnknownFieldsAndOtherPlatforms) {
    const Config config_ = parsed(config(R"("windows": {"layerFolders": 1}, "x": [{"y": null}],
        "host-name": "not ours", "root": {"path": "r", "z": 1.5})"));
    EXPECT_EQ(config_.hostname, "");
    EXPECT_EQ(config_.root.value().path, "r");
}

TEST(Parse, TakesNullForAbsent) {
    const Config config_ = parsed(config(R"("process": null, "root": null, "hostname": null,
        "mounts": null, "hooks": null, "annotations": null, "linux": {
          "resources": {"memory": null, "cpu": {"shares": null}, "pids": {"limit": null},
                        "devices": [{"allow": true, "type": null, "major": null, "access": null}]},
          "seccomp": null, "sysctl": null, "namespaces": null, "maskedPaths": null})"));
    EXPECT_FALSE(config_.process);
    EXPECT_FALSE(config_.hooks);
    EXPECT_FALSE(config_.linux_.value().seccomp);
    EXPECT_FALSE(config_.linux_.value().resources.value().memory);
    EXPECT_FALSE(config_.linux_.value().resources.value().cpu.value().shares);
    EXPECT_FALSE(config_.linux_.value().resources.value().pids_limit);
    EXPECT_EQ(config_.linux_.value().resources.value().devices[0].access, "rwm");
}

TEST(Parse, ReadsTheCommonPart) {
    const Config config_ = parsed(config(R"("root": {"path": "rootfs", "readonly": true},
        "hostname": "host", "domainname": "domain",
        "annotations": {"b": "2", "a": "1", "c": ""},
        "mounts": [{"destination": "/data", "type": "none", "source": "/srv",
                    "options": ["rbind", "ro"],
                    "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
                    "gidMappings": [{"containerID": 1, "hostID": 4294967294, "size": 1}]},
                   {"destination": "relative"}],
        "hooks": {"prestart": [{"path": "/a", "args": ["a", "b"], "env": ["X=1"], "timeout": 1}],
                  "createRuntime": [{"path": "/b"}], "createContainer": [{"path": "/c"}],
                  "startContainer": [{"path": "/d"}], "poststart": [{"path": "/e"}],
                  "poststop": [{"path": "/f", "timeout": 30}]})"));
    EXPECT_TRUE(config_.root.value().readonly);
    EXPECT_EQ(config_.hostname, "host");
    EXPECT_EQ(config_.domainname, "domain");
    EXPECT_THAT(config_.annotations, ElementsAre(Pair("b", "2"), Pair("a", "1"), Pair("c", "")));
    ASSERT_EQ(config_.mounts.size(), 2U);
    EXPECT_EQ(config_.mounts[0].type, "none");
    EXPECT_EQ(config_.mounts[0].source, "/srv");
    EXPECT_THAT(config_.mounts[0].options, ElementsAre("rbind", "ro"));
    EXPECT_EQ(config_.mounts[0].uid_mappings[0].host_id, 1000U);
    EXPECT_EQ(config_.mounts[0].gid_mappings[0].container_id, 1U);
    EXPECT_EQ(config_.mounts[1].destination, "relative");
    const Hooks& hooks = config_.hooks.value();
    EXPECT_THAT(hooks.prestart[0].args, ElementsAre("a", "b"));
    EXPECT_THAT(hooks.prestart[0].env.value(), ElementsAre("X=1"));
    EXPECT_EQ(hooks.prestart[0].timeout, 1);
    EXPECT_EQ(hooks.create_runtime[0].path, "/b");
    EXPECT_FALSE(hooks.create_runtime[0].env);
    EXPECT_EQ(hooks.create_container[0].path, "/c");
    EXPECT_EQ(hooks.start_container[0].path, "/d");
    EXPECT_EQ(hooks.poststart[0].path, "/e");
    EXPECT_EQ(hooks.poststop[0].timeout, 30);
}

TEST(Parse, ReadsTheProcess) {
    const Config config_ = parsed(process(R"("terminal": true,
        "consoleSize": {"height": 25, "width": 80},
        "user": {"uid": 1, "gid": 4294967294, "umask": 18, "additionalGids": [5, 6]},
        "args": ["sh", ""], "env": ["A=", "B=x=y"], "noNewPrivileges": true, "oomScoreAdj": -1000,
        "apparmorProfile": "p", "selinuxLabel": "l",
        "capabilities": {"bounding": ["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE", "CAP_CHOWN"],
          "effective": ["CAP_KILL"], "inheritable": ["CAP_CHOWN", "CAP_KILL"],
          "permitted": ["CAP_KILL", "CAP_SETUID"],
          "ambient": ["CAP_KILL", "CAP_SETUID", "CAP_CHOWN"]},
        "rlimits": [{"type": "RLIMIT_CORE", "soft": 0, "hard": 18446744073709551615},
                    {"type": "RLIMIT_RTTIME", "soft": 5, "hard": 5}],
        "scheduler": {"policy": "SCHED_DEADLINE", "nice": 19, "priority": 9, "runtime": 1,
          "flags": ["SCHED_FLAG_RECLAIM"], "deadline": 2, "period": 18446744073709551615},
        "ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 7},
        "execCPUAffinity": {"initial": "7", "final": "0-3,7"})"));
    const Process& process_ = config_.process.value();
    EXPECT_TRUE(process_.terminal);
    EXPECT_EQ(process_.console_size.value().height, 25);
    EXPECT_EQ(process_.console_size.value().width, 80);
    EXPECT_EQ(process_.user.uid, 1U);
    EXPECT_EQ(process_.user.gid, 4294967294U);
    EXPECT_EQ(process_.user.umask, 022U);
    EXPECT_THAT(process_.user.additional_gids, ElementsAre(5, 6));
    EXPECT_THAT(process_.args, ElementsAre("sh", ""));
    EXPECT_THAT(process_.env, ElementsAre("A=", "B=x=y"));
    EXPECT_EQ(process_.cwd, "/");
    EXPECT_TRUE(process_.no_new_privileges);
    EXPECT_EQ(process_.oom_score_adj, -1000);
    EXPECT_EQ(process_.apparmor_profile, "p");
    EXPECT_EQ(process_.selinux_label, "l");
    EXPECT_EQ(process_.capabilities.value().bounding, uint64_t{1} << 40 | 1);
    EXPECT_EQ(process_.capabilities.value().effective, uint64_t{1} << 5);
    EXPECT_EQ(process_.capabilities.value().inheritable, uint64_t{1} << 5 | 1);
    EXPECT_EQ(process_.capabilities.value().permitted, uint64_t{1} << 5 | uint64_t{1} << 7);
    ASSERT_EQ(process_.rlimits.size(), 2U);
    EXPECT_EQ(process_.rlimits[0].resource, RLIMIT_CORE);
    EXPECT_EQ(process_.rlimits[0].soft, 0U);
    EXPECT_EQ(process_.rlimits[0].hard, UINT64_MAX);
    EXPECT_EQ(process_.rlimits[1].resource, RLIMIT_RTTIME);
    EXPECT_EQ(process_.scheduler.value().policy, "SCHED_DEADLINE");
    EXPECT_EQ(process_.scheduler.value().nice, 19);
    EXPECT_EQ(process_.scheduler.value().priority, 9);
    EXPECT_THAT(process_.scheduler.value().flags, ElementsAre("SCHED_FLAG_RECLAIM"));
    EXPECT_EQ(process_.scheduler.value().runtime, 1U);
    EXPECT_EQ(process_.scheduler.value().deadline, 2U);
    EXPECT_EQ(process_.scheduler.value().period, UINT64_MAX);
    EXPECT_EQ(process_.io_priority.value().io_class, "IOPRIO_CLASS_IDLE");
    EXPECT_EQ(process_.io_priority.value().priority, 7);
    EXPECT_EQ(process_.exec_cpu_affinity.value().initial, "7");
    EXPECT_EQ(process_.exec_cpu_affinity.value().final, "0-3,7");
}

TEST(Parse, LeavesOnlyPossibleCapabilitiesAmbient) {
    const Config config_ = parsed(process(R"("capabilities": {
        "inheritable": ["CAP_CHOWN", "CAP_KILL"], "permitted": ["CAP_KILL", "CAP_SETUID"],
        "ambient": ["CAP_KILL", "CAP_SETUID", "CAP_CHOWN"]})"));
    EXPECT_EQ(config_.process.value().capabilities.value().ambient, uint64_t{1} << 5);
    EXPECT_EQ(config_.process.value().capabilities.value().impossible_ambient,
              uint64_t{1} << 7 | 1);
}

TEST(Parse, TakesKeysInAnyCaseAsGoDoes) {
    const Config config_ = parsed(linux_part(R"("Resources": {"CPU": {"CPUs": "0"}},
        "namespaces": [{"Type": "pid"}])"));
    EXPECT_EQ(config_.linux_.value().resources.value().cpu.value().cpus, "0");
    EXPECT_EQ(config_.linux_.value().namespaces.at(0).type, NamespaceType::Pid);
}

TEST(Parse, TakesAUserWithoutIdsForRoot) {
    const Config config_ = parsed(process(R"("user": {"uid": 7})"));
    EXPECT_EQ(config_.process.value().user.uid, 7U);
    EXPECT_EQ(config_.process.value().user.gid, 0U);
    EXPECT_EQ(parsed(process(R"("user": {})")).process.value().user.uid, 0U);
}

TEST(Parse, TakesIdleWithoutAPriority) {
    const Config config_ = parsed(process(R"("ioPriority": {"class": "IOPRIO_CLASS_IDLE"})"));
    EXPECT_EQ(config_.process.value().io_priority.value().priority, 0);
}

TEST(Parse, KeepsTheNamesOfUnknownCapabilities) {
    const Config config_ = parsed(process(R"("capabilities": {
        "bounding": ["CAP_NEW_1", "CAP_KILL", "FLY"], "effective": ["CAP_NEW_1"]})"));
    const Capabilities& sets = config_.process.value().capabilities.value();
    EXPECT_EQ(sets.bounding, uint64_t{1} << 5);
    EXPECT_EQ(sets.effective, 0U);
    EXPECT_THAT(sets.unknown, ::testing::ElementsAre("CAP_NEW_1", "FLY"));
}

TEST(Parse, AcceptsTheLongestArgumentAndAnnotation) {
    const std::string argument(kMaxArgument, 'a');
    EXPECT_EQ(parsed(process("\"args\": [\"" + argument + "\"]")).process.value().args[0],
              argument);
    const std::string annotation(kMaxText, 'a');
    EXPECT_EQ(
        parsed(config("\"annotations\": {\"k\": \"" + annotation + "\"}")).annotations[0].second,
        annotation);
}

TEST(Parse, ReadsTheLinuxPart) {
    const Config config_ = parsed(linux_part(R"(
        "namespaces": [{"type": "pid"}, {"type": "network", "path": "/run/netns/a"},
          {"type": "mount", "path": ""}, {"type": "ipc"}, {"type": "uts"}, {"type": "user"},
          {"type": "cgroup"}, {"type": "time"}],
        "uidMappings": [{"containerID": 0, "hostID": 1, "size": 4294967294}],
        "gidMappings": [{"containerID": 2, "hostID": 3, "size": 4}],
        "sysctl": {"net.ipv4.ip_forward": "1", "kernel/sem": "1 2 3 4"},
        "cgroupsPath": "machine.slice:unitc:web", "rootfsPropagation": "rslave",
        "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys", "/proc/bus"],
        "mountLabel": "label",
        "devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438,
                     "uid": 7, "gid": 8},
                    {"path": "/dev/u", "type": "u", "major": 4095, "minor": 1048575,
                     "fileMode": 8630},
                    {"path": "/pipe", "type": "p"},
                    {"path": "/dev/sda", "type": "b", "major": 8, "minor": 0}],
        "netDevices": {"eth0": {"name": "inner"}, "eth1": {}},
        "intelRdt": {"closID": "c", "schemata": ["L3:0=f"], "l3CacheSchema": "L3:0=1",
                     "memBwSchema": "MB:0=20", "enableMonitoring": true},
        "memoryPolicy": {"mode": "MPOL_INTERLEAVE", "nodes": "2-3",
                         "flags": ["MPOL_F_STATIC_NODES"]},
        "personality": {"domain": "LINUX32", "flags": ["x"]},
        "timeOffsets": {"monotonic": {"secs": -5, "nanosecs": 999999999}, "boottime": {}})"));
    const Linux& part = config_.linux_.value();
    const NamespaceType types[] = {
        NamespaceType::Pid, NamespaceType::Network, NamespaceType::Mount,  NamespaceType::Ipc,
        NamespaceType::Uts, NamespaceType::User,    NamespaceType::Cgroup, NamespaceType::Time};
    ASSERT_EQ(part.namespaces.size(), std::size(types));
    for (size_t i = 0; i < std::size(types); ++i)
        EXPECT_EQ(part.namespaces[i].type, types[i]) << i;
    EXPECT_EQ(part.namespaces[1].path, "/run/netns/a");
    EXPECT_EQ(part.uid_mappings[0].size, 4294967294U);
    EXPECT_EQ(part.gid_mappings[0].host_id, 3U);
    EXPECT_THAT(part.sysctl,
                ElementsAre(Pair("net.ipv4.ip_forward", "1"), Pair("kernel/sem", "1 2 3 4")));
    EXPECT_EQ(part.cgroups_path, "machine.slice:unitc:web");
    EXPECT_EQ(part.rootfs_propagation, "rslave");
    EXPECT_THAT(part.masked_paths, ElementsAre("/proc/kcore"));
    EXPECT_THAT(part.readonly_paths, ElementsAre("/proc/sys", "/proc/bus"));
    EXPECT_EQ(part.mount_label, "label");
    ASSERT_EQ(part.devices.size(), 4U);
    EXPECT_EQ(part.devices[0].path, "/dev/fuse");
    EXPECT_EQ(part.devices[0].minor, 229);
    EXPECT_EQ(part.devices[0].file_mode, 0666U);
    EXPECT_EQ(part.devices[0].uid, 7U);
    EXPECT_EQ(part.devices[0].gid, 8U);
    EXPECT_EQ(part.devices[1].type, 'c');
    EXPECT_EQ(part.devices[1].file_mode, 0666U);  // 020666: the type's bits go
    EXPECT_EQ(part.devices[2].type, 'p');
    EXPECT_EQ(part.devices[3].type, 'b');
    EXPECT_FALSE(part.devices[3].uid);
    EXPECT_THAT(part.net_devices, ElementsAre(Pair("eth0", "inner"), Pair("eth1", "eth1")));
    EXPECT_EQ(part.intel_rdt.value().clos_id, "c");
    EXPECT_THAT(part.intel_rdt.value().schemata, ElementsAre("L3:0=f"));
    EXPECT_EQ(part.intel_rdt.value().l3_cache_schema, "L3:0=1");
    EXPECT_EQ(part.intel_rdt.value().mem_bw_schema, "MB:0=20");
    EXPECT_TRUE(part.intel_rdt.value().enable_monitoring);
    EXPECT_EQ(part.memory_policy.value().mode, "MPOL_INTERLEAVE");
    EXPECT_EQ(part.memory_policy.value().nodes, "2-3");
    EXPECT_THAT(part.memory_policy.value().flags, ElementsAre("MPOL_F_STATIC_NODES"));
    EXPECT_EQ(part.personality.value().domain, "LINUX32");
    EXPECT_THAT(part.personality.value().flags, ElementsAre("x"));
    EXPECT_EQ(part.time_offsets[0].first, "monotonic");
    EXPECT_EQ(part.time_offsets[0].second.secs, -5);
    EXPECT_EQ(part.time_offsets[0].second.nanosecs, 999999999U);
    EXPECT_EQ(part.time_offsets[1].first, "boottime");
}

TEST(Parse, ReadsTheResources) {
    const Config config_ = parsed(resources(R"(
        "devices": [{"allow": false, "access": "rwm"},
                    {"allow": true, "type": "c", "major": 10, "minor": -1, "access": "rw"},
                    {"allow": true, "type": "b", "access": ""}],
        "memory": {"limit": 9223372036854775807, "reservation": 5, "swap": -1, "kernel": -1,
                   "kernelTCP": 7, "swappiness": 0, "disableOOMKiller": false,
                   "useHierarchy": true, "checkBeforeUpdate": true},
        "cpu": {"shares": 1024, "quota": -1, "burst": 0, "period": 500000,
                "realtimeRuntime": 950000, "realtimePeriod": 1000000, "cpus": "2-3,8191",
                "mems": "0", "idle": 1},
        "pids": {"limit": 0},
        "blockIO": {"weight": 10, "leafWeight": 1000,
          "weightDevice": [{"major": 8, "minor": 0, "weight": 500, "leafWeight": 300}],
          "throttleReadBpsDevice": [{"major": 8, "minor": 1, "rate": 600}],
          "throttleWriteBpsDevice": [{"major": 8, "minor": 2, "rate": 18446744073709551615}],
          "throttleReadIOPSDevice": [{"major": 8, "minor": 3, "rate": 1}],
          "throttleWriteIOPSDevice": [{"major": 8, "minor": 4, "rate": 2}]},
        "hugepageLimits": [{"pageSize": "2MB", "limit": 1}, {"pageSize": "64KB", "limit": 0}],
        "network": {"classID": 1048577, "priorities": [{"name": "eth0", "priority": 500}]},
        "rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 4}, "rxe3": {"hcaObjects": 5}},
        "unified": {"io.max": "8:0 rbps=1\n8:16 wbps=1", "hugetlb.1GB.max": "0"})"));
    const Resources& out = config_.linux_.value().resources.value();
    ASSERT_EQ(out.devices.size(), 3U);
    EXPECT_FALSE(out.devices[0].allow);
    EXPECT_EQ(out.devices[0].type, 'a');
    EXPECT_FALSE(out.devices[0].major);
    EXPECT_EQ(out.devices[1].type, 'c');
    EXPECT_EQ(out.devices[1].major, 10);
    EXPECT_FALSE(out.devices[1].minor);
    EXPECT_EQ(out.devices[1].access, "rw");
    EXPECT_EQ(out.devices[2].access, "rwm");
    EXPECT_EQ(out.memory.value().limit, INT64_MAX);
    EXPECT_EQ(out.memory.value().reservation, 5);
    EXPECT_EQ(out.memory.value().swap, -1);
    EXPECT_EQ(out.memory.value().kernel, -1);
    EXPECT_EQ(out.memory.value().kernel_tcp, 7);
    EXPECT_EQ(out.memory.value().swappiness, 0U);
    EXPECT_EQ(out.memory.value().disable_oom_killer, false);
    EXPECT_EQ(out.memory.value().use_hierarchy, true);
    EXPECT_EQ(out.memory.value().check_before_update, true);
    EXPECT_EQ(out.cpu.value().shares, 1024U);
    EXPECT_EQ(out.cpu.value().quota, -1);
    EXPECT_EQ(out.cpu.value().burst, 0U);
    EXPECT_EQ(out.cpu.value().period, 500000U);
    EXPECT_EQ(out.cpu.value().realtime_runtime, 950000);
    EXPECT_EQ(out.cpu.value().realtime_period, 1000000U);
    EXPECT_EQ(out.cpu.value().cpus, "2-3,8191");
    EXPECT_EQ(out.cpu.value().mems, "0");
    EXPECT_EQ(out.cpu.value().idle, 1);
    EXPECT_EQ(out.pids_limit, 0);
    EXPECT_EQ(out.block_io.value().weight, 10);
    EXPECT_EQ(out.block_io.value().leaf_weight, 1000);
    EXPECT_EQ(out.block_io.value().weight_device[0].weight, 500);
    EXPECT_EQ(out.block_io.value().weight_device[0].leaf_weight, 300);
    EXPECT_EQ(out.block_io.value().throttle_read_bps_device[0].minor, 1);
    EXPECT_EQ(out.block_io.value().throttle_write_bps_device[0].rate, UINT64_MAX);
    EXPECT_EQ(out.block_io.value().throttle_read_iops_device[0].rate, 1U);
    EXPECT_EQ(out.block_io.value().throttle_write_iops_device[0].minor, 4);
    EXPECT_EQ(out.hugepage_limits[0].page_size, "2MB");
    EXPECT_EQ(out.hugepage_limits[1].limit, 0U);
    EXPECT_EQ(out.network.value().class_id, 1048577U);
    EXPECT_EQ(out.network.value().priorities[0].priority, 500U);
    EXPECT_EQ(out.rdma[0].first, "mlx5_1");
    EXPECT_EQ(out.rdma[0].second.hca_handles, 3U);
    EXPECT_EQ(out.rdma[1].second.hca_objects, 5U);
    EXPECT_THAT(out.unified, ElementsAre(Pair("io.max", "8:0 rbps=1\n8:16 wbps=1"),
                                         Pair("hugetlb.1GB.max", "0")));
}

TEST(Parse, TakesZeroForNotSetWhereEnginesWriteIt) {
    const Config config_ = parsed(resources(R"(
        "memory": {"limit": 0, "reservation": 0, "swap": 0},
        "cpu": {"shares": 0, "quota": 0, "period": 0, "realtimeRuntime": 0, "realtimePeriod": 0},
        "blockIO": {"weight": 0, "leafWeight": 0}, "network": {"classID": 0})"));
    const Resources& out = config_.linux_.value().resources.value();
    EXPECT_FALSE(out.memory.value().limit);
    EXPECT_FALSE(out.memory.value().reservation);
    EXPECT_FALSE(out.memory.value().swap);
    EXPECT_FALSE(out.cpu.value().shares);
    EXPECT_FALSE(out.cpu.value().quota);
    EXPECT_FALSE(out.cpu.value().period);
    EXPECT_FALSE(out.cpu.value().realtime_runtime);
    EXPECT_FALSE(out.cpu.value().realtime_period);
    EXPECT_FALSE(out.block_io.value().weight);
    EXPECT_FALSE(out.block_io.value().leaf_weight);
    EXPECT_FALSE(out.network.value().class_id);
}

TEST(Parse, ReadsTheSeccompProfile) {
    const Config config_ = parsed(seccomp(R"("defaultErrnoRet": 38,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_SHEB"],
        "flags": ["SECCOMP_FILTER_FLAG_LOG"],
        "listenerPath": "/run/x.sock", "listenerMetadata": "m",
        "syscalls": [
          {"names": ["read", "no_such_call"], "action": "SCMP_ACT_ALLOW", "args": []},
          {"names": ["clone"], "action": "SCMP_ACT_TRACE", "errnoRet": 65535, "args": [
            {"index": 5, "value": 18446744073709551615, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"},
            {"index": 0, "value": 1, "op": "SCMP_CMP_NE"}]},
          {"names": ["a"], "action": "SCMP_ACT_KILL"},
          {"names": ["b"], "action": "SCMP_ACT_KILL_PROCESS"},
          {"names": ["c"], "action": "SCMP_ACT_NOTIFY"}])"));
    const Seccomp& profile = config_.linux_.value().seccomp.value();
    EXPECT_EQ(profile.default_action, SeccompAction::Errno);
    EXPECT_EQ(profile.default_errno_ret, 38U);
    EXPECT_THAT(profile.architectures, ElementsAre("SCMP_ARCH_X86_64", "SCMP_ARCH_SHEB"));
    EXPECT_THAT(profile.flags.value(), ElementsAre("SECCOMP_FILTER_FLAG_LOG"));
    EXPECT_EQ(profile.listener_path, "/run/x.sock");
    EXPECT_EQ(profile.listener_metadata, "m");
    ASSERT_EQ(profile.syscalls.size(), 5U);
    EXPECT_THAT(profile.syscalls[0].names, ElementsAre("read", "no_such_call"));
    EXPECT_THAT(profile.syscalls[0].args, IsEmpty());
    EXPECT_EQ(profile.syscalls[1].errno_ret, 65535U);
    EXPECT_EQ(profile.syscalls[1].args[0].index, 5U);
    EXPECT_EQ(profile.syscalls[1].args[0].value, UINT64_MAX);
    EXPECT_EQ(profile.syscalls[1].args[0].value_two, 2U);
    EXPECT_EQ(profile.syscalls[1].args[0].op, SeccompOperator::MaskedEqual);
    EXPECT_EQ(profile.syscalls[1].args[1].op, SeccompOperator::NotEqual);
    EXPECT_EQ(profile.syscalls[2].action, SeccompAction::KillThread);
    EXPECT_EQ(profile.syscalls[3].action, SeccompAction::KillProcess);
    EXPECT_EQ(profile.syscalls[4].action, SeccompAction::Notify);
}

TEST(Parse, TellsNoSeccompFlagsFromAnEmptyList) {
    EXPECT_FALSE(parsed(seccomp("")).linux_.value().seccomp.value().flags);
    EXPECT_TRUE(parsed(seccomp(R"("flags": [])")).linux_.value().seccomp.value().flags);
}

}  // namespace
}  // namespace unitc::oci
