public import LinuxSystem

/// A probe that could not be set up: one line that says what was attempted, why it failed, and what to do.
public struct ProbeError: Error, Sendable, Hashable, CustomStringConvertible {
    public var attempt: String
    public var reason: String
    public var remedy: String?
    /// The caller lacks a privilege.
    public var isPermission: Bool
    /// What the user wrote is wrong.
    public var isUsage: Bool

    public init(
        _ attempt: String, reason: String, remedy: String? = nil, isPermission: Bool = false, isUsage: Bool = false
    ) {
        self.attempt = attempt
        self.reason = reason
        self.remedy = remedy
        self.isPermission = isPermission
        self.isUsage = isUsage
    }

    public init(_ error: SystemError, remedy: String? = nil) {
        self.init(error.attempt, reason: error.reason, remedy: remedy, isPermission: error.isPermission)
    }

    public var description: String {
        "cannot \(attempt): \(reason)" + (remedy.map { "; \($0)" } ?? "")
    }
}
