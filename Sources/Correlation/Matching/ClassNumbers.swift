/// Classes of what is numbered from 0: each number refers to one of its class that is no greater, the least to itself.
extension ContiguousArray<Int32> {
    /// The least number of a class.
    func root(of number: Int32) -> Int32 {
        var walk = number
        while self[Int(walk)] != walk { walk = self[Int(walk)] }
        return walk
    }

    /// As `root(of:)`, and shortens the path for those that ask next.
    private mutating func settledRoot(of number: Int32) -> Int32 {
        var walk = number
        while self[Int(walk)] != walk {
            self[Int(walk)] = self[Int(self[Int(walk)])]
            walk = self[Int(walk)]
        }
        return walk
    }

    /// Makes the classes of two numbers one.
    /// - Returns: false where they were one.
    @discardableResult
    mutating func unite(_ left: Int32, _ right: Int32) -> Bool {
        let first = settledRoot(of: left)
        let second = settledRoot(of: right)
        if first == second { return false }
        self[Int(Swift.max(first, second))] = Swift.min(first, second)
        return true
    }
}
