internal import Network

/// What bridges were made for, by the files of those who made them: Podman's networks, CNI's, libvirt's; and whose the
/// devices of virtual machines are.
struct BridgeNetworks {
    private let files: HostFiles
    /// By the device's name.
    private(set) var workloads: [String: Workload] = [:]

    init(_ files: HostFiles) {
        self.files = files
        addPodman()
        addCNI()
        addLibvirt()
    }

    private mutating func addPodman() {
        let folders = ["/etc/containers/networks", "/run/containers/networks"]
        for folder in folders {
            for file in files.names(folder) where file.hasSuffix(".json") {
                guard let network = files.json("\(folder)/\(file)"), let name = network["name"]?.string,
                    let bridge = network["network_interface"]?.string
                else { continue }
                workloads[bridge] = Workload(.network, name, identifier: network["id"]?.string, by: .podman)
            }
        }
        // The network that is always there has no file until somebody changes it.
        if workloads["podman0"] == nil { workloads["podman0"] = Workload(.network, "podman", by: .podman) }
    }

    private mutating func addCNI() {
        let folder = "/etc/cni/net.d"
        for file in files.names(folder) where file.hasSuffix(".conflist") || file.hasSuffix(".conf") {
            guard let network = files.json("\(folder)/\(file)"), let name = network["name"]?.string else { continue }
            // A .conf is the one plugin itself.
            for plugin in network["plugins"]?.elements ?? [network] where plugin["type"]?.string == "bridge" {
                // The plugin's own default.
                let bridge = plugin["bridge"]?.string ?? "cni0"
                if workloads[bridge] == nil { workloads[bridge] = Workload(.network, name, by: .cni) }
            }
        }
    }

    /// Of libvirt's state: one file for each guest that runs, and for each network.
    private mutating func addLibvirt() {
        for file in files.names("/run/libvirt/network") where file.hasSuffix(".xml") {
            guard let text = files.text("/run/libvirt/network/\(file)") else { continue }
            let elements = XMLElements(text)
            guard let name = elements.text(of: "name"), let bridge = elements.attribute("name", of: "bridge") else {
                continue
            }
            workloads[bridge] = Workload(.network, name, by: .libvirt)
        }
        for folder in ["/run/libvirt/qemu", "/run/libvirt/lxc", "/run/libvirt/libxl"] {
            for file in files.names(folder) where file.hasSuffix(".xml") {
                guard let text = files.text("\(folder)/\(file)") else { continue }
                let elements = XMLElements(text)
                guard let name = elements.text(of: "name") else { continue }
                for device in elements.targets(in: "interface") {
                    workloads[device] = Workload(.guest, name, identifier: elements.text(of: "uuid"), by: .libvirt)
                }
            }
        }
    }
}

/// The few things that are asked of libvirt's XML: the first text of an element, attributes, devices of interfaces.
///
/// It is written by one program in one form, so tags are looked for and nothing is checked.
struct XMLElements {
    private struct Tag {
        /// `/NAME` for an end.
        var name: String
        var attributes: [String: String]
        /// What stands behind it, up to the next tag.
        var text: String
    }

    private let tags: [Tag]

    init(_ text: String) {
        tags = text.split(separator: "<").compactMap { piece in
            guard let end = piece.firstIndex(of: ">") else { return nil }
            let words = Self.words(piece[..<end])
            guard let name = words.first, let first = name.first, first.isLetter || first == "/" else { return nil }
            let pairs = words.dropFirst().compactMap { word -> (String, String)? in
                guard let equals = word.firstIndex(of: "=") else { return nil }
                let value = word[word.index(after: equals)...].trimmingQuotes
                return (String(word[..<equals]), Self.unescaped(value))
            }
            return Tag(
                name: name, attributes: Dictionary(pairs) { first, _ in first },
                text: Self.unescaped(String(piece[piece.index(after: end)...])))
        }
    }

    /// Of the first element of that name; nil where there is none, or it is empty.
    func text(of name: String) -> String? {
        tags.first { $0.name == name }.map(\.text).flatMap { $0.isEmpty ? nil : $0 }
    }

    func attribute(_ attribute: String, of name: String) -> String? {
        tags.first { $0.name == name }?.attributes[attribute]
    }

    /// `<target dev='…'/>` within elements of that name.
    func targets(in name: String) -> [String] { attributes("dev", of: "target", in: name) }

    /// Of all elements `child` within elements `parent`.
    func attributes(_ attribute: String, of child: String, in parent: String) -> [String] {
        var isWithin = false
        var result: [String] = []
        for tag in tags {
            if tag.name == parent { isWithin = true }
            if tag.name == "/\(parent)" { isWithin = false }
            if isWithin, tag.name == child, let value = tag.attributes[attribute] { result.append(value) }
        }
        return result
    }

    /// Words of a tag; blanks within quotes part none.
    private static func words(_ tag: Substring) -> [String] {
        var words: [String] = []
        var word = ""
        var quote: Character?
        for character in tag {
            if let open = quote {
                if character == open { quote = nil }
                word.append(character)
            } else if character == "'" || character == "\"" {
                quote = character
                word.append(character)
            } else if character.isWhitespace || character == "/" && !word.isEmpty {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        return word.isEmpty ? words : words + [word]
    }

    private static func unescaped(_ text: String) -> String {
        var text = text
        for (escape, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
            text = text.replacing(escape, with: character)
        }
        return text
    }
}

extension Substring {
    fileprivate var trimmingQuotes: String {
        guard count >= 2, let first, first == last, first == "'" || first == "\"" else { return String(self) }
        return String(dropFirst().dropLast())
    }
}
