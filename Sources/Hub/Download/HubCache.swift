import Files
import Foundation

/// The cache of huggingface_hub: `models--<owner>--<name>` with `refs`, `snapshots/<commit>` and
/// `blobs`, whose names are the hashes of the files.
struct HubCache {
  private let folder: URL

  /// The cached files of a repository.
  init(of repository: RepositoryName, in cache: URL) {
    folder = cache.appending(path: (["models"] + repository.parts).joined(separator: "--"))
  }

  /// A cached file of the right size; nil without one. Its content is not checked.
  func file(_ file: RepositoryFile, commit: String) -> URL? {
    [
      folder.appending(path: "snapshots/\(commit)/\(file.path)"),
      folder.appending(path: "blobs/\(file.digest.value)"),
    ].map { $0.resolvingSymlinksInPath() }.first { RunningDigest.size(of: $0) == file.size }
  }

  /// The cached files of a revision; nil if the cache has none.
  func listing(of repository: RepositoryName, revision: String) -> RepositoryListing? {
    guard RepositoryPath.problem(revision) == nil, let commit = commit(revision) else { return nil }
    let snapshot = folder.appending(path: "snapshots/\(commit)")
    let paths: [String]
    do {
      paths = try FileManager.default.subpathsOfDirectory(atPath: snapshot.path)
    } catch {
      return nil
    }
    let files = paths.compactMap { path -> RepositoryFile? in
      let blob = snapshot.appending(path: path).resolvingSymlinksInPath()
      guard RepositoryPath.problem(path) == nil, let size = RunningDigest.size(of: blob),
        let digest = FileDigest(hexadecimal: blob.lastPathComponent)
      else { return nil }
      return RepositoryFile(path: path, size: size, digest: digest)
    }
    return files.isEmpty
      ? nil : RepositoryListing(repository: repository, commit: commit, files: files)
  }

  private func commit(_ revision: String) -> String? {
    if case .gitBlob(let commit) = FileDigest(hexadecimal: revision) { return commit }
    do {
      let text = try String(contentsOf: folder.appending(path: "refs/\(revision)"), encoding: .utf8)
      let name = text.trimmingCharacters(in: .whitespacesAndNewlines)
      guard case .gitBlob(let commit) = FileDigest(hexadecimal: name) else { return nil }
      return commit
    } catch {
      return nil
    }
  }

  /// Gives a cached file another name: a hard link, or a symbolic one to another file system. Throws
  /// `FileAccessError.unwritable`.
  static func link(_ file: URL, at destination: URL) throws(FileAccessError) {
    try DurableFile.makeFolder(destination.deletingLastPathComponent())
    try DurableFile.remove(destination)
    if Foundation.link(file.path, destination.path) != 0 {
      guard symlink(file.path, destination.path) == 0 else {
        throw FileAccessError(writing: destination)
      }
    }
    try DurableFile.syncFolder(destination.deletingLastPathComponent())
  }
}
