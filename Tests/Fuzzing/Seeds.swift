public import Foundation
import TestSupport

extension FuzzTarget {
  /// The contents of the seeds by file name: inputs that are whole or almost whole, and those with which
  /// faults were found.
  public func seeds() throws -> [String: Data] {
    let own = Self.files(in: "Tests/Fuzzing/Seeds/\(name)")
    return try (own + seedFiles()).reduce(into: [:]) { seeds, file in
      seeds[file.lastPathComponent] = try Data(contentsOf: file)
    }
  }

  /// The files in a folder of the repository, sorted; none if the folder does not exist.
  static func files(in folder: String, endings: Set<String>? = nil) -> [URL] {
    let url = Repository.root.appending(path: folder)
    do {
      return try FileManager.default.contentsOfDirectory(
        at: url, includingPropertiesForKeys: [.isRegularFileKey]
      ).filter { file in
        try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
          && endings?.contains(file.pathExtension) ?? true
      }.sorted { $0.path < $1.path }
    } catch {
      return []
    }
  }
}
