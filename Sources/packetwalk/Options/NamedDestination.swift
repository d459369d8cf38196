internal import Discovery
internal import Glibc
internal import Network
internal import Runs
internal import Wire

/// A destination by its name: of a container, a Compose service, a pod or a namespace, one that the sender's resolver knows,
/// a guest of libvirt, or a Service of Kubernetes.
struct NamedDestination {
    /// Where a name leads: to an address, or, where no resolver replies, to the question itself.
    enum Target {
        case address(IPAddress)
        /// The packet that did not get through: UDP to port 53 of the resolver.
        case resolver(IPAddress)
    }

    var name: String
    /// What is told of the resolver where it does not reply.
    let sequel: String

    init(_ name: String, sequel: String = "What becomes of the question:") {
        self.name = name
        self.sequel = sequel
    }

    /// Throws `RunError`: of a name without an address with status 1, since the packet's sender gets no further either.
    ///
    /// - Parameter source: the sender's address where one was asked for: the other one is of its family.
    func target(from sender: String, source: IPAddress?) throws -> Target {
        let topology = try Topology.discover()
        let own = try resolveNamespace(sender, in: topology)
        if let space = try? resolveNamespace(name, in: topology) {
            return .address(try address(of: space, for: own, source: source))
        }
        let guest = GuestAddresses.addresses(of: name).first { source == nil || source?.family == $0.family }
        if let guest { return .address(guest) }
        do throws(NameLookup.Failure) {
            return .address(try NameLookup(in: own).address(of: name, family: source?.family))
        } catch {
            if error.isOfName, let service = topology.kubernetesService(name, for: source?.family) {
                return .address(service)
            }
            // Docker's resolver asks others for a name whose container does not run, and may get no reply.
            if let found = ContainerEngines.stopped(name) {
                let who = found.name == name ? "the container \(name)" : "\(found.name), a container of that service,"
                throw RunError(
                    .notFound, "\(own.name) cannot resolve \(name): \(who) is not running (\(found.state))")
            }
            if let server = dockerForwards(error, in: own) { return .resolver(server) }
            return try failed(error, in: own.name)
        }
    }

    /// One of a network that both are on first, IPv4 before IPv6.
    private func address(of space: Namespace, for own: Namespace, source: IPAddress?) throws -> IPAddress {
        let networks = own.links.flatMap(\.addresses)
        let all = space.links.flatMap(\.addresses).map(\.address).filter { address in
            !address.isLoopback && !address.isLinkLocal && (source.map { $0.family == address.family } ?? true)
        }
        let sorted = all.enumerated().sorted { one, other in
            func rank(_ address: IPAddress) -> (Int, Int) {
                (networks.contains { $0.contains(address) } ? 0 : 1, address.isIPv4 ? 0 : 1)
            }
            let (left, right) = (rank(one.element), rank(other.element))
            return left == right ? one.offset < other.offset : left < right
        }
        guard let address = sorted.first?.element else {
            throw RunError(
                .usage,
                "cannot send to \(name): \(space.name) has no address\(source == nil ? "" : " of the source's family")")
        }
        return address
    }

    /// The server that Docker's resolver passes questions on to, in the container's own network, and that gives it no reply; nil where
    /// it is another resolver, or its servers are not the container's own.
    private func dockerForwards(_ failure: NameLookup.Failure, in own: Namespace) -> IPAddress? {
        guard case .silent(let resolver) = failure, resolver == ContainerEngines.embeddedResolver,
            let server = own.containers.lazy.flatMap({ ContainerEngines.resolvers(ofContainer: $0) }).first
        else { return nil }
        complain(
            "\(own.name) cannot resolve \(name): Docker's resolver \(resolver) gets no reply from \(server), which it asks for \(own.name) (--dns). \(sequel)"
        )
        return server
    }

    private func failed(_ failure: NameLookup.Failure, in sender: String) throws -> Target {
        let words = "\(sender) cannot resolve \(name)"
        switch failure {
        case .noResolver(let file):
            throw RunError(
                .notFound,
                "\(words): \(file) names no resolver, and no container or namespace of this machine has that name")
        case .result(let result, let asked, let resolver):
            let meaning = Self.meanings[result] ?? "the resolver refuses to say"
            throw RunError(
                .notFound,
                "\(words): its resolver \(resolver) replies \(result) for \(asked): \(meaning)")
        case .noAddress(let asked, let resolver):
            throw RunError(
                .notFound,
                "\(words): its resolver \(resolver) knows \(asked), but no address of it")
        case .silent(ContainerEngines.embeddedResolver):
            throw RunError(
                .notFound,
                "\(words): Docker's resolver \(ContainerEngines.embeddedResolver) does not reply. Names that are no container's it asks of the servers of its own (dns in daemon.json), or of /etc/resolv.conf on the host: ask one of them (packetwalk explain --from host SERVER --udp 53)"
            )
        case .silent(let resolver):
            complain("\(words): its resolver \(resolver) does not reply. \(sequel)")
            return .resolver(resolver)
        case .unreachable(let resolver, let number):
            let why = String(cString: strerror(number))
            complain("\(words): its resolver \(resolver) can't be asked (\(why)). \(sequel)")
            return .resolver(resolver)
        }
    }

    private static let meanings = [
        "NXDOMAIN": "there is no such name", "SERVFAIL": "the resolver itself gets no answer",
        "REFUSED": "it does not answer this sender", "FORMERR": "it is no name that can be asked for",
    ]
}

extension NameLookup.Failure {
    /// Whether a resolver has been asked and does not know the name, or there is none to ask.
    fileprivate var isOfName: Bool {
        switch self {
        case .noResolver, .result, .noAddress: true
        case .silent, .unreachable: false
        }
    }
}
