import Drawing
public import Files
public import Foundation

/// The folder of all caches, as a whole. What is in it and was not written by this program is neither
/// listed nor touched.
public struct CacheFolder: Sendable {
  /// The folder.
  public let url: URL
  /// Where the runs that use it lie.
  private let root: URL

  /// The caches of the runs below a root.
  public init(_ url: URL, of root: URL) {
    self.url = url
    self.root = root
  }

  /// Every entry, by kind and then by path.
  public func entries() -> [CacheEntry] {
    files { kind, name in kind.lengthOfEntry(in: name) == name.count }
  }

  /// What interrupted writing has left behind: temporary files of processes that are no more. They
  /// are never read.
  public func leftovers() -> [CacheEntry] {
    files { kind, name in
      guard name.hasPrefix("."), let length = kind.lengthOfEntry(in: name.dropFirst()) else {
        return false
      }
      return name.dropFirst(1 + length).hasPrefix(".")
    }.filter(isLeftBehind)
  }

  /// What each run uses, by the runs' numbers; nil for a run that has not said so. Throws
  /// `FileAccessError.unreadable`.
  public func uses() throws(FileAccessError) -> [(run: RunFolder, use: CacheUse?)] {
    var uses: [(run: RunFolder, use: CacheUse?)] = []
    for run in RunFolder.all(below: root) { uses.append((run, try CacheUse(of: run))) }
    return uses
  }

  /// Removes the entries that no run uses, and what interrupted writing has left behind.
  ///
  /// - Parameters:
  ///   - everything: also entries that runs use; those are computed again when they are needed.
  ///   - dryRun: tells only.
  /// - Returns: what was, or would be, removed.
  /// - Throws: `CacheError.preparing` where it is not known yet what a run needs,
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

  /// Whether a run is locked and has not said since then what it needs.
  private func isPreparing(_ run: RunFolder) throws(FileAccessError) -> Bool {
    guard try RunLock.isHeld(run) else { return false }
    func written(_ file: URL) -> (Int, Int)? {
      var status = stat()
      guard stat(file.path, &status) == 0 else { return nil }
      return (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }
    guard let locked = written(RunLock.file(of: run)), let said = written(CacheUse.url(in: run))
    else { return true }
    return said < locked
  }

  /// Whether nobody can be writing a temporary file any more, `.<entry>.<host>.<process>`. Writing
  /// one never takes an hour.
  private func isLeftBehind(_ entry: CacheEntry) -> Bool {
    let name = entry.url.lastPathComponent
    let process = name.split(separator: ".").last.flatMap { pid_t($0) } ?? 0
    let isGone =
      name.hasSuffix(".\(CurrentProcess.host).\(process)") && process > 0
      && kill(process, 0) != 0 && errno == ESRCH
    return isGone || Date().timeIntervalSince(entry.modified) > 3600
  }

  /// The files of each kind's folder whose names are as they should be.
  private func files(where isWanted: (CacheKind, String) -> Bool) -> [CacheEntry] {
    CacheKind.allCases.flatMap { kind in
      names(in: kind.folder.map { url.appending(path: $0) } ?? url)
        .filter { isWanted(kind, $0) }.sorted()
        .compactMap { CacheEntry(kind, name: $0, in: url) }
    }
  }

  /// What a folder holds; nothing for one that is not there.
  private func names(in folder: URL) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      return []
    }
  }
}
