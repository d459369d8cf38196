internal import Discovery
internal import Network
public import Recording

/// Opens the file that a run of this host is kept in.
public func openRecorder(_ path: String, options: RecordingOptions = RecordingOptions()) throws -> RecordingWriter {
    var options = options
    options.host = .current()
    do {
        return try RecordingWriter(path: path, options: options)
    } catch {
        throw RunError(.cannotWrite, "cannot write the recording \(error)")
    }
}
