import Failpoints
package import Foundation

/// An exclusive lock on a file, held until this object or the process ends.
package final class FileLock: Sendable {
  // F_OFD_GETLK and F_OFD_SETLK (fcntl(2), "Open file description locks"), whose names Glibc's
  // headers hide from Swift. Such a lock can be queried without taking it.
  private static let getLock: Int32 = 36
  private static let setLock: Int32 = 37

  private let descriptor: Int32

  /// Locks a file, which is created if needed and names this process. Returns nil if another process
  /// holds the lock. Throws `FileAccessError.unwritable` and `noLocks`.
  package init?(_ file: URL) throws(FileAccessError) {
    let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileAccessError(writing: file) }
    var lock = Self.wholeFile
    guard !Failpoint.lock.fails(file.path), fcntl(descriptor, Self.setLock, &lock) == 0 else {
      let code = errno
      close(descriptor)
      if code == EAGAIN || code == EACCES { return nil }
      if Self.unsupported.contains(code) { throw .noLocks(file: file.relativePath) }
      throw FileAccessError(writing: file, code: code)
    }
    self.descriptor = descriptor
    let holder = Self.holder(CurrentProcess.pid)
    ftruncate(descriptor, 0)
    _ = holder.withCString { pwrite(descriptor, $0, strlen($0), 0) }
  }

  deinit { close(descriptor) }

  /// Whether a process holds the lock of a file; false on a file system without locks. Changes nothing
  /// and takes no lock. Throws `FileAccessError.unreadable`.
  package static func isHeld(_ file: URL) throws(FileAccessError) -> Bool {
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return false }
      throw FileAccessError(reading: file)
    }
    defer { close(descriptor) }
    var lock = wholeFile
    guard !Failpoint.lock.fails(file.path), fcntl(descriptor, getLock, &lock) == 0 else {
      if Self.unsupported.contains(errno) { return false }
      throw FileAccessError(reading: file)
    }
    return lock.l_type != F_UNLCK
  }

  /// Whether the file system of a folder has no locks; false if no file can be written there. Makes a
  /// file for this, and removes it.
  package static func isUnsupported(in folder: URL) -> Bool {
    let file = folder.appending(path: ".lock-\(getpid())")
    let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return false }
    defer {
      close(descriptor)
      unlink(file.path)
    }
    var lock = wholeFile
    return (Failpoint.lock.fails(file.path) || fcntl(descriptor, setLock, &lock) != 0)
      && unsupported.contains(errno)
  }

  /// The errors of file systems without locks.
  private static let unsupported = [ENOLCK, ENOSYS, ENOTSUP, EINVAL]

  /// The process that took the lock of a file last, for messages.
  package static func holder(of file: URL) -> String {
    do {
      let text = try String(contentsOf: file, encoding: .utf8)
      return text.isEmpty ? "another process" : text
    } catch {
      return "another process"
    }
  }

  /// A process of this machine, as ``holder(of:)`` names it.
  package static func holder(_ process: Int32) -> String {
    "process \(process) on \(CurrentProcess.host)"
  }

  /// The number of the process that took the lock of a file last; nil if it is not one of this machine.
  package static func ownHolder(of file: URL) -> Int32? {
    let text = holder(of: file)
    let number = text.split(separator: " ").lazy.compactMap { Int32($0) }.first
    return number.flatMap { holder($0) == text ? $0 : nil }
  }

  /// An exclusive lock on the whole file.
  private static var wholeFile: flock {
    flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
  }
}
