internal import CLinux
internal import Glibc

/// A thread that runs one closure with every signal blocked, so that signals go to the threads that want them.
public final class WorkerThread: Sendable {
    private let thread: pthread_t

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// - Throws: `SystemError` where the system has no thread to give.
    public init(_ run: @escaping @Sendable () -> Void) throws {
        let body = Unmanaged.passRetained(Body(run))
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            throw SystemError("start a thread", errorNumber: code)
        }
        self.thread = thread
    }

    /// Lets it end by itself. Instead of `join`.
    public func detach() {
        pthread_detach(thread)
    }

    /// Waits for its end. Once only.
    public func join() {
        pthread_join(thread, nil)
    }
}

/// Names the calling thread, as ps(1) and /proc/PID/task/TID/comm show it: 15 bytes at most.
public func nameThread(_ name: String) { packetwalk_name_thread(name) }
