// SPDX-License-Identifier: Apache-2.0
// The steps' front doors; their order and meaning is the table in steps.cpp.
#pragma once

#include <initializer_list>

#include "init/context.hpp"

namespace unitc::init {

// child.cpp: runs the phases, tells the parent of what fails, and ends.
[[noreturn]] void run_phases(Context& context,
                             std::initializer_list<Result<> (*)(Context&)> phases) noexcept;
[[noreturn]] void fail_and_exit(const wire::Channel& channel, const Error& error) noexcept;

// What is done between clone3 and "ready", and from start to execve.
Result<> prepare(Context& context);
Result<> become_the_user(Context& context);
Result<> wait_for_start(Context& context);
Result<> become_the_container(Context& context);

// process.cpp
Result<> tie_to_parent(Context& context);    // nothing but that, and unseen by others
Result<> die_with_parent(Context& context);  // and a fresh process: signals, session, umask
Result<> take_output(Context& context);
Result<> close_inherited(Context& context);
Result<> adjust_oom_score(Context& context);
Result<> set_limits(Context& context);
Result<> join_keyring(Context& context);
Result<> set_names(Context& context);
Result<> write_sysctls(Context& context);
Result<> enter_directory(Context& context);           // made where it is missing
Result<> enter_existing_directory(Context& context);  // exec
Result<> set_no_new_privileges(Context& context);
Result<> drop_privileges(Context& context);
Result<> load_seccomp(Context& context);
Result<> find_executable(Context& context);
Result<> execute(Context& context);

// attributes.cpp
Result<> set_cpu_affinity(Context& context);
Result<> set_scheduler(Context& context);
Result<> set_io_priority(Context& context);
Result<> set_personality(Context& context);
Result<> set_memory_policy(Context& context);
Result<> label_keyring(Context& context);
Result<> set_labels(Context& context);
Result<> bring_loopback_up(Context& context);
Result<> await_net_devices(Context& context);

// namespaces.cpp
Result<> receive_mounts(Context& context);
Result<> copy_mounts(Context& context);  // in place of the parent
Result<> become_root(Context& context);
Result<> join_namespaces(Context& context);
Result<> enter_container(Context& context);
Result<> open_own_root(Context& context);
Result<> enter_cgroup_namespace(Context& context);
// Waits for the parent's word that the unit holds this process, once.
Result<> await_cgroup(Context& context);

// hooks.cpp
Result<> let_parent_run_hooks(Context& context);
Result<> run_create_container_hooks(Context& context);
Result<> run_start_container_hooks(Context& context);

// rootfs.cpp
Result<> open_host_null(Context& context);
Result<> copy_shared_sources(Context& context);
Result<> isolate_mounts(Context& context);
Result<> attach_root(Context& context);
Result<> finish_root(Context& context);
Result<> enter_root(Context& context);
Result<> change_root(Context& context);  // of enter_root, without pivot_root(2)
Result<> share_root(Context& context);
Result<> close_setup(Context& context);

// mounts.cpp
Result<> mount_all(Context& context);
Result<> mount_last(Context& context);
// Whether `destination` of the image shows `mount`; `flags` may be O_NOFOLLOW.
Result<> check_in_place(const Context& context, const Fd& mount, const std::string& destination,
                        int flags = 0);
// Moves `mount` onto the directory or file `destination` of the image.
Result<> place(Context& context, const Fd& mount, const Fd& target, const std::string& destination,
               int flags = 0);

// copy_up.cpp
// Fills the still detached tmpfs `mount` with what the directory `covered` holds.
Result<> copy_up(Context& context, const Fd& covered, const Fd& mount);

// devices.cpp
Result<> fill_dev(Context& context);

// masks.cpp
Result<> make_readonly_paths(Context& context);
Result<> mask_paths(Context& context);

// console.cpp
Result<> open_console(Context& context);

}  // namespace unitc::init
