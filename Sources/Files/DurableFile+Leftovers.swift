package import Foundation

/// The temporary files and folders of a file: `.<name>.<host>.<process>` with its new content, and
/// `.<name>.<host>.replaced.<process>` with its old one, while the new one gets its name.
extension DurableFile {
  private static let replaced = "replaced."

  /// The start of the names of a file's temporary files: `.<name>.<host>.`. The name is shortened if
  /// the result could be longer than the 255 bytes that file systems allow.
  static func temporaryPrefix(of url: URL) -> String {
    var name = url.lastPathComponent
    if name.utf8.count > 100 {
      let hash = ContentHash.of(Data(name.utf8)).prefix(16)
      while name.utf8.count > 80 { name.removeLast() }
      name += "-\(hash)"
    }
    return ".\(name)\(infix)"
  }

  private static var infix: String { ".\(CurrentProcess.host.prefix(64))." }

  /// The place of a file's old content while this process replaces it.
  static func aside(_ url: URL) -> URL {
    url.deletingLastPathComponent()
      .appending(path: "\(temporaryPrefix(of: url))\(replaced)\(getpid())")
  }

  /// Whether ``replace(_:write:)`` gives this name to temporary files.
  package static func isTemporary(_ name: String) -> Bool {
    guard name.hasPrefix("."), let end = name.lastIndex(of: ".") else { return false }
    return name[..<end].dropFirst().contains(".") && pid_t(name[end...].dropFirst()) != nil
  }

  /// The file whose old content a temporary file of this machine has; nil for other files.
  package static func file(replacedBy leftover: URL) -> URL? {
    let name = leftover.lastPathComponent
    guard isTemporary(name), let end = name.range(of: infix + replaced, options: .backwards)
    else { return nil }
    return leftover.deletingLastPathComponent()
      .appending(path: String(name[..<end.lowerBound].dropFirst()))
  }

  /// Removes temporary files of processes on this machine that have ended. A file that one had moved
  /// aside gets its name back, unless the new one has it.
  static func removeLeftovers(of url: URL) throws(FileAccessError) {
    let folder = url.deletingLastPathComponent()
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      throw .unreadable(file: folder.relativePath, reason: error.reason)
    }
    let prefix = temporaryPrefix(of: url)
    for name in names where name.hasPrefix(prefix) {
      let end = name.dropFirst(prefix.count)
      let isReplaced = end.hasPrefix(replaced)
      guard let pid = pid_t(isReplaced ? end.dropFirst(replaced.count) : end), pid > 0,
        kill(pid, 0) != 0, errno == ESRCH
      else { continue }
      let leftover = folder.appending(path: name)
      if isReplaced, !exists(url) {
        try rename(leftover, to: url)
      } else {
        discard(leftover)
      }
    }
  }

  /// Removes the temporary files in a folder that processes of this machine which have ended left of new
  /// content. Files that could not be finished are of no use.
  package static func removeLeftovers(in folder: URL) {
    for name in folder.entryNames where isTemporary(name) {
      guard let start = name.range(of: infix, options: .backwards)?.upperBound,
        let pid = pid_t(name[start...]), kill(pid, 0) != 0, errno == ESRCH
      else { continue }
      discard(folder.appending(path: name))
    }
  }
}
