import Foundation

/// Folders that only a process that died in the middle of something leaves behind.
enum Leftover: String, CaseIterable {
  /// A checkpoint that was being written.
  case temporary = "tmp"
  /// A checkpoint whose place another of that step was taking.
  case replaced = "old"
  /// A checkpoint that was being removed.
  case removed

  /// Where it lies for a checkpoint.
  func url(of checkpoint: CheckpointFolder) -> URL {
    checkpoint.url.deletingLastPathComponent()
      .appending(path: ".\(checkpoint.url.lastPathComponent).\(rawValue)")
  }
}

extension RunFolder {
  /// Removes what a process that died has left behind, and gives a checkpoint that another one was to
  /// replace its place back where that did not come to it. Only for who holds the run's lock.
  ///
  /// Throws `FileAccessError`.
  ///
  /// - Returns: what was done, a sentence each.
  public func clearLeftovers() throws -> [String] {
    var done: [String] = []
    for name in Self.names(in: url).sorted() {
      guard name.hasPrefix("."),
        let kind = Leftover.allCases.first(where: { name.hasSuffix(".\($0.rawValue)") })
      else { continue }
      let own = String(name.dropFirst().dropLast(kind.rawValue.count + 1))
      guard CheckpointFolder.step(inName: own) != nil else { continue }
      let (leftover, checkpoint) = (url.appending(path: name), url.appending(path: own))
      if kind == .replaced, !DurableFile.exists(checkpoint) {
        try DurableFile.rename(leftover, to: checkpoint)
        done.append("\(checkpoint.relativePath) was about to be replaced, and is kept.")
      } else {
        try DurableFile.remove(leftover)
        done.append(
          "\(leftover.relativePath) was left behind by a process that died, and is removed.")
      }
    }
    return done
  }
}
