// SPDX-License-Identifier: Apache-2.0
// linux.resources of config.json as plain data, in the order and with the
// names of runtime-spec 1.3's config-linux.md. Absent stays absent: "not set"
// and 0 differ (pids.limit 0 is a limit). Where engines write 0 for "not set"
// and runc reads it so (memory limits, cpu shares, quota and period, weights),
// parse() makes it absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace unitc::oci {

struct DeviceRule {
    bool allow = false;
    char type = 'a';               // 'a' all, 'c' char, 'b' block
    std::optional<int64_t> major;  // absent or -1 in the file: any
    std::optional<int64_t> minor;
    std::string access;  // subset of "rwm"; empty in the file means "rwm", and is stored so
};

struct Memory {  // bytes; -1 is unlimited
    std::optional<int64_t> limit;
    std::optional<int64_t> reservation;
    std::optional<int64_t> swap;  // memory + swap
    std::optional<int64_t> kernel;
    std::optional<int64_t> kernel_tcp;
    std::optional<uint64_t> swappiness;
    std::optional<bool> disable_oom_killer;
    std::optional<bool> use_hierarchy;
    std::optional<bool> check_before_update;
};

struct Cpu {
    std::optional<uint64_t> shares;
    std::optional<int64_t> quota;    // µs per period; -1 is unlimited
    std::optional<uint64_t> burst;   // µs
    std::optional<uint64_t> period;  // µs
    std::optional<int64_t> realtime_runtime;
    std::optional<uint64_t> realtime_period;
    std::string cpus;  // "0-3,7"
    std::string mems;
    std::optional<int64_t> idle;
};

struct WeightDevice {
    int64_t major = 0;
    int64_t minor = 0;
    std::optional<uint16_t> weight;
    std::optional<uint16_t> leaf_weight;
};

struct ThrottleDevice {
    int64_t major = 0;
    int64_t minor = 0;
    uint64_t rate = 0;
};

struct BlockIo {
    std::optional<uint16_t> weight;  // 10 to 1000
    std::optional<uint16_t> leaf_weight;
    std::vector<WeightDevice> weight_device;
    std::vector<ThrottleDevice> throttle_read_bps_device;
    std::vector<ThrottleDevice> throttle_write_bps_device;
    std::vector<ThrottleDevice> throttle_read_iops_device;
    std::vector<ThrottleDevice> throttle_write_iops_device;
};

struct HugepageLimit {
    std::string page_size;  // "2MB", "1GB", "64KB"
    uint64_t limit = 0;
};

struct InterfacePriority {
    std::string name;
    uint32_t priority = 0;
};

struct Network {
    std::optional<uint32_t> class_id;
    std::vector<InterfacePriority> priorities;
};

struct Rdma {
    std::optional<uint32_t> hca_handles;
    std::optional<uint32_t> hca_objects;
};

struct Resources {
    std::vector<DeviceRule> devices;
    std::optional<Memory> memory;
    std::optional<Cpu> cpu;
    std::optional<int64_t> pids_limit;
    std::optional<BlockIo> block_io;
    std::vector<HugepageLimit> hugepage_limits;
    std::optional<Network> network;
    std::vector<std::pair<std::string, Rdma>> rdma;
    std::vector<std::pair<std::string, std::string>> unified;  // in the file's order
};

}  // namespace unitc::oci
