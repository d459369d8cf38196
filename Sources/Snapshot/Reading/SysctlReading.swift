internal import Glibc
internal import LinuxSystem

/// The settings below /proc/sys/net of the calling thread's namespace.
///
/// A fresh namespace is no neutral start (its IPv4 and neighbour settings come from the machine's first one), so what
/// decides where packets go is always kept, whatever its value.
struct SysctlReading {
    private(set) var values: [String: String] = [:]

    /// - Parameter devices: names of all devices of the namespace.
    init(devices: [String]) {
        for key in Sysctls.always { keep(key) }
        for family in ["ipv4", "ipv6"] {
            let settings = family == "ipv4" ? Sysctls.ipv4Devices : Sysctls.ipv6Devices
            for device in ["all", "default"] + devices {
                keep(settings, of: device, "net.\(family).conf")
                if device != "all" { keep(Sysctls.neighbours, of: device, "net.\(family).neigh") }
            }
        }
        keepOthers()
    }

    private mutating func keep(_ key: String) {
        let path = "/proc/sys/" + String(key.map { $0 == "." ? "/" : $0 })
        if let text = Self.read(path) { values[key] = text }
    }

    /// A device's name can hold dots, which sysctl(8) writes as slashes. From its open folder each file is found in a
    /// fraction of the time.
    private mutating func keep(_ settings: [String], of device: String, _ parent: String) {
        let folder = "/proc/sys/" + String(parent.map { $0 == "." ? "/" : $0 }) + "/\(device)"
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let prefix = "\(parent).\(Sysctls.word(device))."
        for setting in settings {
            if let text = Self.read(setting, below: descriptor) { values[prefix + setting] = text }
        }
    }

    /// All others that can be set, where they differ from what the kernel begins with.
    private mutating func keepOthers() {
        for (folder, key) in Sysctls.folders {
            for name in directoryNames(folder) where !Sysctls.secrets.contains(name) {
                let key = "\(key).\(name)"
                if values[key] != nil || Sysctls.derived.contains(key) { continue }
                var status = stat()
                let path = "\(folder)/\(name)"
                guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o200 != 0,
                    status.st_mode & 0o400 != 0, let text = Self.read(path), text != Sysctls.defaults[key]
                else { continue }
                values[key] = text
            }
        }
    }

    /// A file of one line; tabs between its numbers become blanks.
    static func read(_ path: String, below folder: Int32 = AT_FDCWD) -> String? {
        let descriptor = openat(folder, path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 8192, alignment: 1) { buffer -> String? in
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            guard count >= 0 else { return nil }
            // Most are one digit.
            if count == 2, buffer[1] == 0x0a { return String(Unicode.Scalar(buffer[0])) }
            var bytes = Array(buffer[..<count])
            while bytes.last == 0x0a { bytes.removeLast() }
            for index in bytes.indices where bytes[index] == 0x09 { bytes[index] = 0x20 }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
