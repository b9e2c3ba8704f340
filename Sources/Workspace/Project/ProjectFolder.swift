package import Foundation
package import RunLog
package import Training

/// The folder that holds base models, runs, their records and the caches.
package struct ProjectFolder: Sendable {
  /// The folder that is used where none is named.
  package static let standard = "Checkpoints"

  package let url: URL

  package init(_ path: String = standard) {
    url = URL(filePath: path, directoryHint: .isDirectory)
  }

  /// Installed base models.
  package var baseModels: URL { url.appending(path: "base") }

  /// The folder of all caches.
  package var caches: URL { url.appending(path: "cache") }

  /// The records of all runs.
  package var database: URL { url.appending(path: "runs.sqlite") }

  /// A run's checkpoints and samples.
  package func folder(of run: Run) -> RunFolder { RunFolder(url.appending(path: run.path)) }
}

extension ProjectFolder {
  /// Everything that the caches hold.
  package var cacheFolder: CacheFolder { CacheFolder(caches, of: url) }

  /// The caches for a command that works on a project without training: the project's own, or where
  /// nothing can be written there, some in the folder of its results.
  package func caches(orIn results: URL) -> URL {
    let folders = FileManager.default
    let existing = [caches, url].first { folders.fileExists(atPath: $0.path) }
    let isWritable = existing.map { access($0.path, W_OK) == 0 } ?? true
    return isWritable ? caches : results.appending(path: "cache")
  }
}
