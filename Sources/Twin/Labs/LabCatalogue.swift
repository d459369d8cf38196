internal import LinuxSystem

/// All labs in the order in which one would go through them: those that name a group of their own first (the tutorial), then
/// networks that work, then what fails, by the chapters of `docs/findings.md`; those that need a container engine come last.
public struct LabCatalogue: Sendable, Hashable {
    /// A lab, and those that show the same with another tool or address family.
    public struct Row: Sendable, Hashable {
        public var lab: Lab
        /// What their names have in place of the lab's, or beside it: `-ipv6`, `-nftables`. Sorted by name.
        public var variants: [Variant]
    }

    public struct Variant: Sendable, Hashable {
        public var lab: Lab
        public var suffix: String
    }

    public struct Group: Sendable, Hashable {
        public var title: String
        public var rows: [Row]
    }

    public let groups: [Group]

    public init(_ labs: [Lab]) {
        self.init(labs, findings: EmbeddedFiles.text("docs/findings.md") ?? "")
    }

    /// - Parameter findings: the text of `docs/findings.md`.
    init(_ labs: [Lab], findings: String) {
        let chapters = Self.chapters(findings)
        var titles: [String] = []
        for lab in labs { if let group = lab.group, !titles.contains(group) { titles.append(group) } }
        titles.append(Self.working)
        for chapter in chapters where !titles.contains(chapter.title) { titles.append(chapter.title) }
        titles += [Self.others, Self.engine]
        var members: [String: [Lab]] = [:]
        for lab in labs {
            let chapter = chapters.first { chapter in lab.expected.code.map(chapter.codes.contains) ?? false }
            let failing = chapter?.title ?? Self.others
            let title =
                lab.needs.contains("docker") ? Self.engine : lab.expected.code == nil ? Self.working : failing
            members[lab.group ?? title, default: []].append(lab)
        }
        groups = titles.compactMap { title in
            members[title].map { Group(title: title, rows: Self.rows($0)) }
        }
    }

    private static let working = "Networks that work"
    private static let others = "Others"
    /// Last: few can run them at once.
    private static let engine = "With a Docker engine, as root"

    /// The row of the lab, or of the one that it is a variant of, and the row after it, both nil where there is none.
    public func rows(at name: String) -> (row: Row?, next: Row?) {
        let all = groups.flatMap(\.rows)
        let index = all.firstIndex { row in
            row.lab.name == name || row.variants.contains { $0.lab.name == name }
        }
        guard let index else { return (nil, nil) }
        return (all[index], index + 1 < all.count ? all[index + 1] : nil)
    }

    public var first: Row? { groups.first?.rows.first }

    // MARK: Rows

    /// Endings of names by which labs differ in a tool or an address family alone.
    private static let suffixes = [
        "-ip6tables-legacy", "-iptables-legacy", "-iptables-nft", "-ip6tables", "-iptables", "-nftables-ipv6",
        "-nftables", "-legacy", "-nft", "-ipv6",
    ]

    private static func split(_ name: String) -> (stem: String, suffix: String) {
        for suffix in suffixes where name.hasSuffix(suffix) { return (String(name.dropLast(suffix.count)), suffix) }
        return (name, "")
    }

    private static func rows(_ labs: [Lab]) -> [Row] {
        var stems: [String] = []
        var families: [String: [Variant]] = [:]
        for lab in labs {
            let (stem, suffix) = split(lab.name)
            if families[stem] == nil { stems.append(stem) }
            families[stem, default: []].append(Variant(lab: lab, suffix: suffix))
        }
        return stems.compactMap { stem in
            // The one without an ending leads, else the first.
            let family = families[stem] ?? []
            guard let leader = family.first(where: { $0.suffix.isEmpty }) ?? family.first else { return nil }
            return Row(lab: leader.lab, variants: family.filter { $0.lab != leader.lab })
        }
    }

    // MARK: Chapters

    private static func chapters(_ text: String) -> [(title: String, codes: Set<String>)] {
        var chapters: [(title: String, codes: Set<String>)] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") {
                chapters.append((String(line.dropFirst(3)), []))
            } else if line.hasPrefix("### "), !chapters.isEmpty {
                let codes = line.dropFirst(4).split(separator: ",").map { $0.trimmingPrefix(" ") }
                chapters[chapters.count - 1].codes.formUnion(codes.map { String($0) })
            }
        }
        return chapters.filter { !$0.codes.isEmpty }
    }
}
