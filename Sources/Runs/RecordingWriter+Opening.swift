public import Recording

/// Opens the file that a run is kept in.
public func openRecorder(_ path: String, options: RecordingOptions = RecordingOptions()) throws -> RecordingWriter {
    do {
        return try RecordingWriter(path: path, options: options)
    } catch {
        throw RunError(.cannotWrite, "cannot write the recording \(error)")
    }
}
