import Files
import Foundation
import Torch

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
  /// Removes what a process that died has left behind, temporary files included, and gives a checkpoint
  /// that another one was to replace its place back where that did not come to it. Only for the holder
  /// of the run's lock: nobody else writes in the folder.
  ///
  /// Throws `FileAccessError`.
  ///
  /// - Returns: what was done, a sentence each.
  public func clearLeftovers() throws -> [String] {
    try clearTemporaryFiles() + clearCheckpoints()
  }

  private func clearTemporaryFiles() throws -> [String] {
    guard let paths = FileManager.default.enumerator(atPath: url.path) else { return [] }
    let files = paths.compactMap { $0 as? String }.map { url.appending(path: $0) }.filter {
      DurableFile.isTemporary($0.lastPathComponent)
    }
    return try files.sorted { $0.path < $1.path }.map(removed)
  }

  private func clearCheckpoints() throws -> [String] {
    var done: [String] = []
    for name in Self.names(in: url).sorted() {
      guard name.hasPrefix("."),
        let kind = Leftover.allCases.first(where: { name.hasSuffix(".\($0.rawValue)") })
      else { continue }
      let own = String(name.dropFirst().dropLast(kind.rawValue.count + 1))
      guard Self.step(inName: own) != nil else { continue }
      let (leftover, checkpoint) = (url.appending(path: name), url.appending(path: own))
      if kind == .replaced, !DurableFile.exists(checkpoint) {
        try DurableFile.rename(leftover, to: checkpoint)
        done.append("\(checkpoint.relativePath) was about to be replaced, and is kept.")
      } else {
        done.append(try removed(leftover))
      }
    }
    return done
  }

  private func removed(_ leftover: URL) throws -> String {
    try DurableFile.remove(leftover)
    return "\(leftover.relativePath) was left behind by a process that died, and is removed."
  }
}
