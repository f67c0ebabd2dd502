// SPDX-License-Identifier: Apache-2.0
// What the program of a device filter answers, by a small machine that knows
// the instructions it is made of.
#include "cgroup/device_filter.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace unitc::cgroup {
namespace {

constexpr uint32_t kMake = BPF_DEVCG_ACC_MKNOD;
constexpr uint32_t kRead = BPF_DEVCG_ACC_READ;
constexpr uint32_t kWrite = BPF_DEVCG_ACC_WRITE;

// Its answer, or -1 where the kernel's verifier would not have it.
int64_t run(const std::vector<bpf_insn>& program, const bpf_cgroup_dev_ctx& context) {
    uint32_t registers[BPF_REG_10]{};
    for (size_t at = 0; at < program.size(); ++at) {
        const bpf_insn& now = program[at];
        uint32_t& to = registers[now.dst_reg];
        const auto value = static_cast<uint32_t>(now.imm);
        switch (now.code) {
            case BPF_LDX | BPF_MEM | BPF_W:
                std::memcpy(&to, reinterpret_cast<const char*>(&context) + now.off, sizeof to);
                break;
            case BPF_ALU | BPF_MOV | BPF_X: to = registers[now.src_reg]; break;
            case BPF_ALU | BPF_MOV | BPF_K: to = value; break;
            case BPF_ALU | BPF_AND | BPF_K: to &= value; break;
            case BPF_ALU | BPF_RSH | BPF_K: to >>= value; break;
            case BPF_JMP32 | BPF_JNE | BPF_K:
                if (to != value)
                    at += static_cast<size_t>(now.off);
                break;
            case BPF_JMP | BPF_EXIT: return registers[BPF_REG_0];
            default: return -1;
        }
    }
    return -1;
}

int64_t ask(const std::vector<DeviceGrant>& grants, char type, uint32_t major, uint32_t minor,
            uint32_t access) {
    const uint32_t kind = type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
    return run(device_program(grants), {access << 16 | kind, major, minor});
}

TEST(DeviceFilter, DeniesWhatNoGrantNames) {
    EXPECT_EQ(ask({}, 'c', 1, 3, kRead), 0);
    const std::vector<DeviceGrant> null{{'c', 1, 3, true, true, true}};
    EXPECT_EQ(ask(null, 'c', 1, 3, kRead | kWrite), 1);
    EXPECT_EQ(ask(null, 'c', 1, 3, kMake), 1);
    EXPECT_EQ(ask(null, 'b', 1, 3, kRead), 0);
    EXPECT_EQ(ask(null, 'c', 2, 3, kRead), 0);
    EXPECT_EQ(ask(null, 'c', 1, 4, kRead), 0);
}

TEST(DeviceFilter, AsksForTheWholeAccess) {
    const std::vector<DeviceGrant> grants{{'c', 1, 5, true, false, false}};
    EXPECT_EQ(ask(grants, 'c', 1, 5, kRead), 1);
    EXPECT_EQ(ask(grants, 'c', 1, 5, kWrite), 0);
    EXPECT_EQ(ask(grants, 'c', 1, 5, kRead | kWrite), 0);
    EXPECT_EQ(ask(grants, 'c', 1, 5, kMake), 0);
}

TEST(DeviceFilter, TakesAnyNumberWhereNoneIsGiven) {
    const std::vector<DeviceGrant> grants{{'c', 136, std::nullopt, true, true, false},
                                          {'b', std::nullopt, std::nullopt, false, false, true}};
    EXPECT_EQ(ask(grants, 'c', 136, 1048575, kRead), 1);
    EXPECT_EQ(ask(grants, 'c', 137, 0, kRead), 0);
    EXPECT_EQ(ask(grants, 'b', 4095, 77, kMake), 1);
    EXPECT_EQ(ask(grants, 'b', 4095, 77, kRead), 0);
}

TEST(DeviceFilter, LooksAtEveryGrant) {
    std::vector<DeviceGrant> grants;
    for (uint32_t i = 0; i < 300; ++i)
        grants.push_back({'c', 10, i, true, false, false});
    EXPECT_EQ(ask(grants, 'c', 10, 0, kRead), 1);
    EXPECT_EQ(ask(grants, 'c', 10, 299, kRead), 1);
    EXPECT_EQ(ask(grants, 'c', 10, 300, kRead), 0);
}

}  // namespace
}  // namespace unitc::cgroup
