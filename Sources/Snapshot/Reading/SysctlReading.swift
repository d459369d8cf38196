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
                for setting in settings { keep("net.\(family).conf", device, setting) }
                if device == "all" { continue }
                for setting in Sysctls.neighbours { keep("net.\(family).neigh", device, setting) }
            }
        }
        keepOthers()
    }

    private mutating func keep(_ key: String) {
        let path = "/proc/sys/" + String(key.map { $0 == "." ? "/" : $0 })
        if let text = Self.read(path) { values[key] = text }
    }

    /// A device's name can hold dots, which sysctl(8) writes as slashes.
    private mutating func keep(_ parent: String, _ device: String, _ setting: String) {
        let folder = "/proc/sys/" + String(parent.map { $0 == "." ? "/" : $0 })
        guard let text = Self.read("\(folder)/\(device)/\(setting)") else { return }
        values["\(parent).\(Sysctls.word(device)).\(setting)"] = text
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
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return withUnsafeTemporaryAllocation(byteCount: 8192, alignment: 1) { buffer -> String? in
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            guard count >= 0 else { return nil }
            var bytes = Array(buffer[..<count])
            while bytes.last == 0x0a { bytes.removeLast() }
            for index in bytes.indices where bytes[index] == 0x09 { bytes[index] = 0x20 }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
