internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Network

/// Links and namespaces that come and go while the run lasts. Their end is a normal end of their probes.
extension ProbeReader {
    /// Follows what was heard of: links that came up get captures at once, those removed lose theirs; what else changed
    /// is learnt from a new reading of the topology.
    func follow(changesAt now: Int64) {
        layAgain(now)
        let changes = discovery.takeChanges()
        for namespace in changes.routing { routes?.forget(namespace) }
        var requests: [CaptureRequest] = []
        removeCaptures(
            Set(
                changes.links.filter(\.link.isRemoval).map { LinkKey(namespace: $0.namespace, index: $0.link.index) }))
        for (namespace, link) in changes.links where !link.isRemoval {
            if link.isUp, let file = namespaces[namespace] {
                requests.append(
                    CaptureRequest(
                        namespace: namespace, file: file, device: link.name, index: link.index,
                        isLoopback: link.isLoopback, isMaster: link.isBridge))
            }
        }
        // One burst tells of a link several times; the last word is the one that holds.
        var seen: Set<LinkKey> = []
        requests = requests.reversed().filter {
            seen.insert(LinkKey(namespace: $0.namespace, index: $0.index)).inserted
        }
        tell { try capture(requests) }
        guard discovery.hasStep(now: now) else { return }
        let queue = queue
        var found: Topology?
        attempt { found = discovery.step(now: now, wake: { queue.wake() }) }
        if let found { follow(found) }
    }

    /// Lays hooks again where rules were taken away, a tenth of a second after the last time or later.
    private func layAgain(_ now: Int64) {
        if suspects.isEmpty || now < nextLaying { return }
        nextLaying = now + 100_000_000
        let namespaces = suspects
        suspects = []
        for source in sources.values {
            guard let namespace = source.namespaceName, namespaces.contains(namespace) else { continue }
            attempt {
                guard try source.layAgain(into: intake) else { return }
                queue.warn("hooks in \(namespace) went with the rules that they stood among, and are laid again")
                discovery.request()
            }
        }
    }

    /// Rules of a namespace changed, by somebody else.
    func rulesChanged(in namespace: String, _ change: RulesWatch.Change) {
        if change.isNewPlace { discovery.request() } else { discovery.requestLater() }
        if change.removed > 0 || change.isReload { suspects.insert(namespace) }
        guard change.isReload else { return }
        let program = change.program.map { " by \($0)" } ?? ""
        queue.warn("the rules of \(namespace) were loaded again\(program): what follows is explained by the new ones")
    }

    /// The same of iptables-legacy, of which no more is told than that something is different.
    func legacyRulesChanged(in namespace: String) {
        discovery.requestLater()
        suspects.insert(namespace)
    }

    /// A namespace by the name that it had when its probes were armed: an engine may have named it since.
    private func knownByOldName(_ namespace: Namespace) -> Namespace {
        guard namespaces[namespace.name]?.inode != namespace.inode,
            let known = namespaces.first(where: { $0.value.inode == namespace.inode })
        else { return namespace }
        var renamed = namespace
        renamed.name = known.key
        return renamed
    }

    private func follow(_ topology: Topology) {
        intake.fact(.topology(topology, timeNanoseconds: realTimeNanoseconds()))
        let present = Set(topology.namespaces.map(\.inode))
        let gone = namespaces.filter { !present.contains($0.value.inode) }.map(\.key)
        // All at once: each close waits for the kernel.
        removeCaptures(Set(captured.keys.filter { gone.contains($0.namespace) }))
        for name in gone { forget(name) }
        let watched = topology.namespaces.map(knownByOldName).filter { isWatched($0.name) }
        attempt { try arm(watched) }
        for namespace in watched {
            guard let file = namespaces[namespace.name] else { continue }
            routes?.learn(namespace)
            attempt { do { try enclose(namespace) } catch  where namespace.hasGone {} }
            tell { try capture(namespace.links.map { CaptureRequest($0, in: namespace, file: file) }) }
        }
    }

    /// An open socket keeps a namespace alive, so its end shows only in its name: a namespace whose path leads nowhere
    /// or elsewhere asks for a new reading.
    func lookForVanishedNamespaces() {
        // The path may lead through a process of somebody with privileges.
        let isMissing = try? arming.perform { namespaces.values.contains { !$0.isInPlace } }
        if isMissing == true { discovery.request() }
    }

    /// Ends the probes of a namespace, and with them the hold on it.
    private func forget(_ namespace: String) {
        if let file = namespaces[namespace] {
            attempt {
                sightings?.forget(file)
                try drops?.forget(inode: file.inode)
            }
        }
        traceable.remove(namespace)
        suspects.remove(namespace)
        for key in captured.keys where key.namespace == namespace { captured[key] = nil }
        for source in sources.values where source.namespaceName == namespace {
            _ = readOnce(source, began: 0)
            remove(source)
        }
        routes?.remove(namespace)
        join.forget(namespace)
        intake.registry.forget(namespace: namespace)
        namespaces[namespace] = nil
    }

    /// Ends the captures of links, together.
    func removeCaptures(_ keys: Set<LinkKey>) {
        if keys.isEmpty { return }
        let captures = sources.values.compactMap { $0 as? LinkCapture }.filter {
            keys.contains(LinkKey(namespace: $0.namespace, index: $0.index))
        }
        for capture in captures { _ = readOnce(capture, began: 0) }
        remove(captures)
        // The table of watched devices is the kernel's, and changed by the privileged alone.
        attempt {
            for key in keys {
                if let file = namespaces[key.namespace] { sightings?.unwatch(key.index, inode: file.inode) }
            }
        }
        for key in keys { captured[key] = nil }
    }

    /// Does on the arming thread what comes of a change. What goes wrong with a newcomer is a warning: the run goes on.
    private func attempt(_ work: () throws -> Void) { tell { try arming.perform(work) } }

    private func tell(_ work: () throws -> Void) {
        do { try work() } catch { queue.warn("\(error)") }
    }
}
