internal import Glibc

/// Where the program `name` lies: in a folder of `$PATH`, else where administrators' programs are, which a user's
/// `$PATH` often lacks. Nil where it can't be run from any.
public func programPath(_ name: String) -> String? {
    let listed = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    let folders = listed.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin", "/usr/local/sbin"]
    return folders.lazy.map { "\($0)/\(name)" }.first { path in
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
