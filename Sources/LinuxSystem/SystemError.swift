internal import Glibc

/// A failed system call: what was attempted, on what, and why.
public struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// `enter namespace mynamespace`, `open /proc/5/ns/net`, …
    public var attempt: String
    public var errorNumber: Int32
    /// The kernel's own text about the refusal, where it gave one.
    public var explanation: String?

    public init(_ attempt: String, errorNumber: Int32, explanation: String? = nil) {
        self.attempt = attempt
        self.errorNumber = errorNumber
        self.explanation = explanation
    }

    /// strerror(3).
    public var reason: String { String(cString: strerror(errorNumber)) }
    public var isPermission: Bool { errorNumber == EPERM || errorNumber == EACCES }
    public var description: String {
        "cannot \(attempt): \(reason)" + (explanation.map { " (the kernel: \($0))" } ?? "")
    }
}

/// Repeats `call` while it is interrupted by a signal; throws what else it fails with.
@discardableResult
public func retryingInterrupts<Value: BinaryInteger>(_ attempt: @autoclosure () -> String, _ call: () -> Value) throws
    -> Value
{
    while true {
        let value = call()
        if value >= 0 { return value }
        let number = errno
        if number != EINTR { throw SystemError(attempt(), errorNumber: number) }
    }
}
