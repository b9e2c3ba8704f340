import Files
import Foundation
import Torch

/// Folders with an unfinished checkpoint, left by a process that died.
enum Leftover: String, CaseIterable {
  /// A checkpoint that was being written.
  case temporary = "tmp"
  /// A checkpoint that was being replaced by a new one of the same step.
  case replaced = "old"
  /// A checkpoint that was being removed.
  case removed

  /// The leftover's folder for a checkpoint.
  func url(of checkpoint: CheckpointFolder) -> URL {
    checkpoint.url.deletingLastPathComponent()
      .appending(path: ".\(checkpoint.url.lastPathComponent).\(rawValue)")
  }
}

extension RunFolder {
  /// Removes temporary files and folders of a process that died. A file or checkpoint that was being
  /// replaced gets its name back if the new one is missing. Only the holder of the run's lock may
  /// call this: no other process writes in the folder.
  ///
  /// Throws `FileAccessError`.
  ///
  /// - Returns: A sentence for each change.
  public func clearLeftovers() throws -> [String] {
    try clearTemporaryFiles() + clearCheckpoints()
  }

  private func clearTemporaryFiles() throws -> [String] {
    guard let paths = FileManager.default.enumerator(atPath: url.path) else { return [] }
    let files = paths.compactMap { $0 as? String }.map { url.appending(path: $0) }.filter {
      DurableFile.isTemporary($0.lastPathComponent)
    }
    return try files.sorted { $0.path < $1.path }.map { leftover in
      guard let file = DurableFile.file(replacedBy: leftover), !DurableFile.exists(file) else {
        return try removed(leftover)
      }
      return try restored(leftover, as: file)
    }
  }

  private func clearCheckpoints() throws -> [String] {
    var done: [String] = []
    for name in url.entryNames {
      guard name.hasPrefix("."),
        let kind = Leftover.allCases.first(where: { name.hasSuffix(".\($0.rawValue)") })
      else { continue }
      let own = String(name.dropFirst().dropLast(kind.rawValue.count + 1))
      guard Self.step(inName: own) != nil else { continue }
      let (leftover, checkpoint) = (url.appending(path: name), url.appending(path: own))
      if kind == .replaced, !DurableFile.exists(checkpoint) {
        done.append(try restored(leftover, as: checkpoint))
      } else {
        done.append(try removed(leftover))
      }
    }
    return done
  }

  private func restored(_ leftover: URL, as url: URL) throws -> String {
    try DurableFile.rename(leftover, to: url)
    return "\(url.relativePath) was restored, because it was not replaced completely."
  }

  private func removed(_ leftover: URL) throws -> String {
    try DurableFile.remove(leftover)
    return "\(leftover.relativePath) of a process that died was removed."
  }
}
