import LinuxSystem
import Twin
import Wire

/// One line of a table in `fixtures/rules`: a condition, or a case of several rules.
struct RuleTrial {
    /// Counted from 0 in its table.
    var number: Int
    /// Whether the evaluator must give a definite answer.
    var isTold: Bool
    /// The family of which its packets are; nil for both.
    var family: IPAddress.Family?
    var text: String

    /// The rules of a case, each at its hook.
    var rules: [(hook: String, text: String)] {
        text.split(separator: "||").map { part in
            let words = part.trimming(" ").split(separator: " ", maxSplits: 1).map { $0.trimming(" ") }
            return (words[0], words.count > 1 ? words[1] : "")
        }
    }

    /// Throws where the table can't be read.
    static func table(_ name: String) throws -> [RuleTrial] {
        let folder = try LabLibrary.find().directory ?? "fixtures/labs"
        let text = String(decoding: try readFile("\(folder)/../rules/\(name).txt"), as: UTF8.self)
        var trials: [RuleTrial] = []
        for line in text.split(separator: "\n") {
            guard let mark = line.first, mark == "=" || mark == "?" else { continue }
            var rest = line.dropFirst()
            var family: IPAddress.Family?
            if rest.first == "4" || rest.first == "6" { family = rest.removeFirst() == "4" ? .ipv4 : .ipv6 }
            trials.append(
                RuleTrial(number: trials.count, isTold: mark == "=", family: family, text: rest.trimming(" ")))
        }
        return trials
    }
}

extension StringProtocol {
    fileprivate func trimming(_ character: Character) -> String {
        var rest = self[...]
        while rest.first == character { rest.removeFirst() }
        while rest.last == character { rest.removeLast() }
        return String(rest)
    }
}
