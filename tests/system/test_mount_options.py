# SPDX-License-Identifier: Apache-2.0
"""Mount options that do more than set a flag: tmpcopyup, symlinks that are kept, id-mapped mounts."""

import os
import socket
import stat

from lab import process, test, until


def _live(t, bundle):
    c = t.detached(bundle)
    t.check(until(lambda: process.stat(c.pid) and os.readlink(f"/proc/{c.pid}/exe").endswith("/busybox")), "never executed")
    return c


def _facts(path):
    found = os.lstat(path)
    return (stat.S_IFMT(found.st_mode), oct(found.st_mode & 0o7777), found.st_uid, found.st_gid, found.st_mtime_ns,
            found.st_rdev if stat.S_ISCHR(found.st_mode) else 0)


def _copied(bundle):
    """A bundle whose /mnt of the image is copied into a tmpfs."""
    return bundle.mount("/mnt", "tmpfs", "tmpfs", "tmpcopyup", "nosuid")


@test(peers="runc")
def tmpcopyup_begins_with_what_the_image_has(t):
    bundle = _copied(t.bundle(shell="cat /mnt/file /mnt/sub/deep; echo new > /mnt/file; echo more > /mnt/more", private=True))
    os.makedirs(bundle.inside("/mnt/sub"))
    bundle.write("/mnt/file", "old\n").write("/mnt/sub/deep", "deep\n")
    t.equal(t.run(bundle).out, "old\ndeep\n", "stdout")
    t.equal(open(bundle.inside("/mnt/file")).read(), "old\n", "the image's file afterwards")
    t.check(not os.path.exists(bundle.inside("/mnt/more")), "a new file reached the image")


@test(peers="")
def tmpcopyup_keeps_owners_modes_times_and_kinds(t):
    bundle = _copied(t.bundle("sleep", "1000", private=True))
    bundle.write("/mnt/suid", "x", 0o4751)
    os.makedirs(bundle.inside("/mnt/dir/below"))
    os.symlink("/nowhere/at all", bundle.inside("/mnt/link"))
    os.mkfifo(bundle.inside("/mnt/fifo"), 0o640)
    os.mknod(bundle.inside("/mnt/null"), 0o620 | stat.S_IFCHR, os.makedev(1, 3))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(bundle.inside("/mnt/socket"))
    listener.close()
    os.chmod(bundle.inside("/mnt/dir"), 0o3711)
    names = ("suid", "link", "fifo", "null", "socket", "dir/below", "dir")
    for number, name in enumerate(names):
        os.lchown(bundle.inside(f"/mnt/{name}"), 1000 + number, 2000 + number)
        os.utime(bundle.inside(f"/mnt/{name}"), ns=(10 ** 18 + number, 10 ** 18 + 7 * number), follow_symlinks=False)
    os.chmod(bundle.inside("/mnt/suid"), 0o4751)
    os.chown(bundle.inside("/mnt"), 7, 8)
    os.chmod(bundle.inside("/mnt"), 0o1750)
    os.setxattr(bundle.inside("/mnt/suid"), "trusted.mark", b"yes")
    c = _live(t, bundle)
    for name in names:
        t.equal(_facts(f"/proc/{c.pid}/root/mnt/{name}"), _facts(bundle.inside(f"/mnt/{name}")), f"facts of {name}")
    t.equal(os.readlink(f"/proc/{c.pid}/root/mnt/link"), "/nowhere/at all", "the link's target")
    t.equal(os.getxattr(f"/proc/{c.pid}/root/mnt/suid", "trusted.mark"), b"yes", "extended attribute")
    t.equal(_facts(f"/proc/{c.pid}/root/mnt")[1:4], ("0o1750", 7, 8), "mode and owner of the mount")


