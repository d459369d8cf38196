package import Network

/// Compiles the rules of one namespace.
struct RuleCompiler {
    private var sets: [String: NftablesSets] = [:]
    private let namedSets: [NamedSet]
    /// Of each table, the names of sets and maps that rules write to.
    private var written: [String: Set<String>] = [:]

    init(_ netfilter: Netfilter) {
        namedSets = netfilter.sets
        for chain in netfilter.chains where chain.backend == .nft && !namedSets.isEmpty {
            for rule in chain.rules {
                guard let expressions = rule.expressions else { continue }
                written["\(chain.family) \(chain.table)", default: []].formUnion(Self.written(by: expressions))
            }
        }
    }

    /// From `{"set":{"op":"add","elem":…,"set":"@name"}}`.
    private static func written(by expressions: String) -> [String] {
        guard
            expressions.contains("\"op\":\"add\"") || expressions.contains("\"op\":\"update\"")
                || expressions.contains("\"op\":\"delete\""), let tree = try? JSONTree(parsing: Array(expressions.utf8))
        else { return [] }
        return tree.elements.compactMap { statement in
            let name = statement["set"]?["set"]?.string ?? statement["map"]?["map"]?.string
            return name.map { String($0.dropFirst()) }
        }
    }

    mutating func chain(_ chain: RuleChain, index: Int) -> CompiledChain {
        CompiledChain(chain, index: index, rules: chain.rules.map { rule($0, in: chain) })
    }

    mutating func rule(_ rule: Rule, in chain: RuleChain) -> CompiledRule {
        CompiledRule(
            RuleReference(
                family: chain.family, table: chain.table, chain: chain.name, position: rule.position,
                handle: rule.handle, text: rule.text, backend: chain.backend),
            comment: rule.comment, steps: steps(rule, chain))
    }

    private mutating func steps(_ rule: Rule, _ chain: RuleChain) -> [CompiledRule.Step] {
        guard chain.backend == .nft else { return IptablesRule.steps(rule.text) }
        guard let expressions = rule.expressions.flatMap({ try? JSONTree(parsing: Array($0.utf8)) }) else {
            return [.match(.other("a rule without its expressions"))]
        }
        return NftablesRule(sets: tableSets(chain)).steps(expressions)
    }

    private mutating func tableSets(_ chain: RuleChain) -> NftablesSets {
        let key = "\(chain.family) \(chain.table)"
        if let known = sets[key] { return known }
        let made = NftablesSets(
            namedSets.filter { $0.family == chain.family && $0.table == chain.table }, written: written[key] ?? [])
        sets[key] = made
        return made
    }

    /// All named sets, with the types of the fields that the compiled rules look up in them.
    mutating func compiledSets() -> [CompiledSet.Key: CompiledSet] {
        var result: [CompiledSet.Key: CompiledSet] = [:]
        for set in namedSets {
            let key = CompiledSet.Key(family: set.family, table: set.table, name: set.name)
            if result[key] != nil { continue }
            let table = tableSets(RuleChain(backend: "nft", family: set.family, table: set.table, name: ""))
            for compiled in table.compiled(family: set.family, table: set.table) { result[compiled.key] = compiled }
        }
        return result
    }
}

extension CompiledRule {
    /// One rule by itself, without the named sets of its table.
    package init(_ rule: Rule, in chain: RuleChain) {
        var compiler = RuleCompiler(Netfilter())
        self = compiler.rule(rule, in: chain)
    }
}
