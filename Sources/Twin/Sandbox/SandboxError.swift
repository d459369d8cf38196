internal import CLinux
internal import Glibc
internal import LinuxSystem

/// Why no sandbox could be made.
public struct SandboxError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was being done.
    public enum Step: Int32, Sendable {
        /// Starting the first process.
        case process = 1
        /// clone(2) with new namespaces.
        case namespaces = 2
        /// Becoming root inside.
        case identity = 3
        /// /run and its like.
        case mount = 4
        /// Running the program inside.
        case execute = 5
        /// Hiding a network namespace in it.
        case hide = 6
    }

    public var step: Step
    public var errorNumber: Int32
    /// The machine's setting that forbids it, as the command that would allow it; nil where none is known.
    public var remedy: String?

    init(step: Step, errorNumber: Int32) {
        self.step = step
        self.errorNumber = errorNumber
        remedy = Self.remedy(step: step, setting: readText)
    }

    /// Looks at the settings that forbid user namespaces; `setting` reads a file's text.
    static func remedy(step: Step, setting: (String) -> String?) -> String? {
        guard step != .execute, step != .process, step != .hide else { return nil }
        if setting("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
            return "sysctl -w kernel.unprivileged_userns_clone=1"
        }
        if setting("/proc/sys/user/max_user_namespaces") == "0" {
            return "sysctl -w user.max_user_namespaces=15000"
        }
        if setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
            return "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        }
        return nil
    }

    /// One line: what was attempted, why it failed, what to do.
    public var description: String {
        // clone(2) says ENOSPC, which reads "No space left on device".
        let reason =
            step == .namespaces && errorNumber == ENOSPC
            ? "no more of them are allowed here (user.max_user_namespaces)" : String(cString: strerror(errorNumber))
        let attempt =
            switch step {
            case .process: "start its first process"
            case .namespaces: "make its namespaces"
            case .identity: "become root inside it"
            case .mount: "mount its /run"
            case .execute: "run this program inside it"
            case .hide: "hide a network namespace in it"
            }
        let advice =
            switch (remedy, step) {
            case (let remedy?, _): "; run as root: \(remedy)"
            case (nil, .namespaces), (nil, .identity), (nil, .mount):
                "; user namespaces may be forbidden here (a container needs --privileged, or --security-opt "
                    + "seccomp=unconfined,apparmor=unconfined); or run as root"
            case (nil, _): ""
            }
        return "cannot make a sandbox: cannot \(attempt): \(reason)\(advice)"
    }
}
