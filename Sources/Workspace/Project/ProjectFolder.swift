package import Files
package import Foundation
package import RunLog
package import Training

/// The folder with base models, runs, their database and the caches.
package struct ProjectFolder: Sendable {
  /// The default, relative to the current folder.
  package static let standard = "Checkpoints"

  package let url: URL

  package init(_ path: String = standard) {
    url = URL(filePath: path, directoryHint: .isDirectory)
  }

  /// The folder of installed base models.
  package var baseModels: URL { url.appending(path: "base") }

  package var caches: URL { url.appending(path: "cache") }

  package var database: URL { url.appending(path: "runs.sqlite") }

  /// Throws `FileAccessError.linkTarget` if the folder is a link to something that does not exist, such
  /// as a disk that is not mounted.
  func checkLink() throws(FileAccessError) {
    if let error = FileAccessError.danglingLink(url) { throw error }
  }

  /// Whether there is such a folder. Throws `FileAccessError.linkTarget`, and `ProjectFolderError` for a
  /// file.
  package func exists() throws -> Bool {
    try checkLink()
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      return false
    }
    guard isFolder.boolValue else { throw ProjectFolderError.file(url.relativePath) }
    return true
  }

  /// The folder with a run's checkpoints and samples.
  package func folder(of run: Run) -> RunFolder { RunFolder(url.appending(path: run.path)) }
}

extension ProjectFolder {
  package var cacheFolder: CacheFolder { CacheFolder(caches, of: url) }

  /// The cache folder for a command that does not train: the project's own, or one in the folder of the
  /// results if the project is read-only.
  package func caches(orIn results: URL) -> URL {
    let folders = FileManager.default
    let existing = [caches, url].first { folders.fileExists(atPath: $0.path) }
    let isWritable = existing.map { access($0.path, W_OK) == 0 } ?? true
    return isWritable ? caches : results.appending(path: "cache")
  }
}

/// A project folder that cannot be used.
package enum ProjectFolderError: ReportableError, Equatable {
  /// It is a file.
  case file(String)

  package var kind: ErrorKind {
    switch self {
    case .file: .usage
    }
  }

  package var description: String {
    switch self {
    case .file(let file):
      "\(file) is a file, but the folder of base models, runs and caches is needed; give it with `root`."
    }
  }
}
