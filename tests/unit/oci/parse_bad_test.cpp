// SPDX-License-Identifier: Apache-2.0
// Bad configs and the exact words they are refused with.
#include <gtest/gtest.h>

#include <climits>

#include "fragments.hpp"
#include "oci/parse.hpp"

namespace unitc::oci {
namespace {

struct Case {
    std::string json;
    std::string error;
};

void expect_errors(const std::vector<Case>& cases) {
    for (const Case& c : cases) {
        const auto parsed = parse(c.json);
        ASSERT_FALSE(parsed) << c.json.substr(0, 300);
        EXPECT_EQ(parsed.error().message, c.error) << c.json.substr(0, 300);
    }
}

TEST(Parse, RefusesAWrongFrame) {
    constexpr const char* kVersion =
        ", must be a version 1 of the runtime specification, such as "
        "'1.3.0'";
    expect_errors({
        {"[]", "config: is an array, must be an object"},
        {"null", "config: is null, must be an object"},
        {"{}", "ociVersion: is missing"},
        {R"({"ociVersion": null})", "ociVersion: is missing"},
        {R"({"oci_version": "1.0.0"})", "ociVersion: is missing"},
        {R"({"ociVersion": 1})", "ociVersion: is a number, must be a string"},
        {R"({"ociVersion": ""})", std::string{"ociVersion: is ''"} + kVersion},
        {R"({"ociVersion": "0.9.9"})", std::string{"ociVersion: is '0.9.9'"} + kVersion},
        {R"({"ociVersion": "2.0.0"})", std::string{"ociVersion: is '2.0.0'"} + kVersion},
        {R"({"ociVersion": "1.0"})", std::string{"ociVersion: is '1.0'"} + kVersion},
        {R"({"ociVersion": "1.0.0-"})", std::string{"ociVersion: is '1.0.0-'"} + kVersion},
        {R"({"ociVersion": "1.0.0-a..b"})", std::string{"ociVersion: is '1.0.0-a..b'"} + kVersion},
        {R"({"ociVersion": "1.0.x"})", std::string{"ociVersion: is '1.0.x'"} + kVersion},
        {R"({"ociVersion": "1.-1.0"})", std::string{"ociVersion: is '1.-1.0'"} + kVersion},
        {R"({"ociVersion": "1.0.0 "})", std::string{"ociVersion: is '1.0.0 '"} + kVersion},
        {config(R"("root": {})"), "root.path: is missing"},
        {config(R"("root": {"path": ""})"), "root.path: is empty, must be a path"},
        {config(R"("root": {"path": "r", "readonly": "yes"})"),
         "root.readonly: is a string, must be a boolean"},
        {config(R"("root": {"path": "r", "readonly": 1})"),
         "root.readonly: is a number, must be a boolean"},
        {config(R"("hostname": 1)"), "hostname: is a number, must be a string"},
        {config("\"hostname\": \"" + std::string(65, 'h') + "\""),
         "hostname: is 65 bytes long, must be at most 64"},
        {config("\"domainname\": \"" + std::string(65, 'h') + "\""),
         "domainname: is 65 bytes long, must be at most 64"},
        {config(R"("annotations": [])"), "annotations: is an array, must be an object"},
        {config(R"("annotations": {"a.b": 1})"),
         "annotations[\"a.b\"]: is a number, must be a string"},
        {config(R"("annotations": {"": "x"})"), "annotations: has an empty key"},
        {config(R"("annotations": {"a": "x", "a": "x"})"), "annotations.a: is given twice"},
        {config(R"("linux": [])"), "linux: is an array, must be an object"},
        {config(R"("linux": {}, "Linux": {})"), "Linux: is given twice, in two ways of writing"},
        {linux_part(R"("namespaces": [{"Type": "pid"}, {"TYPE": "pid"}])"),
         "linux.namespaces[1].TYPE: is given twice"},
        {config(R"("unknown": "a\u0000b")"), "unknown: contains a NUL character"},
    });
}

TEST(Parse, RefusesABadProcess) {
    constexpr const char* kCapability =
        ", must be a name of capabilities(7), 'CAP_CHOWN' to 'CAP_CHECKPOINT_RESTORE'";
    const std::string path(PATH_MAX, 'p');
    expect_errors({
        {config(R"("process": true)"), "process: is a boolean, must be an object"},
        {config(R"("process": {})"), "process.cwd: is missing"},
        {config(R"("process": {"cwd": "bin"})"), "process.cwd: is 'bin', must be an absolute path"},
        {config(R"("process": {"cwd": ""})"), "process.cwd: is empty, must be a path"},
        {config("\"process\": {\"cwd\": \"/" + path + "\"}"),
         "process.cwd: is 4097 bytes long, must be at most 4095"},
        {process(R"("terminal": "true")"), "process.terminal: is a string, must be a boolean"},
        {process(R"("consoleSize": {"height": 25})"), "process.consoleSize.width: is missing"},
        {process(R"("consoleSize": {"height": 25, "width": 65536})"),
         "process.consoleSize.width: is 65536, must be 0 to 65535"},
        {process(R"("args": "sh")"), "process.args: is a string, must be an array"},
        {process(R"("args": ["sh", null])"), "process.args[1]: is null, must be a string"},
        {process(R"("args": ["sh", ["-c"]])"), "process.args[1]: is an array, must be a string"},
        {process(R"("args": ["a\u0000b"])"), "process.args[0]: contains a NUL character"},
        {process("\"args\": [\"" + std::string(131072, 'a') + "\"]"),
         "process.args[0]: is 131072 bytes long, must be at most 131071"},
        {process(R"("env": ["A=1", "B"])"), "process.env[1]: is 'B', must be NAME=VALUE"},
        {process(R"("env": ["=x"])"), "process.env[0]: is '=x', must be NAME=VALUE"},
        {process(R"("capabilities": {"bounding": "CAP_KILL"})"),
         "process.capabilities.bounding: is a string, must be an array"},
        {process(R"("capabilities": {"ambient": ["CAP_KILL", "CAP_FLY "]})"),
         std::string{"process.capabilities.ambient[1]: is 'CAP_FLY '"} + kCapability},
        {process(R"("capabilities": {"ambient": [""]})"),
         std::string{"process.capabilities.ambient[0]: is ''"} + kCapability},
        {process(R"("capabilities": {"permitted": ["kill"]})"),
         std::string{"process.capabilities.permitted[0]: is 'kill'"} + kCapability},
        {process(R"("oomScoreAdj": -1001)"),
         "process.oomScoreAdj: is -1001, must be -1000 to 1000"},
        {process(R"("oomScoreAdj": 1001)"), "process.oomScoreAdj: is 1001, must be -1000 to 1000"},
        {process(R"("execCPUAffinity": {"initial": "3-1"})"),
         "process.execCPUAffinity.initial: is '3-1', must be a list such as '0-3,7' of numbers up "
         "to 8191"},
        {process(R"("ioPriority": {"class": "IOPRIO_CLASS_NONE", "priority": 1})"),
         "process.ioPriority.class: is 'IOPRIO_CLASS_NONE', must be one of 'IOPRIO_CLASS_RT', "
         "'IOPRIO_CLASS_BE', 'IOPRIO_CLASS_IDLE'"},
        {process(R"("ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 8})"),
         "process.ioPriority.priority: is 8, must be 0 to 7"},
        {process(R"("ioPriority": {"priority": 1})"), "process.ioPriority.class: is missing"},
        {process(R"("scheduler": {})"), "process.scheduler.policy: is missing"},
        {process(R"("scheduler": {"policy": "SCHED_EXT"})"),
         "process.scheduler.policy: is 'SCHED_EXT', must be one of 'SCHED_OTHER', 'SCHED_FIFO', "
         "'SCHED_RR', 'SCHED_BATCH', 'SCHED_ISO', 'SCHED_IDLE', 'SCHED_DEADLINE'"},
        {process(R"("scheduler": {"policy": "SCHED_RR", "nice": -21})"),
         "process.scheduler.nice: is -21, must be -20 to 19"},
        {process(R"("scheduler": {"policy": "SCHED_RR", "flags": ["X"]})"),
         "process.scheduler.flags[0]: is 'X', must be one of 'SCHED_FLAG_RESET_ON_FORK', "
         "'SCHED_FLAG_RECLAIM', 'SCHED_FLAG_DL_OVERRUN', 'SCHED_FLAG_KEEP_POLICY', "
         "'SCHED_FLAG_KEEP_PARAMS', 'SCHED_FLAG_UTIL_CLAMP_MIN', 'SCHED_FLAG_UTIL_CLAMP_MAX'"},
    });
}

TEST(Parse, RefusesIdsThatAreNoExactIds) {
    const auto user = [](const std::string& uid) {
        return process("\"user\": {\"uid\": " + uid + ", \"gid\": 0}");
    };
    constexpr const char* kRange = ", must be 0 to 4294967294";
    constexpr const char* kWhole = ", must be an integer without fraction and exponent";
    expect_errors({
        {user("4294967295"), std::string{"process.user.uid: is 4294967295"} + kRange},
        {user("4294967296"), std::string{"process.user.uid: is 4294967296"} + kRange},
        {user("-1"), std::string{"process.user.uid: is -1"} + kRange},
        {user("18446744073709551616"),
         std::string{"process.user.uid: is 18446744073709551616"} + kRange},
        {user("1e3"), std::string{"process.user.uid: is 1e3"} + kWhole},
        {user("1.0"), std::string{"process.user.uid: is 1.0"} + kWhole},
        {user("\"1000\""), "process.user.uid: is a string, must be an integer"},
        {user("true"), "process.user.uid: is a boolean, must be an integer"},
        {process(R"("user": {"uid": 0, "gid": 4294967295})"),
         std::string{"process.user.gid: is 4294967295"} + kRange},
        {process(R"("user": {"uid": 0, "gid": 0, "additionalGids": [1, -1]})"),
         std::string{"process.user.additionalGids[1]: is -1"} + kRange},
        {process(R"("user": {"uid": 0, "gid": 0, "umask": 512})"),
         "process.user.umask: is 512, must be 0 to 511"},
    });
}

TEST(Parse, RefusesBadRlimits) {
    expect_errors({
        {process(R"("rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1}])"),
         "process.rlimits[0].hard: is missing"},
        {process(R"("rlimits": [{"type": "NOFILE", "soft": 1, "hard": 1}])"),
         "process.rlimits[0].type: is 'NOFILE', must be one of 'RLIMIT_AS', 'RLIMIT_CORE', "
         "'RLIMIT_CPU', 'RLIMIT_DATA', 'RLIMIT_FSIZE', 'RLIMIT_LOCKS', 'RLIMIT_MEMLOCK', "
         "'RLIMIT_MSGQUEUE', 'RLIMIT_NICE', 'RLIMIT_NOFILE', 'RLIMIT_NPROC', 'RLIMIT_RSS', "
         "'RLIMIT_RTPRIO', 'RLIMIT_RTTIME', 'RLIMIT_SIGPENDING', 'RLIMIT_STACK'"},
        {process(R"("rlimits": [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}])"),
         "process.rlimits[0]: soft is 2, must be at most hard, which is 1"},
        {process(R"("rlimits": [{"type": "RLIMIT_CPU", "soft": -1, "hard": 1}])"),
         "process.rlimits[0].soft: is -1, must be 0 to 18446744073709551615"},
        {process(R"("rlimits": [{"type": "RLIMIT_CPU", "soft": 1, "hard": 1},
                                {"type": "RLIMIT_CORE", "soft": 1, "hard": 1},
                                {"type": "RLIMIT_CPU", "soft": 1, "hard": 1}])"),
         "process.rlimits[2].type: is given twice"},
    });
}

