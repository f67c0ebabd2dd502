// SPDX-License-Identifier: Apache-2.0
#include "cgroup/device_filter.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace unitc::cgroup {
namespace {

constexpr uint8_t kResult = BPF_REG_0;
constexpr uint8_t kContext = BPF_REG_1;
constexpr uint8_t kType = BPF_REG_2;
constexpr uint8_t kAccess = BPF_REG_3;
constexpr uint8_t kMajor = BPF_REG_4;
constexpr uint8_t kMinor = BPF_REG_5;
constexpr uint8_t kScratch = BPF_REG_6;

bpf_insn instruction(int code, uint8_t to, uint8_t from, int16_t offset, int32_t value) {
    bpf_insn made{};
    made.code = static_cast<uint8_t>(code);
    made.dst_reg = to & 0xf;
    made.src_reg = from & 0xf;
    made.off = offset;
    made.imm = value;
    return made;
}

bpf_insn load(uint8_t to, size_t offset) {
    return instruction(BPF_LDX | BPF_MEM | BPF_W, to, kContext, static_cast<int16_t>(offset), 0);
}
bpf_insn calculate(int operation, uint8_t to, int32_t value) {
    return instruction(BPF_ALU | operation | BPF_K, to, 0, 0, value);
}
bpf_insn copy(uint8_t to, uint8_t from) {
    return instruction(BPF_ALU | BPF_MOV | BPF_X, to, from, 0, 0);
}
// Where to is filled in when the end of the grant is known.
bpf_insn leave_unless(uint8_t what, uint32_t value) {
    return instruction(BPF_JMP32 | BPF_JNE | BPF_K, what, 0, 0, static_cast<int32_t>(value));
}

using Program = std::vector<bpf_insn>;

void answer(Program& program, int32_t value) {
    program.push_back(calculate(BPF_MOV, kResult, value));
    program.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

int32_t access_of(const DeviceGrant& grant) {
    return (grant.read ? BPF_DEVCG_ACC_READ : 0) | (grant.write ? BPF_DEVCG_ACC_WRITE : 0) |
           (grant.make ? BPF_DEVCG_ACC_MKNOD : 0);
}

void add_grant(Program& program, const DeviceGrant& grant) {
    const size_t begin = program.size();
    program.push_back(
        leave_unless(kType, grant.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
    program.push_back(copy(kScratch, kAccess));
    program.push_back(calculate(BPF_AND, kScratch, ~access_of(grant)));
    program.push_back(leave_unless(kScratch, 0));
    if (grant.major)
        program.push_back(leave_unless(kMajor, *grant.major));
    if (grant.minor)
        program.push_back(leave_unless(kMinor, *grant.minor));
    answer(program, 1);
    for (size_t i = begin; i < program.size(); ++i)
        if (program[i].code == (BPF_JMP32 | BPF_JNE | BPF_K))
            program[i].off = static_cast<int16_t>(program.size() - i - 1);
}

// A large attribute, all zero, as device_programs() needs it.
union bpf_attr no_attributes() {
    union bpf_attr attribute;
    std::memset(&attribute, 0, sizeof attribute);
    return attribute;
}

}  // namespace

std::vector<bpf_insn> device_program(const std::vector<DeviceGrant>& grants) {
    constexpr int32_t kTypeBits = 0xffff;
    constexpr int32_t kAccessShift = 16;
    Program program{
        load(kType, offsetof(bpf_cgroup_dev_ctx, access_type)),
        copy(kAccess, kType),
        calculate(BPF_AND, kType, kTypeBits),
        calculate(BPF_RSH, kAccess, kAccessShift),
        load(kMajor, offsetof(bpf_cgroup_dev_ctx, major)),
        load(kMinor, offsetof(bpf_cgroup_dev_ctx, minor)),
    };
    for (const DeviceGrant& grant : grants)
        add_grant(program, grant);
    answer(program, 0);
    return program;
}

Result<> filter_devices(const Fd& group, const std::vector<DeviceGrant>& grants) {
    const Program program = device_program(grants);
    static constexpr char kLicense[] = "Apache-2.0";
    union bpf_attr attribute = no_attributes();
    attribute.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attribute.insns = reinterpret_cast<uintptr_t>(program.data());
    attribute.insn_cnt = static_cast<uint32_t>(program.size());
    attribute.license = reinterpret_cast<uintptr_t>(kLicense);
    const Fd loaded{
        static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &attribute, sizeof attribute))};
    if (!loaded)
        return fail_sys("bpf BPF_PROG_LOAD");
    attribute = no_attributes();
    attribute.target_fd = static_cast<uint32_t>(group.get());
    attribute.attach_bpf_fd = static_cast<uint32_t>(loaded.get());
    attribute.attach_type = BPF_CGROUP_DEVICE;
    // A container that has its group to itself may add to it, not replace it.
    attribute.attach_flags = BPF_F_ALLOW_MULTI;
    if (::syscall(SYS_bpf, BPF_PROG_ATTACH, &attribute, sizeof attribute) < 0)
        return fail_sys("bpf BPF_PROG_ATTACH");
    return {};
}

}  // namespace unitc::cgroup
