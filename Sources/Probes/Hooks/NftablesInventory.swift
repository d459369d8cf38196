/// The tables and chains that stand in a namespace, as `nft list chains` prints them.
struct NftablesInventory: Equatable {
    /// Each `FAMILY TABLE`.
    var tables: [String] = []
    /// Each `FAMILY TABLE CHAIN`.
    var chains: [String] = []
    /// Those of them whose policy is to drop.
    var droppingChains: Set<String> = []

    /// - Parameter listing: of `list tables` and `list chains`, one after the other.
    init(listing: String) {
        var table = ""
        for line in listing.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            if words.count >= 3, words[0] == "table" {
                table = "\(words[1]) \(words[2])"
                if !tables.contains(table) { tables.append(table) }
            } else if words.count >= 2, words[0] == "chain" {
                chains.append("\(table) \(words[1])")
            } else if line.contains("policy drop;"), let chain = chains.last {
                droppingChains.insert(chain)
            }
        }
    }

    init(_ context: NftablesContext) throws {
        let listing = try context.run("list tables\nlist chains\n", attempt: "list the nftables chains")
        self.init(listing: listing)
    }
}