TEST(Parse, RefusesBadMountsAndHooks) {
    const std::string path(PATH_MAX, 'p');
    expect_errors({
        {config(R"("mounts": {})"), "mounts: is an object, must be an array"},
        {config(R"("mounts": [{}])"), "mounts[0].destination: is missing"},
        {config(R"("mounts": [{"destination": ""}])"),
         "mounts[0].destination: is empty, must be a path"},
        {config("\"mounts\": [{\"destination\": \"/a\"}, {\"destination\": \"" + path + "\"}]"),
         "mounts[1].destination: is 4096 bytes long, must be at most 4095"},
        {config("\"mounts\": [{\"destination\": \"/a\", \"source\": \"" + path + "\"}]"),
         "mounts[0].source: is 4096 bytes long, must be at most 4095"},
        {config(R"("mounts": [{"destination": "/a", "source": "/x\u0000"}])"),
         "mounts[0].source: contains a NUL character"},
        {config(R"("mounts": [{"destination": "/a", "options": ["ro", 1]}])"),
         "mounts[0].options[1]: is a number, must be a string"},
        {config("\"mounts\": [{\"destination\": \"/a\", \"options\": [\"" +
                std::string(65537, 'o') + "\"]}]"),
         "mounts[0].options[0]: is 65537 bytes long, must be at most 65536"},
        {config(R"("mounts": [{"destination": "/a",
                   "uidMappings": [{"containerID": 0, "hostID": 0}]}])"),
         "mounts[0].uidMappings[0].size: is missing"},
        {config(R"("hooks": {"prestart": [{"args": ["x"]}]})"),
         "hooks.prestart[0].path: is missing"},
        {config(R"("hooks": {"poststop": [{"path": "bin/x"}]})"),
         "hooks.poststop[0].path: is 'bin/x', must be an absolute path"},
        {config(R"("hooks": {"poststop": [{"path": "/x", "timeout": -1}]})"),
         "hooks.poststop[0].timeout: is -1, must be 1 to 2147483647"},
        {config(R"("hooks": {"poststop": [{"path": "/x", "timeout": 0}]})"),
         "hooks.poststop[0].timeout: is 0, must be 1 to 2147483647"},
        {config(R"("hooks": {"poststop": [{"path": "/x", "env": ["X"]}]})"),
         "hooks.poststop[0].env[0]: is 'X', must be NAME=VALUE"},
    });
}

