internal import Glibc
internal import LinuxSystem
public import Network
internal import Probes
public import Wire

/// Looks a name up as a program of a namespace would: its hosts(5), its resolv.conf(5), its own way to the resolvers.
public struct NameLookup: Sendable {
    /// Why there is no address.
    public enum Failure: Error, Sendable, Hashable {
        /// resolv.conf names nobody to ask.
        case noResolver(file: String)
        /// The question could not be sent, or an ICMP error came back.
        case unreachable(resolver: IPAddress, errorNumber: Int32)
        /// No reply came.
        case silent(resolver: IPAddress)
        /// `NXDOMAIN`, `SERVFAIL`, …: of the name that was asked last.
        case result(String, name: String, resolver: IPAddress)
        /// The name is there, and has no address of the families asked for.
        case noAddress(name: String, resolver: IPAddress)
    }

    private let namespace: Namespace
    private let files: Files
    public var waitMilliseconds: Int32 = 2000

    /// Where the namespace's programs find their files.
    private struct Files: Sendable {
        var hosts: String
        var resolver: String
    }

    public init(in namespace: Namespace) {
        self.namespace = namespace
        files = Self.files(of: namespace)
    }

    /// Programs of a container have a root of their own; those of `ip netns exec` get `/etc/netns/NAME`.
    private static func files(of namespace: Namespace) -> Files {
        func existing(_ path: String, _ other: String) -> String { access(path, R_OK) == 0 ? path : other }
        if !namespace.containers.isEmpty, let process = process(in: namespace) {
            let root = "/proc/\(process)/root/etc"
            return Files(hosts: "\(root)/hosts", resolver: "\(root)/resolv.conf")
        }
        let own = "/etc/netns/\(namespace.name)"
        return Files(
            hosts: existing("\(own)/hosts", "/etc/hosts"),
            resolver: existing("\(own)/resolv.conf", "/etc/resolv.conf"))
    }

    private static func process(in namespace: Namespace) -> Int32? {
        directoryNames("/proc").lazy.compactMap { Int32($0) }.first { process in
            (try? NetworkNamespaceFile(path: "/proc/\(process)/ns/net"))?.inode == namespace.inode
        }
    }

    /// - Parameter family: nil for either, IPv4 first.
    public func address(of name: String, family: IPAddress.Family?) throws(Failure) -> IPAddress {
        func fits(_ address: IPAddress) -> Bool { family.map { $0 == address.family } ?? true }
        if let hosts = readText(files.hosts),
            let address = ResolverFile.addresses(of: name, inHosts: hosts).first(where: fits)
        {
            return address
        }
        let resolver = ResolverFile(readText(files.resolver) ?? "")
        guard !resolver.servers.isEmpty else { throw .noResolver(file: files.resolver) }
        let types: [UInt16] = family.map { $0 == .ipv4 ? [1] : [28] } ?? [1, 28]
        var last: Failure?
        var hasName: Failure?
        for name in resolver.candidates(name) {
            for type in types {
                let answer: (message: DNSMessage, resolver: IPAddress)
                do throws(Failure) {
                    answer = try ask(name, type, resolver.servers)
                } catch {
                    // A resolver that says nothing says nothing of other names either.
                    throw error
                }
                if let address = answer.message.answers.lazy.compactMap({ IPAddress($0) }).first(where: fits) {
                    return address
                }
                let result = answer.message.resultName
                if answer.message.responseCode == 0 {
                    hasName = .noAddress(name: name, resolver: answer.resolver)
                } else {
                    last = .result(result, name: name, resolver: answer.resolver)
                }
            }
        }
        throw hasName ?? last ?? .noResolver(file: files.resolver)
    }

    /// The first resolver that replies; where none does, what became of the first one.
    private func ask(
        _ name: String, _ type: UInt16, _ servers: [IPAddress]
    ) throws(Failure) -> (message: DNSMessage, resolver: IPAddress) {
        var first: Failure?
        for server in servers {
            switch exchange(name, type, with: server) {
            case .success(let message): return (message, server)
            case .failure(let failure): first = first ?? failure
            }
        }
        throw first ?? .noResolver(file: files.resolver)
    }

    private func exchange(_ name: String, _ type: UInt16, with server: IPAddress) -> Result<DNSMessage, Failure> {
        let identifier = UInt16.random(in: 0...UInt16.max)
        guard let question = DNSMessage.question(name, type: type, identifier: identifier) else {
            return .failure(.result("FORMERR", name: name, resolver: server))
        }
        let wait = waitMilliseconds
        let outcome = try? NetworkNamespaceFile(path: namespace.path).perform { () -> Result<[UInt8], Failure> in
            Self.exchange(question, with: server, milliseconds: wait)
        }
        switch outcome {
        case .success(let bytes)?:
            guard let message = DNSMessage(bytes.span.bytes), message.identifier == identifier, message.isResponse
            else {
                return .failure(.silent(resolver: server))
            }
            return .success(message)
        case .failure(let failure)?: return .failure(failure)
        case nil: return .failure(.unreachable(resolver: server, errorNumber: EPERM))
        }
    }

    /// In the namespace that the thread is in.
    private static func exchange(
        _ question: [UInt8], with server: IPAddress, milliseconds: Int32
    ) -> Result<[UInt8], Failure> {
        let descriptor = socket(
            server.isIPv4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .failure(.unreachable(resolver: server, errorNumber: errno)) }
        defer { close(descriptor) }
        let refusal = connectSocket(descriptor, to: server, port: 53)
        guard refusal == 0 else { return .failure(.unreachable(resolver: server, errorNumber: refusal)) }
        let sent = question.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) }
        guard sent >= 0 else { return .failure(.unreachable(resolver: server, errorNumber: errno)) }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, milliseconds) > 0 else { return .failure(.silent(resolver: server)) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count >= 0 else { return .failure(.unreachable(resolver: server, errorNumber: errno)) }
        return .success(Array(bytes.prefix(count)))
    }
}
