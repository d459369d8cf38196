internal import Glibc
internal import LinuxSystem

/// The settings below /proc/sys/net of the calling thread's namespace.
///
/// A fresh namespace is no neutral start (its IPv4 and neighbour settings come from the machine's first one), so what
/// decides where packets go is always kept, whatever its value.
struct SysctlReading {
    private(set) var values: [String: String] = [:]
    private let folders = SysctlFolders()

    /// - Parameter devices: names of all devices of the namespace.
    init(devices: [String]) {
        for key in Sysctls.always { keep(key) }
        for family in ["ipv4", "ipv6"] {
            let settings = family == "ipv4" ? Sysctls.ipv4Devices : Sysctls.ipv6Devices
            for device in ["all", "default"] + devices {
                keep(settings, of: device, family, "conf")
                if device != "all" { keep(Sysctls.neighbours, of: device, family, "neigh") }
            }
        }
        keepOthers()
    }

    /// - Parameter key: as sysctl(8) writes it, without dots in the names of folders: `net.ipv4.route.min_pmtu`.
    private mutating func keep(_ key: String) {
        let parts = key.split(separator: ".")
        guard let folder = folders[parts[1..<(parts.count - 1)].joined(separator: "/")],
            let text = Self.read(String(parts[parts.count - 1]), below: folder)
        else { return }
        values[key] = text
    }

    /// A device's name can hold dots, which sysctl(8) writes as slashes.
    private mutating func keep(_ settings: [String], of device: String, _ family: String, _ kind: String) {
        guard let folder = folders["\(family)/\(kind)/\(device)"] else { return }
        let prefix = "net.\(family).\(kind).\(Sysctls.word(device))."
        for setting in settings {
            if let text = Self.read(setting, below: folder) { values[prefix + setting] = text }
        }
        folders.close("\(family)/\(kind)/\(device)")
    }

    /// All others that can be set, where they differ from what the kernel begins with.
    private mutating func keepOthers() {
        for (path, key) in Sysctls.folders {
            guard let folder = folders[path] else { continue }
            for name in directoryNames(folder) where !Sysctls.secrets.contains(name) {
                let key = "\(key).\(name)"
                if values[key] != nil || Sysctls.derived.contains(key) { continue }
                guard let text = Self.read(name, below: folder, onlySettable: true), text != Sysctls.defaults[key]
                else { continue }
                values[key] = text
            }
        }
    }

    /// A file of one line; tabs between its numbers become blanks. Nil for what can't be read, and for a folder.
    ///
    /// - Parameter onlySettable: whether a file that nobody may write, or read, counts as none.
    private static func read(_ name: String, below folder: Int32, onlySettable: Bool = false) -> String? {
        let descriptor = openat(folder, name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if onlySettable {
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o600 == 0o600
            else { return nil }
        }
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

/// Open folders below /proc/sys/net, of the namespace that the calling thread stands in.
///
/// The kernel keeps the files of all namespaces under one name, in one chain: a file is found by its open folder in a
/// fraction of the time that each step of a path takes where there are hundreds.
private final class SysctlFolders {
    private var descriptors: [String: Int32] = [:]

    /// By its path below /proc/sys/net, such as `ipv4/conf`; nil where it is not there.
    subscript(path: String) -> Int32? {
        if let known = descriptors[path] { return known >= 0 ? known : nil }
        var found: Int32 = -1
        if path.isEmpty {
            found = open("/proc/sys/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        } else {
            let end = path.lastIndex(of: "/")
            if let parent = self[end.map { String(path[..<$0]) } ?? ""] {
                let name = end.map { String(path[path.index(after: $0)...]) } ?? path
                found = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            }
        }
        descriptors[path] = found
        return found >= 0 ? found : nil
    }

    func close(_ path: String) {
        guard let known = descriptors.removeValue(forKey: path), known >= 0 else { return }
        Glibc.close(known)
    }

    deinit { for descriptor in descriptors.values where descriptor >= 0 { Glibc.close(descriptor) } }
}
