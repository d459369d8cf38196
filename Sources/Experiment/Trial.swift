internal import Twin
internal import Snapshot
