import Drawing
import Foundation
package import Training

/// The content of the caches, and the runs that use it.
package struct CacheReport: Encodable {
  package struct Kind: Encodable {
    package let kind: String
    package let entries: Int
    package let bytes: Int
    /// The number of entries that a run uses; nil for a kind that belongs to no run.
    package let used: Int?
  }

  package struct Run: Encodable {
    package let run: Int
    package let folder: String
    /// nil if the run has no list of its entries.
    package let entries: Int?
    package let bytes: Int?
    /// The number of entries that are missing. They are computed again when the run needs them.
    package let missing: Int?
  }

  package let path: String
  package let kinds: [Kind]
  package let runs: [Run]
  /// The number of temporary files of interrupted writes.
  package let leftovers: Int
  package let leftoverBytes: Int

  private enum CodingKeys: String, CodingKey {
    case path, kinds, runs, leftovers
    case leftoverBytes = "leftover_bytes"
  }

  /// Throws `FileAccessError`.
  package init(_ folder: CacheFolder) throws {
    let entries = folder.entries()
    let bytes = Dictionary(uniqueKeysWithValues: entries.map { ($0.path, $0.bytes) })
    let uses = try folder.uses()
    let used = Set(uses.flatMap { $0.use?.files ?? [] })
    let left = folder.leftovers()
    path = folder.url.relativePath
    kinds = CacheKind.allCases.map { kind in
      let own = entries.filter { $0.kind == kind }
      return Kind(
        kind: kind.rawValue, entries: own.count, bytes: own.map(\.bytes).reduce(0, +),
        used: kind == .fileHashes ? nil : own.filter { used.contains($0.path) }.count)
    }
    runs = uses.map { run, use in
      let found = use?.files.compactMap { bytes[$0] }
      return Run(
        run: run.id, folder: run.url.relativePath, entries: found?.count,
        bytes: found?.reduce(0, +), missing: use.map { $0.files.count - (found?.count ?? 0) })
    }
    leftovers = left.count
    leftoverBytes = left.map(\.bytes).reduce(0, +)
  }
}
