internal import Glibc
internal import LinuxSystem

/// All labs: those of a folder, or those inside the program.
public struct LabLibrary: Sendable, Hashable {
    private let files: LabFiles

    public init(directory: String) { files = .folder(directory) }

    private init(_ files: LabFiles) { self.files = files }

    /// The folder; nil for the labs inside the program.
    public var directory: String? { if case .folder(let path) = files { path } else { nil } }

    /// Those that the program carries.
    public static let builtIn = LabLibrary(.builtIn)

    /// The labs at `$PACKETWALK_LABS`, beside the installed program (`../share/packetwalk/labs`), in `fixtures/labs` of the
    /// folders above the program and above the working directory; else those inside the program. Throws `LabError` where
    /// `$PACKETWALK_LABS` names no folder.
    public static func find() throws(LabError) -> LabLibrary {
        if let value = getenv("PACKETWALK_LABS"), value.pointee != 0 {
            let path = String(cString: value)
            guard isDirectory(path) else {
                throw LabError(lab: "library", problem: "PACKETWALK_LABS names \(path), which is no directory")
            }
            return LabLibrary(directory: path)
        }
        let program = folder(of: resolved("/proc/self/exe") ?? "/")
        let here = resolved(".") ?? "/"
        let places =
            ["\(program)/../share/packetwalk/labs"]
            + (ancestors(of: program) + ancestors(of: here)).map {
                "\($0 == "/" ? "" : $0)/fixtures/labs"
            }
        for place in places where isDirectory(place) {
            return LabLibrary(directory: resolved(place) ?? place)
        }
        return builtIn
    }

    /// Names of all labs, sorted.
    public var names: [String] { files.names }

    /// Throws `LabError` where there is no such lab or its description is wrong.
    public func lab(named name: String) throws(LabError) -> Lab {
        guard !name.isEmpty, !name.contains("/"), files.holds(name) else {
            let shown = String(name.unicodeScalars.filter { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) })
            throw LabError(lab: shown, problem: "there is no such lab: packetwalk lab list names them", isUnknown: true)
        }
        return try Lab(name, in: files)
    }

    /// Every lab, by name. Throws the first `LabError`.
    public func labs() throws(LabError) -> [Lab] {
        var labs: [Lab] = []
        for name in names { labs.append(try Lab(name, in: files)) }
        return labs
    }
}

private func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

private func resolved(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
}

private func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
}

private func ancestors(of path: String) -> [String] {
    var found = [path]
    var next = path
    while next != "/" {
        next = folder(of: next)
        found.append(next)
    }
    return found
}
