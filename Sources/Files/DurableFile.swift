import Failpoints
public import Foundation

/// File operations that survive interruptions and power cuts: a file is written whole or not at
/// all.
public enum DurableFile {
  /// Makes a folder and its missing parents, and syncs the parent of each new folder. Throws
  /// `FileAccessError.unwritable`.
  package static func makeFolder(_ url: URL) throws(FileAccessError) {
    guard mkdir(url.path, 0o777) != 0 else {
      return try syncFolder(url.deletingLastPathComponent())
    }
    let code = errno
    guard code != EEXIST else {
      guard isFolder(url) else {
        throw FileAccessError.danglingLink(url) ?? FileAccessError(writing: url, code: ENOTDIR)
      }
      return
    }
    guard code == ENOENT else { throw FileAccessError(writing: url, code: code) }
    try makeFolder(url.deletingLastPathComponent())
    // Another process may have been faster.
    guard mkdir(url.path, 0o777) == 0 || errno == EEXIST else {
      throw FileAccessError(writing: url)
    }
    try syncFolder(url.deletingLastPathComponent())
  }

  /// Calls `write` with a temporary path, and renames the result to `url` if that succeeds. Makes
  /// the folder. Other processes may write the same file at the same time. Temporary files of
  /// processes that died are removed, and a file that one had moved aside gets its name back. Throws
  /// `FileAccessError.unwritable` and what `write` throws.
  package static func replace(_ url: URL, write: (URL) throws -> Void) throws {
    let folder = url.deletingLastPathComponent()
    try makeFolder(folder)
    let prefix = temporaryPrefix(of: url)
    try removeLeftovers(of: url)
    let temporary = folder.appending(path: "\(prefix)\(getpid())")
    do {
      try write(temporary)
      try rename(temporary, to: url)
    } catch {
      unlink(temporary.path)
      throw error
    }
  }

  /// Calls `write` with a temporary folder, and renames it to `url` if that succeeds. An existing
  /// folder is moved aside first and removed last. Makes the folders above. Throws
  /// `FileAccessError.unwritable` and what `write` throws; then the temporary folder is removed.
  package static func replaceFolder(_ url: URL, write: (URL) throws -> Void) throws {
    let parent = url.deletingLastPathComponent()
    try makeFolder(parent)
    let prefix = temporaryPrefix(of: url)
    try removeLeftovers(of: url)
    let temporary = parent.appending(path: "\(prefix)\(getpid())")
    do {
      try makeFolder(temporary)
      try write(temporary)
      try syncFolder(temporary)
      try exchange(temporary, url, aside: aside(url))
    } catch {
      discard(temporary)
      throw error
    }
  }

  /// Renames a folder to the name of another, if that exists, which is removed last.
  private static func exchange(_ new: URL, _ url: URL, aside: URL) throws(FileAccessError) {
    let isTaken = exists(url)
    if isTaken { try rename(url, to: aside) }
    do {
      try rename(new, to: url)
    } catch {
      if isTaken { try rename(aside, to: url) }
      throw error
    }
    if isTaken { try remove(aside) }
  }

  /// Removes a temporary file or folder as far as possible. The next one that is written of the same
  /// name removes the rest.
  package static func discard(_ url: URL) {
    guard unlink(url.path) != 0, errno == EISDIR else { return }
    do {
      try FileManager.default.removeItem(at: url)
    } catch {
      // Nobody needs it.
    }
  }

  /// Replaces a file with bytes, or leaves it unchanged if something fails. Makes the folder.
  /// Throws `FileAccessError.unwritable`.
  public static func replace(_ url: URL, with data: Data) throws {
    try replace(url) { try write(data, to: $0) }
  }

  /// Writes a new file and syncs it to the disk. Throws `FileAccessError.unwritable`.
  package static func write(_ data: Data, to url: URL) throws(FileAccessError) {
    if Failpoint.write.fails(url.path) { throw FileAccessError(writing: url) }
    do {
      try data.write(to: url)
    } catch {
      throw .unwritable(file: url.relativePath, reason: error.reason)
    }
    try sync(url)
    Failpoint.synced(url.path)
  }

  /// Gives a file or folder its final name, replacing a file of that name, and syncs the folder
  /// that contains it. Throws `FileAccessError.unwritable`.
  package static func rename(_ source: URL, to destination: URL) throws(FileAccessError) {
    guard
      !Failpoint.rename.fails(destination.path)
        && Foundation.rename(source.path, destination.path) == 0
        || errno == EEXIST && renameAside(source, destination)
    else { throw FileAccessError(writing: destination) }
    Failpoint.renamed(source.path, to: destination.path)
    try syncFolder(destination.deletingLastPathComponent())
  }

  /// Renames a file on a file system that does not replace a file by renaming: the existing one is
  /// moved aside first, and removed last.
  private static func renameAside(_ source: URL, _ destination: URL) -> Bool {
    let aside = aside(destination)
    guard Foundation.rename(destination.path, aside.path) == 0 else { return false }
    Failpoint.rename.pass(aside.path)
    guard Foundation.rename(source.path, destination.path) == 0 else {
      let code = errno
      Foundation.rename(aside.path, destination.path)
      errno = code
      return false
    }
    discard(aside)
    return true
  }

  /// Makes the names in a folder durable. Throws `FileAccessError.unwritable`.
  package static func syncFolder(_ url: URL) throws(FileAccessError) {
    try sync(url)
    Failpoint.syncedFolder(url.path)
  }

  /// Removes a file or folder with its contents, if it exists. Throws `FileAccessError.unwritable`.
  package static func remove(_ url: URL) throws(FileAccessError) {
    guard exists(url) else { return }
    if Failpoint.deletion.fails(url.path) { throw FileAccessError(writing: url) }
    do {
      try FileManager.default.removeItem(at: url)
    } catch {
      throw .unwritable(file: url.relativePath, reason: error.reason)
    }
  }

  package static func exists(_ url: URL) -> Bool {
    FileManager.default.fileExists(atPath: url.path)
  }

  /// Whether two paths lead to the same file or folder.
  package static func isSame(_ first: URL, _ second: URL) -> Bool {
    var (one, other) = (stat(), stat())
    guard stat(first.path, &one) == 0, stat(second.path, &other) == 0 else { return false }
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino
  }

  /// Waits until a file's bytes, or a folder's names, are on the disk.
  private static func sync(_ url: URL) throws(FileAccessError) {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileAccessError(writing: url) }
    defer { close(descriptor) }
    try sync(descriptor, of: url)
  }

  /// Waits until the bytes of an open file, or the names of an open folder, are on the disk. Some file
  /// systems, such as those of network drives, cannot do this, which is no error. Throws
  /// `FileAccessError.unwritable`.
  static func sync(_ descriptor: CInt, of url: URL) throws(FileAccessError) {
    guard Failpoint.sync.fails(url.path) || fsync(descriptor) != 0 else { return }
    guard [EINVAL, ENOTSUP, ENOSYS].contains(errno) else { throw FileAccessError(writing: url) }
  }

  private static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
