import Foundation

/// A place where a test can kill the process, simulate a power cut, or make a system call fail. The
/// environment variable `LORA_TRAIN_FAILPOINT` sets which (``FailpointPlan``). Release builds
/// contain none of this.
public enum Failpoint: String, CaseIterable, Sendable {
  case startUp = "start-up"
  case caching, step, validation, sampling
  case write, append, sync, rename, lock, manifest, database, deletion

  /// A place where a process can die.
  public func pass(_ path: @autoclosure () -> String = "") { _ = fails(path()) }

  /// Whether a test makes the next system call fail; if so, `errno` is set to the error.
  public func fails(_ path: @autoclosure () -> String = "") -> Bool {
    #if DEBUG
      guard let code = FailpointPlan.current?.reach(self, path()) else { return false }
      errno = code
      return true
    #else
      return false
    #endif
  }

  /// A file's bytes are on the disk.
  public static func synced(_ path: String) {
    #if DEBUG
      FailpointPlan.current?.note { $0.synced(path) }
    #endif
  }

  /// The first `length` bytes of a growing file are on the disk.
  public static func appended(_ path: String, synced length: Int) {
    #if DEBUG
      FailpointPlan.current?.note { $0.appended(path, synced: length) }
    #endif
  }

  /// The names in a folder are on the disk.
  public static func syncedFolder(_ path: String) {
    #if DEBUG
      FailpointPlan.current?.note { $0.syncedFolder(path) }
    #endif
  }

  /// A file or folder has a new name.
  public static func renamed(_ source: String, to destination: String) {
    #if DEBUG
      FailpointPlan.current?.note { $0.renamed(source, to: destination) }
    #endif
  }
}
