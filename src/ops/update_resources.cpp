// SPDX-License-Identifier: Apache-2.0
#include "ops/update_resources.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "oci/parse.hpp"
#include "oci/validate.hpp"
#include "sys/file.hpp"

namespace unitc::ops {
namespace {

constexpr std::string_view kPrefix = "linux.resources.";

struct Name {
    std::string_view field;
    std::string_view option;
};
// A field whose name another one starts with stands behind that one.
constexpr Name kNames[] = {
    {"blockIO.weight", "--blkio-weight"},
    {"blockIO", "--blkio-weight"},
    {"cpu.burst", "--cpu-burst"},
    {"cpu.cpus", "--cpuset-cpus"},
    {"cpu.idle", "--cpu-idle"},
    {"cpu.mems", "--cpuset-mems"},
    {"cpu.period", "--cpu-period"},
    {"cpu.quota", "--cpu-quota"},
    {"cpu.shares", "--cpu-share"},
    {"memory.kernelTCP", "--kernel-memory-tcp"},
    {"memory.kernel", "--kernel-memory"},
    {"memory.limit", "--memory"},
    {"memory.reservation", "--memory-reservation"},
    {"memory.swap", "--memory-swap"},
    {"pids", "--pids-limit"},
};

Result<std::string> read_document(const std::string& path) {
    const bool from_stdin = path == "-";
    const Fd file = TRY(from_stdin ? sys::duplicate(STDIN_FILENO)
                                   : sys::open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NOCTTY));
    return sys::read_all(file, oci::kMaxBytes);
}

// 0 is "not set" in the document, too.
template <typename Slot, typename T>
void give(Slot& slot, const T& value) {
    if (value != T{})
        slot = value;
}

oci::Resources from_options(const UpdateRequest& request) {
    oci::Resources resources;
    oci::Memory& memory = resources.memory.emplace();
    give(memory.limit, request.memory);
    give(memory.reservation, request.memory_reservation);
    give(memory.swap, request.memory_swap);
    give(memory.kernel, request.kernel_memory);
    give(memory.kernel_tcp, request.kernel_memory_tcp);
    oci::Cpu& cpu = resources.cpu.emplace();
    give(cpu.shares, request.cpu_shares);
    give(cpu.quota, request.cpu_quota);
    give(cpu.period, request.cpu_period);
    cpu.burst = request.cpu_burst;
    cpu.idle = request.cpu_idle;
    cpu.cpus = request.cpuset_cpus;
    cpu.mems = request.cpuset_mems;
    give(resources.block_io.emplace().weight, request.blkio_weight);
    resources.pids_limit = request.pids_limit;
    return resources;
}

}  // namespace

Result<oci::Resources> resources_of(const UpdateRequest& request) {
    oci::Resources resources;
    if (request.resources.empty()) {
        resources = from_options(request);
    } else {
        const std::string context = "--resources '" + request.resources + "'";
        const std::string document = TRY_IN(context, read_document(request.resources));
        resources = TRY_IN(context, oci::parse_resources(document));
    }
    if (auto valid = oci::validate_resources(resources); !valid)
        return fail(in_words_of(request, std::move(valid).error().message));
    return resources;
}

std::string in_words_of(const UpdateRequest& request, std::string message) {
    for (size_t at = 0; (at = message.find(kPrefix, at)) != std::string::npos;) {
        message.erase(at, kPrefix.size());
        if (!request.resources.empty())
            continue;
        for (const Name& name : kNames)
            if (std::string_view{message}.substr(at).starts_with(name.field)) {
                message.replace(at, name.field.size(), name.option);
                break;
            }
    }
    return message;
}

}  // namespace unitc::ops