TEST(Parse, RefusesABadLinuxPart) {
    expect_errors({
        {linux_part(R"("namespaces": [{"path": "/x"}])"), "linux.namespaces[0].type: is missing"},
        {linux_part(R"("namespaces": [{"type": "net"}])"),
         "linux.namespaces[0].type: is 'net', must be one of 'cgroup', 'ipc', 'mount', 'network', "
         "'pid', 'time', 'user', 'uts'"},
        {linux_part(R"("namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "pid"}])"),
         "linux.namespaces[2].type: is given twice"},
        {linux_part(R"("namespaces": [{"type": "pid", "path": "ns/pid"}])"),
         "linux.namespaces[0].path: is 'ns/pid', must be an absolute path"},
        {linux_part(R"("uidMappings": [{"containerID": 0, "hostID": 0, "size": 0}])"),
         "linux.uidMappings[0].size: is 0, must be 1 to 4294967295"},
        {linux_part(R"("gidMappings": [{"containerID": 0, "hostID": 4294967294, "size": 2}])"),
         "linux.gidMappings[0]: reaches beyond id 4294967294"},
        {linux_part(R"("rootfsPropagation": "public")"),
         "linux.rootfsPropagation: is 'public', must be one of 'private', 'rprivate', 'shared', "
         "'rshared', 'slave', 'rslave', 'unbindable', 'runbindable'"},
        {linux_part(R"("maskedPaths": ["/proc/kcore", "proc/keys"])"),
         "linux.maskedPaths[1]: is 'proc/keys', must be an absolute path"},
        {linux_part(R"("readonlyPaths": [""])"),
         "linux.readonlyPaths[0]: is empty, must be a path"},
        {linux_part("\"cgroupsPath\": \"" + std::string(PATH_MAX, 'c') + "\""),
         "linux.cgroupsPath: is 4096 bytes long, must be at most 4095"},
        {linux_part(R"("sysctl": {"net.ipv4.ip_forward": 1})"),
         "linux.sysctl[\"net.ipv4.ip_forward\"]: is a number, must be a string"},
        {linux_part(R"("sysctl": {"net/../kernel/panic": "1"})"),
         "linux.sysctl[\"net/../kernel/panic\"]: is not a sysctl, must be like "
         "'net.ipv4.ip_forward'"},
        {linux_part(R"("sysctl": {"net.core.x": "1\nkernel.panic=1"})"),
         "linux.sysctl[\"net.core.x\"]: is '1\\x0akernel.panic=1', must be one line"},
        {linux_part(R"("sysctl": {"net.core.x": "1", "net/core/x": "2"})"),
         "linux.sysctl[\"net/core/x\"]: is given twice"},
        {linux_part("\"sysctl\": {\"net.core.x\": \"" + std::string(4097, '1') + "\"}"),
         "linux.sysctl[\"net.core.x\"]: is longer than 4096 bytes"},
        {linux_part(R"("devices": [{"type": "x", "path": "/dev/x"}])"),
         "linux.devices[0].type: is 'x', must be one of 'b', 'c', 'p', 'u'"},
        {linux_part(R"("devices": [{"type": "c", "path": "dev/x", "major": 1, "minor": 1}])"),
         "linux.devices[0].path: is 'dev/x', must be an absolute path"},
        {linux_part(R"("devices": [{"type": "c", "path": "/dev/x", "major": 1}])"),
         "linux.devices[0].minor: is missing"},
        {linux_part(R"("devices": [{"type": "c", "path": "/dev/x", "major": 4096, "minor": 0}])"),
         "linux.devices[0].major: is 4096, must be 0 to 4095"},
        {linux_part(R"("devices": [{"type": "b", "path": "/dev/x", "major": 8, "minor": -1}])"),
         "linux.devices[0].minor: is -1, must be 0 to 1048575"},
        {linux_part(R"("devices": [{"type": "p", "path": "/p", "fileMode": 65536}])"),
         "linux.devices[0].fileMode: is 65536, must be 0 to 65535"},
        {linux_part(R"("netDevices": {"eth0": {"name": 23}})"),
         "linux.netDevices.eth0.name: is a number, must be a string"},
        {linux_part(R"("netDevices": {"eth0": {"name": "a/b"}})"),
         "linux.netDevices.eth0: is not a valid name of a network device"},
        {linux_part(R"("netDevices": {"a234567890123456": {}})"),
         "linux.netDevices.a234567890123456: is not a valid name of a network device"},
        {linux_part(R"("intelRdt": {"schemata": "L3:0=f"})"),
         "linux.intelRdt.schemata: is a string, must be an array"},
        {linux_part(R"("memoryPolicy": {})"),
         "linux.memoryPolicy.mode: invalid memory policy mode: is missing"},
        {linux_part(R"("memoryPolicy": {"mode": "MPOL_BIND", "flags": ["MPOL_F_X"]})"),
         "linux.memoryPolicy.flags[0]: invalid memory policy flag: is 'MPOL_F_X', must be one of "
         "'MPOL_F_NUMA_BALANCING', "
         "'MPOL_F_RELATIVE_NODES', 'MPOL_F_STATIC_NODES'"},
        {linux_part(R"("personality": {"domain": "linux"})"),
         "linux.personality.domain: is 'linux', must be one of 'LINUX', 'LINUX32'"},
        {linux_part(R"("timeOffsets": {"realtime": {}})"),
         "linux.timeOffsets.realtime: is not a clock, must be 'monotonic' or 'boottime'"},
        {linux_part(R"("timeOffsets": {"boottime": {"nanosecs": 1000000000}})"),
         "linux.timeOffsets.boottime.nanosecs: is 1000000000, must be 0 to 999999999"},
    });
}

