internal import Glibc

/// A kernel setting as sysctl(8) names it, and the value that it gets.
struct KernelSetting: Sendable, Hashable {
    var name: String
    var value: String

    init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// A line of sysctl.conf(5): `name = value`.
    init?(line: String) {
        guard let sign = line.firstIndex(of: "=") else { return nil }
        func bare(_ text: Substring) -> String {
            let start = text.drop { $0 == " " }
            return String(start[..<(start.lastIndex { $0 != " " }.map { start.index(after: $0) } ?? start.startIndex)])
        }
        self.init(bare(line[..<sign]), bare(line[line.index(after: sign)...]))
    }

    /// Its file below /proc/sys: a slash in the name stands for a dot (of a device).
    var path: String {
        String(name.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 })
    }

    struct Failure: Sendable {
        var name: String
        var errorNumber: Int32
        var words: String { "setting key \"\(name)\": \(String(cString: strerror(errorNumber)))" }
    }
}

/// Settings of the calling thread's network namespace.
enum KernelSettings {
    /// Gives those that can't be set; ENOENT for what this kernel does not have.
    ///
    /// - Parameter endsAtFailure: whether the first one of them ends it.
    static func write(_ settings: [KernelSetting], endsAtFailure: Bool = false) -> [KernelSetting.Failure] {
        var failures: [KernelSetting.Failure] = []
        // Neighbours in the list are mostly in one folder.
        var folder = (path: Substring(), descriptor: Int32(-1))
        defer { if folder.descriptor >= 0 { close(folder.descriptor) } }
        for setting in settings where failures.isEmpty || !endsAtFailure {
            let path = setting.path
            guard let slash = path.lastIndex(of: "/"), !path.contains("..") else {
                failures.append(KernelSetting.Failure(name: setting.name, errorNumber: ENOENT))
                continue
            }
            if folder.path != path[..<slash] {
                if folder.descriptor >= 0 { close(folder.descriptor) }
                folder = (path[..<slash], open("/proc/sys/\(path[..<slash])", O_RDONLY | O_DIRECTORY | O_CLOEXEC))
            }
            if let code = write(setting.value, to: String(path[path.index(after: slash)...]), in: folder.descriptor) {
                failures.append(KernelSetting.Failure(name: setting.name, errorNumber: code))
            }
        }
        return failures
    }

    /// Gives the error's number; nil where it is set.
    private static func write(_ value: String, to name: String, in folder: Int32) -> Int32? {
        guard folder >= 0 else { return ENOENT }
        let descriptor = openat(folder, name, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        let line = value + "\n"
        return line.withCString { Glibc.write(descriptor, $0, strlen($0)) } < 0 ? errno : nil
    }
}
