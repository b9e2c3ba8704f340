import Foundation

/// Keeps two processes from training one run: held from `init` to the end of the process at the
/// latest, whatever ends it.
public final class RunLock {
  private let descriptor: Int32

  /// Locks a run's folder, and makes it where it is not there. Throws `CheckpointError.busy`,
  /// `FileAccessError.unwritable`.
  public init(_ folder: RunFolder) throws {
    try DurableFile.makeFolder(folder.url)
    let file = folder.url.appending(path: ".lock")
    descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw FileAccessError.unwritable(
        file: file.relativePath, reason: String(cString: strerror(errno)))
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = Self.read(file)
      close(descriptor)
      throw CheckpointError.busy(run: folder.url.relativePath, holder: holder)
    }
    let holder = "process \(getpid()) on \(ProcessInfo.processInfo.hostName)"
    ftruncate(descriptor, 0)
    _ = holder.withCString { pwrite(descriptor, $0, strlen($0), 0) }
  }

  deinit { close(descriptor) }

  private static func read(_ file: URL) -> String {
    do {
      let text = try String(contentsOf: file, encoding: .utf8)
      return text.isEmpty ? "another process" : text
    } catch {
      return "another process"
    }
  }
}