TEST(Parse, RefusesBadResources) {
    constexpr const char* kCpus = ", must be a list such as '0-3,7' of numbers up to 8191";
    expect_errors({
        {resources(R"("memory": {"limit": "512M"})"),
         "linux.resources.memory.limit: is a string, must be an integer"},
        {resources(R"("memory": {"limit": -2})"),
         "linux.resources.memory.limit: is -2, must be -1 to 9223372036854775807"},
        {resources(R"("memory": {"swap": 9223372036854775808})"),
         "linux.resources.memory.swap: is 9223372036854775808, must be -1 to 9223372036854775807"},
        {resources(R"("memory": {"reservation": 1.5})"),
         "linux.resources.memory.reservation: is 1.5, must be an integer without fraction and "
         "exponent"},
        {resources(R"("memory": {"swappiness": 101})"),
         "linux.resources.memory.swappiness: is 101, must be 0 to 100"},
        {resources(R"("memory": {"limit": 1, "limit": 2})"),
         "linux.resources.memory.limit: is given twice"},
        {resources(R"("cpu": {"shares": -1})"),
         "linux.resources.cpu.shares: is -1, must be 0 to 18446744073709551615"},
        {resources(R"("cpu": {"quota": 999})"),
         "linux.resources.cpu.quota: is 999, must be -1 (unlimited) or at least 1000"},
        {resources(R"("cpu": {"quota": -2})"),
         "linux.resources.cpu.quota: is -2, must be -1 (unlimited) or at least 1000"},
        {resources(R"("cpu": {"period": 1000001})"),
         "linux.resources.cpu.period: is 1000001, must be 1000 to 1000000"},
        {resources(R"("cpu": {"idle": 2})"), "linux.resources.cpu.idle: is 2, must be 0 to 1"},
        {resources(R"("cpu": {"cpus": "0-"})"),
         std::string{"linux.resources.cpu.cpus: is '0-'"} + kCpus},
        {resources(R"("cpu": {"cpus": ",,"})"),
         std::string{"linux.resources.cpu.cpus: is ',,'"} + kCpus},
        {resources(R"("cpu": {"cpus": "+1"})"),
         std::string{"linux.resources.cpu.cpus: is '+1'"} + kCpus},
        {resources(R"("cpu": {"mems": "8192"})"),
         std::string{"linux.resources.cpu.mems: is '8192'"} + kCpus},
        {resources(R"("pids": {"limit": -2})"),
         "linux.resources.pids.limit: is -2, must be -1 to 9223372036854775807"},
        {resources(R"("devices": [{"access": "r"}])"),
         "linux.resources.devices[0].allow: is missing"},
        {resources(R"("devices": [{"allow": true, "type": "u"}])"),
         "linux.resources.devices[0].type: is 'u', must be one of 'a', 'b', 'c'"},
        {resources(R"("devices": [{"allow": true, "access": "rx"}])"),
         "linux.resources.devices[0].access: is 'rx', must be a composition of 'r', 'w' and 'm'"},
        {resources(R"("devices": [{"allow": true, "access": "rr"}])"),
         "linux.resources.devices[0].access: is 'rr', must be a composition of 'r', 'w' and 'm'"},
        {resources(R"("devices": [{"allow": true, "major": -2}])"),
         "linux.resources.devices[0].major: is -2, must be -1 to 4095"},
        {resources(R"("devices": [{"allow": true, "minor": 1048576}])"),
         "linux.resources.devices[0].minor: is 1048576, must be -1 to 1048575"},
        {resources(R"("blockIO": {"weight": 9})"),
         "linux.resources.blockIO.weight: is 9, must be 10 to 1000"},
        {resources(R"("blockIO": {"weight": 1001})"),
         "linux.resources.blockIO.weight: is 1001, must be 0 to 1000"},
        {resources(R"("blockIO": {"weightDevice": [{"major": 8, "minor": 0}]})"),
         "linux.resources.blockIO.weightDevice[0]: has neither weight nor leafWeight, must have "
         "one of them"},
        {resources(R"("blockIO": {"throttleReadBpsDevice": [{"major": 8, "rate": 1}]})"),
         "linux.resources.blockIO.throttleReadBpsDevice[0].minor: is missing"},
        {resources(
             R"("blockIO": {"throttleWriteIOPSDevice": [{"major": 8, "minor": 0, "rate": 0}]})"),
         "linux.resources.blockIO.throttleWriteIOPSDevice[0].rate: is 0, must be 1 to "
         "18446744073709551615"},
        {resources(R"("hugepageLimits": [{"limit": 1, "pageSize": "64kB"}])"),
         "linux.resources.hugepageLimits[0].pageSize: is '64kB', must be a size such as '64KB', "
         "'2MB' or '1GB'"},
        {resources(R"("hugepageLimits": [{"limit": 1, "pageSize": "/../MB"}])"),
         "linux.resources.hugepageLimits[0].pageSize: is '/../MB', must be a size such as '64KB', "
         "'2MB' or '1GB'"},
        {resources(R"("hugepageLimits": [{"limit": 1, "pageSize": "2MB"},
                                         {"limit": 2, "pageSize": "2MB"}])"),
         "linux.resources.hugepageLimits[1].pageSize: is given twice"},
        {resources(R"("network": {"priorities": [{"name": "eth0"}]})"),
         "linux.resources.network.priorities[0].priority: is missing"},
        {resources(R"("rdma": {"mlx5_1": {"hcaHandles": "3"}})"),
         "linux.resources.rdma.mlx5_1.hcaHandles: is a string, must be an integer"},
        {resources(R"("rdma": {"mlx5_1": {}})"),
         "linux.resources.rdma.mlx5_1: has neither hcaHandles nor hcaObjects, must have one of "
         "them"},
        {resources(R"("rdma": {"a b": {"hcaObjects": 1}})"),
         "linux.resources.rdma[\"a b\"]: is not the name of an RDMA device"},
        {resources(R"("unified": {"memory.max": 1})"),
         "linux.resources.unified[\"memory.max\"]: is a number, must be a string"},
        {resources(R"("unified": {"../memory.max": "1"})"),
         "linux.resources.unified[\"../memory.max\"]: is not a cgroup file, must be like "
         "'memory.high'"},
        {resources(R"("unified": {".x": "1"})"),
         "linux.resources.unified[\".x\"]: is not a cgroup file, must be like 'memory.high'"},
        {resources(R"("unified": {"memory": "1"})"),
         "linux.resources.unified.memory: is not a cgroup file, must be like 'memory.high'"},
        {resources(R"("unified": {"cgroup.procs": "1"})"),
         "linux.resources.unified[\"cgroup.procs\"]: is not a limit, must not be set"},
    });
}

