internal import CLinux
internal import Glibc
internal import LinuxSystem

extension Sandbox {
    /// The network namespaces of `ip netns`, sorted.
    public static var namedNamespaces: [String] { directoryNames(namesDirectory) }

    /// Runs this very program again in this sandbox, in place of this process, where the namespaces `names` of
    /// `ip netns` can't be seen: as on a real machine nothing of what lies beyond its uplink can.
    ///
    /// What was built stays and goes on: hidden namespaces forward, answer, and drop packets, and their programs run. But
    /// in the mount namespace of the new program they have no name (`ip netns`) and no other mount, and the processes in
    /// them have no entry in /proc. A process that one of those starts later has one again: /proc is the kernel's own,
    /// and covered entry by entry. Returns only to throw `SandboxError`.
    public func enter(hiding names: [String], arguments: [String] = CommandLine.arguments) throws(SandboxError) -> Never
    {
        let path = try Self.ownPath()
        let mark = "\(outside):\(isPrivileged ? "root" : "user"):built"
        try hideFromThisThread(names)
        let words = arguments.map { strdup($0) } + [nil]
        let surroundings = Self.merged(with: [Self.markVariable: mark]).map { strdup($0) } + [nil]
        execve(path, words, surroundings)
        throw SandboxError(step: .execute, errorNumber: errno)
    }

    /// Hides the namespaces `names` of `ip netns` as `enter(hiding:)` does, from the calling thread and from all threads and
    /// programs that it starts from now on. Sockets that are open in them go on. Throws `SandboxError`.
    public func hideFromThisThread(_ names: [String]) throws(SandboxError) {
        do {
            try Self.hide(names)
        } catch {
            throw SandboxError(step: .hide, errorNumber: (error as? SystemError)?.errorNumber ?? EIO)
        }
    }

    private static let namesDirectory = "/run/netns"

    /// Gives this thread, and what it executes, a mount namespace in which nothing leads to the namespaces.
    private static func hide(_ names: [String]) throws {
        let code = packetwalk_unshare_mounts()
        guard code == 0 else { throw SystemError("make a mount namespace", errorNumber: -code) }
        let hidden = Set(try names.map { try NetworkNamespaceFile(path: "\(namesDirectory)/\($0)").inode })
        // Another name of the same namespace would lead to it as well.
        let kept = namedNamespaces.compactMap { name in
            (try? NetworkNamespaceFile(path: "\(namesDirectory)/\(name)")).map { (name, $0) }
        }.filter { !hidden.contains($0.1.inode) }
        try unmount(hidden)
        try coverProcesses(of: hidden)
        // The files of /run/netns are those of every mount namespace: to remove one would be to remove it there too.
        try attach("tmpfs", to: namesDirectory, kind: "tmpfs")
        for (name, file) in kept {
            let path = "\(namesDirectory)/\(name)"
            close(try retryingInterrupts("make \(path)") { open(path, O_CREAT | O_RDONLY | O_CLOEXEC, 0o444) })
            try withExtendedLifetime(file) { try attach("/proc/self/fd/\(file.descriptor)", to: path, kind: nil) }
        }
    }

    private static func unmount(_ hidden: Set<UInt64>) throws {
        let table = String(decoding: try readFile("/proc/thread-self/mountinfo"), as: UTF8.self)
        for line in table.split(separator: "\n") {
            // proc(5): ID, parent, device, root, mount point, …
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count > 5, let inode = Self.inode(fields[3]), hidden.contains(inode) else { continue }
            let path = String(fields[4])
            try retryingInterrupts("unmount \(path)") { umount2(path, Int32(MNT_DETACH)) }
        }
    }

    /// Lays an empty file system over the entry of each process in one of the namespaces.
    private static func coverProcesses(of hidden: Set<UInt64>) throws {
        for name in directoryNames("/proc") where UInt32(name) != nil {
            guard let link = linkTarget("/proc/\(name)/ns/net"), let inode = inode(link), hidden.contains(inode) else {
                continue
            }
            do {
                try attach("tmpfs", to: "/proc/\(name)", kind: "tmpfs")
            } catch let error as SystemError where error.errorNumber == ENOENT {
                // It has ended.
            }
        }
    }

    /// The number in `net:[4026531840]`.
    private static func inode(_ text: some StringProtocol) -> UInt64? {
        text.hasPrefix("net:[") && text.hasSuffix("]") ? UInt64(text.dropFirst(5).dropLast()) : nil
    }

    /// mount(2): a new file system of the kind, or with nil what stands at `source`.
    private static func attach(_ source: String, to path: String, kind: String?) throws {
        let flags = kind == nil ? UInt(MS_BIND) : UInt(MS_NOSUID | MS_NODEV)
        try retryingInterrupts("mount \(path)") { mount(source, path, kind, flags, nil) }
    }
}
