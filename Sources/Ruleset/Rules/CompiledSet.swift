package import Network

/// A named set or map of nftables with typed elements.
package struct CompiledSet: Hashable, Sendable {
    package struct Key: Hashable, Sendable {
        package var family: TableFamily
        package var table: String
        package var name: String
    }

    package struct Element: Hashable, Sendable {
        /// The element itself, or the key of a map.
        package var value: RuleValue
        package var comment: String?
    }

    package var key: Key
    package var elements: [Element]
}
