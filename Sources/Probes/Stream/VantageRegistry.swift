internal import Observations
internal import Wire

/// Numbers the vantage points of one run. An object, since it is asked at each packet and never copied.
final class VantageRegistry {
    private(set) var points: [VantagePoint] = []
    private var linkTypes: [LinkType] = []
    private var numbers: [VantagePoint: VantageID] = [:]

    /// The number of `point`, and whether it is new.
    func number(of point: VantagePoint) -> (VantageID, isNew: Bool) {
        if let known = numbers[point] { return (known, false) }
        let number = VantageID(rawValue: UInt32(points.count))
        points.append(point)
        linkTypes.append(point.linkType)
        numbers[point] = number
        return (number, true)
    }

    /// Points of a namespace that is gone: another of its name has points of its own.
    func forget(namespace: String) { numbers = numbers.filter { $0.key.namespace != namespace } }

    subscript(_ number: VantageID) -> VantagePoint { points[Int(number.rawValue)] }

    /// `self[number].linkType`, without the rest.
    func linkType(of number: VantageID) -> LinkType { linkTypes[Int(number.rawValue)] }
}
