/// nft's `vmap`: the action that belongs to the first key that the field has.
package struct VerdictMap: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var key: RuleValue
        package var action: RuleAction
    }
    package var field: RuleField
    package var mask: UInt64?
    /// Of a named map.
    package var name: String?
    package var entries: [Entry]
}
