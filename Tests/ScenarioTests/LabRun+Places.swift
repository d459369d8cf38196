import Dispatch

extension LabRun {
    /// A lab waits more than it works: more of them than there are processors run side by side.
    private static let places = DispatchSemaphore(value: 4)

    /// Runs `body` on a thread of its own, at most as many at once as there are places.
    static func inPlace<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                places.wait()
                defer { places.signal() }
                continuation.resume(with: Result(catching: body))
            }
        }
    }
}
