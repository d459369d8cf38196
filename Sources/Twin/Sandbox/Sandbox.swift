internal import CLinux
internal import Glibc
internal import LinuxSystem

/// A machine within the machine: network, mount, process and IPC namespaces of its own, where everything that a lab or
/// a twin does stays and from which nothing remains.
///
/// A program enters it by running itself again inside:
///
/// ```swift
/// guard let sandbox = Sandbox.current else {
///     exit(try Sandbox.enter(arguments: CommandLine.arguments))
/// }
/// ```
///
/// Inside, the process is root, `/run` is an empty tmpfs (so `ip netns` and the iptables lock are its own), the network
/// is that of a machine just started: `lo`, down, and nothing else. No privilege is needed outside
/// (user_namespaces(7)); for root no user namespace is made, since the kernel's drop reasons and container engines want
/// real root. Costs some 10 ms and a second start of the program.
public struct Sandbox: Sendable, Hashable {
    /// Whether the sandbox is made with a user namespace of its own.
    public enum Privilege: Sendable, Hashable {
        /// Unless the caller may make namespaces without one, as root may.
        case automatic
        /// Always: root inside is nobody outside.
        case userNamespace
    }

    /// Whether root in here is root outside too.
    public let isPrivileged: Bool
    /// Whether its network has been built, and this program runs again where a part of it can't be seen.
    public let isBuilt: Bool
    /// The inode of the network namespace outside.
    let outside: UInt64

    /// Carries the sandbox's mark to the program inside: the inode of the network namespace outside, the mode, and
    /// `built` where its network has been.
    static let markVariable = "PACKETWALK_SANDBOX"

    /// The sandbox that this process runs in; nil outside of one.
    ///
    /// The mark alone is not believed: it names the network namespace outside, and this process must be in another.
    public static let current: Sandbox? = {
        guard let value = getenv(markVariable) else { return nil }
        // For this process alone: what it starts may make a sandbox of its own.
        defer { unsetenv(markVariable) }
        return decode(mark: String(cString: value), inode: (try? NetworkNamespaceFile.current())?.inode)
    }()

    static func decode(mark: String, inode: UInt64?) -> Sandbox? {
        let parts = mark.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let outside = UInt64(parts[0]), let inode, inode != outside else {
            return nil
        }
        guard parts[1] == "root" || parts[1] == "user", parts.count == 2 || parts[2] == "built" else { return nil }
        return Sandbox(isPrivileged: parts[1] == "root", isBuilt: parts.count == 3, outside: outside)
    }

    /// Runs this very program in a new sandbox with `arguments` (the first is its name) and gives its exit status, or
    /// 128 and the signal's number.
    ///
    /// Standard input, output, error, the working directory and the environment are handed on. Signals sent to this
    /// process reach the one inside. If this process is killed, everything inside ends with it. Throws `SandboxError`.
    public static func enter(
        arguments: [String] = CommandLine.arguments, environment: [String: String] = [:],
        privilege: Privilege = .automatic
    ) throws(SandboxError) -> Int32 {
        try run(path: ownPath(), arguments: arguments, environment: environment, privilege: privilege)
    }

    /// The file of this very program.
    static func ownPath() throws(SandboxError) -> String {
        guard let path = linkTarget("/proc/self/exe") else { throw SandboxError(step: .execute, errorNumber: errno) }
        return path
    }

    /// As `enter`, with the program `path`.
    static func run(
        path: String, arguments: [String], environment: [String: String] = [:], privilege: Privilege = .automatic
    ) throws(SandboxError) -> Int32 {
        let userNamespace = makesUserNamespace(privilege)
        let words = arguments.map { strdup($0) } + [nil]
        let surroundings =
            try merged(with: marked(environment, userNamespace: userNamespace)).map { strdup($0) } + [nil]
        defer {
            for word in words { free(word) }
            for word in surroundings { free(word) }
        }
        var step: Int32 = 0
        defer { if !userNamespace { removeControlGroups() } }
        let status = packetwalk_sandbox(path, words, surroundings, userNamespace ? 1 : 0, &step)
        guard status >= 0 else {
            throw SandboxError(step: SandboxError.Step(rawValue: step) ?? .process, errorNumber: -status)
        }
        return status
    }

    static func makesUserNamespace(_ privilege: Privilege) -> Bool {
        privilege == .userNamespace || !Capability.systemAdministration.isEffective
    }

    /// The environment of a program in a sandbox that this process makes: with the mark by which it knows that it is in one.
    static func marked(
        _ environment: [String: String], userNamespace: Bool
    ) throws(SandboxError) -> [String: String] {
        let inode: UInt64
        do {
            inode = try NetworkNamespaceFile.current().inode
        } catch {
            throw SandboxError(step: .process, errorNumber: (error as? SystemError)?.errorNumber ?? EIO)
        }
        var changed = environment
        changed[markVariable] = "\(inode):\(userNamespace ? "user" : "root")"
        changed["XTABLES_LOCKFILE"] = "/run/xtables.lock"
        return changed
    }

    /// Control groups are no namespace's own: a container engine in a sandbox leaves empty ones (it is told to put them
    /// below this name). Those of a sandbox that still runs can't be removed and stay.
    private static func removeControlGroups() {
        let root = "/sys/fs/cgroup"
        for top in [root] + directoryNames(root).map({ "\(root)/\($0)" }) {
            let group = "\(top)/packetwalk"
            for name in directoryNames(group) { rmdir("\(group)/\(name)") }
            rmdir(group)
        }
    }

    static func merged(with changed: [String: String]) -> [String] {
        var entries: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if changed[String(text.prefix { $0 != "=" })] == nil { entries.append(text) }
            next += 1
        }
        return entries + changed.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}
