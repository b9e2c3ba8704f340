public import Files
import Foundation

/// The lock on a run folder, which keeps two processes from training one run. It is held until this
/// object or the process ends.
public final class RunLock {
  // F_OFD_GETLK and F_OFD_SETLK (fcntl(2), "Open file description locks"), whose names Glibc's
  // headers hide from Swift. Such a lock can be queried without taking it.
  private static let getLock: Int32 = 36
  private static let setLock: Int32 = 37

  private let descriptor: Int32

  /// Locks a run folder, which is created if needed. Throws `RunLockError.busy`,
  /// `FileAccessError.unwritable`.
  public init(_ folder: RunFolder) throws {
    try DurableFile.makeFolder(folder.url)
    let file = Self.file(of: folder)
    descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw FileAccessError(writing: file)
    }
    var lock = Self.wholeFile
    guard fcntl(descriptor, Self.setLock, &lock) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EAGAIN || code == EACCES else {
        throw FileAccessError(writing: file, code: code)
      }
      throw RunLockError.busy(run: folder.url.relativePath, holder: Self.read(file))
    }
    let holder = "process \(getpid()) on \(CurrentProcess.host)"
    ftruncate(descriptor, 0)
    _ = holder.withCString { pwrite(descriptor, $0, strlen($0), 0) }
  }

  deinit { close(descriptor) }

  /// Whether a process holds the lock of a run. Changes nothing and takes no lock. Throws
  /// `FileAccessError.unreadable`.
  public static func isHeld(_ folder: RunFolder) throws(FileAccessError) -> Bool {
    let file = file(of: folder)
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return false }
      throw FileAccessError(reading: file)
    }
    defer { close(descriptor) }
    var lock = wholeFile
    guard fcntl(descriptor, getLock, &lock) == 0 else {
      throw FileAccessError(reading: file)
    }
    return lock.l_type != F_UNLCK
  }

  /// The lock file of a run, which names the process that took the lock last.
  static func file(of folder: RunFolder) -> URL { folder.url.appending(path: ".lock") }

  /// An exclusive lock on the whole file.
  private static var wholeFile: flock {
    flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
  }

  private static func read(_ file: URL) -> String {
    do {
      let text = try String(contentsOf: file, encoding: .utf8)
      return text.isEmpty ? "another process" : text
    } catch {
      return "another process"
    }
  }
}

/// The error for a run that is locked.
public enum RunLockError: ReportableError, Equatable {
  /// Another process trains it.
  case busy(run: String, holder: String)

  /// The kind of error.
  public var kind: ErrorKind { .busy }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .busy(let run, let holder):
      "\(run) is being trained by \(holder); wait for it, or stop it first."
    }
  }
}
