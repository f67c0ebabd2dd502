// SPDX-License-Identifier: Apache-2.0
#include "sys/identity.hpp"

#include <grp.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace unitc::sys {
namespace {

constexpr int kHighest = 63;

uint32_t low(uint64_t set) {
    return static_cast<uint32_t>(set);
}
uint32_t high(uint64_t set) {
    return static_cast<uint32_t>(set >> 32);
}

Result<uint64_t> read_set_by(int option, int argument) {
    uint64_t set = 0;
    for (int cap = 0; cap <= kHighest; ++cap) {
        const int is_set = option == PR_CAP_AMBIENT ? ::prctl(option, argument, cap, 0, 0)
                                                    : ::prctl(option, cap, 0, 0, 0);
        if (is_set < 0 && errno == EINVAL)
            break;  // beyond the kernel's last capability
        if (is_set < 0)
            return fail_sys("prctl",
                            option == PR_CAP_AMBIENT ? "PR_CAP_AMBIENT" : "PR_CAPBSET_READ");
        if (is_set == 1)
            set |= uint64_t{1} << cap;
    }
    return set;
}

Result<> check_identity(uid_t uid, gid_t gid, const std::vector<gid_t>* groups) {
    const auto wrong = [&] {
        return fail("the kernel did not take on user " + std::to_string(uid) + ":" +
                    std::to_string(gid) + " and its groups as asked");
    };
    uid_t r = 0, e = 0, s = 0;
    gid_t rg = 0, eg = 0, sg = 0;
    if (::getresuid(&r, &e, &s) < 0 || ::getresgid(&rg, &eg, &sg) < 0)
        return fail_sys("getresuid");
    if (r != uid || e != uid || s != uid || rg != gid || eg != gid || sg != gid)
        return wrong();
    if (groups == nullptr)
        return {};
    std::vector<gid_t> now(groups->size() + 1);
    const int count = ::getgroups(static_cast<int>(now.size()), now.data());
    if (count < 0)
        return fail_sys("getgroups");
    now.resize(static_cast<size_t>(count));
    std::vector<gid_t> wanted = *groups;  // the kernel sorts its list
    std::sort(wanted.begin(), wanted.end());
    std::sort(now.begin(), now.end());
    return now == wanted ? Result<>{} : wrong();
}

}  // namespace

Result<> drop_bounding(uint64_t keep) {
    for (int cap = 0; cap <= kHighest; ++cap) {
        if ((keep >> cap & 1) != 0)
            continue;
        if (::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
            if (errno == EINVAL)
                break;
            return fail_sys("prctl PR_CAPBSET_DROP", std::to_string(cap));
        }
    }
    return {};
}

Result<> set_effective(const CapabilitySets& sets) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct data[2] = {
        {low(sets.effective), low(sets.permitted), low(sets.inheritable)},
        {high(sets.effective), high(sets.permitted), high(sets.inheritable)}};
    if (::syscall(SYS_capset, &header, data) < 0)
        return fail_sys("capset");
    return {};
}

Result<> set_capabilities(const CapabilitySets& sets) {
    TRY(set_effective(sets));
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return fail_sys("prctl PR_CAP_AMBIENT_CLEAR_ALL");
    for (int cap = 0; cap <= kHighest; ++cap)
        if ((sets.ambient >> cap & 1) != 0 &&
            ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
            return fail_sys("prctl PR_CAP_AMBIENT_RAISE", std::to_string(cap));
    return {};
}

Result<CapabilitySets> read_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    if (::syscall(SYS_capget, &header, data) < 0)
        return fail_sys("capget");
    const auto join = [](uint32_t first, uint32_t second) {
        return uint64_t{first} | uint64_t{second} << 32;
    };
    CapabilitySets sets;
    sets.effective = join(data[0].effective, data[1].effective);
    sets.permitted = join(data[0].permitted, data[1].permitted);
    sets.inheritable = join(data[0].inheritable, data[1].inheritable);
    sets.bounding = TRY(read_set_by(PR_CAPBSET_READ, 0));
    sets.ambient = TRY(read_set_by(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET));
    return sets;
}

Result<> become(uid_t uid, gid_t gid, const std::vector<gid_t>* groups) {
    if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_KEEPCAPS");
    if (groups != nullptr && ::setgroups(groups->size(), groups->data()) < 0)
        return fail_sys("setgroups");
    if (::setresgid(gid, gid, gid) < 0)
        return fail_sys("setresgid", std::to_string(gid));
    if (::setresuid(uid, uid, uid) < 0)
        return fail_sys("setresuid", std::to_string(uid));
    if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
        return fail_sys("prctl PR_SET_KEEPCAPS");
    return check_identity(uid, gid, groups);
}

}  // namespace unitc::sys
