internal import Glibc
internal import LinuxSystem
internal import Runs
internal import Views

/// The namespace that a lab's packet is sent from, where the tool must not see it: a descriptor alone leads there, which
/// this process keeps as it runs itself again.
enum HiddenSender {
    private static let variable = "PACKETWALK_HIDDEN_SENDER"

    /// What opens the namespace; nil where none was kept.
    static var path: String? {
        guard let value = getenv(variable), let descriptor = Int32(String(cString: value)) else { return nil }
        return "/proc/self/fd/\(descriptor)"
    }

    /// Keeps the namespace `name` of `ip netns`. Throws `RunError` where there is none.
    static func keep(_ name: String) throws {
        let descriptor = open("/run/netns/\(name)", O_RDONLY)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw RunError(.lacking, "cannot open the namespace \(visibleText(name)): \(reason)")
        }
        setenv(variable, "\(descriptor)", 1)
    }
}
