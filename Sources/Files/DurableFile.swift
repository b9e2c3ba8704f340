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
  /// processes that died are removed. Throws `FileAccessError.unwritable` and what `write` throws.
  package static func replace(_ url: URL, write: (URL) throws -> Void) throws {
    let folder = url.deletingLastPathComponent()
    try makeFolder(folder)
    let prefix = temporaryPrefix(of: url)
    try removeLeftovers(in: folder, prefix: prefix)
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
    try removeLeftovers(in: parent, prefix: prefix)
    let temporary = parent.appending(path: "\(prefix)\(getpid())")
    do {
      try makeFolder(temporary)
      try write(temporary)
      try syncFolder(temporary)
      try exchange(temporary, url, aside: parent.appending(path: "\(prefix)replaced.\(getpid())"))
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
    let aside = destination.deletingLastPathComponent()
      .appending(path: "\(temporaryPrefix(of: destination))replaced.\(getpid())")
    guard Foundation.rename(destination.path, aside.path) == 0 else { return false }
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

  /// The start of the names of a file's temporary files: `.<name>.<host>.`. The name is shortened if
  /// the result could be longer than the 255 bytes that file systems allow.
  private static func temporaryPrefix(of url: URL) -> String {
    var name = url.lastPathComponent
    if name.utf8.count > 100 {
      let hash = ContentHash.of(Data(name.utf8)).prefix(16)
      while name.utf8.count > 80 { name.removeLast() }
      name += "-\(hash)"
    }
    return ".\(name).\(CurrentProcess.host.prefix(64))."
  }

  /// Whether ``replace(_:write:)`` gives this name to temporary files: `.<name>.<host>.<process>`.
  package static func isTemporary(_ name: String) -> Bool {
    guard name.hasPrefix("."), let end = name.lastIndex(of: ".") else { return false }
    return name[..<end].dropFirst().contains(".") && pid_t(name[end...].dropFirst()) != nil
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

  /// Removes temporary files of processes on this machine that have ended.
  private static func removeLeftovers(in folder: URL, prefix: String) throws(FileAccessError) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      throw .unreadable(file: folder.relativePath, reason: error.reason)
    }
    for name in names where name.hasPrefix(prefix) {
      guard let pid = pid_t(name.dropFirst(prefix.count)), pid > 0, kill(pid, 0) != 0,
        errno == ESRCH
      else { continue }
      discard(folder.appending(path: name))
    }
  }

  private static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
