public import Topology
public struct MapRenderer { public init(format: OutputFormat, options: RenderOptions) {}; public func render(_ t: Topology) throws -> String { "" } }
public func jsonLine(_ v: some Encodable) throws -> String { try JSONText.compact(v) }
public func escapedForTerminal(_ s: String) -> String { s }