TEST(Parse, RefusesABadSeccompProfile) {
    const auto rule = [](const std::string& members) {
        return seccomp(R"("syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", )" +
                       members + "}]");
    };
    constexpr const char* kActions =
        ", must be one of 'SCMP_ACT_ALLOW', 'SCMP_ACT_ERRNO', 'SCMP_ACT_KILL', "
        "'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_KILL_THREAD', 'SCMP_ACT_LOG', 'SCMP_ACT_NOTIFY', "
        "'SCMP_ACT_TRACE', 'SCMP_ACT_TRAP'";
    expect_errors({
        {linux_part(R"("seccomp": {})"), "linux.seccomp.defaultAction: is missing"},
        {linux_part(R"("seccomp": {"defaultAction": "ALLOW"})"),
         std::string{"linux.seccomp.defaultAction: is 'ALLOW'"} + kActions},
        {linux_part(R"("seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1})"),
         "linux.seccomp.defaultErrnoRet: is only allowed with SCMP_ACT_ERRNO and SCMP_ACT_TRACE"},
        {seccomp(R"("defaultErrnoRet": 4096)"),
         "linux.seccomp.defaultErrnoRet: is 4096, must be 0 to 4095"},
        {seccomp(R"("architectures": ["amd64"])"),
         "linux.seccomp.architectures[0]: is 'amd64', must be one of 'SCMP_ARCH_AARCH64', "
         "'SCMP_ARCH_ARM', 'SCMP_ARCH_MIPS', 'SCMP_ARCH_MIPS64', 'SCMP_ARCH_MIPS64N32', "
         "'SCMP_ARCH_MIPSEL', 'SCMP_ARCH_MIPSEL64', 'SCMP_ARCH_MIPSEL64N32', 'SCMP_ARCH_PARISC', "
         "'SCMP_ARCH_PARISC64', 'SCMP_ARCH_PPC', 'SCMP_ARCH_PPC64', 'SCMP_ARCH_PPC64LE', "
         "'SCMP_ARCH_RISCV64', 'SCMP_ARCH_S390', 'SCMP_ARCH_S390X', 'SCMP_ARCH_X32', "
         "'SCMP_ARCH_X86', 'SCMP_ARCH_X86_64', 'SCMP_ARCH_LOONGARCH64', 'SCMP_ARCH_M68K', "
         "'SCMP_ARCH_SH', 'SCMP_ARCH_SHEB'"},
        {seccomp(R"("flags": ["LOG"])"),
         "linux.seccomp.flags[0]: is 'LOG', must be one of 'SECCOMP_FILTER_FLAG_TSYNC', "
         "'SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW', "
         "'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'"},
        {seccomp(R"("listenerPath": "run/x.sock")"),
         "linux.seccomp.listenerPath: is 'run/x.sock', must be an absolute path"},
        {seccomp(R"("listenerMetadata": "x")"),
         "linux.seccomp.listenerMetadata: needs linux.seccomp.listenerPath"},
        {seccomp(R"("syscalls": [{"action": "SCMP_ACT_ALLOW"}])"),
         "linux.seccomp.syscalls[0].names: is missing"},
        {seccomp(R"("syscalls": [{"names": [], "action": "SCMP_ACT_ALLOW"}])"),
         "linux.seccomp.syscalls[0].names: is empty, must have at least one name"},
        {seccomp(R"("syscalls": [{"names": ["read", ""], "action": "SCMP_ACT_ALLOW"}])"),
         "linux.seccomp.syscalls[0].names[1]: is empty, must be the name of a system call"},
        {seccomp(R"("syscalls": [{"names": ["read"]}])"),
         "linux.seccomp.syscalls[0].action: is missing"},
        {seccomp(R"("syscalls": [{"names": ["read"], "action": "SCMP_ACT_TRAP", "errnoRet": 1}])"),
         "linux.seccomp.syscalls[0].errnoRet: is only allowed with SCMP_ACT_ERRNO and "
         "SCMP_ACT_TRACE"},
        {seccomp(
             R"("syscalls": [{"names": ["read"], "action": "SCMP_ACT_TRACE", "errnoRet": 65536}])"),
         "linux.seccomp.syscalls[0].errnoRet: is 65536, must be 0 to 65535"},
        {rule(R"("args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}])"),
         "linux.seccomp.syscalls[0].args[0].index: is 6, must be 0 to 5"},
        {rule(R"("args": [{"index": 0, "op": "SCMP_CMP_EQ"}])"),
         "linux.seccomp.syscalls[0].args[0].value: is missing"},
        {rule(R"("args": [{"index": 0, "value": 0, "op": "=="}])"),
         "linux.seccomp.syscalls[0].args[0].op: is '==', must be one of 'SCMP_CMP_EQ', "
         "'SCMP_CMP_GE', 'SCMP_CMP_GT', 'SCMP_CMP_LE', 'SCMP_CMP_LT', 'SCMP_CMP_MASKED_EQ', "
         "'SCMP_CMP_NE'"},
    });
}

}  // namespace
}  // namespace unitc::oci