@test(peers="")
def tmpcopyup_neither_reads_outside_nor_blocks(t):
    """A hostile image: links out, a fifo nobody writes to, a device, a sparse file of a tebibyte."""
    canary = t.canary()
    bundle = _copied(t.bundle(shell="ls -l /mnt; test -L /mnt/out && test -p /mnt/fifo && echo same", private=True))
    os.symlink(canary.path(), bundle.inside("/mnt/out"))
    os.symlink("../../../../../../etc", bundle.inside("/mnt/up"))
    os.mkfifo(bundle.inside("/mnt/fifo"))
    os.mknod(bundle.inside("/mnt/zero"), 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    bundle.write("/mnt/sparse", "begin")
    os.truncate(bundle.inside("/mnt/sparse"), 2 ** 40)
    result = t.run(bundle)
    t.contains(result.out, "same\n", str(2 ** 40))
    t.check(result.seconds < 5 * t.scale, f"took {result.seconds:.1f} s")


@test(peers="")
def tmpcopyup_ends_at_a_depth_no_image_needs(t):
    bundle = _copied(t.bundle("true", private=True))
    os.makedirs(bundle.inside("/mnt/" + "d/" * 126))
    t.run(bundle)
    os.makedirs(bundle.inside("/mnt/" + "d/" * 140))
    t.fails(bundle, words=("tmpcopyup", "directories deep"))


@test(peers="")
def tmpcopyup_does_not_copy_what_is_mounted_below(t):
    os.makedirs(t.path("data"))
    open(t.path("data/secret"), "w").close()
    bundle = t.bundle(shell="find /mnt", private=True).bind(t.path("data"), "/mnt/below").bind(t.path("data/secret"), "/mnt/file")
    os.makedirs(bundle.inside("/mnt/below"))
    bundle.write("/mnt/file", "")
    t.equal(sorted(t.run(_copied(bundle)).lines), ["/mnt", "/mnt/below", "/mnt/file"], "files in the tmpfs")


@test(peers="")
def tmpcopyup_of_nothing_is_an_empty_tmpfs(t):
    bundle = t.bundle(shell="ls -A /new/place; touch /new/place/x && echo fine", writable=True)
    t.equal(t.run(bundle.mount("/new/place", "tmpfs", "tmpfs", "tmpcopyup")).out, "fine\n", "stdout")


@test(peers="")
def tmpcopyup_with_ro_is_filled_and_then_read_only(t):
    bundle = t.bundle(shell="cat /mnt/file; touch /mnt/x 2>&1", private=True).mount("/mnt", "tmpfs", "tmpfs", "tmpcopyup", "ro")
    bundle.write("/mnt/file", "there\n")
    t.contains(t.run(bundle, status=1).out, "there\n", "Read-only file system")


@test(peers="")
def a_tmpfs_too_small_for_the_copy_is_an_error(t):
    bundle = t.bundle("true", private=True).mount("/mnt", "tmpfs", "tmpfs", "tmpcopyup", "size=64k")
    bundle.write("/mnt/big", "x" * 200000)
    t.fails(bundle, words=("mounts[7]", "tmpcopyup", "big", "no space left on device"))


def _link(t):
    """A file, and a link to it, on the host's side."""
    with open(t.path("file"), "w") as file:
        file.write("content\n")
    os.symlink("file", t.path("link"))
    return t.path("link")


@test(peers="")
def copy_symlink_makes_the_link_anew(t):
    link = _link(t)
    bundle = t.bundle(shell="readlink /mnt/a/here", writable=True).bind(link, "/mnt/a/here", "copy-symlink")
    t.equal(t.run(bundle).out, "file\n", "the link in the container")
    t.equal(t.run(bundle).out, "file\n", "the same link again")
    os.unlink(bundle.inside("/mnt/a/here"))
    bundle.write("/mnt/a/here", "")
    t.fails(bundle, words=("mounts[7]", "copy-symlink", "exists in the root"))
    bundle = t.bundle("cat", "/mnt/x", writable=True).bind(t.path("file"), "/mnt/x", "copy-symlink")
    t.equal(t.run(bundle).out, "content\n", "a source that is no link is mounted")


@test(peers="")
def src_nofollow_mounts_the_link_itself(t):
    link = _link(t)
    bundle = t.bundle(shell="readlink /mnt/here; cat /mnt/here", writable=True).bind(link, "/mnt/here", "src-nofollow")
    bundle.write("/mnt/file", "the image's\n")
    t.equal(t.run(bundle).out, "file\nthe image's\n", "the link, and what it leads to inside")
    t.check(not os.path.islink(bundle.inside("/mnt/here")), "the link was made in the image")


@test(peers="")
def dest_nofollow_covers_a_link_of_the_image(t):
    _link(t)
    bundle = t.bundle(shell="cat /mnt/here /mnt/target", writable=True).bind(t.path("file"), "/mnt/here", "dest-nofollow")
    bundle.write("/mnt/target", "the image's\n")
    os.symlink("target", bundle.inside("/mnt/here"))
    t.equal(t.run(bundle).out, "content\nthe image's\n", "the mount, and what the link led to")


@test(peers="")
def options_of_the_wrong_mount_are_refused(t):
    for option, kind, word in (("tmpcopyup", "bind", "tmpfs mounts alone"), ("src-nofollow", "tmpfs", "bind mounts alone"),
                               ("dest-nofollow", "tmpfs", "bind mounts alone"), ("copy-symlink", "tmpfs", "bind mounts alone"),
                               ("tmpcopyup", "ramfs", "not 'ramfs'")):
        t.fails(t.bundle("true").mount("/mnt", kind, "/etc", option), words=("mounts[7].options", option, word))


@test(peers="runc")
def nosymfollow_and_its_recursive_form(t):
    os.makedirs(t.path("data"))
    os.symlink("file", t.path("data/link"))
    open(t.path("data/file"), "w").close()
    for option in ("nosymfollow", "rnosymfollow"):
        bundle = t.bundle(shell="cat /mnt/link 2>&1; cat /mnt/file").bind(t.path("data"), "/mnt", option)
        t.contains(t.run(bundle).out, "Too many levels of symbolic links")


def _mapped_source(t):
    """A directory of user 0 and a file of user 1, on a file system that can be id-mapped."""
    source = t.path("source")
    os.makedirs(source)
    t.command("mount", "-t", "tmpfs", "idmapped", source)
    t.finally_do(lambda: t.command("umount", "-R", source))
    open(os.path.join(source, "file"), "w").close()
    os.chown(os.path.join(source, "file"), 1, 2)
    probe = t.run(_idmap(t.bundle("true"), source, "idmap", 0, 0), status=None)
    t.machine_needs("doesn't support idmap" not in probe.err, "needs tmpfs with idmap")
    return source


def _idmap(bundle, source, option, uid, gid, *more, size=1000):
    bundle.bind(source, "/mnt", *([option] if option else []), *more)
    bundle.mounts[-1]["uidMappings"] = [{"containerID": 0, "hostID": uid, "size": size}]
    bundle.mounts[-1]["gidMappings"] = [{"containerID": 0, "hostID": gid, "size": size}]
    return bundle


@test(peers="")
def idmap_shows_ids_through_the_mounts_own_mappings(t):
    source = _mapped_source(t)
    for option in ("idmap", "ridmap", ""):  # mappings alone mean idmap, as with runc
        bundle = _idmap(t.bundle(shell="stat -c '%n %u:%g' /mnt /mnt/file"), source, option, 5000, 7000)
        t.equal(t.run(bundle).out, "/mnt 5000:7000\n/mnt/file 5001:7002\n", f"owners with {option or 'no option'}")
    t.equal(os.stat(os.path.join(source, "file")).st_uid, 1, "the source's owner afterwards")


@test(peers="runc")
def idmap_keeps_the_other_options(t):
    bundle = _idmap(t.bundle(shell="touch /mnt/x 2>&1; grep ' /mnt ' /proc/self/mountinfo"), _mapped_source(t), "idmap", 5000, 7000,
                    "ro", "nosuid")
    result = t.run(bundle)
    t.contains(result.out, "Read-only file system", "ro,nosuid")
    t.check("shared:" not in result.out, f"the mount is a peer of the host's: {result.out}")


@test(peers="")
def ridmap_reaches_the_mounts_below_and_idmap_does_not(t):
    source = _mapped_source(t)
    os.makedirs(os.path.join(source, "below"))
    t.command("mount", "-t", "tmpfs", "inner", os.path.join(source, "below"))
    for option, wanted in (("idmap", "0"), ("ridmap", "5000")):
        bundle = t.bundle(shell="stat -c %u /mnt/below").mount("/mnt", "bind", source, "rbind", option)
        for key in ("uidMappings", "gidMappings"):
            bundle.mounts[-1][key] = [{"containerID": 0, "hostID": 5000, "size": 10}]
        t.equal(t.run(bundle).out.strip(), wanted, f"owner below with {option}")


@test(peers="")
def idmap_without_mappings_takes_those_of_the_user_namespace(t):
    source = _mapped_source(t)
    bundle = t.bundle(shell="stat -c '%n %u:%g' /mnt /mnt/file; touch /mnt/new && echo made", private=True).bind(source, "/mnt", "idmap")
    bundle.linux["namespaces"].append({"type": "user"})
    for key in ("uidMappings", "gidMappings"):
        bundle.linux[key] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    t.equal(t.run(bundle).out, "/mnt 0:0\n/mnt/file 1:2\nmade\n", "stdout")
    t.equal(os.stat(os.path.join(source, "new")).st_uid, 0, "owner of the new file on the host")


@test(peers="")
def id_maps_that_cannot_be_are_refused(t):
    os.makedirs(t.path("data"))
    t.fails(t.bundle("true").bind(t.path("data"), "/mnt", "idmap"),
            words=("mounts[7]", "id-mapped mounts must have both uid and gid mappings specified"))
    bundle = _idmap(t.bundle("true"), t.path("data"), "idmap", 5, 5)
    del bundle.mounts[-1]["gidMappings"]
    t.fails(bundle, words=("mounts[7]", "id-mapped mounts must have both uid and gid mappings specified"))
    bundle = t.bundle("true").mount("/mnt", "tmpfs", "tmpfs", "idmap")
    t.fails(bundle, words=("mounts[7]", "id-mapped mounts are only supported for bind-mounts"))
    bundle = _idmap(t.bundle("true"), t.path("data"), "idmap", 5, 5)
    bundle.mounts[-1]["uidMappings"] *= 2
    t.fails(bundle, words=("mounts[7].uidMappings[1]: overlaps",))
    bundle = _idmap(t.bundle("true"), "/sys/fs/cgroup", "idmap", 5, 5)
    t.fails(bundle, words=("mounts[7]", "failed to set MOUNT_ATTR_IDMAP on /sys/fs/cgroup", "doesn't support idmap"))


def _flagged(t, flags):
    """A tmpfs of the host's whose mount alone has the flags."""
    path = t.path("flagged")
    os.makedirs(path, exist_ok=True)
    t.equal(t.command("mount", "-t", "tmpfs", "-o", "strictatime", "tmpfs", path).status, 0, "mount")
    t.finally_do(lambda: t.command("umount", path))
    t.equal(t.command("mount", "--bind", "-o", f"remount,{flags}", path).status, 0, "remount")
    return path


def _seen(t, path, *options, user_namespace=False):
    bundle = t.bundle("awk", '$2 == "/mnt" { print $4 }', "/proc/self/mounts").bind(path, "/mnt", *options)
    if user_namespace:
        bundle.linux["namespaces"].append({"type": "user"})
        for key in ("uidMappings", "gidMappings"):
            bundle.linux[key] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    result = t.call("run", "-b", bundle.save().path, t.id())
    return set(result.out.strip().split(",")) - {"size", "inode64"} if result.status == 0 else result.err


@test(peers="runc")
def access_times_stay_the_sources_unless_a_way_of_keeping_them_is_chosen(t):
    for source, options, present, absent in (
            ("noatime", ("nosuid",), {"noatime", "nosuid"}, {"relatime"}), ("noatime", ("atime",), {"noatime"}, {"relatime"}),
            ("noatime", ("norelatime",), {"noatime"}, set()), ("noatime", ("relatime",), {"relatime"}, {"noatime"}),
            ("noatime", ("nodiratime",), {"nodiratime", "relatime"}, {"noatime"}), ("nodiratime,ro", ("dev",), {"nodiratime", "rw"}, {"ro"}),
            ("nodiratime", ("diratime",), {"nodiratime"}, set()), ("nodiratime", ("strictatime",), set(), {"nodiratime", "relatime", "noatime"}),
            ("noatime", ("nodiratime", "strictatime"), {"nodiratime"}, {"noatime", "relatime"})):
        seen = _seen(t, _flagged(t, source), *options)
        t.check(present <= seen and not absent & seen, f"{options} of a {source} mount: {seen}")


@test(peers="")
def flags_that_a_user_namespace_must_not_clear_stay_or_are_an_error(t):
    seen = _seen(t, _flagged(t, "ro,nosuid,nodev,noexec"), "nosuid", user_namespace=True)
    t.check({"ro", "nosuid", "nodev", "noexec"} <= seen, f"unnamed flags: {seen}")
    for name in ("rw", "suid", "dev", "exec"):
        t.contains(_seen(t, _flagged(t, "ro,nosuid,nodev,noexec"), name, user_namespace=True),
                   "unable to start container process: error during container init: error mounting mounts[", "operation not permitted")
    t.check("rw" in _seen(t, _flagged(t, "ro,nosuid"), "rw"), "without a user namespace")
