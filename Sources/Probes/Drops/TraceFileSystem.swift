internal import CLinux
internal import Glibc
internal import LinuxSystem

/// The root of the kernel's tracing files (tracefs; Documentation/trace/ftrace.rst).
///
/// Taken where the machine has it mounted; else from a mount of our own that is attached nowhere and goes with its
/// descriptor, so that no mount of the machine changes.
final class TraceFileSystem {
    let root: Int32

    /// Throws `SystemError`: EPERM and EACCES without the privilege, ENODEV where the kernel has no tracefs.
    init() throws {
        for path in Self.mountPoints {
            let descriptor = open("\(path)/instances", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            close(descriptor)
            root = try retryingInterrupts("open \(path)") { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
            return
        }
        let descriptor = packetwalk_mount_tracefs()
        guard descriptor >= 0 else { throw SystemError("mount tracefs", errorNumber: -descriptor) }
        root = descriptor
    }

    deinit { close(root) }

    private static let mountPoints = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"]
}
