import Drawing
public import Files
public import Foundation

/// The cache folder of a project. Files that this program has not written are neither listed nor
/// changed.
public struct CacheFolder: Sendable {
  /// The cache folder.
  public let url: URL
  /// The project folder, with the runs that use the caches.
  private let root: URL

  /// The caches in `url` of the runs in the project folder `root`.
  public init(_ url: URL, of root: URL) {
    self.url = url
    self.root = root
  }

  /// All entries, by kind and then by path.
  public func entries() -> [CacheEntry] {
    files { kind, name in kind.lengthOfEntry(in: name) == name.count }
  }

  /// Temporary files of processes that died while writing. They are never read.
  public func leftovers() -> [CacheEntry] {
    files { kind, name in
      guard name.hasPrefix("."), let length = kind.lengthOfEntry(in: name.dropFirst()) else {
        return false
      }
      return name.dropFirst(1 + length).hasPrefix(".")
    }.filter(isLeftBehind)
  }

  /// The entries that each run uses, in the order of run numbers; nil for a run without a list.
  /// Throws `FileAccessError.unreadable`.
  public func uses() throws(FileAccessError) -> [(run: RunFolder, use: CacheUse?)] {
    var uses: [(run: RunFolder, use: CacheUse?)] = []
    for run in RunFolder.all(below: root) { uses.append((run, try CacheUse(of: run))) }
    return uses
  }

  /// Removes the entries that no run uses, and the leftovers.
  ///
  /// - Parameters:
  ///   - everything: Also remove entries that runs use. They are computed again when needed.
  ///   - dryRun: Remove nothing.
  /// - Returns: The entries that were, or would be, removed.
  /// - Throws: `CacheError.preparing` while a run prepares and has no list of its entries yet,
  ///   `FileAccessError`.
  public func clear(everything: Bool = false, dryRun: Bool = false) throws -> [CacheEntry] {
    var used: Set<String> = [CacheKind.fileHashes.rawValue]
    for (run, use) in try uses() {
      if try isPreparing(run) { throw CacheError.preparing(run: run.url.relativePath) }
      used.formUnion(use?.files ?? [])
    }
    let removed = entries().filter { everything || !used.contains($0.path) } + leftovers()
    guard !dryRun else { return removed }
    for entry in removed where unlink(entry.url.path) != 0 && errno != ENOENT {
      throw FileAccessError(writing: entry.url)
    }
    return removed
  }

  /// Whether a run is locked and has not written its list since then.
  private func isPreparing(_ run: RunFolder) throws(FileAccessError) -> Bool {
    guard try RunLock.isHeld(run) else { return false }
    func written(_ file: URL) -> (Int, Int)? {
      var status = stat()
      guard stat(file.path, &status) == 0 else { return nil }
      return (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }
    guard let locked = written(RunLock.file(of: run)), let listed = written(CacheUse.url(in: run))
    else { return true }
    return listed < locked
  }

  /// Whether the process that wrote the temporary file `.<entry>.<host>.<process>` has ended.
  /// Writing a file never takes an hour.
  private func isLeftBehind(_ entry: CacheEntry) -> Bool {
    let name = entry.url.lastPathComponent
    let process = name.split(separator: ".").last.flatMap { pid_t($0) } ?? 0
    let isGone =
      name.hasSuffix(".\(CurrentProcess.host).\(process)") && process > 0
      && kill(process, 0) != 0 && errno == ESRCH
    return isGone || Date().timeIntervalSince(entry.modified) > 3600
  }

  /// The files in the caches' folders whose names satisfy a condition.
  private func files(where isWanted: (CacheKind, String) -> Bool) -> [CacheEntry] {
    CacheKind.allCases.flatMap { kind in
      (kind.folder.map { url.appending(path: $0) } ?? url).entryNames
        .filter { isWanted(kind, $0) }
        .compactMap { CacheEntry(kind, name: $0, in: url) }
    }
  }
}
